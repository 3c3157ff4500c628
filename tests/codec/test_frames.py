from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glyphgrad import Frame, Layout
from glyphgrad.codec.formats import WriteOptions, open_film, write_film
from glyphgrad.codec.frames import FramesSink
from glyphgrad.codec.text import decode
from glyphgrad.core.art import Art
from glyphgrad.core.clip import ClipHeader, TimedFrame
from glyphgrad.core.presets import PRESETS
from glyphgrad.errors import ClipError, ConfigError, GlyphgradWarning, OutputError

HEADER = ClipHeader(1, 3, "discord", False, "T", "glyphgrad 0.1.0")
LINES = ["█a ", "b░ ", " cd", "e  "]
FILM = [TimedFrame(30 * k, 30 * k + 30, Frame.from_lines([line])) for k, line in enumerate(LINES)]
RESUME = WriteOptions(resume=True)


def write(path: Path, frames: list[TimedFrame], options: WriteOptions | None = None) -> None:
    with write_film(path, HEADER, options) as film:
        for timed in frames:
            film.write(timed)


def test_a_frame_is_its_text_in_utf8_and_in_native_bytes(tmp_path: Path) -> None:
    write(tmp_path / "frames", FILM)
    names = sorted(path.name for path in (tmp_path / "frames").iterdir())
    assert names == [*(f"000{k}.txt" for k in range(4)), *(f"enc_000{k}.txt" for k in range(4)), "film.json"]
    assert (tmp_path / "frames" / "0001.txt").read_text() == "b░ \n"
    assert (tmp_path / "frames" / "enc_0001.txt").read_bytes() == b"b\xb0 \n"


def test_film_json_is_known_and_whole_after_every_frame(tmp_path: Path) -> None:
    with write_film(tmp_path / "frames", HEADER) as film:
        for timed in FILM:
            film.write(timed)
            found = json.loads((tmp_path / "frames" / "film.json").read_bytes())
            assert found["milliseconds"] == [30] * film.frames
    assert found == {
        "version": 1, "rows": 1, "cols": 3, "preset": "discord", "dark": False, "title": "T",
        "software": "glyphgrad 0.1.0", "milliseconds": [30] * 4,
    }  # fmt: skip


def test_a_directory_is_read_back_to_equality(tmp_path: Path) -> None:
    write(tmp_path, FILM)
    with open_film(tmp_path) as film:
        assert film.header == ClipHeader(1, 3, "discord", False, "T", "glyphgrad 0.1.0", 120)
        assert list(film) == FILM


def test_pictures_are_what_the_device_shows(tmp_path: Path) -> None:
    from PIL import Image

    odd = TimedFrame(0, 30, Frame.from_lines(["aŁ█"]))  # Ł is not in the preset's charset, but in its font
    with pytest.warns(GlyphgradWarning, match="'Ł' is not in code page 437"):
        write(tmp_path, [odd], WriteOptions(pictures=True))
    device = PRESETS["discord"]
    shown = Art(odd.frame, device.atlas(" aŁ█"), Layout(1, 3, 24, 12), False)
    with Image.open(tmp_path / "0000.png") as image:
        np.testing.assert_array_equal(np.asarray(image), shown.pixels)
    assert shown.ink[:, 12:24].any()


def test_a_character_the_code_page_lacks_warns_once(tmp_path: Path) -> None:
    frames = [TimedFrame(k, k + 1, Frame.from_lines(["⣿ " + line])) for k, line in enumerate("abc")]
    with pytest.warns(GlyphgradWarning) as caught:
        write(tmp_path, frames)
    assert len(caught) == 1
    assert decode((tmp_path / "enc_0002.txt").read_bytes()) == frames[2].frame


# --- Going on ---


def test_resume_goes_on_after_the_frames_there_are(tmp_path: Path) -> None:
    write(tmp_path, FILM[:2])
    stamp = (tmp_path / "0001.txt").stat().st_mtime_ns
    with write_film(tmp_path, HEADER, RESUME) as film:
        assert (film.frames, film.end) == (2, 60)
        for timed in FILM[film.frames :]:
            film.write(timed)
    assert (tmp_path / "0001.txt").stat().st_mtime_ns == stamp
    with open_film(tmp_path) as read:
        assert list(read) == FILM


