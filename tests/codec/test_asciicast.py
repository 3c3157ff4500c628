from __future__ import annotations

import json
import math
import subprocess
import sysconfig
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from glyphgrad import Frame
from glyphgrad.codec.asciicast import CastEncoder, decode_cast
from glyphgrad.codec.terminal import Terminal
from glyphgrad.core.clip import ClipHeader, TimedFrame
from glyphgrad.errors import ClipError, ConfigError, GlyphgradWarning

HEADER = ClipHeader(2, 3, "terminal", True, "Täst", "glyphgrad 0.1.0")


def film(cells: Sequence[Any], lengths: Sequence[int]) -> list[TimedFrame]:
    ends = np.cumsum(lengths).tolist()
    frames = [Frame(np.asarray(one, dtype=np.uint32)) for one in cells]
    return [TimedFrame(start, end, frame) for start, end, frame in zip([0, *ends], ends, frames, strict=False)]


def encoded(header: ClipHeader, frames: Sequence[TimedFrame], version: int = 3) -> bytes:
    encoder = CastEncoder(header, version)
    return encoder.start() + b"".join(map(encoder.add, frames)) + encoder.finish()


def decoded(data: bytes) -> list[TimedFrame]:
    return list(decode_cast(data.splitlines(keepends=True), "film.cast"))


ONE_CELL = st.sampled_from([*range(32, 127), 0xA0, 0xE9, 0x2588, 0x2591, 0x263A, 0x28FF, 0x1FB00, 0xF0000])


@st.composite
def films(draw: st.DrawFn) -> tuple[ClipHeader, list[TimedFrame]]:
    rows, cols, count = draw(st.integers(1, 4)), draw(st.integers(1, 12)), draw(st.integers(1, 6))
    cells = draw(nps.arrays(np.uint32, (count, rows, cols), elements=ONE_CELL, fill=ONE_CELL))
    lengths = draw(st.lists(st.integers(1, 10**6), min_size=count, max_size=count))
    title = draw(st.text(st.characters(categories=("L", "N", "P")), max_size=20))
    return ClipHeader(rows, cols, draw(st.sampled_from([None, "epson"])), draw(st.booleans()), title), film(
        cells, lengths
    )


# --- Round trips ---


@given(films(), st.sampled_from([2, 3]))
def test_a_film_is_read_back_to_equality(given: tuple[ClipHeader, list[TimedFrame]], version: int) -> None:
    header, frames = given
    data = encoded(header, frames, version)
    read = decode_cast(data.splitlines(keepends=True), "film.cast")
    assert read.header == header
    assert list(read) == frames


def test_known_lines() -> None:
    frames = film([[[97, 98]], [[97, 99]], [[97, 99]]], [33, 34, 1000])
    paper = "\\u001b[38;5;16;48;5;231m\\u001b[?25l\\u001b[2J"
    assert encoded(ClipHeader(1, 2, "epson", False, "T"), frames).decode().splitlines() == [
        '{"version": 3, "term": {"cols": 2, "rows": 1, "theme": {"fg": "#000000", "bg": "#ffffff", "palette": '
        '"#000000:#aa0000:#00aa00:#aa5500:#0000aa:#aa00aa:#00aaaa:#aaaaaa:'
        '#555555:#ff5555:#55ff55:#ffff55:#5555ff:#ff55ff:#55ffff:#ffffff"}}, "title": "T", '
        '"env": {"GLYPHGRAD_PRESET": "epson", "GLYPHGRAD_DARK": "0"}}',
        f'[0.000, "o", "{paper}\\u001b[1;1Hab"]',
        '[0.033, "o", "\\u001b[1;2Hc"]',
        '[0.034, "o", "\\u001b[Ha"]',  # a frame like the one before: something is drawn, so that it is one
        '[1.000, "o", "\\u001b[m\\u001b[?25h"]',
    ]
    v2 = encoded(ClipHeader(1, 2), frames, 2).decode().splitlines()
    theme = json.loads(encoded(ClipHeader(1, 2), frames).split(b"\n")[0])["term"]["theme"]
    assert json.loads(v2[0]) == {"version": 2, "width": 2, "height": 1, "theme": theme, "env": {"GLYPHGRAD_DARK": "0"}}
    assert [line.split(",")[0] for line in v2[1:]] == ["[0.000", "[0.033", "[0.067", "[1.067"]


