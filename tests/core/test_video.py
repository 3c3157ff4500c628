from __future__ import annotations

import io
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from glyphgrad.core.video import Film, frames
from glyphgrad.errors import ConfigError, GlyphgradWarning, PictureError

WIDTH, HEIGHT = 64, 48
EXACT = {"codec": "ffv1", "pixels": "gray"}
"""A codec that loses nothing: frames can be told by their level."""


def film_at(
    path: Path,
    images: Sequence[np.ndarray],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    pts: Sequence[int] | None = None,
    container: dict[str, str] | None = None,
    prepare: Callable[[Any], object] = id,
    color_range: int | None = None,
    sound: float = 0.0,
) -> Path:
    """A video of gray (H, W) or RGB (H, W, 3) images; frame n at pts[n] / 30 s, else n / 30 s.

    With `color_range` the images are luma as it is to be stored. `sound` is that many seconds of silence.
    """
    with av.open(str(path), "w", options=container or {}) as file:
        stream = file.add_stream(codec, rate=30)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pixels
        stream.codec_context.time_base = Fraction(1, 30)
        if codec == "libx264":
            stream.options = {"crf": "1", "g": "15"}
        if color_range:
            stream.color_range = color_range
        prepare(stream)
        track = file.add_stream("aac", rate=8000, layout="mono") if sound else None
        for number, image in enumerate(images):
            frame = frame_of(image, pixels, color_range)
            frame.pts = pts[number] if pts else number
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
        if track:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, int(8000 * sound)), np.float32), "fltp", "mono")
            silence.sample_rate = 8000
            file.mux(track.encode(silence))
            file.mux(track.encode())
    return path


