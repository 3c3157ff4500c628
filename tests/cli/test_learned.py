"""`glyphgrad fit` with what is learned beside the characters: gray, contrast, alignment; diagnostics and film."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
FISH = EXAMPLES / "equal-luminance.png"
SMALL = ["-s", "12x6", "-o", "art.txt"]
FAST = ["--solver", "discrete", "--effort", "fast"]


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_learned_gray_shows_what_luma_does_not(run: Callable, tmp_path: Path) -> None:
    inner = np.s_[40:-40, 40:-40]  # within the frames
    spread = {}
    for name, options in (("luma", []), ("learned", ["--optimize-rgb-to-gray"]), ("same", ["--gray", "learned"])):
        run("fit", FISH, "--preset", "terminal", "-s", "30", "-o", "art.txt", *FAST, "--diagnostics", name, *options)
        spread[name] = np.ptp(read(tmp_path / name / "gray.png")[inner])
    assert spread["luma"] <= 2  # rounding of the resize
    assert spread["learned"] >= 0.5 * 255  # three regions, a quarter apart each
    assert spread["same"] == spread["learned"]


def test_contrast_tells_its_curves_on_standard_error_alone(run: Callable, photo: Path, tmp_path: Path) -> None:
    code, out, err = run("fit", photo, *SMALL, *FAST, "--optimize-contrast", "--diagnostics", "seen")
    assert (code, out) == (0, "")
    assert "tone curves, distance from identity" in err
    assert "centre curve" in err
    assert {path.name for path in (tmp_path / "seen").iterdir()} == {
        "gray.png", "shown.png", "contrast-map.png", "contrast-curve.png"
    }  # fmt: skip
    assert "tone curves" not in run("fit", photo, *SMALL, *FAST, "--optimize-contrast", "-q").err


def test_the_strength_asks_for_contrast_and_wins_over_the_switch(run: Callable, photo: Path) -> None:
    def entropy(*options: str) -> dict[str, float]:
        return json.loads(run("fit", photo, *SMALL, *FAST, "--json", *options).out)

    assert "entropy_after" not in entropy()
    assert "entropy_after" not in entropy("--contrast-strength", "0", "--optimize-contrast")
    weak, strong = entropy("--contrast-strength", "0.2"), entropy("--optimize-contrast")
    assert weak["entropy_before"] < weak["entropy_after"] < strong["entropy_after"]


def test_alignment_lowers_the_objective_and_tells_what_moved(run: Callable, photo: Path, tmp_path: Path) -> None:
    def figures(*options: str) -> dict[str, float]:
        return json.loads(run("fit", photo, "-s", "20x10", "--objective", "seed", "--json", *options).out)

    still, moved = figures(), figures("--optimize-alignment", "--diagnostics", "seen", "-o", "art.txt")
    assert moved["objective"] < 0.93 * still["objective"]
    assert abs(moved["shift_down"]) <= 12
    assert 0.9 <= moved["scale_across"] <= 1.2
    assert 0 < moved["largest_bend"] <= 12
    assert (tmp_path / "seen" / "alignment.png").exists()
    assert "shift_down" not in still
    assert figures("--align", "shift")["largest_bend"] == 0


@pytest.mark.parametrize(
    ("solver", "dark"), [*product(("discrete", "hybrid", "gradient"), ("--dark-mode", "--light-mode"))]
)
def test_all_learn_together_with_every_solver(run: Callable, solver: str, dark: str) -> None:
    options = ["--optimize-rgb-to-gray", "--optimize-contrast", "--optimize-alignment", "--solver", solver, dark]
    steps = ["--iterations", "10", "--device", "cpu"] if solver == "gradient" else ["--effort", "fast"]
    first, second = (json.loads(run("fit", FISH, "-s", "8x4", *options, *steps, "--json").out) for _ in range(2))
    assert {"gray_entropy", "entropy_after", "largest_bend"} <= first.keys()
    del first["seconds"], second["seconds"]
    assert first == second


@pytest.mark.parametrize("name", ["film.gif", "film.mp4"])
def test_a_running_fit_is_filmed(run: Callable, photo: Path, tmp_path: Path, name: str) -> None:
    run("fit", photo, *SMALL, "--iterations", "20", "--save-interval", "5", "--device", "cpu", "--progress-gif", name)
    if name.endswith("gif"):
        with Image.open(tmp_path / name) as film:
            assert film.n_frames == 5  # after steps 1, 6, 11, 16 and 20
    else:
        assert (tmp_path / name).read_bytes()[4:8] == b"ftyp"


def test_mistakes_are_told_before_the_work(run: Callable, photo: Path) -> None:
    for options, said in (
        (["--contrast-strength", "2"], "contrast is 2.0: give a strength from 0 (off) to 1"),
        (["--alignment-lr", "0"], "alignment_lr is 0.0: give a learning rate above 0"),
        (["--warp-reg-weight", "-1"], "warp_reg_weight is -1.0: give a weight of at least 0"),
        (["--optimize-alignment", "--align", "shift"], "--optimize-alignment and --align shift: give one of them"),
        (["--optimize-rgb-to-gray", "--gray", "luma"], "--optimize-rgb-to-gray and --gray luma: give one of them"),
        (["--progress-gif", "film.txt"], "its suffix names no format of film"),
    ):
        code, _, err = run("fit", photo, *SMALL, *options)
        assert code == 2
        assert said in err


def test_steps_of_an_earlier_fit_make_room(run: Callable, photo: Path, tmp_path: Path) -> None:
    steps = [*SMALL, "--device", "cpu", "--save-steps", "--optimize-alignment", "--save-interval", "5"]
    run("fit", photo, *steps, "--iterations", "30")
    (tmp_path / "steps" / "notes.txt").write_text("mine")
    run("fit", photo, *steps, "--iterations", "6")
    assert sorted(path.name for path in (tmp_path / "steps").iterdir()) == [
        "i_iter_0000.png", "i_iter_0005.png", "notes.txt", "t_iter_0000.txt", "t_iter_0005.txt"
    ]  # fmt: skip