def test_resume_begins_at_the_first_frame_that_is_missing(tmp_path: Path) -> None:
    write(tmp_path, FILM)
    (tmp_path / "0001.txt").unlink()
    with write_film(tmp_path, HEADER, RESUME) as film:
        assert (film.frames, film.end) == (1, 30)
        film.write(FILM[1])
    with open_film(tmp_path) as read:
        assert list(read) == FILM[:2]


def test_resume_of_nothing_begins(tmp_path: Path) -> None:
    write(tmp_path / "new", FILM, RESUME)
    with open_film(tmp_path / "new") as read:
        assert list(read) == FILM


def test_resume_with_nothing_to_add_leaves_the_film(tmp_path: Path) -> None:
    write(tmp_path, FILM)
    write(tmp_path, [], RESUME)
    with open_film(tmp_path) as read:
        assert list(read) == FILM


def test_resume_of_a_film_of_another_size_is_refused(tmp_path: Path) -> None:
    write(tmp_path, FILM)
    with (
        pytest.raises(ClipError, match="holds a film of 3x1, this one is 4x1"),
        write_film(tmp_path, ClipHeader(1, 4), RESUME),
    ):
        pass


def test_without_resume_a_film_begins_anew(tmp_path: Path) -> None:
    write(tmp_path, FILM)
    write(tmp_path, FILM[:1])
    with open_film(tmp_path) as read:
        assert list(read) == FILM[:1]


# --- Directories of others, and bad input ---


def test_a_directory_without_times_is_read_at_a_rate(tmp_path: Path) -> None:
    for number, line in enumerate(LINES):
        (tmp_path / f"{number:04}.txt").write_text(line + "\n")
    with open_film(tmp_path, fps=1000 / 30) as film:
        assert list(film) == FILM


def test_a_missing_frame_is_named(tmp_path: Path) -> None:
    write(tmp_path, FILM)
    (tmp_path / "0002.txt").unlink()
    with open_film(tmp_path) as film, pytest.raises(ClipError, match=r"0002\.txt' cannot be read"):
        list(film)


def test_a_frame_of_another_size_is_named(tmp_path: Path) -> None:
    write(tmp_path, FILM)
    (tmp_path / "0002.txt").write_text("abcd\n")
    with open_film(tmp_path) as film, pytest.raises(ClipError, match="frame 2: it is 4x1, the film 3x1"):
        list(film)


def test_a_directory_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"holds no film: no film\.json and no 0000\.txt"):
        open_film(tmp_path)


@pytest.mark.parametrize(
    ("change", "quoted"),
    [
        ({"version": 2}, "version is '2', this glyphgrad reads 1"),
        ({"rows": 0}, "size is 3x0"),
        ({"cols": "3"}, "cols in its header is '3'"),
        ({"milliseconds": [30, 0]}, "no list of whole numbers"),
        ({"milliseconds": [2**32]}, "more than"),
        ({"milliseconds": None}, "no list"),
    ],
)
def test_a_film_json_that_cannot_be_is_refused(tmp_path: Path, change: dict[str, Any], quoted: str) -> None:
    write(tmp_path, FILM)
    path = tmp_path / "film.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ClipError, match=rf"film\.json' cannot be read: .*{quoted}"):
        open_film(tmp_path)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_a_film_json_that_is_none_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "film.json").write_bytes(data)
    with pytest.raises(ClipError, match=r"film\.json' cannot be read"):
        open_film(tmp_path)


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file/frames"), write_film(tmp_path / "file" / "frames", HEADER):
        pass


def test_a_character_that_no_font_has_is_refused_once_it_is_drawn(tmp_path: Path) -> None:
    with (
        pytest.warns(GlyphgradWarning),
        pytest.raises(ConfigError, match="not in the atlas"),
        write_film(tmp_path, ClipHeader(1, 1), WriteOptions(pictures=True)) as film,
    ):
        film.write(TimedFrame(0, 1, Frame.from_lines(["\U00013000"])))


def test_a_folder_of_other_files_is_not_written_into(tmp_path: Path) -> None:
    """Pictures of a film are named 0000.png, too."""
    (tmp_path / "0000.png").write_bytes(b"a picture")
    with pytest.raises(OutputError, match=r"no film of characters \('0000.png', ...\): name another"):
        FramesSink(tmp_path, HEADER)
    assert [path.name for path in tmp_path.iterdir()] == ["0000.png"]