def frame_of(image: np.ndarray, pixels: str, color_range: int | None) -> av.VideoFrame:
    if image.ndim == 3:
        return av.VideoFrame.from_ndarray(np.ascontiguousarray(image), "rgb24").reformat(format=pixels)
    if pixels == "gray" or not color_range:
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), "gray").reformat(format=pixels)
    else:
        chroma = np.full((image.shape[0] // 2, image.shape[1]), 128, np.uint8)
        frame = av.VideoFrame.from_ndarray(np.concatenate([image, chroma]), pixels)
    if color_range:
        frame.color_range = color_range
    return frame


def flat(level: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH), level, np.uint8)


def counting(count: int) -> list[np.ndarray]:
    """Flat frames: number n is of level n."""
    return [flat(n) for n in range(count)]


def quadrants() -> np.ndarray:
    """White at the top left, light at the top right, dark at the bottom left, black at the bottom right."""
    return np.kron(np.array([[255, 170], [85, 0]], np.uint8), np.ones((HEIGHT // 2, WIDTH // 2), np.uint8))


def corners(picture: np.ndarray) -> list[int]:
    """The levels of a picture's four quarters, read as a book, to the nearest of `quadrants`."""
    height, width = picture.shape
    quarters = picture[height // 4 :: height // 2, width // 4 :: width // 2]
    return (np.rint(quarters / 85).astype(int) * 85).ravel().tolist()


def numbers(film: Film) -> list[int]:
    """The numbers of `counting` frames, as they come."""
    return [int(picture[0, 0]) for _, picture in film.pictures()]


def times(film: Film) -> list[float]:
    return [round(time, 3) for time, _ in film.pictures()]


class Pipe:
    """A stream that can only be read."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._data.read(size)

    def seekable(self) -> bool:
        return False


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """30 frames in one second, lossless: number n is of level n."""
    return film_at(tmp_path / "second.mkv", counting(30), **EXACT)


# --- Pictures and what is known before them ---


def test_a_film_tells_what_it_is_and_shows_its_frames(second: Path) -> None:
    film = frames(second)
    assert (film.width, film.height, film.fps, film.duration, film.has_audio) == (WIDTH, HEIGHT, 30, 1.0, False)
    shown = list(film.pictures())
    assert [int(picture[0, 0]) for _, picture in shown] == list(range(30))
    # Matroska rounds times to milliseconds.
    assert [time for time, _ in shown] == pytest.approx([n / 30 for n in range(30)], abs=5.1e-4)
    assert shown[0].picture.dtype == np.uint8
    assert shown[0].picture.shape == (HEIGHT, WIDTH)


def test_mp4_times_are_exact(tmp_path: Path) -> None:
    film = frames(film_at(tmp_path / "film.mp4", counting(30)))
    assert [time for time, _ in film.pictures()] == pytest.approx([n / 30 for n in range(30)], abs=1e-9)


def test_sound_is_told_and_its_length_is_not_the_films(tmp_path: Path) -> None:
    film = frames(film_at(tmp_path / "film.mp4", counting(30), sound=5))
    assert film.has_audio
    assert film.duration == 1
    assert len(list(film.pictures())) == 30


def test_longer_sound_does_not_make_a_film_without_its_own_length_truncated(tmp_path: Path) -> None:
    path = film_at(tmp_path / "film.mkv", counting(30), sound=5)
    path.write_bytes(path.read_bytes().replace(b"DURATION", b"DURATIOX"))
    film = frames(path)
    assert film.duration is not None
    assert film.duration > 4
    assert len(list(film.pictures())) == 30


def test_a_film_of_one_frame(tmp_path: Path) -> None:
    assert numbers(frames(film_at(tmp_path / "film.mkv", [flat(7)], **EXACT))) == [7]


def test_frames_keep_their_own_times(tmp_path: Path) -> None:
    pts = [0, 1, 2, 30, 33, 90, 91]
    film = frames(film_at(tmp_path / "film.mp4", counting(7), pts=pts))
    assert times(film) == [round(n / 30, 3) for n in pts]


@pytest.mark.parametrize("kind", ["mp4", "mkv", "webm", "avi", "ts", "gif"])
def test_every_container_tells_the_same_film(tmp_path: Path, kind: str) -> None:
    codecs = {"webm": ("libvpx-vp9", "yuv420p"), "avi": ("mpeg4", "yuv420p"), "gif": ("gif", "rgb8")}
    codec, pixels = codecs.get(kind, ("libx264", "yuv420p"))
    images = [quadrants()] * 10
    film = frames(film_at(tmp_path / f"film.{kind}", images, codec=codec, pixels=pixels))
    shown = list(film.pictures())
    # GIF counts in hundredths of a second.
    assert [time for time, _ in shown] == pytest.approx([n / 30 for n in range(10)], abs=0.01)
    assert corners(shown[5].picture) == [255, 170, 85, 0]


def test_a_raw_stream_without_times_runs_steadily(tmp_path: Path) -> None:
    film = frames(film_at(tmp_path / "film.h264", counting(5)))
    assert film.duration is None
    assert times(film) == [0.0, 0.033, 0.067, 0.1, 0.133]


def test_a_pipe_shows_what_the_file_shows(second: Path) -> None:
    assert numbers(frames(Pipe(second.read_bytes()))) == list(range(30))
    assert numbers(frames(Pipe(second.read_bytes()), start=0.5)) == list(range(15, 30))
    assert numbers(frames(io.BytesIO(second.read_bytes()), start=0.5)) == list(range(15, 30))


# --- Luma and colour ---


@pytest.mark.parametrize("pixels", ["yuv420p", "gray"])
@pytest.mark.parametrize(("color_range", "black", "white"), [(1, 16, 235), (2, 0, 255)], ids=["limited", "full"])
@pytest.mark.parametrize("size", [None, (WIDTH // 2, HEIGHT // 2), (2 * WIDTH, 2 * HEIGHT)])
def test_black_and_white_are_0_and_255_in_either_range(
    tmp_path: Path, pixels: str, color_range: int, black: int, white: int, size: tuple[int, int] | None
) -> None:
    middle = (black + white) // 2
    images = [flat(level) for level in (black, middle, white)]
    path = film_at(tmp_path / "film.mkv", images, codec="ffv1", pixels=pixels, color_range=color_range)
    for gray in (True, False):
        levels = [picture.mean() for _, picture in frames(path, gray=gray).pictures(size)]
        # 125, half way from 16 to 235 in whole numbers, is 127; FFmpeg's conversion to RGB rounds it again.
        assert levels == pytest.approx([0, 127, 255], abs=1)


@pytest.mark.parametrize("size", [None, (32, 24)])
def test_a_picture_may_be_written_on(tmp_path: Path, size: tuple[int, int] | None) -> None:
    """Though later frames are predicted from it. At 256 pixels FFmpeg does not pad lines: it could be a view."""
    wide = np.kron(quadrants(), np.ones((4, 4), np.uint8))
    path = film_at(tmp_path / "film.mp4", [wide] * 20, color_range=2)
    for _, picture in frames(path).pictures(size):
        assert corners(picture) == [255, 170, 85, 0]
        picture[:] = 0


def test_luma_agrees_with_the_colours(tmp_path: Path) -> None:
    """By the BT.601 matrix, which FFmpeg takes where a film names none; 8 bits of YUV and of RGB round."""
    ramp = np.linspace(0, 255, WIDTH, dtype=np.uint8)
    image = np.stack(np.broadcast_arrays(ramp, ramp[:HEIGHT, None], ramp[::-1]), axis=2)
    path = film_at(tmp_path / "film.mkv", [image], codec="ffv1", pixels="yuv444p")
    for size in (None, (32, 24)):
        ((_, luma),) = frames(path).pictures(size)
        ((_, colour),) = frames(path, gray=False).pictures(size)
        assert np.abs(colour @ np.array([0.299, 0.587, 0.114]) - luma).max() < 3


def test_colours_survive(tmp_path: Path) -> None:
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:, :32] = 200, 30, 30
    image[:, 32:] = 30, 30, 200
    ((_, picture),) = frames(film_at(tmp_path / "film.mkv", [image], codec="ffv1"), gray=False).pictures()
    np.testing.assert_allclose(picture[10, [5, 60]], [[200, 30, 30], [30, 30, 200]], atol=4)


# --- Shape ---


def test_pictures_come_in_the_size_asked_for(second: Path) -> None:
    for size in ((20, 10), (64, 48), (100, 99)):
        assert {picture.shape for _, picture in frames(second).pictures(size)} == {size[::-1]}


def test_areas_are_averaged(tmp_path: Path) -> None:
    board = np.indices((HEIGHT, WIDTH)).sum(axis=0) % 2 * np.uint8(255)
    ((_, picture),) = frames(film_at(tmp_path / "film.mkv", [board.astype(np.uint8)], **EXACT)).pictures((16, 12))
    np.testing.assert_allclose(picture, 127.5, atol=1)


UPRIGHT = {
    (0, False, False): [255, 170, 85, 0],
    (90, False, False): [170, 0, 255, 85],  # counter-clockwise, as set_display_rotation counts
    (-90, False, False): [85, 255, 0, 170],
    (180, False, False): [0, 85, 170, 255],
    (0, True, False): [170, 255, 0, 85],
    (0, False, True): [85, 0, 255, 170],
}


@pytest.mark.parametrize("turn", UPRIGHT)
def test_phone_films_come_upright(tmp_path: Path, turn: tuple[float, bool, bool]) -> None:
    path = film_at(tmp_path / "film.mp4", [quadrants()], prepare=lambda stream: stream.set_display_rotation(*turn))
    film = frames(path)
    shape = (HEIGHT, WIDTH) if abs(turn[0]) != 90 else (WIDTH, HEIGHT)
    assert (film.height, film.width) == shape
    ((_, picture),) = film.pictures()
    assert picture.shape == shape
    assert corners(picture) == UPRIGHT[turn]
    ((_, picture),) = frames(path).pictures((20, 30))
    assert picture.shape == (30, 20)
    assert corners(picture) == UPRIGHT[turn]


@pytest.mark.parametrize(("aspect", "size"), [(Fraction(3, 2), (96, 48)), (Fraction(1, 2), (64, 96))])
def test_pixels_are_made_square(tmp_path: Path, aspect: Fraction, size: tuple[int, int]) -> None:
    def stretch(stream: Any) -> None:
        stream.codec_context.sample_aspect_ratio = aspect

    film = frames(film_at(tmp_path / "film.mp4", [quadrants()], prepare=stretch))
    assert (film.width, film.height) == size
    ((_, picture),) = film.pictures()
    assert picture.shape == size[::-1]
    assert corners(picture) == [255, 170, 85, 0]


def test_a_video_that_changes_size_keeps_the_first(tmp_path: Path) -> None:
    small = film_at(tmp_path / "small.ts", [quadrants()] * 5).read_bytes()
    large = film_at(tmp_path / "large.ts", [np.kron(quadrants(), np.ones((2, 2), np.uint8))] * 5).read_bytes()
    both = tmp_path / "both.ts"
    both.write_bytes(small + large)
    shown = list(frames(both).pictures())
    assert len(shown) == 10
    assert {picture.shape for _, picture in shown} == {(HEIGHT, WIDTH)}
    assert all(corners(picture) == [255, 170, 85, 0] for _, picture in shown)
    assert all(earlier.time < later.time for earlier, later in pairwise(shown))


# --- Which frames, and when ---


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"start": 0.5}, list(range(15, 30))),
        ({"duration": 0.2}, list(range(6))),
        ({"start": 0.99}, [29]),
        ({"start": 0.5, "duration": 0.1}, [15, 16, 17]),
        ({"every": 10}, [0, 10, 20]),
        ({"start": 0.1, "every": 10}, [3, 13, 23]),
        ({"fps": 30}, list(range(30))),
        ({"fps": 10}, list(range(0, 30, 3))),
        ({"fps": 60}, [n // 2 for n in range(60)]),
        ({"fps": 10, "start": 0.5}, [15, 18, 21, 24, 27]),
        ({"fps": 20, "every": 3, "duration": 0.2}, [0, 0, 3, 3]),
        ({"fps": 30, "every": 3, "start": 0.8}, [24, 24, 24, 27, 27, 27]),
    ],
)
def test_the_frames_that_are_asked_for_come(second: Path, options: dict[str, Any], expected: list[int]) -> None:
    assert numbers(frames(second, **options)) == expected


def test_a_frame_shown_twice_is_drawn_once(second: Path) -> None:
    pictures = [picture for _, picture in frames(second, fps=60, duration=0.1).pictures()]
    assert [a is b for a, b in pairwise(pictures)] == [True, False, True, False, True]


def test_times_begin_with_what_is_shown(second: Path) -> None:
    film = frames(second, start=0.5, every=5)
    assert (film.duration, film.fps) == (0.5, 6)
    assert times(film) == pytest.approx([0, 1 / 6, 1 / 3], abs=1e-3)
    film = frames(second, fps=4, start=0.5, duration=9)
    assert (film.duration, film.fps) == (0.5, 4)
    assert times(film) == [0, 0.25]


def test_the_frame_on_the_screen_at_the_start_comes_first(tmp_path: Path) -> None:
    path = film_at(tmp_path / "film.mkv", counting(3), pts=[0, 60, 90], **EXACT)
    film = frames(path, start=1.0)
    assert [(round(time, 3), int(picture[0, 0])) for time, picture in film.pictures()] == [(0, 0), (1, 1), (2, 2)]


def test_variable_rates_are_made_steady_by_the_nearest_earlier_frame(tmp_path: Path) -> None:
    path = film_at(tmp_path / "film.mkv", counting(4), pts=[0, 10, 11, 21], **EXACT)
    film = frames(path, fps=10)
    # Frames begin at 0, 0.333, 0.367 and 0.7 s: number 1 is never the latest at a tenth of a second.
    assert numbers(film) == [0, 0, 0, 0, 2, 2, 2, 3]


@pytest.mark.parametrize("start", [0.0, 0.3, 1.0, 1.234, 2.9])
def test_seeking_finds_what_reading_on_finds(tmp_path: Path, start: float) -> None:
    """With B-frames, and key frames half a second apart."""
    images = [np.roll(quadrants(), 2 * n, axis=1) for n in range(90)]
    path = film_at(tmp_path / "film.mp4", images, container={"movflags": "faststart"})
    sought, read = (list(frames(one, start=start).pictures()) for one in (path, Pipe(path.read_bytes())))
    assert [time for time, _ in sought] == [time for time, _ in read]
    assert all((a.picture == b.picture).all() for a, b in zip(sought, read, strict=True))
    assert len(sought) == round(30 * (3 - start))


# --- Films that are not whole, and no films ---


def truncated(path: Path, part: float = 0.6) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    return path


def detailed(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8) for _ in range(count)]


@pytest.mark.parametrize("options", [{}, {"fps": 30}, {"start": 0.5}], ids=str)
@pytest.mark.parametrize(("kind", "codec"), [("mkv", "ffv1"), ("mp4", "libx264")])
def test_of_a_truncated_film_all_that_decodes_comes_first(
    tmp_path: Path, kind: str, codec: str, options: dict[str, Any]
) -> None:
    path = film_at(tmp_path / f"film.{kind}", detailed(120), codec=codec, container={"movflags": "faststart"})
    truncated(path)
    shown = 0
    with pytest.raises(PictureError, match=r"breaks off at 2\.\d\d s of 4\.00 s.*is the file whole\?"):
        for shown, _ in enumerate(frames(path, **options).pictures(), 1):  # noqa: B007
            pass
    expected = 0.6 * 120 - 30 * options.get("start", 0)
    assert expected - 12 <= shown <= expected + 12  # containers and frames do not take the same room everywhere
    with pytest.warns(GlyphgradWarning, match="breaks off"):
        assert len(list(frames(path, keep_going=True, **options).pictures())) == shown


def test_a_film_damaged_in_the_middle_goes_on_after_it(tmp_path: Path) -> None:
    path = film_at(tmp_path / "film.mov", detailed(60), codec="png", pixels="gray")
    data = bytearray(path.read_bytes())
    half = len(data) // 2
    data[half : half + 50] = bytes(50)
    path.write_bytes(data)
    pictures = frames(path).pictures()
    shown = [next(pictures).time for _ in range(59)]
    assert shown[-1] == pytest.approx(59 / 30, abs=1e-3)
    with pytest.raises(PictureError, match="is damaged"):
        next(pictures)
    with pytest.warns(GlyphgradWarning, match="is damaged"):
        assert len(list(frames(path, keep_going=True).pictures())) == 59


class BrokenPipe(Pipe):
    """A pipe that breaks once the data are at an end."""

    def read(self, size: int = -1) -> bytes:
        data = super().read(size)
        if not data:
            raise OSError(5, "Input/output error")
        return data


def test_of_a_stream_that_breaks_all_that_decodes_comes_first(tmp_path: Path) -> None:
    data = film_at(tmp_path / "film.ts", detailed(60)).read_bytes()
    whole = list(frames(Pipe(data[: len(data) // 2])).pictures())
    broken = frames(BrokenPipe(data[: len(data) // 2])).pictures()
    for expected in whole[:-2]:  # the last packets wait in FFmpeg for those that follow
        assert next(broken).time == expected.time
    with pytest.raises(PictureError, match="Input/output error"):
        list(broken)
    assert len(whole) > 20


def test_a_stream_that_breaks_at_once_is_an_error() -> None:
    with pytest.raises(PictureError, match=r"standard input .*Input/output error"):
        frames(BrokenPipe(b"\x1a\x45\xdf\xa3" * 4))


def without_frames(path: Path) -> None:
    with av.open(str(path), "w", format="avi") as file:
        stream = file.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        file.start_encoding()


def sound_only(path: Path) -> None:
    with av.open(str(path), "w", format="wav") as file:
        track = file.add_stream("pcm_s16le", rate=8000, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        silence.sample_rate = 8000
        file.mux(track.encode(silence))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (sound_only, "holds sound only"),
        (without_frames, "holds no frame that can be read"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(bytes(range(256)) * 9), "is not a film that can be read"),
        (lambda path: truncated(film_at(path, detailed(20))), "is not a film that can be read"),
        (str, "does not exist"),
        (os.mkfifo, "is a pipe or a device"),
    ],
    ids=["sound only", "zero frames", "empty", "noise", "mp4 without its index", "missing", "pipe"],
)
def test_what_is_no_film_is_told_in_one_line(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    path = tmp_path / "film.mp4"
    make(path)
    with pytest.raises(PictureError, match=message) as error:
        frames(path)
    assert repr(str(path)) in str(error.value)
    assert "\n" not in str(error.value)


def test_what_comes_through_a_pipe_is_named_standard_input() -> None:
    with pytest.raises(PictureError, match=r"film standard input is not a film.*faststart"):
        frames(Pipe(b"no film" * 99))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fps": 0}, "fps is 0"),
        ({"fps": -1}, "fps is -1"),
        ({"fps": float("nan")}, "fps is nan"),
        ({"fps": 1000}, "fps is 1000.*240"),
        ({"start": -1}, "start is -1"),
        ({"start": float("inf")}, "start is inf"),
        ({"start": 1.0}, "start is 1 s: the film ends at 1 s"),
        ({"start": 500}, "start is 500 s: the film ends at 1 s"),
        ({"duration": 0}, "duration is 0"),
        ({"duration": float("nan")}, "duration is nan"),
        ({"every": 0}, "every is 0"),
    ],
)
def test_nonsense_is_refused(second: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        frames(second, **options)


def test_a_start_beyond_an_end_that_nobody_knew_is_refused(tmp_path: Path) -> None:
    path = film_at(tmp_path / "film.h264", counting(5))
    with pytest.raises(ConfigError, match="start is 9 s: the film ends before"):
        frames(path, start=9)


@pytest.mark.parametrize("size", [(0, 10), (10, -1)])
def test_a_size_of_nothing_is_refused(second: Path, size: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match="give at least 1 x 1"):
        frames(second).pictures(size)


# --- What it costs ---


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    """Counted by Python: arrays and objects. A picture is 3 KB; all 600 would be 1.8 MB."""
    path = film_at(tmp_path / "film.mkv", counting(200) * 3, **EXACT)
    tracemalloc.start()
    pictures = frames(path, fps=30).pictures()
    for _ in range(50):
        next(pictures)
    before = tracemalloc.get_traced_memory()[0]
    for _ in pictures:
        pass
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 50_000


def test_importing_it_does_not_load_pyav() -> None:
    code = "import sys, glyphgrad.core.video, glyphgrad.fit.shots; print('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


# --- Pictures that a program makes ---


def test_pictures_of_a_program_come_at_their_rate() -> None:
    made = (np.full((4, 6), level, np.uint8) for level in (0, 100, 200))
    film = frames(made, fps=4)
    assert (film.width, film.height, film.fps, film.duration) == (6, 4, 4, None)
    shown = list(film.pictures())
    assert [(time, int(picture[0, 0])) for time, picture in shown] == [(0, 0), (0.25, 100), (0.5, 200)]
    assert film.until(shown[-1].time) == 0.75


def test_pictures_of_a_program_are_anything_a_picture_is() -> None:
    floats = np.full((4, 6, 3), 0.5)
    shown = list(frames([floats, Image.new("RGB", (6, 4), "white")], gray=False).pictures())
    assert [picture.shape for _, picture in shown] == [(4, 6, 3)] * 2
    assert [int(picture[0, 0, 0]) for _, picture in shown] == [128, 255]


def test_pictures_of_a_program_are_of_one_size() -> None:
    film = frames([np.zeros((4, 6), np.uint8), np.zeros((5, 6), np.uint8)])
    with pytest.raises(PictureError, match="6 x 5, those before it 6 x 4"):
        list(film.pictures())


def test_no_pictures_are_no_film() -> None:
    with pytest.raises(PictureError, match="given holds no frame"):
        frames([])


@pytest.mark.parametrize("source", [5, None])
def test_what_is_no_film_at_all_is_told(source: Any) -> None:
    with pytest.raises(ConfigError, match=f"film is {source}: give a path"):
        frames(source)