@pytest.mark.parametrize("version", [2, 3])
def test_thirty_frames_a_second_do_not_drift(version: int) -> None:
    starts = [round(1000 * number / 30) for number in range(3001)]
    frames = film([[[65 + number % 2]] for number in range(3000)], np.diff(starts).tolist())
    lines = encoded(ClipHeader(1, 1), frames, version).splitlines()[1:]
    times = np.array([json.loads(line)[0] for line in lines])
    shown = np.cumsum(times) if version == 3 else times
    assert np.abs(shown - np.arange(3001) / 30).max() < 0.5001e-3  # the nearest millisecond, after 100 s too


# --- Against the specifications ---


def check_v3(data: bytes) -> list[Frame]:
    """A second reader, as strict as https://docs.asciinema.org/manual/asciicast/v3: what was shown by each output."""
    first, *lines = data.decode("utf-8", "strict").split("\n")
    assert lines.pop() == ""
    header = json.loads(first)
    assert header["version"] == 3
    assert header.keys() <= {
        "version", "term", "timestamp", "idle_time_limit", "command", "title", "env", "tags",
    }  # fmt: skip
    assert header["term"].keys() <= {"cols", "rows", "type", "version", "theme"}
    cols, rows = header["term"]["cols"], header["term"]["rows"]
    assert type(cols) is type(rows) is int
    assert min(cols, rows) > 0
    assert all(type(name) is type(value) is str for name, value in header.get("env", {}).items())
    screen, frames = Terminal(rows, cols, dark=header["env"]["GLYPHGRAD_DARK"] == "1"), []
    for line in lines:
        if line.startswith("#"):
            continue
        interval, code, text = json.loads(line)
        assert type(interval) in (int, float)
        assert math.isfinite(interval)
        assert interval >= 0
        assert round(interval, 3) == interval
        assert code in "oimrx"
        assert type(text) is str
        screen.feed(text)
        frames.append(screen.frame)
    return frames


@given(films())
def test_v3_keeps_to_its_specification(given: tuple[ClipHeader, list[TimedFrame]]) -> None:
    header, frames = given
    assert check_v3(encoded(header, frames)) == [one.frame for one in frames] + [frames[-1].frame]


def test_asciinema_plays_our_v2_files(tmp_path: Path) -> None:
    program = Path(sysconfig.get_path("scripts")) / "asciinema"
    if not program.exists():
        pytest.skip("NOT TESTED against asciinema: pip install asciinema==2.4.0")
    rng = np.random.default_rng(0)
    frames = film(rng.choice([32, 35, 0x2588], (20, 5, 40)), [33] * 20)
    (tmp_path / "film.cast").write_bytes(encoded(ClipHeader(5, 40, title="T"), frames, 2))
    said = subprocess.run([program, "cat", "film.cast"], cwd=tmp_path, capture_output=True, check=True, text=True)
    screen = Terminal(5, 40)
    screen.feed(said.stdout)
    assert screen.frame == frames[-1].frame
    assert said.stderr == ""


# --- What others wrote ---


def test_an_ordinary_recording_is_read() -> None:
    lines = [
        b'{"version": 2, "width": 6, "height": 2, "timestamp": 1504467315, "title": "De\\u001bmo", "env": {"SHELL": 7}}\n',
        b'[0.5, "o", "$ ls\\r\\n"]\n',
        b'[0.6, "i", "x"]\n',
        b'[0.75, "o", "a b"]\n',
        b'[0.75, "o", "!"]\n',
        b'[2, "m", ""]\n',
    ]
    film = decode_cast(lines, "film.cast")
    assert film.header == ClipHeader(2, 6, None, True, "Demo")
    shown = [(one.start, one.end, one.frame.lines) for one in film]
    assert shown == [
        (0, 500, ["      ", "      "]),
        (500, 750, ["$ ls  ", "      "]),
        (750, 2000, ["$ ls  ", "a b!  "]),
    ]


def test_comments_exits_and_resizes_to_the_same_size_are_passed_over() -> None:
    data = b'{"version": 3, "term": {"cols": 1, "rows": 1}}\n# hello\n[0, "o", "a"]\n\n[1, "r", "1x1"]\n[1, "x", "0"]\n'
    assert [(one.start, one.end) for one in decoded(data)] == [(0, 2000)]


def test_colours_are_read_and_other_styles_passed_over_with_one_warning() -> None:
    data = b'{"version": 2, "width": 1, "height": 1}\n[0, "o", "\\u001b[31ma"]\n[1, "o", "\\u001b[4mb\\u001b[5r"]\n'
    with pytest.warns(GlyphgradWarning) as caught:
        found = [one.frame for one in decoded(data)]
    assert [one.lines for one in found] == [["a"], ["b"]]
    assert [one.colors and one.colors.fg.tolist() for one in found] == [[[[170, 0, 0]]]] * 2
    (warning,) = caught
    assert "'film.cast': passed over CSI r, styles" in str(warning.message)


