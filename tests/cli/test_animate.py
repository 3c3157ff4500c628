"""`glyphgrad animate`: films in, films of characters out, on the command line."""

from __future__ import annotations

import json
import re
import signal
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import glyphgrad
from glyphgrad.codec import film as films
from glyphgrad.codec.formats import open_film
from glyphgrad.core.clip import TimedFrame
from glyphgrad.errors import ConfigError

FPS, COUNT = 25, 24
SMALL = ("-s", "12x5", "--effort", "fast", "--workers", 1)


def pictures() -> Iterator[np.ndarray]:
    y, x = np.mgrid[-1:1:50j, -1:1:60j]
    for step in range(COUNT):
        disc = np.hypot(y - 0.4 * np.sin(step / 4), x - 0.5 * np.cos(step / 4)) < 0.4
        yield np.where(disc, 240, 60 + 40 * x).astype(np.uint8) if step < 14 else np.uint8(255 * ~disc)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "a film.mp4"
    with films.recording(path, FPS, hold=1 / FPS) as record:
        for picture in pictures():
            record(picture)
    return path


def frames(path: Path) -> list[TimedFrame]:
    with open_film(path) as film:
        return list(film)


@pytest.mark.parametrize("name", ["film.glyph", "film.cast", "film.txt", "frames"])
def test_every_format_holds_what_the_library_makes(run: Callable, tmp_path: Path, video: Path, name: str) -> None:
    code, out, err = run("animate", video, "-o", name, *SMALL)
    assert (code, out, err) == (0, "", f"wrote {name}: {COUNT} frames\n")
    made = list(glyphgrad.animate(video, "terminal", cols=12, rows=5, effort="fast"))
    found = frames(tmp_path / name)
    assert [timed.frame for timed in found] == [timed.frame for timed in made]
    if name != "film.txt":  # which holds no times
        assert [timed.start for timed in found] == [40 * number for number in range(COUNT)]
        assert found[-1].end == 40 * COUNT
    if name == "frames":
        with Image.open(tmp_path / "frames" / "0003.png") as picture:
            assert picture.size == (120, 100)
        assert (tmp_path / "frames" / "enc_0003.txt").exists()


@pytest.mark.parametrize("suffix", ["gif", "mp4", "webm"])
def test_pictures_are_drawn_on_the_device(run: Callable, tmp_path: Path, video: Path, suffix: str) -> None:
    assert run("animate", video, "-o", f"film.{suffix}", *SMALL, "--duration", 0.5).code == 0
    film = glyphgrad.core.video.frames(tmp_path / f"film.{suffix}")
    assert (film.width, film.height) == (120, 100)
    shown = list(film.pictures())
    assert [round(time, 2) for time, _ in shown[:5]] == [0, 0.04, 0.08, 0.12, 0.16]
    assert shown[0].picture.max() > 150  # light on dark
    assert np.median(shown[0].picture) < 50


def test_the_header_tells_what_it_is(run: Callable, tmp_path: Path, video: Path) -> None:
    run("animate", video, "-o", "film.glyph", *SMALL, "--preset", "discord", "-q")
    with open_film(tmp_path / "film.glyph") as film:
        header = film.header
    assert (header.preset, header.dark, header.title) == ("discord", False, "a film")
    assert header.software == f"glyphgrad {glyphgrad.__version__}"


def test_what_is_shown_of_the_film(run: Callable, tmp_path: Path, video: Path) -> None:
    run("animate", video, "-o", "film.glyph", *SMALL, "--start", 0.2, "--duration", 0.4, "--every", 2)
    assert [timed.start for timed in frames(tmp_path / "film.glyph")] == [0, 80, 160, 240, 320]
    run("animate", video, "-o", "film.glyph", *SMALL, "--fps", 5)
    assert [timed.start for timed in frames(tmp_path / "film.glyph")] == list(range(0, 960, 200))


def test_a_stream_and_a_list(run: Callable, tmp_path: Path, video: Path) -> None:
    assert run("animate", "-", "-o", "film.glyph", *SMALL, stdin=video.read_bytes()).code == 0
    assert len(frames(tmp_path / "film.glyph")) == COUNT
    for number, picture in enumerate(list(pictures())[:3]):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    (tmp_path / "list.txt").write_text("2.png\n0.png\n1.png\n")
    assert run("animate", "list.txt", "-o", "list.glyph", *SMALL, "--fps", 4).code == 0
    assert [timed.start for timed in frames(tmp_path / "list.glyph")] == [0, 250, 500]


def test_resume_goes_on_as_if_it_had_never_stopped(run: Callable, tmp_path: Path, video: Path) -> None:
    run("animate", video, "-o", "whole", *SMALL)
    run("animate", video, "-o", "parts", *SMALL)
    directory = tmp_path / "parts"
    for number in range(17, COUNT):
        for name in (f"{number:04}.txt", f"enc_{number:04}.txt", f"{number:04}.png"):
            (directory / name).unlink()
    kept = (directory / "0003.txt").stat().st_mtime_ns
    code, _, err = run("animate", video, "-o", "parts", *SMALL, "--resume")
    assert (code, err) == (0, f"wrote parts: {COUNT} frames\n")
    assert frames(directory) == frames(tmp_path / "whole")
    assert (directory / "0003.txt").stat().st_mtime_ns == kept


