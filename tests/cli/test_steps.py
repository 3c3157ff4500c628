"""`glyphgrad progress`: from a steps directory to a film."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from glyphgrad.errors import PictureError

STEPS = (0, 900, 9999, 10_000)  # of which the last does not sort as text


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    """A directory as `fit --save-steps` writes it, ever lighter."""
    folder = tmp_path / "steps"
    folder.mkdir()
    for place, step in enumerate(STEPS):
        Image.new("L", (40, 20), 60 * place).save(folder / f"i_iter_{step:04}.png")
        (folder / f"t_iter_{step:04}.txt").write_text("text")
    (folder / "notes.png").touch()
    return folder


def frames(path: Path) -> list[tuple[int, float]]:
    """(level, seconds) of each frame of a GIF."""
    with Image.open(path) as image:
        found = []
        for number in range(image.n_frames):
            image.seek(number)
            found.append((image.convert("L").getpixel((2, 2)), image.info["duration"] / 1000))
    return found


def test_a_film_of_the_steps_in_their_order(run: Callable, steps: Path, tmp_path: Path) -> None:
    code, out, err = run("progress", steps)
    assert (code, out, err) == (0, "", "wrote progress.gif: 4 steps\n")
    shown = frames(tmp_path / "progress.gif")
    assert [seconds for _, seconds in shown] == [0.1, 0.1, 0.1, 2]
    assert [level for level, _ in shown] == pytest.approx([0, 60, 120, 180], abs=4)  # 31 levels of gray


def test_pace_hold_and_width(run: Callable, steps: Path, tmp_path: Path) -> None:
    assert run("progress", steps, "-o", "a.gif", "--fps", 4, "--hold", 0.5, "--width", 10).code == 0
    assert [seconds for _, seconds in frames(tmp_path / "a.gif")] == [0.25] * 3 + [0.5]
    with Image.open(tmp_path / "a.gif") as image:
        assert image.size == (10, 5)
    run("progress", steps, "-o", "b.gif", "--width", 400)
    with Image.open(tmp_path / "b.gif") as image:
        assert image.size == (40, 20)  # shrunk at most


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_the_suffix_picks_the_format(run: Callable, steps: Path, tmp_path: Path, suffix: str) -> None:
    assert run("progress", steps, "-o", f"a{suffix}").code == 0
    with av.open(tmp_path / f"a{suffix}") as container:
        levels = [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]
    assert levels == pytest.approx([0, 60, 120, 180, 180], abs=8)  # lossy


def test_what_a_fit_saves_becomes_a_film(run: Callable, picture: Path, tmp_path: Path) -> None:
    fitted = run("fit", picture, "-s", "6x3", "--iterations", "20", "--save-interval", "5", "--save-steps", "-q")
    assert fitted.code == 0
    assert run("progress", "steps").code == 0
    saved = sorted((tmp_path / "steps").glob("*.png"))
    assert len(frames(tmp_path / "progress.gif")) == len(saved)
    with Image.open(tmp_path / "progress.gif") as film, Image.open(saved[-1]) as last:
        film.seek(film.n_frames - 1)
        np.testing.assert_allclose(np.asarray(film.convert("L")), np.asarray(last), atol=4.25)  # half a step of 31


@pytest.mark.parametrize(
    ("arguments", "code", "quoted"),
    [
        (["nowhere"], 1, "'nowhere' does not exist"),
        (["."], 1, "'.' holds no i_iter_0000.png"),
        (["steps/notes.png"], 1, "'steps/notes.png' is not a directory"),
        (["steps", "-o", "a.avi"], 2, "'a.avi'"),
        (["steps", "-o", "missing/a.gif"], 1, "'missing/a.gif'"),
        (["steps", "--fps", "0"], 2, "fps is 0"),
        (["steps", "--hold", "-1"], 2, "hold is -1"),
        (["steps", "--width", "0"], 2, "width is 0"),
    ],
)
def test_a_mistake_is_one_line(run: Callable, steps: Path, arguments: list[str], code: int, quoted: str) -> None:
    result = run("progress", *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (code, "", 1)
    assert quoted in result.err
    assert sorted(os.listdir(steps.parent)) == ["steps"]


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_a_full_disk_is_one_line(run: Callable, steps: Path, suffix: str) -> None:
    (steps / f"full{suffix}").symlink_to("/dev/full")
    code, _, err = run("progress", steps, "-o", f"steps/full{suffix}")
    assert (code, err.count("\n")) == (1, 1)
    assert f"'steps/full{suffix}' cannot be written" in err


@pytest.mark.parametrize(
    ("data", "quoted"), [(None, "is 7 x 9, those before it 40 x 20"), (b"no picture", "is not a picture")]
)
def test_a_foreign_picture_in_between_is_named(run: Callable, steps: Path, data: bytes | None, quoted: str) -> None:
    path = steps / "i_iter_0950.png"
    if data is None:
        Image.new("L", (7, 9)).save(path)
    else:
        path.write_bytes(data)
    code, _, err = run("progress", steps)
    assert (code, err.count("\n")) == (PictureError.exit_code, 1)
    assert "i_iter_0950.png" in err
    assert quoted in err
    assert os.listdir(steps.parent) == ["steps"]
