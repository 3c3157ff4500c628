from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glyphgrad import api
from glyphgrad.codec import film as films
from glyphgrad.core import video
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import PRESETS, Preset
from glyphgrad.errors import PictureError
from glyphgrad.play import live
from glyphgrad.play.live import Live, layout_in
from glyphgrad.play.source import is_video

FPS = 10
ANY = replace(PRESETS["terminal"], cols=None, rows=None)
SMALL = replace(ANY, cols=4, rows=2)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """16 seconds, picture n of gray n (mod 200), every eighth a key frame or more seldom."""
    path = tmp_path_factory.mktemp("live") / "video.mp4"
    with films.recording(path, FPS, hold=1 / FPS) as record:
        for number in range(16 * FPS):
            record(np.full((32, 64), 20 + number, np.uint8))
    return path


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the pictures that are fitted: characters that tell the picture's gray stand for the fit."""
    found: list[int] = []

    def fitter(_: Preset, layout: Layout) -> Callable[[video.Picture], Frame]:
        def fit(picture: video.Picture) -> Frame:
            found.append(round(float(picture.mean(axis=1).max())) - 20)  # the lightest row: no margin
            return Frame(np.full((layout.rows, layout.cols), 0x100 + found[-1], np.uint32))

        return fit

    monkeypatch.setattr(live, "fitter", fitter)
    return found


def ends_of(film: Live) -> Iterator[int]:
    """Of its frames, one after the other."""
    end = 0
    while True:
        end = film.at(end).end
        yield end


def number(frame: Frame) -> int:
    return int(frame.cells[0, 0]) - 0x100


def test_the_picture_that_is_due_and_no_other_is_fitted(clip: Path, fitted: list[int]) -> None:
    film = Live(clip, SMALL, lambda: (9, 9))
    for time in (0, 50, 99, 100, 950, 999):
        timed = film.at(time)
        assert (timed.start, timed.end, number(timed.frame)) == (
            time // 100 * 100,
            time // 100 * 100 + 100,
            time // 100,
        )
    assert fitted == [0, 1, 9]


@pytest.mark.parametrize("times", [(5000, 1250), (0, 14_950), (14_950, 20, 12_345), (900, 899, 799)])
def test_it_can_be_entered_anywhere_forwards_and_backwards(clip: Path, fitted: list[int], times: tuple[int]) -> None:
    film = Live(clip, SMALL, lambda: (9, 9))
    for time in times:
        timed = film.at(time)
        assert (timed.start, timed.end) == (time // 100 * 100, time // 100 * 100 + 100)
        assert abs(number(timed.frame) - time // 100) <= 1  # H.264 may miss a gray by one
    assert len(fitted) == len(times)


def test_it_begins_where_it_is_told_and_ends_with_its_last_picture(clip: Path, fitted: list[int]) -> None:
    film = Live(clip, SMALL, lambda: (9, 9), start=8000)
    assert film.at(8000).start == 8000
    assert film.header.duration == pytest.approx(16_000, abs=100)
    last = film.at(99_999)
    assert 15_900 <= last.start < 16_000  # our encoder writes the last picture twice
    assert last.end == film.header.duration
    assert fitted == [80, 159]


def test_another_screen_makes_another_grid(clip: Path, fitted: list[int]) -> None:
    room = [(10, 40)]
    film = Live(clip, ANY, lambda: room[0])
    assert film.at(3000).frame.cells.shape == (10, 40)  # 64 x 32 pixels in cells of 10 x 20
    room[0] = (40, 8)
    assert film.at(3000).frame.cells.shape == (2, 8)
    assert (film.header.rows, film.header.cols, film.header.dark) == (2, 8, True)
    assert fitted == [30, 30]


def test_a_grid_that_is_given_stays(clip: Path, fitted: list[int]) -> None:
    film = Live(clip, SMALL, iter([(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]).__next__)
    assert [film.at(0).frame.cells.shape for _ in range(3)] == [(2, 4)] * 3
    assert fitted == [0]


@pytest.mark.parametrize(("width", "height"), [(640, 360), (90, 160), (5, 5), (1, 300), (300, 1)])
@pytest.mark.parametrize("room", [(24, 80), (1, 1), (50, 20)])
def test_the_largest_grid_there_is_room_for(width: int, height: int, room: tuple[int, int]) -> None:
    layout = layout_in(ANY, width, height, room)
    assert layout.rows == room[0] or layout.cols == room[1]
    assert layout.rows <= room[0]
    assert layout.cols <= room[1] or layout.rows == 1


def test_the_characters_are_those_of_animate(tmp_path: Path, photo: Path) -> None:
    (tmp_path / "list.txt").write_text(f"{photo}\n{photo}\n")
    assert is_video(tmp_path / "list.txt")
    device = replace(PRESETS["terminal"], cols=20)
    found = Live(tmp_path / "list.txt", device, lambda: (9, 9), fps=2)
    film = api.animate(tmp_path / "list.txt", device, fps=2, solver="discrete", effort="fast")
    assert [found.at(time).frame for time in (0, 600)] == [timed.frame for timed in film]
    assert (found.at(600).start, found.at(600).end, found.has_audio) == (500, 1000, False)


def test_a_damaged_video_plays_up_to_there(tmp_path: Path, fitted: list[int]) -> None:
    with films.recording(tmp_path / "whole.webm", FPS, hold=1 / FPS) as record:
        for step in range(40):
            record(np.full((32, 64), 20 + step, np.uint8))
    whole = (tmp_path / "whole.webm").read_bytes()
    (tmp_path / "cut.webm").write_bytes(whole[: len(whole) * 2 // 3])
    film = Live(tmp_path / "cut.webm", SMALL, lambda: (9, 9))
    ends: list[int] = []
    with pytest.raises(PictureError, match="damaged"):
        ends.extend(ends_of(film))
    assert fitted == pytest.approx(range(len(fitted)), abs=1)
    assert 5 < len(fitted) < 40
    assert ends[:-1] == [100 * number + 100 for number in range(len(fitted) - 1)]
