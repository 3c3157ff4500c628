from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphgrad import Frame
from glyphgrad.codec import formats, whole
from glyphgrad.codec.clip import ClipReader
from glyphgrad.codec.formats import WriteOptions, open_film, opener_for, write_film
from glyphgrad.core.clip import ClipHeader, TimedFrame
from glyphgrad.errors import ClipError, ConfigError, OutputError

HEADER = ClipHeader(2, 3, "terminal", True, "T", "glyphgrad 0.1.0")
NAMES = ["film.glyph", "film.cast", "film.txt", "frames"]


def film(count: int = 100) -> list[TimedFrame]:
    cells = np.random.default_rng(5).integers(33, 127, (count, 2, 3), dtype=np.uint32)
    starts = [round(1000 * number / 30) for number in range(count + 1)]
    return [TimedFrame(starts[k], starts[k + 1], Frame(cells[k])) for k in range(count)]


def write(path: Path, frames: Iterable[TimedFrame], options: WriteOptions | None = None) -> None:
    with write_film(path, HEADER, options) as writer:
        for timed in frames:
            writer.write(timed)


def read(path: Path) -> list[TimedFrame]:
    with open_film(path) as found:
        return list(found)


@pytest.mark.parametrize("name", [*NAMES, "FILM.GLYPH"])
def test_every_format_gives_the_film_back(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, film())
    assert read(tmp_path / name) == film()
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("version", [2, 3])
def test_the_cast_version_is_an_option(tmp_path: Path, version: int) -> None:
    write(tmp_path / "film.cast", film(), WriteOptions(cast_version=version))
    assert (tmp_path / "film.cast").read_text().startswith(f'{{"version": {version}')
    assert read(tmp_path / "film.cast") == film()


@pytest.mark.parametrize(("name", "form"), [("film.gif", "GIF"), ("film.mp4", None)])
def test_films_of_pictures_are_drawn_as_the_device_shows_them(tmp_path: Path, name: str, form: str | None) -> None:
    write(tmp_path / name, film(5))
    data = (tmp_path / name).read_bytes()
    if form is None:
        assert data[4:8] == b"ftyp"
        return
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == (form, (30, 40))  # 3 x 2 cells of 10 x 20 pixels
        assert image.convert("L").getpixel((0, 0)) == 0  # a dark screen


def test_the_content_says_what_a_file_is_and_not_its_name(tmp_path: Path) -> None:
    for name in NAMES[:3]:
        write(tmp_path / name, film())
        (tmp_path / name).rename(tmp_path / "nameless")
        assert read(tmp_path / "nameless") == film()


def test_the_frames_of_a_clip_file_are_its_reader(tmp_path: Path) -> None:
    write(tmp_path / "film.glyph", film())
    with open_film(tmp_path / "film.glyph") as found:
        assert isinstance(found.frames, ClipReader)
        assert found.header.duration == 3333
        assert found.frames.at(1699) == film()[50]


# --- What ends early ---


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), ClipError("the source is damaged"), OSError(5, "a disk that broke")]
)
def test_who_is_interrupted_leaves_a_film_of_what_was_done(tmp_path: Path, name: str, error: BaseException) -> None:
    def source() -> Iterator[TimedFrame]:
        yield from film()[:70]
        raise error

    with pytest.raises(type(error)):
        write(tmp_path / name, source())
    assert read(tmp_path / name) == film()[:70]


@pytest.mark.parametrize("name", NAMES[:3])
def test_who_is_interrupted_before_the_first_frame_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, film())
    with pytest.raises(KeyboardInterrupt), write_film(tmp_path / name, HEADER):
        raise KeyboardInterrupt
    assert read(tmp_path / name) == film()
    assert os.listdir(tmp_path) == [name]


def test_who_is_killed_leaves_a_film_too(tmp_path: Path) -> None:
    with write_film(tmp_path / "film.cast", HEADER) as writer:
        for number, timed in enumerate(film(10), 1):
            writer.write(timed)
            (part,) = tmp_path.glob(f"{whole.PREFIX}*")
            assert len(read(part)) == number


@pytest.mark.parametrize("name", NAMES)
def test_a_film_without_frames_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ClipError, match=f"{name}' would be empty: give at least one frame"):
        write(tmp_path / name, [])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("suffix", [".glyph", ".cast", ".txt"])
