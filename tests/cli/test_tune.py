"""`glyphgrad tune`: the sheet of results over the weights of the objective."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import glyphgrad

SMALL = ["--charset", " .:#", "--effort", "fast"]


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def holds(sheet: np.ndarray, picture: np.ndarray) -> bool:
    """Whether a picture lies somewhere on a sheet, dot by dot."""
    windows = np.lib.stride_tricks.sliding_window_view(sheet, picture.shape[1], axis=1)
    row = int(np.flatnonzero((picture != picture[0, 0]).any(axis=1))[0])  # the first that is not blank
    found = np.argwhere((windows == picture[row]).all(axis=-1))
    return any(np.array_equal(sheet[y - row :, x:][: picture.shape[0], : picture.shape[1]], picture) for y, x in found)


def test_every_pair_of_weights_is_on_the_sheet(run: Callable, picture: Path, tmp_path: Path) -> None:
    code, out, err = run(
        "tune", picture, *SMALL, "--diversity-weights", "0,0.5", "--multiscale-weights", "0,1", "-o", "a.PNG"
    )
    assert (code, out, err) == (0, "", "wrote a.PNG: 2 x 2 results\n")
    sheet = pixels(tmp_path / "a.PNG")
    for diversity in (0.0, 0.5):
        for multiscale in (0.0, 1.0):
            result = glyphgrad.fit(
                picture, "epson", chars=" .:#", effort="fast", solver="discrete", objective="seed",
                diversity_weight=diversity, multiscale_weight=multiscale,
            )  # fmt: skip
            assert holds(sheet, result.art.pixels)


def test_without_options_it_is_the_originals_sixteen(run: Callable, picture: Path, tmp_path: Path) -> None:
    assert run("tune", picture, *SMALL).err == "wrote tune.png: 4 x 4 results\n"
    height, width = pixels(tmp_path / "tune.png").shape
    assert (height > 4 * 624, width > 4 * 504) == (True, True)


def test_the_device_and_standard_input(run: Callable, picture: Path, tmp_path: Path) -> None:
    one = ["--diversity-weights", "0", "--multiscale-weights", "0.5", "--preset", "terminal", *SMALL]
    assert run("tune", "-", *one, stdin=picture.read_bytes()).code == 0
    art = glyphgrad.fit(picture, "terminal", chars=" .:#", effort="fast", objective="seed", diversity_weight=0.0).art
    assert holds(pixels(tmp_path / "tune.png"), art.pixels)


def test_what_every_fit_would_warn_of_is_told_once(run: Callable, picture: Path) -> None:
    weights = ["--diversity-weights", "0,0.01", "--multiscale-weights", "0"]
    wide = ["--preset", "discord", "--charset", " Wg|", "--font-size", "40"]
    err = run("tune", picture, *weights, *wide, "--effort", "fast").err
    assert err.count("leave their cell") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "quoted"),
    [
        (["nowhere.png"], 1, "'nowhere.png'"),
        (["picture.png", "--diversity-weights", "0,x"], 2, "--diversity-weights is '0,x'"),
        (["picture.png", "--multiscale-weights", ""], 2, "--multiscale-weights is ''"),
        (["picture.png", "--multiscale-weights", "0,-1"], 2, "multiscale_weight is -1"),
        (["picture.png", "-o", "tune.jpg"], 2, "'tune.jpg'"),
        (["picture.png", "-o", "missing/tune.png"], 1, "'missing/tune.png'"),
        (["picture.png", "--preset", "x"], 2, "'x'"),
    ],
)
def test_a_mistake_is_one_line(run: Callable, picture: Path, arguments: list[str], code: int, quoted: str) -> None:
    result = run("tune", *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (code, "", 1)
    assert quoted in result.err
    assert os.listdir(picture.parent) == ["picture.png"]
