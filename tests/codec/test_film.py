"""Films read back by Pillow and by PyAV."""

from __future__ import annotations

import io
import os
import resource
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from glyphgrad.codec import film
from glyphgrad.errors import ConfigError, OutputError, PictureError

LEVELS = (0, 60, 120, 180, 255)
VIDEO = (".mp4", ".webm")


def flat(level: int, size: tuple[int, int] = (33, 19)) -> np.ndarray:
    """A picture of one gray, in its corner a square of the opposite."""
    pixels = np.full((size[1], size[0]), level, np.uint8)
    pixels[:8, :8] = 255 - level
    return pixels


def encoded(suffix: str, pictures: list[np.ndarray], seconds: float = 0.1) -> io.BytesIO:
    file = io.BytesIO()
    encoder = film.encoder(file, suffix)
    for picture in pictures:
        encoder.add(picture, seconds)
    encoder.close()
    file.seek(0)
    return file


def gif_frames(file: io.BytesIO | Path) -> list[tuple[np.ndarray, int]]:
    """(pixels as RGB, milliseconds) of each frame."""
    with Image.open(file) as image:
        frames = []
        for number in range(image.n_frames):
            image.seek(number)
            frames.append((np.asarray(image.convert("RGB")), image.info["duration"]))
    return frames


def video_frames(file: io.BytesIO | Path) -> list[tuple[float, np.ndarray]]:
    """(seconds from the start, RGB) of each frame."""
    with av.open(file) as container:
        return [(float(f.pts * f.time_base), f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]


def record_all(path: Path, pictures: Iterable[np.ndarray], **numbers: float) -> None:
    with film.recording(path, **numbers) as record:
        for picture in pictures:
            record(picture)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file can grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# --- GIF ---


def test_a_gray_gif_shows_its_pictures_and_loops() -> None:
    file = encoded(".gif", [flat(level) for level in LEVELS])
    frames = gif_frames(file)
    assert [milliseconds for _, milliseconds in frames] == [100] * 5
    for (pixels, _), level in zip(frames, LEVELS, strict=True):
        # 31 levels: half a step of 8.5
        np.testing.assert_allclose(pixels, flat(level)[..., None].repeat(3, axis=-1), atol=4.25)
    with Image.open(file) as image:
        assert image.info["loop"] == 0


def test_black_and_white_are_exact() -> None:
    for pixels, _ in gif_frames(encoded(".gif", [flat(0), flat(255)])):
        assert set(np.unique(pixels)) == {0, 255}


def test_a_gif_of_few_colours_has_them_also_after_a_cut() -> None:
    rng = np.random.default_rng(8)
    pictures = [rng.integers(0, 256, (200, 3), dtype=np.uint8)[rng.integers(0, 200, (30, 40))] for _ in range(3)]
    for (found, _), picture in zip(gif_frames(encoded(".gif", pictures)), pictures, strict=True):
        np.testing.assert_array_equal(found, picture)


def shade(red: int) -> np.ndarray:
    """A picture of over 255 colours."""
    y, x = np.mgrid[:64, :96]
    return np.stack([np.full_like(x, red), 2 * x, 3 * y], axis=2).astype(np.uint8)


def test_a_gif_of_many_colours_is_near_to_them() -> None:
    frames = gif_frames(encoded(".gif", [shade(255), shade(0)]))
    for (found, _), picture in zip(frames, (shade(255), shade(0)), strict=True):
        error = found.astype(float) - picture
        # 255 places for a plane of 192 by 192 levels: squares of 12 levels, whose mean is 12 / sqrt(12) off in each
        # of two of three channels; the octree's squares are not all of one size
        assert np.sqrt((error**2).mean()) < 1.5 * 12 / np.sqrt(12) * np.sqrt(2 / 3)


def test_what_stays_keeps_its_colour_when_the_palette_changes() -> None:
    one, other = shade(255), shade(255)
    other[32:] = shade(0)[32:]
    (first, _), (second, _) = gif_frames(encoded(".gif", [one, other]))
    np.testing.assert_array_equal(second[:32], first[:32])
    assert np.abs(second[32:].astype(int) - other[32:]).mean() < 6


def test_what_does_not_change_costs_next_to_nothing() -> None:
    noise = np.random.default_rng(0).integers(0, 2, (100, 100), dtype=np.uint8) * np.uint8(255)
    moved, apart = noise.copy(), noise.copy()
    moved[40:44, 50:54] ^= 255
    apart[0, 0] ^= 255
    apart[-1, -1] ^= 255
    alone = len(encoded(".gif", [noise]).getvalue())
    for second, most in ((noise, 30), (moved, 100), (apart, 400)):  # the noise itself takes 2,000
        file = encoded(".gif", [noise, second])
        assert len(file.getvalue()) - alone < most
        np.testing.assert_array_equal(gif_frames(file)[1][0][..., 0], second)
    assert len(gif_frames(encoded(".gif", [noise] * 9))) == 9


def test_thirty_a_second_keep_the_time() -> None:
    frames = gif_frames(encoded(".gif", [flat(level % 256) for level in range(90)], 1 / 30))
    assert {milliseconds for _, milliseconds in frames} == {30, 40}
    assert sum(milliseconds for _, milliseconds in frames) == 3000


def test_pictures_too_brief_for_a_gif_are_left_out_and_the_time_is_kept() -> None:
    frames = gif_frames(encoded(".gif", [flat(level) for level in range(120)], 1 / 120))
    assert min(milliseconds for _, milliseconds in frames) == 20
    assert sum(milliseconds for _, milliseconds in frames) == pytest.approx(1000, abs=20)


def test_a_side_that_a_gif_cannot_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="70000 x 1"):
        encoded(".gif", [np.zeros((1, 70_000), np.uint8)])


