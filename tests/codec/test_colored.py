"""Frames with colours, through every format and back."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from PIL import Image

from glyphgrad import Art, Colors, Depth, Frame, GlyphAtlas, Layout
from glyphgrad.codec.ansi import decode_ansi, encode_ans, encode_ansi
from glyphgrad.codec.asciicast import CastEncoder, decode_cast
from glyphgrad.codec.clip import ClipEncoder, ClipReader
from glyphgrad.codec.frames import FramesSink, read_frames
from glyphgrad.codec.paint import paint
from glyphgrad.codec.rendition import Rendition
from glyphgrad.codec.sgr import OldLook, look_of
from glyphgrad.codec.terminal import Terminal
from glyphgrad.core.clip import ClipHeader, TimedFrame
from glyphgrad.core.colors import palette
from glyphgrad.errors import ClipError, GlyphgradWarning

ATLAS = GlyphAtlas(" a", np.zeros((2, 2, 2), np.float32))
DEPTHS = [Depth.C16, Depth.C256, Depth.TRUE]
SIZE = st.tuples(st.integers(1, 3), st.integers(1, 9))
CELLS = st.sampled_from([32, 65, 0x2588, 0x2592])


def planes(depth: Depth, shape: tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
    """Colours of cells, sRGB (..., 3)."""
    if depth == Depth.TRUE:
        return nps.arrays(np.uint8, (*shape, 3))
    return nps.arrays(np.uint8, shape, elements=st.integers(0, len(palette(depth)) - 1)).map(palette(depth).__getitem__)


@st.composite
def frames(draw: st.DrawFn, size: tuple[int, int] | None = None, depths: tuple[Depth, ...] = tuple(DEPTHS)) -> Frame:
    """Of any colours, but the first cell is neither black nor white: it shows that there are some."""
    size, depth = size or draw(SIZE), draw(st.sampled_from(depths))
    cells = draw(nps.arrays(np.uint32, size, elements=CELLS))
    fg, bg = draw(planes(depth, size)), draw(st.none() | planes(depth, size))
    cells[0, 0], fg[0, 0] = 65, palette(Depth.C16)[1]
    if bg is not None:
        bg[0, 0] = palette(Depth.C16)[2]
    return Frame(cells, Colors(depth, fg, bg))


def art_of(frame: Frame, dark: bool) -> Art:
    return Art(frame, ATLAS, Layout(frame.rows, frame.cols, 2, 2), dark)


def one(*cells: tuple[str, list[int]], bg: list[list[int]] | None = None, depth: Depth = Depth.TRUE) -> Frame:
    """A row of cells and their colours."""
    chars, fg = zip(*cells, strict=True)
    planes = (np.array([plane], np.uint8) if plane else None for plane in (fg, bg))
    return Frame(Frame.from_lines(["".join(chars)]).cells, Colors(depth, *planes))  # type: ignore[arg-type]


RED, GREEN = [255, 0, 0], [0, 255, 0]


# --- Texts with escape sequences ---


@given(frames(), st.booleans())
def test_terminals_texts_round_trip(frame: Frame, dark: bool) -> None:
    found = decode_ansi(encode_ansi(art_of(frame, dark)))
    assert (found.frame, found.dark) == (frame, dark or frame.colors.bg is not None)  # type: ignore[union-attr]


@given(frames(), st.booleans())
def test_ans_files_round_trip_in_16_colours(frame: Frame, dark: bool) -> None:
    assert decode_ansi(encode_ans(art_of(frame, dark))).frame == frame.at(Depth.C16)


def test_golden_bytes_of_each_depth() -> None:
    cells = [("a", RED), ("b", RED), (" ", GREEN), ("c", GREEN)]
    frame = one(*cells)
    row = b"\x1b[38;5;231;48;5;16m\x1b[38;2;255;0;0mab \x1b[38;2;0;255;0mc\x1b[0m\n"  # a space says nothing
    assert encode_ansi(art_of(frame, dark=True)) == row
    row = b"\x1b[38;5;16;48;5;231m\x1b[38;5;196mab \x1b[38;5;46mc\x1b[0m\n"
    assert encode_ansi(art_of(frame.at(Depth.C256), dark=False)) == row
    # bright red is nearer to pure red than VGA's dark one, and so with green
    assert encode_ansi(art_of(frame.at(Depth.C16), dark=True)) == b"\x1b[97;40m\x1b[31mab \x1b[92mc\x1b[0m\n"


def test_golden_bytes_of_an_ans_file() -> None:
    dark, bright = [170, 0, 0], [255, 85, 85]
    frame = one(("a", bright), ("b", dark), ("c", bright), bg=[dark, bright, bright], depth=Depth.C16)
    text = encode_ans(art_of(frame, dark=True)).partition(b"\x1a")[0]
    # white on black; both are red then. Who stops to shine begins anew
    assert text == b"\x1b[0;1;37;40m\x1b[31;41ma\x1b[0;5;31;41mb\x1b[1mc\x1b[0m\r\n"


# --- What others wrote ---


def style(text: str) -> tuple[list[int] | None, list[int] | None]:
    """The colours of the last character of a text, on a screen that shows white on black."""
    frame = decode_ansi(text.encode()).frame
    if not frame.colors:
        return None, None
    bg = frame.colors.bg
    return frame.colors.fg[0, -1].tolist(), None if bg is None else bg[0, -1].tolist()


@pytest.mark.parametrize(
    ("sgr", "expected"),
    [
        ("31", ([170, 0, 0], None)),
        ("97", (None, None)),  # as white as nothing said
        ("91;104", ([255, 85, 85], [85, 85, 255])),
        ("38;5;208", ([255, 135, 0], None)),
        ("38:5:208", ([255, 135, 0], None)),
        ("38;2;1;2;3;48;2;4;5;6", ([1, 2, 3], [4, 5, 6])),
        ("38:2:1:2:3", ([1, 2, 3], None)),
        ("38:2::1:2:3", ([1, 2, 3], None)),
        ("38:2:9:1:2:3:0:1", ([1, 2, 3], None)),  # a colour space before them, tolerances after
        ("31;7", ([0, 0, 0], [170, 0, 0])),
        ("7", ([0, 0, 0], [255, 255, 255])),
        ("31;44;7;27", ([170, 0, 0], [0, 0, 170])),
        ("31;44;39", ([255, 255, 255], [0, 0, 170])),
        ("31;44;49", ([170, 0, 0], None)),
        ("31;44;", (None, None)),
        ("1;31", ([170, 0, 0], None)),  # bold is bold on today's terminals
        ("38;5;300;31", ([170, 0, 0], None)),
        ("38;2;1;2", ([1, 2, 0], None)),
        ("38;9;31", ([170, 0, 0], None)),
        ("38:5", (None, None)),
        ("4:3;31", ([170, 0, 0], None)),
        ("99999;31", ([170, 0, 0], None)),
    ],
)
def test_what_select_graphic_rendition_selects(sgr: str, expected: tuple) -> None:
    # an x on blue before it, so that white paper under all is not taken for the art's own
    text = f"\x1b[44mx\x1b[0m\x1b[{sgr}ma"
    fg, bg = style(text)
    assert (fg, bg) == ((expected[0] or [255, 255, 255]), expected[1] or [0, 0, 0])


@pytest.mark.parametrize(
    ("text", "ice", "fg", "bg"),
    [
        (b"\x1b[1;31ma", True, [255, 85, 85], [0, 0, 0]),
        (b"\x1b[5;44ma", True, [170, 170, 170], [85, 85, 255]),
        (b"\x1b[5;44ma", False, [170, 170, 170], [0, 0, 170]),
        (b"\x1b[5ma", True, [170, 170, 170], [85, 85, 85]),
        (b"\x1b[1;31;22ma", True, [170, 0, 0], [0, 0, 0]),
        (b"\x1b[31;44ma\x1b[0ma", True, [170, 170, 170], [0, 0, 0]),  # an old screen is grey on black
    ],
)
def test_bold_and_blinking_are_bright_in_ans_files(text: bytes, ice: bool, fg: list, bg: list) -> None:
    record = bytearray(encode_ans(art_of(Frame.blank(1, 1), dark=True)))
    record = record[record.index(b"\x1aSAUCE") :]
    record[106] = ice
    frame = decode_ansi(b"\x1b[44m \x1b[0m" + text + bytes(record)).frame
    assert frame.colors is not None
    assert frame.colors.bg is not None
    assert (frame.colors.fg[0, -1].tolist(), frame.colors.bg[0, -1].tolist()) == (fg, bg)


@pytest.mark.parametrize(
    "text",
    [
        "plain \x1b[0mtext",
        "\x1b[97mwhite on black",
        "\x1b[38;5;231;48;5;16mwhite on black",
        "\x1b[30;107mblack on white",
        "\x1b[38;2;0;0;0;48;2;255;255;255mblack on white\x1b[0m\n\x1b[30;107mand \n",
    ],
)
def test_black_and_white_are_no_colours(text: str) -> None:
    assert decode_ansi(text.encode()).frame.colors is None


def test_erasing_leaves_the_background() -> None:
    terminal = Terminal(2, 3)
    terminal.feed("\x1b[41mabc\x1b[H\x1b[44m\x1b[K\x1b[m\x1b[2;2H\x1b[42m\x1b[X")
    colors = terminal.frame.colors
    assert colors is not None
    assert colors.bg is not None
    assert colors.bg.tolist() == [[[0, 0, 170]] * 3, [[0, 0, 0], [0, 170, 0], [0, 0, 0]]]


def test_cells_that_move_take_their_colours_along() -> None:
    terminal = Terminal(2, 4)
    terminal.feed("\x1b[31ma\x1b[32mb\x1b[33mc\x1b[m\x1b[H\x1b[@\x1b[3G\x1b[P")
    assert terminal.frame.lines[0] == " ac "
    colors = terminal.frame.colors
    assert colors is not None
    assert colors.fg[0, 1:3].tolist() == [[170, 0, 0], [170, 85, 0]]
    terminal.feed("\x1b[2;1H\n")
    assert terminal.frame.colors is None


# --- Painting, and casts ---


def films(depths: list[Depth] = DEPTHS) -> st.SearchStrategy[list[Frame]]:
    """Frames of one depth, some without colours."""

    def of_depth(depth: Depth) -> st.SearchStrategy[list[Frame]]:
        one = frames((2, 12), (depth,))
        return st.lists(one | one.map(lambda frame: Frame(frame.cells)), min_size=1, max_size=6)

    return st.sampled_from(depths).flatmap(of_depth)


@given(films(), st.booleans())
def test_a_terminal_shows_each_frame_after_its_change(given: list[Frame], dark: bool) -> None:
    look, before = look_of(dark), None
    terminal = Terminal(2, 12, dark)
    terminal.feed(f"\x1b[{look.sgr}m\x1b[2J")
    for frame in given:
        terminal.feed(paint(before, frame, look))
        assert terminal.frame == frame
        before = frame


@given(films([Depth.C16]), st.booleans())
def test_a_mailbox_terminal_shows_each_frame_with_dark_backgrounds(given: list[Frame], dark: bool) -> None:
    look, before = OldLook(*((7, 0) if dark else (0, 7))), None
    text = f"\x1b[{look.sgr}m"
    for frame in given:
        text += paint(before, frame, look)
        before = frame
    assert not re.search(r"\x1b\[[\d;]*\b(5|9\d|10\d)m", text)
    screen = Terminal(2, 12, dark, Rendition(old=True))
    screen.feed(text)
    assert screen.frame.cells.tolist() == given[-1].cells.tolist()
    if wanted := given[-1].colors:
        assert screen.frame.colors is not None
        assert screen.frame.colors.fg.tolist() == wanted.fg.tolist()


@given(films(), st.booleans(), st.sampled_from([2, 3]))
def test_casts_round_trip(given: list[Frame], dark: bool, version: int) -> None:
    encoder = CastEncoder(ClipHeader(2, 12, dark=dark), version)
    timed = [TimedFrame(100 * i, 100 * i + 100, frame) for i, frame in enumerate(given)]
    data = b"".join([encoder.start(), *map(encoder.add, timed), encoder.finish()])
    found = list(decode_cast(data.splitlines(keepends=True), "film.cast"))
    assert [(one.start, one.end, one.frame) for one in found] == [(one.start, one.end, one.frame) for one in timed]


# --- Clip files ---


def clip_of(frames: list[Frame], length: int = 40) -> tuple[bytes, list[TimedFrame]]:
    timed = [TimedFrame(length * i, length * (i + 1), frame) for i, frame in enumerate(frames)]
    encoder = ClipEncoder(ClipHeader(frames[0].rows, frames[0].cols))
    return b"".join([encoder.start(), *map(encoder.add, timed), encoder.finish()]), timed


@given(st.lists(frames((2, 5)) | frames((2, 5)).map(lambda frame: Frame(frame.cells)), min_size=1, max_size=9))
def test_clips_round_trip_whatever_colours_follow_each_other(given: list[Frame]) -> None:
    data, timed = clip_of(given)
    assert list(ClipReader(io.BytesIO(data))) == timed


def test_a_group_ends_where_the_kind_of_colours_changes() -> None:
    colored, plain = one(("a", RED)), Frame.from_lines(["a"])
    data, timed = clip_of([plain, plain, colored, colored.at(Depth.C16), colored.at(Depth.C16)])
    read = ClipReader(io.BytesIO(data))
    assert (read.keyframes, list(read)) == (3, timed)


def test_colours_that_stay_and_that_are_not_seen_take_few_bytes() -> None:
    rng = np.random.default_rng(8)
    fg = rng.integers(0, 256, (30, 80, 3), dtype=np.uint8)
    films = {}
    for name in ("plain", "colored"):
        cells = np.where(rng.random((64, 30, 80)) < 0.5, ord("a"), ord(" ")).astype(np.uint32)
        films[name] = len(
            clip_of([Frame(one, Colors(Depth.TRUE, fg) if name == "colored" else None) for one in cells])[0]
        )
    # a colour is told once a cell, by 3 bytes and a place among the others of 2, whatever the blanks do
    assert films["colored"] - films["plain"] < 30 * 80 * 6


def test_no_flipped_bit_of_a_coloured_clip_goes_unseen() -> None:
    data, _ = clip_of([one(("a", RED), bg=[GREEN]), one(("b", GREEN), bg=[RED])])
    start = data.index(b"GRUP")
    for at in range(start, data.index(b"INDX")):
        broken = bytearray(data)
        broken[at] ^= 1 << at % 8
        with pytest.raises(ClipError):
            list(ClipReader(io.BytesIO(bytes(broken))))


# --- Directories of frames ---


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)  # many files
@given(films(), st.booleans())
def test_directories_round_trip_also_over_an_earlier_film(tmp_path: Path, given: list[Frame], dark: bool) -> None:
    timed = [TimedFrame(100 * i, 100 * i + 100, frame) for i, frame in enumerate(given)]
    sink = FramesSink(tmp_path, ClipHeader(2, 12, dark=dark))
    for frame in timed:
        sink.write(frame)
    with read_frames(tmp_path, 25) as film:
        assert list(film) == timed


def test_colours_of_other_characters_are_told(tmp_path: Path) -> None:
    frame = one(("a", RED))
    FramesSink(tmp_path, ClipHeader(1, 1)).write(TimedFrame(0, 9, frame))
    (tmp_path / "0000.txt").write_text("b\n")
    with pytest.raises(ClipError, match=r"0000\.ansi' has other characters"):
        list(read_frames(tmp_path, 25))


def test_colours_of_wide_characters_are_not_kept_in_a_directory(tmp_path: Path) -> None:
    with pytest.warns(GlyphgradWarning, match="a clip file has all"), pytest.warns(GlyphgradWarning, match="code page"):
        FramesSink(tmp_path, ClipHeader(1, 1)).write(TimedFrame(0, 9, one(("漢", RED))))
    with read_frames(tmp_path, 25) as film:
        assert [timed.frame for timed in film] == [Frame.from_lines(["漢"])]


# --- Changes ---


def test_a_change_says_no_more_than_it_must() -> None:
    before = one(("a", RED), ("b", RED), ("c", GREEN))
    after = one(("a", RED), ("b", GREEN), ("c", GREEN))
    assert paint(before, after) == "\x1b[1;2H\x1b[38;2;0;255;0mb\x1b[38;5;231m"
    assert paint(after, replace(after)) == ""
    assert paint(one((" ", RED)), one((" ", GREEN))) == ""


@pytest.mark.skipif(
    not shutil.which("ansilove"), reason="NO ANSILOVE: install Debian's `ansilove` to see .ans files as others do"
)
@pytest.mark.parametrize("dark", [True, False])
def test_a_viewer_of_artpacks_shows_the_sixteen_colours(tmp_path: Path, dark: bool) -> None:
    fg = np.tile(palette(Depth.C16), (16, 1, 1))
    cells = Frame.from_lines(["█" * 16] * 16 + [" " * 16] * 16 + ["▀" * 16] * 16).cells
    frame = Frame(cells, Colors(Depth.C16, *np.tile(np.stack([fg, fg.swapaxes(0, 1)]), (1, 3, 1, 1))))
    (tmp_path / "a.ans").write_bytes(encode_ans(art_of(frame, dark)))
    subprocess.run(["ansilove", "-i", "-o", "a.png", "a.ans"], cwd=tmp_path, check=True, capture_output=True)
    with Image.open(tmp_path / "a.png") as picture:
        seen = np.asarray(picture.convert("RGB"))
    tall, wide = seen.shape[0] // 48, 8
    middles = seen[tall // 4 :: tall, wide // 2 : 16 * wide : wide]  # of the upper halves
    colors = frame.colors
    assert colors is not None
    assert colors.bg is not None
    np.testing.assert_array_equal(middles, np.concatenate([colors.fg[:16], colors.bg[16:32], colors.fg[32:]]))
