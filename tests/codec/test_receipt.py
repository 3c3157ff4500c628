from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from glyphgrad.codec.escpos import PAPERS
from glyphgrad.codec.receipt import encode


def picture(dots: np.ndarray, columns: int = 32, **given: object) -> np.ndarray:
    with Image.open(io.BytesIO(encode(dots, PAPERS[columns], **given))) as image:
        assert image.mode == "RGB"
        return np.asarray(image, float) / 255


SQUARE = np.zeros((100, 384), bool)
SQUARE[10:90, 152:232] = True
"""In the middle of the paper, 80 dots across."""


@pytest.fixture(scope="module")
def shown() -> np.ndarray:
    return picture(SQUARE)


def test_dark_dots_on_bright_paper_on_a_darker_table(shown: np.ndarray) -> None:
    gray = shown.mean(2)
    middle = gray[:, gray.shape[1] // 2]
    rows = np.flatnonzero(middle > 0.6)
    dark = np.flatnonzero(middle[rows[0] : rows[-1]] < 0.3) + rows[0]
    assert len(dark) == pytest.approx(160, abs=8)  # two pixels a dot, seen at a slight angle
    across = gray[dark[len(dark) // 2]]
    assert (across[200:-200] < 0.3).sum() == pytest.approx(160, abs=8)
    paper = gray[dark[0] : dark[-1], 400:450]
    assert paper.mean() > 0.75
    assert paper.std() > 0.005  # no paper is of one gray
    assert 0.1 < gray[:20].mean() < 0.5


def test_the_seed_is_all_that_chance_knows(shown: np.ndarray) -> None:
    assert np.array_equal(picture(SQUARE), shown)
    assert not np.array_equal(picture(SQUARE, seed=1), shown)


def test_a_cut_end_is_not_a_torn_one(shown: np.ndarray) -> None:
    changed = np.abs(picture(SQUARE, cut=True) - shown).max(2) > 0.1
    rows = np.flatnonzero(changed.any(1))
    assert len(rows) > 10
    assert rows.min() > len(changed) / 2  # the lower end only


@pytest.mark.parametrize(("columns", "millimetres"), [(32, 57.5), (42, 79.5)])
def test_the_paper_is_as_wide_as_it_is_sold(columns: int, millimetres: float) -> None:
    paper = PAPERS[columns]
    seen = picture(np.zeros((10, paper.dots), bool), columns).mean(2)
    across = (seen[len(seen) // 2] > 0.6).sum()
    assert across == pytest.approx(2 * millimetres / 25.4 * paper.dpi, rel=0.03)  # seen at a slight angle