def test_ctrl_c_leaves_a_film_of_what_was_done(
    run: Callable, tmp_path: Path, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from glyphgrad.codec.formats import FilmWriter

    write = FilmWriter.write

    def interrupted(self: FilmWriter, timed: TimedFrame) -> None:
        write(self, timed)
        if self.frames == 5:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(FilmWriter, "write", interrupted)
    code, _, err = run("animate", video, "-o", "film.glyph", *SMALL)
    assert code == 130
    assert "interrupted: the frames until then have been written" in err
    assert len(frames(tmp_path / "film.glyph")) == 6  # one was on its way


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """The first two thirds of a file: it can be decoded up to there."""
    path = tmp_path / "cut.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=8)
        stream.width, stream.height, stream.pix_fmt = 60, 50, "gray"
        noise = np.random.default_rng(0).integers(0, 256, (COUNT, 50, 60), dtype=np.uint8)
        for picture in noise:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
        container.mux(stream.encode(None))
    path.write_bytes(path.read_bytes()[: 2 * path.stat().st_size // 3])
    return path


def test_a_damaged_film_is_used_as_far_as_it_goes(run: Callable, tmp_path: Path, damaged: Path) -> None:
    code, _, err = run("animate", damaged, "-o", "film.glyph", *SMALL)
    assert code == 1
    assert err.count("\n") == 1
    assert "cut.mkv" in err
    kept = frames(tmp_path / "film.glyph")
    assert 5 < len(kept) < COUNT
    code, _, err = run("animate", damaged, "-o", "film.glyph", *SMALL, "--keep-going")
    assert code == 0
    assert "cut.mkv" in err
    assert len(frames(tmp_path / "film.glyph")) == len(kept)


BAD = [
    (("nothing.mp4",), "does not exist"),
    (("empty",), "directory without pictures"),
    (("zero.mp4",), "0 bytes"),
    (("sound.wav",), "sound only"),
    (("list.txt",), "line 2"),
    (("{video}", "-o", "film.xyz"), "film.xyz"),
    (("{video}", "-o", "film.mp4", "--resume"), "--resume"),
    (("-", "-o", "frames", "--resume"), "standard input"),
    (("{video}", "-o", "{video}"), "the film itself"),
    (("{video}", "--stability", "-1"), "stability"),
    (("{video}", "--workers", "0"), "workers"),
    (("{video}", "--fps", "0"), "fps"),
    (("{video}", "--start", "99"), "start"),
    (("{video}", "--cast-version", "4", "-o", "film.cast"), "4"),
    (("{video}", "-o", "missing/film.glyph"), "missing"),
]


@pytest.mark.parametrize(("args", "said"), BAD, ids=[" ".join(args) for args, _ in BAD])
def test_bad_input_is_one_line(run: Callable, tmp_path: Path, video: Path, args: tuple[str, ...], said: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "zero.mp4").touch()
    Image.new("L", (9, 9)).save(tmp_path / "a.png")
    (tmp_path / "list.txt").write_text("a.png\nb.png\n")

    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))
    given = [arg.format(video=video) for arg in args]
    code, out, err = run("animate", *given, *([] if "-o" in given else ["-o", "film.glyph"]), "-s", "12x5")
    assert code in (1, 2)
    assert out == ""
    assert err.startswith("glyphgrad: ")
    assert err.count("\n") == 1
    assert re.search(said, err), err
    assert not (tmp_path / "film.glyph").exists()


def test_frames_of_another_size_half_way(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for number, size in enumerate([(9, 9), (9, 9), (8, 9)]):
        Image.new("L", size).save(tmp_path / "pictures" / f"{number}.png")
    code, _, err = run("animate", "pictures", "-o", "film.glyph", *SMALL)
    assert code == 1
    assert "2.png" in err
    assert len(frames(tmp_path / "film.glyph")) == 2


# --- The library ---


def test_a_program_hands_over_its_pictures() -> None:
    film = glyphgrad.animate(pictures(), "terminal", cols=12, rows=5, fps=5, effort="fast")
    assert (film.header.rows, film.header.cols, film.header.duration, film.header.title) == (5, 12, None, "")
    made = list(film)
    assert [timed.start for timed in made] == [200 * number for number in range(COUNT)]
    rest = glyphgrad.animate(list(pictures()), "terminal", cols=12, rows=5, fps=5, effort="fast", skip=20)
    assert list(rest) == made[20:]


def test_unknown_options_are_named() -> None:
    with pytest.raises(ConfigError, match="'stabilty'"):
        glyphgrad.animate(pictures(), stabilty=1)


def test_films_want_no_rare_characters_unless_asked(video: Path) -> None:
    """The seed objective's own diversity would flicker."""
    options = {"preset": "terminal", "cols": 12, "rows": 5, "objective": "seed", "effort": "fast"}
    plain, none, rich = (
        [timed.frame for timed in glyphgrad.animate(video, **options, **more)]  # type: ignore[arg-type]
        for more in ({}, {"diversity_weight": 0.0}, {"diversity_weight": 0.05})
    )
    assert plain == none
    assert len(set(rich[0].text)) > len(set(plain[0].text))


def test_json_of_a_directory_tells_the_size(run: Callable, tmp_path: Path, video: Path) -> None:
    run("animate", video, "-o", "frames", *SMALL, "--no-pictures", "--duration", 0.3)
    assert json.loads((tmp_path / "frames" / "film.json").read_text())["cols"] == 12
    assert not list((tmp_path / "frames").glob("*.png"))
