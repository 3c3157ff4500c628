from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import glyphgrad
from glyphgrad import PRESETS, GlyphgradError, Step
from glyphgrad.api import read_art
from glyphgrad.errors import (
    ConfigError,
    DeviceError,
    FontError,
    GlyphgradWarning,
    OutputError,
    PictureError,
    TextError,
)

SMALL = {"cols": 4, "rows": 2, "iterations": 5, "device": "cpu"}
HIEROGLYPH = "\U00013000"  # in none of the bundled fonts


# --- fit ---


def test_any_kind_of_source_gives_the_same_art(picture: Path) -> None:
    data = picture.read_bytes()
    with Image.open(picture) as image:
        sources = [picture, str(picture), data, io.BytesIO(data), image, np.asarray(image)]
        assert len({glyphgrad.fit(source, **SMALL).text for source in sources}) == 1


def test_options_reach_the_device_the_weights_and_the_schedule(picture: Path) -> None:
    steps: list[Step] = []
    options = {"font_size": 16, "temp_start": 0.7, "save_interval": 2, "multiscale_weight": 0, "warmup": 0}
    result = glyphgrad.fit(picture, **SMALL, **options, on_step=steps.append)
    assert result.art.atlas.fonts[0] == "terminus-normal.otb at 16 px"
    assert [step.step for step in steps] == [1, 3, 5]
    assert steps[0].temperature == 0.7
    assert result.figures["multiscale"] == 0


def test_naming_iterations_asks_for_the_descent(picture: Path) -> None:
    assert glyphgrad.fit(picture, **SMALL).config.solver == "gradient"
    assert glyphgrad.fit(picture, cols=4, rows=2).config.solver == "hybrid"


def test_a_preset_may_be_made_by_hand(picture: Path) -> None:
    device = replace(PRESETS["terminal"], name="mine", chars=" .:#")
    result = glyphgrad.fit(picture, device, **SMALL)
    assert set(result.text) <= set(" .:#\n")
    assert result.art.dark


@pytest.mark.parametrize(("side", "grid"), [({"cols": 10}, (10, 4)), ({"rows": 5}, (12, 5))])
def test_the_other_side_follows_the_picture(picture: Path, side: dict[str, int], grid: tuple[int, int]) -> None:
    result = glyphgrad.fit(picture, **side, iterations=1, device="cpu")  # a square picture, cells of 12 x 24, gaps of 6
    assert (result.frame.cols, result.frame.rows) == grid


def test_a_fit_that_is_stopped_says_so(picture: Path) -> None:
    assert glyphgrad.fit(picture, **SMALL, should_stop=lambda: True).interrupted
    assert not glyphgrad.fit(picture, **SMALL, should_stop=lambda: False).interrupted


def test_the_same_seed_gives_the_same_art_and_another_another(picture: Path) -> None:
    first, again, other = (glyphgrad.fit(picture, **SMALL, seed=seed).frame for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    ("options", "quoted"),
    [
        ({"colums": 4}, "'colums': choose among .*cols"),
        ({"preset": "fax"}, "'fax'"),
        ({"encoding": "latin1"}, "'latin1'"),
        ({"fit": "squeeze"}, "'squeeze'"),
        ({"cell": (12, 0)}, "cell.height is 0"),
        ({"row_gap": -1}, "row_gap is -1"),
        ({"iterations": 0}, "iterations is 0"),
    ],
)
def test_options_that_cannot_be_are_refused(picture: Path, options: dict[str, object], quoted: str) -> None:
    with pytest.raises(ConfigError, match=quoted):
        glyphgrad.fit(picture, **({"iterations": 1} | options))


# --- score ---


def test_art_scores_best_against_its_own_picture(picture: Path, tmp_path: Path) -> None:
    result = glyphgrad.fit(picture, **SMALL, row_gap=0)
    (tmp_path / "art.txt").write_text(result.text)
    own = glyphgrad.score(tmp_path / "art.txt", result.art.pixels, row_gap=0)
    assert own["mse"] < 1e-5  # grey levels of 8 bits, an error of at most 1/510
    assert all(value > 0.999 for name, value in own.items() if name != "mse")  # for the same reason
    other = glyphgrad.score(tmp_path / "art.txt", picture, row_gap=0)
    assert other["mse"] > own["mse"]
    assert other["cor4"] < own["cor4"]


def test_a_text_of_any_size_and_encoding_is_drawn() -> None:
    white = np.full((10, 10), 255, np.uint8)
    utf8, native = "☺█\n\nlonger\n".encode(), b"\x01\xdb\n\nlonger\n"
    assert glyphgrad.score(utf8, white) == glyphgrad.score(native, white)


def test_blank_paper_is_a_perfect_likeness_of_white() -> None:
    assert glyphgrad.score(b"   \n", np.full((10, 10), 255, np.uint8)) == pytest.approx(
        {"mse": 0} | {f"{name}{sigma}": 1 for name in ("cor", "ssim") for sigma in (2, 4, 8)}
    )


def test_white_under_all_of_a_coloured_text_is_white_on_a_dark_screen_too() -> None:
    """A fit of thin lines on white, shown as ANSI, was once judged to be black."""
    text = b"\x1b[97;40m\x1b[30;107mab\x1b[91mc\x1b[0m\n\x1b[97;40m\x1b[107m   \x1b[0m\n"
    device = PRESETS["terminal"]
    drawn = read_art(text, device)
    assert device.dark
    assert drawn.pixels[-1, -1].tolist() == [255, 255, 255]
    assert 200 < drawn.pixels.mean() < 255
    assert read_art(text, replace(device, dark=False)).pixels.tolist() == drawn.pixels.tolist()


def test_banned_characters_may_be_scored(picture: Path) -> None:
    assert glyphgrad.score(b"`\\`\n", picture)["mse"] > 0


def test_a_character_that_no_font_has_cannot_be_scored(picture: Path) -> None:
    with pytest.warns(GlyphgradWarning), pytest.raises(GlyphgradError, match=repr(HIEROGLYPH)):
        glyphgrad.score(f"a{HIEROGLYPH}\n".encode(), picture)


def test_a_text_that_cannot_be_read_is_refused(picture: Path, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.txt"):
        with pytest.raises(TextError, match=f"'{path}' cannot be read"):
            glyphgrad.score(path, picture)


def test_an_option_of_the_fit_is_no_option_of_the_score(picture: Path) -> None:
    with pytest.raises(ConfigError, match="'iterations'"):
        glyphgrad.score(b"a\n", picture, iterations=5)


# --- errors ---


@pytest.mark.parametrize(
    ("error", "builtin", "code"),
    [
        (ConfigError, ValueError, 2),
        (PictureError, OSError, 1),
        (TextError, OSError, 1),
        (FontError, OSError, 1),
        (OutputError, OSError, 1),
        (DeviceError, RuntimeError, 1),
    ],
)
def test_errors_are_ours_and_resemble_a_builtin(error: type[GlyphgradError], builtin: type, code: int) -> None:
    assert issubclass(error, GlyphgradError)
    assert issubclass(error, builtin)
    assert error.exit_code == code


def test_all_that_is_public_is_there() -> None:
    assert all(hasattr(glyphgrad, name) for name in glyphgrad.__all__)