# --- MP4 and WebM ---


@pytest.mark.parametrize("suffix", VIDEO)
def test_a_video_shows_its_pictures_at_their_time(suffix: str) -> None:
    frames = video_frames(encoded(suffix, [flat(level) for level in LEVELS]))
    times = [time for time, _ in frames]
    assert times[:5] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], abs=0.001)  # WebM counts milliseconds
    for (_, pixels), level in zip(frames, LEVELS, strict=False):
        assert pixels.shape == (20, 34, 3)  # an odd side grows by one
        np.testing.assert_allclose(pixels[10:, 10:], level, atol=8)  # lossy
        np.testing.assert_allclose(pixels[:6, :6], 255 - level, atol=8)


@pytest.mark.parametrize("suffix", VIDEO)
def test_the_last_picture_comes_again_at_the_end_of_its_time(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    record_all(path, map(flat, LEVELS), fps=10, hold=2)
    times = [time for time, _ in video_frames(path)]
    assert times == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 2.4 - 1 / 24], abs=0.001)
    with av.open(path) as container:
        assert container.duration / 1e6 == pytest.approx(2.4, abs=0.002)


@pytest.mark.parametrize("suffix", VIDEO)
def test_a_videos_colours_are_the_pictures_and_it_says_how_they_are_coded(suffix: str) -> None:
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 135, 0), (90, 20, 160), (128, 128, 128)]
    picture = np.array([colors], np.uint8).repeat(64, axis=0).repeat(32, axis=1)
    file = encoded(suffix, [picture])
    seen = video_frames(file)[0][1][32, 16::32]
    # eight bits of luma and of colour difference, and a quantiser that is made for moving pictures
    assert np.abs(seen.astype(int) - colors).max() <= 6
    file.seek(0)
    with av.open(file) as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (6, 1)


def test_an_mp4_is_what_players_know() -> None:
    with av.open(encoded(".mp4", [flat(0)])) as container:
        (stream,) = container.streams
        assert (stream.codec_context.name, stream.pix_fmt, container.format.name) == (
            "h264", "yuv420p", "mov,mp4,m4a,3gp,3g2,mj2",
        )  # fmt: skip


def test_a_size_that_the_codec_cannot_have_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"20000 x 16 cannot be encoded as \.mp4.*try \.gif"),
        film.writing(tmp_path / "film.mp4") as encoder,
    ):
        encoder.add(np.zeros((16, 20_000), np.uint8), 1)
    assert os.listdir(tmp_path) == []


# --- All ---


@pytest.mark.parametrize("suffix", film.SUFFIXES)
def test_pictures_are_let_go_as_they_are_written(suffix: str) -> None:
    encoder, given = film.encoder(io.BytesIO(), suffix), []
    for level in range(60):
        picture = Image.fromarray(flat(4 * level))
        given.append(weakref.ref(picture))
        encoder.add(picture, 0.1)
        del picture
        assert sum(reference() is not None for reference in given) <= 1
    encoder.close()


@pytest.mark.parametrize("suffix", film.SUFFIXES)
def test_pictures_of_pillow_and_arrays_are_alike(suffix: str) -> None:
    arrays = [flat(0), flat(255)]
    images = [Image.fromarray(array) for array in arrays]
    one, other = (encoded(suffix, pictures) for pictures in (arrays, images))
    reader = gif_frames if suffix == ".gif" else video_frames
    for a, b in zip(reader(one), reader(other), strict=True):
        assert all(np.array_equal(left, right) for left, right in zip(a, b, strict=True))


@pytest.mark.parametrize("suffix", film.SUFFIXES)
def test_another_size_is_refused_and_nothing_is_left(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"film{suffix}").write_bytes(b"before")
    with pytest.raises(ConfigError, match="picture 2 is 5 x 4, those before it 33 x 19"):
        record_all(tmp_path / f"film{suffix}", [flat(0), flat(0, (5, 4))])
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]


@pytest.mark.parametrize("suffix", film.SUFFIXES)
def test_a_film_of_nothing_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ConfigError, match="0 pictures"), film.writing(tmp_path / f"film{suffix}"):
        pass
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("suffix", film.SUFFIXES)
def test_a_full_disk_is_told_and_nothing_is_left(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (9, 200, 200), dtype=np.uint8)
    with room_for(20_000), pytest.raises(OutputError, match=f"film{suffix}' cannot be written"):
        record_all(tmp_path / f"film{suffix}", noise)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), PictureError("mine")])
def test_what_goes_wrong_meanwhile_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    def pictures() -> Iterator[np.ndarray]:
        yield flat(0)
        raise error

    with pytest.raises(type(error)):
        record_all(tmp_path / "film.mp4", pictures())
    assert os.listdir(tmp_path) == []


def test_a_recording_is_paced_and_its_end_held(tmp_path: Path) -> None:
    record_all(tmp_path / "film.gif", map(flat, LEVELS), fps=5, hold=1.5)
    assert [milliseconds for _, milliseconds in gif_frames(tmp_path / "film.gif")] == [200] * 4 + [1500]


@pytest.mark.parametrize(
    ("name", "numbers", "quoted"),
    [("a.avi", {}, r"'a.avi'.*use one of \.gif, \.mp4, \.webm"), ("a.gif", {"fps": 0}, "fps is 0"),
     ("a.gif", {"fps": float("nan")}, "fps is nan"), ("a.gif", {"hold": -1}, "hold is -1")],
)  # fmt: skip
def test_mistakes_are_refused(name: str, numbers: dict[str, float], quoted: str) -> None:
    with pytest.raises(ConfigError, match=quoted), film.recording(Path(name), **numbers):
        pass
