"""Films of pictures, as `video.frames` shows them: directories, lists and animated pictures."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from glyphgrad.core.stills import is_list
from glyphgrad.core.video import Film, frames
from glyphgrad.errors import GlyphgradWarning, PictureError

SHAPE = (10, 16)
LASTS = [100, 50, 200, 300]
"""Milliseconds."""


def flat(level: int) -> Image.Image:
    return Image.fromarray(np.full(SHAPE, level, np.uint8))


def levels(film: Film) -> list[int]:
    return [int(picture[0, 0]) for _, picture in film.pictures()]


def times(film: Film) -> list[float]:
    return [round(time, 3) for time, _ in film.pictures()]


def animation(kind: str, pictures: list[Image.Image], lasts: list[int], **options: Any) -> bytes:
    buffer = io.BytesIO()
    lossless = {"lossless": True} if kind == "webp" else {}
    pictures[0].save(buffer, kind, save_all=True, append_images=pictures[1:], duration=lasts, **lossless, **options)
    return buffer.getvalue()


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """f1.png ... f12.png of levels 1 ... 12, and files that are no pictures."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(1, 13):
        flat(number).save(folder / f"f{number}.png")
    (folder / "notes.txt").write_text("no picture")
    (folder / "._f1.png").write_bytes(b"what macOS leaves")
    (folder / "more").mkdir()
    return folder


def listed(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "list.txt"
    path.write_text(text, encoding="utf-8")
    return path


# --- Directories ---


def test_a_directory_runs_in_natural_order_at_30_frames_a_second(directory: Path) -> None:
    film = frames(directory)
    assert (film.width, film.height, film.fps, film.duration, film.has_audio) == (16, 10, 30, 0.4, False)
    assert levels(film) == list(range(1, 13))
    assert times(frames(directory)) == [round(n / 30, 3) for n in range(12)]


def test_fps_is_the_rate_of_a_directory(directory: Path) -> None:
    film = frames(directory, fps=4)
    assert (film.fps, film.duration) == (4, 3)
    assert times(film) == [n / 4 for n in range(12)]
    assert levels(frames(directory, fps=4, start=1, duration=1)) == [5, 6, 7, 8]
    assert levels(frames(directory, every=5)) == [1, 6, 11]


def test_only_the_pictures_that_are_shown_are_read(directory: Path) -> None:
    (directory / "f2.png").write_bytes(b"broken")
    assert levels(frames(directory, every=2)) == [1, 3, 5, 7, 9, 11]


def test_pictures_are_scaled_and_coloured_as_asked_for(directory: Path) -> None:
    for size, gray, shape in (((8, 5), True, (5, 8)), ((32, 20), False, (20, 32, 3))):
        assert {picture.shape for _, picture in frames(directory, gray=gray).pictures(size)} == {shape}


def test_a_directory_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="is a directory without pictures"):
        frames(tmp_path)


@pytest.mark.parametrize("options", [{}, {"fps": 30}], ids=str)
def test_a_picture_of_another_size_is_named_after_those_before_it(directory: Path, options: dict[str, Any]) -> None:
    Image.new("L", (7, 5)).save(directory / "f4.png")
    pictures = frames(directory, **options).pictures()
    assert [int(next(pictures).picture[0, 0]) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(PictureError, match=r"f4\.png' is 7 x 5, those before it 16 x 10"):
        next(pictures)


def test_damaged_pictures_are_left_out_if_it_is_to_keep_going(directory: Path) -> None:
    (directory / "f1.png").write_bytes(b"broken")
    Image.new("L", (7, 5)).save(directory / "f4.png")
    with pytest.raises(PictureError, match=r"f1\.png' is not a picture"):
        frames(directory)
    with pytest.warns(GlyphgradWarning, match=r"f1\.png' is not a picture"):
        film = frames(directory, keep_going=True)
    with pytest.warns(GlyphgradWarning, match=r"f4\.png' is 7 x 5"):
        shown = list(film.pictures())
    assert [int(picture[0, 0]) for _, picture in shown] == [2, 3, *range(5, 13)]
    assert [round(30 * time) for time, _ in shown] == [1, 2, *range(4, 12)]


# --- Lists ---


def test_a_list_names_pictures_relative_to_its_folder(tmp_path: Path, directory: Path) -> None:
    text = f"# the film\nframes/f3.png\n\n  frames/f1.png  \n{directory / 'f2.png'}\nframes/f3.png\n"
    assert levels(frames(listed(tmp_path, text))) == [3, 1, 2, 3]
    assert levels(frames(listed(tmp_path, "\ufeff" + text.replace("\n", "\r\n")))) == [3, 1, 2, 3]


def test_a_missing_picture_is_told_with_its_line_before_anything_is_done(tmp_path: Path, directory: Path) -> None:
    path = listed(tmp_path, f"# the film\n{directory.name}/f1.png\n\nnone.png\n")
    with pytest.raises(PictureError, match=r"line 4 of list .*none\.png' does not exist"):
        frames(path)
    with pytest.warns(GlyphgradWarning, match="line 4 of list"):
        assert levels(frames(path, keep_going=True)) == [1]


def test_a_broken_picture_is_told_with_its_line(tmp_path: Path, directory: Path) -> None:
    (directory / "f2.png").write_bytes(b"broken")
    pictures = frames(listed(tmp_path, "frames/f1.png\nframes/f2.png")).pictures()
    next(pictures)
    with pytest.raises(PictureError, match=r"line 2 of list .*f2\.png' is not a picture"):
        next(pictures)


@pytest.mark.parametrize("text", ["\n", "# nothing\n\n"])
def test_a_list_that_names_nothing_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PictureError, match="names no pictures"):
        frames(listed(tmp_path, text))