def test_a_recording_that_was_cut_off_is_used_as_far_as_it_goes() -> None:
    frames = film([[[65]], [[66]], [[67]]], [100, 200, 300])
    data = encoded(ClipHeader(1, 1), frames)
    with pytest.warns(GlyphgradWarning, match="'film.cast' is cut off in line 4"):
        found = decoded(data[: data.index(b"C") - 2])
    assert [one.frame.lines for one in found] == [["A"], ["B"]]


# --- Bad input ---

START = b'{"version": 3, "term": {"cols": 2, "rows": 1}}\n[0, "o", "ab"]\n'


@pytest.mark.parametrize(
    ("data", "quoted"),
    [
        (b"", "in line 1: no header"),
        (b"[]\n", "in line 1: no header"),
        (b'{"a": 1}\n', "in line 1: no header"),
        (b"{" * 100_000, "in line 1: no header"),
        (b'{"version": 4}\n', "is of version 4: glyphgrad reads 2 and 3"),
        (b'{"version": 1}\n', "is of version 1"),
        (b'{"version": 2, "width": 2}\n', "height is None"),
        (b'{"version": 2, "width": true, "height": 1}\n', "width is True"),
        (b'{"version": 3, "term": 7}\n', "in line 1: cols is None"),
        (b'{"version": 3, "term": {"cols": 0, "rows": 1}}\n', "in line 1: size is 0x1"),
        (b'{"version": 3, "term": {"cols": 99999, "rows": 99999}}\n', "size is 99999x99999"),
        (START + b"junk\n", "in line 3: no event"),
        (START + b"[1, 2]\n", "in line 3: no event (it is not [time, code, data])"),
        (START + b'[-1, "o", ""]\n', "in line 3: its time is -1"),
        (START + b'[NaN, "o", ""]\n', "its time is 'nan'"),
        (START + b'[Infinity, "o", ""]\n', "its time is 'inf'"),
        (START + b'[1e300, "o", ""]\n', "its time is '1e+300'"),
        (START + b'["1", "o", ""]\n', "its time is '1'"),
        (START + b'[1, "o", 5]\n', "not text"),
        (START + b"[" * 100_000 + b"\n", "in line 3"),
        (START + b'[1, "o", "\xff"]\n', "in line 3"),
        (START + b'[1, "r", "90x30"]\n', "in line 3: the screen becomes 90x30, the film is 2x1"),
        (b'{"version": 2, "width": 1, "height": 1}\n[2, "o", "a"]\n[1, "o", "b"]\n', "in line 3: its time is 1, which"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:40],
)
def test_a_damaged_cast_is_refused_with_its_line(data: bytes, quoted: str) -> None:
    with pytest.raises(ClipError, match=r"cast 'film\.cast' is") as error:
        decoded(data)
    assert quoted in str(error.value)


def quietly(data: bytes) -> list[TimedFrame] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GlyphgradWarning)
        try:
            return decoded(data)
        except ClipError:
            return None


@given(st.binary(max_size=100), st.booleans())
def test_any_bytes_are_a_cast_or_a_clip_error(noise: bytes, begun: bool) -> None:
    quietly(START * begun + noise)


@pytest.mark.parametrize("version", [2, 3])
def test_every_flipped_byte_is_read_or_refused(version: int) -> None:
    data = encoded(HEADER, film([[[65, 66, 67]] * 2, [[65, 0x2588, 67]] * 2], [33, 34]), version)
    for at in range(len(data)):
        for flip in (1, 4, 0x20, 0x80):
            broken = bytearray(data)
            broken[at] ^= flip
            quietly(bytes(broken))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=3), lambda of: st.lists(of, max_size=3)))
def test_any_json_is_a_cast_or_a_clip_error(value: Any) -> None:
    for key in ("version", "width", "height", "title", "env", "term"):
        header = {"version": 2, "width": 2, "height": 1, key: value}
        quietly(json.dumps(header).encode() + b'\n[0, "o", "a"]\n')
    for event in ([value, "o", "a"], [1, value, "a"], [1, "o", value], value):
        quietly(START + json.dumps(event).encode() + b"\n")


@pytest.mark.parametrize("char", ["漢", "\u0301", "\u200b"])
def test_a_character_that_is_not_one_cell_wide_is_refused(char: str) -> None:
    encoder = CastEncoder(ClipHeader(1, 1))
    with pytest.raises(ClipError, match="is not one cell wide on a terminal"):
        encoder.add(TimedFrame(0, 1, Frame.from_lines([char])))


def test_a_version_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="asciicast version is 1: choose one of 2, 3"):
        CastEncoder(HEADER, 1)
