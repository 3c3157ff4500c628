from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from glyphgrad.codec.clip import ClipReader
from glyphgrad.codec.formats import write_film
from glyphgrad.core.clip import ClipHeader, Film, TimedFrame
from glyphgrad.core.frame import Frame
from glyphgrad.errors import ClipError
from glyphgrad.play import source
from glyphgrad.play.source import Walked, is_video, open_source

HEADER = ClipHeader(2, 3, "terminal", True)


def film(lengths: list[int]) -> list[TimedFrame]:
    """Frames that can be told from one another."""
    ends = np.cumsum(lengths).tolist()
    starts = [0, *ends[:-1]]
    return [
        TimedFrame(start, end, Frame.from_lines([f"{number:06}"[:3], f"{number:06}"[3:]]))
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def shown(frames: list[TimedFrame], time: int) -> TimedFrame:
    return next((one for one in frames if one.start <= time < one.end), frames[-1])


def breaking(frames: list[TimedFrame]) -> Iterator[TimedFrame]:
    yield from frames
    raise ClipError("damaged there")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=200), st.lists(st.integers(0, 6000), max_size=20))
def test_any_moment_of_a_film_that_was_walked_through(lengths: list[int], times: list[int]) -> None:
    frames = film(lengths)
    walked = Walked(Film(HEADER, iter(frames)), "it")
    for time in times:
        assert walked.at(time) == shown(frames, time)
    walked.close()


def test_it_is_walked_no_further_than_asked_and_knows_its_length_at_the_end() -> None:
    frames = film([10] * 100)
    rest = iter(frames)
    walked = Walked(Film(HEADER, rest), "it")
    walked.at(495)
    assert next(rest) is frames[50]
    assert walked.header.duration is None
    walked.at(1000)
    assert walked.header.duration == 1000
    walked.close()


def test_what_does_not_fit_in_memory_is_read_again_from_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "IN_MEMORY", 10)
    frames = film([10] * 300)
    walked = Walked(Film(HEADER, iter(frames)), "it")
    walked.at(2995)
    assert [walked.at(one.start) for one in frames] == frames
    assert [walked.at(one.end - 1) for one in frames] == frames
    walked.close()


def test_damage_is_told_when_the_film_comes_to_it() -> None:
    frames = film([10] * 90)
    walked = Walked(Film(HEADER, breaking(frames)), "it")
    assert walked.at(899) == frames[-1]
    with pytest.raises(ClipError, match="damaged there"):
        walked.at(900)
    assert walked.at(5) == frames[0]
    walked.close()


@pytest.mark.parametrize(("frames", "message"), [(iter(()), "film 'it' is empty"), (breaking([]), "damaged there")])
def test_a_film_without_frames(frames: Iterator[TimedFrame], message: str) -> None:
    with pytest.raises(ClipError, match=message):
        Walked(Film(HEADER, frames), "it")


@pytest.mark.parametrize("name", ["film.glyph", "film.cast", "film.txt", "frames"])
def test_every_kind_of_film_can_be_entered_anywhere(tmp_path: Path, name: str) -> None:
    frames = film([40] * 100)
    with write_film(tmp_path / name, HEADER) as writer:
        for timed in frames:
            writer.write(timed)
    assert not is_video(tmp_path / name)
    found = open_source(tmp_path / name, 25)
    assert [found.at(time) for time in (3999, 0, 1234, 40, 39)] == [frames[k] for k in (99, 0, 30, 1, 0)]
    assert isinstance(found, ClipReader) == (name == "film.glyph")
    found.close()


def test_what_is_a_video(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Image.new("L", (4, 4)).save(tmp_path / "pictures" / "1.png")
    (tmp_path / "list.txt").write_text("# two\n\npictures/1.png\npictures/1.png\n")
    (tmp_path / "video.mp4").write_bytes(b"\0\0\0\x20ftypisom")
    (tmp_path / "video.y4m").write_bytes(b"YUV4MPEG2 W4 H4\nFRAME\n" + b"a" * 24)
    (tmp_path / "still.gif").write_bytes(b"GIF89a" + b"a" * 24)
    for name in ("pictures", "list.txt", "video.mp4", "video.y4m", "still.gif", "pictures/1.png"):
        assert is_video(tmp_path / name), name
    (tmp_path / "art.txt").write_text("pictures/2.png\n")
    (tmp_path / "empty").write_bytes(b"")
    for name in ("art.txt", "empty"):
        assert not is_video(tmp_path / name), name
    with pytest.raises(ClipError, match="'nowhere' cannot be read"):
        is_video(Path("nowhere"))