def test_a_list_that_is_not_text_to_its_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"f.png\n" * 1000 + b"\xff\xfe")
    with pytest.raises(PictureError, match="is not UTF-8 throughout"):
        frames(path)


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"a.png\n", True),
        ("größe.png\n".encode()[:3], True),  # cut within a letter, as 4,096 bytes may be
        (b"\x1a\x45\xdf\xa3", False),
        (b"\x00\x00\x00\x20ftypisom", False),
        (b"YUV4MPEG2 W2 H2\nFRAME\nAAAA", False),
    ],
)
def test_text_is_told_from_video(head: bytes, text: bool) -> None:
    assert is_list(head) is text


# --- Animated pictures ---


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_an_animation_keeps_its_times(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "film"
    path.write_bytes(animation(kind, [flat(60 * n).convert("RGB") for n in range(4)], LASTS))
    film = frames(path)
    assert (film.width, film.height) == SHAPE[::-1]
    assert film.duration == pytest.approx(0.65)
    assert film.fps == pytest.approx(4 / 0.65)
    assert times(film) == [0, 0.1, 0.15, 0.35]
    assert levels(frames(path)) == [0, 60, 120, 180]
    assert levels(frames(path, fps=10)) == [0, 60, 120, 120, 180, 180, 180]
    assert levels(frames(path, start=0.12)) == [60, 120, 180]
    assert levels(frames(io.BytesIO(path.read_bytes()))) == [0, 60, 120, 180]
    assert levels(frames(Pipe(path.read_bytes()))) == [0, 60, 120, 180]


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_transparent_pixels_show_the_paper(kind: str) -> None:
    clear = [Image.new("RGBA", SHAPE[::-1], (200 + n, 0, 0, 0)) for n in range(2)]
    for picture in clear:
        picture.paste((128, 128, 128, 255), (8, 0, 16, 10))
    clear[1].putpixel((15, 9), (255, 255, 255, 255))  # that the two differ
    data = animation(kind, clear, [100, 100])
    for dark, paper in ((False, 255), (True, 0)):
        for _, picture in frames(io.BytesIO(data), dark=dark).pictures():
            assert picture[0, [0, 15]].tolist() == [paper, 128]


@pytest.mark.parametrize("lasts", [0, 10])
def test_next_to_no_delay_is_a_tenth_of_a_second(lasts: int) -> None:
    data = animation("gif", [flat(0), flat(99), flat(200)], [lasts] * 3)
    assert times(frames(io.BytesIO(data))) == [0, 0.1, 0.2]


def test_a_picture_for_those_who_cannot_show_the_others_is_none_of_them() -> None:
    data = animation("png", [flat(n) for n in (9, 50, 100)], [100, 100], default_image=True)
    assert levels(frames(io.BytesIO(data))) == [50, 100]


def test_a_still_picture_is_a_film_of_one_frame(directory: Path) -> None:
    assert levels(frames(directory / "f7.png")) == [7]


@pytest.mark.parametrize("kind", ["gif", "png"])
def test_of_a_truncated_animation_the_whole_frames_are_shown(kind: str) -> None:
    rng = np.random.default_rng(0)
    pictures = [Image.fromarray(rng.integers(0, 256, (40, 40), dtype=np.uint8)) for _ in range(10)]
    data = animation(kind, pictures, [100] * 10)
    film = frames(io.BytesIO(data[: int(0.6 * len(data))])).pictures()
    assert [next(film).time for _ in range(5)] == pytest.approx([n / 10 for n in range(5)])
    with pytest.raises(PictureError, match=r"film standard input is damaged after [56] frames"):
        list(film)


@pytest.mark.parametrize("data", [b"GIF89a", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WEBPVP8 "])
def test_an_animation_without_a_frame_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError, match=r"film standard input .*is the file whole\?"):
        frames(io.BytesIO(data))