def test_a_full_device_is_one_error(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"film{suffix}").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=rf"film\{suffix}' cannot be written \(No space left on device\)"):
        write(tmp_path / f"film{suffix}", film())


@pytest.mark.parametrize("name", NAMES[:3])
def test_a_disk_that_fills_up_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    class Full(io.BytesIO):
        full = False

        def write(self, data: object) -> int:
            if self.tell() > 300 and not self.full:
                self.full = True  # just once: what came after would leave a hole
                raise OSError(28, "No space left on device")
            return super().write(data)  # type: ignore[arg-type]

    @contextmanager
    def full_file(path: Path) -> Iterator[Full]:
        try:
            yield Full()
        except OSError as error:
            raise whole.unwritable(path, error) from None

    write(tmp_path / name, film()[:3])
    monkeypatch.setattr(formats, "whole_file", full_file)
    with pytest.raises(OutputError, match="No space left"):
        write(tmp_path / name, film())
    assert read(tmp_path / name) == film()[:3]


# --- Frames that do not fit ---


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_of_another_size_half_way_is_told(tmp_path: Path, name: str) -> None:
    first, second = film(2)
    wrong = TimedFrame(second.start, second.end, Frame.from_lines(["abcd", "efgh"]))
    with pytest.raises(ClipError, match="frame 1: it is 4x2, the film 3x2: all frames need one size"):
        write(tmp_path / name, [first, wrong])
    assert [one.frame for one in read(tmp_path / name)] == [first.frame]


@pytest.mark.parametrize("start", [20, 34, 70])
def test_holes_and_overlaps_are_refused(tmp_path: Path, start: int) -> None:
    first, second = film(2)
    with pytest.raises(ClipError, match=f"frame 1 starts at {start} ms: the one before ends at 33"):
        write(tmp_path / "film.glyph", [first, TimedFrame(start, 100, second.frame)])


def test_escape_sequences_never_get_into_a_film(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"frame 0: it holds U\+001B"):
        write(tmp_path / "film.txt", [TimedFrame(0, 1, Frame(np.full((2, 3), 0x1B, dtype=np.uint32)))])


# --- Paths ---


def test_a_suffix_that_names_no_film_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'film\.png': its suffix .* use one of \.glyph, \.cast, \.txt, \.gif"):
        opener_for(Path("film.png"))
    (tmp_path / "frames.png").mkdir()
    opener_for(tmp_path / "frames.png")  # a directory is one, whatever its name


def test_a_film_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"none\.glyph' cannot be read \(No such file or directory\): check the path"):
        open_film(tmp_path / "none.glyph")


def test_another_kind_of_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "film.gif").write_bytes(b"GIF89a\0\0")
    with pytest.raises(ClipError, match=r"film\.gif' holds no characters"):
        open_film(tmp_path / "film.gif")


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "_LONGEST", 10_000)
    (tmp_path / "film").write_bytes(b'{"version": 3, "term": {"cols": 1, "rows": 1}}\n[0, "o", "' + b"a" * 20_000)
    with pytest.raises(ClipError, match="holds a line of over 10,000 bytes"):
        read(tmp_path / "film")


@pytest.mark.parametrize("content", [b"abcde", b"\x89" * 300])
def test_a_clip_with_a_damaged_signature_is_told_as_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "film.glyph").write_bytes(content)
    with pytest.raises(ClipError, match=r"film\.glyph' is no clip file"):
        open_film(tmp_path / "film.glyph")


@pytest.mark.parametrize("name", ["film.glyph", "film.cast", "film.txt", "film"])
def test_an_empty_file_is_told_as_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(ClipError, match=rf"{name}' is empty \(0 bytes\)"):
        open_film(tmp_path / name)


def test_an_error_tells_where_the_frames_before_it_are(tmp_path: Path) -> None:
    with pytest.raises(KeyError) as failure, write_film(tmp_path / "film.glyph", HEADER) as writer:  # noqa: PT012
        writer.write(film(1)[0])
        raise KeyError
    assert failure.value.__notes__ == [f"'{tmp_path / 'film.glyph'}' holds the 1 frame there were"]
