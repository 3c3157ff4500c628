"""The library's front door: picture in, art out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from glyphgrad.codec import text
from glyphgrad.core import score as scoring
from glyphgrad.core import target
from glyphgrad.core.art import Art
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import DEFAULT_PRESET, Preset, preset_named
from glyphgrad.core.target import MAX_PIXELS, Source
from glyphgrad.errors import ConfigError, GlyphgradWarning, TextError
from glyphgrad.fit.config import DESCENT, AnnealConfig, FitConfig, LossWeights
from glyphgrad.fit.fit import FitResult
from glyphgrad.fit.fit import fit as fit_target
from glyphgrad.fit.progress import Step


def fit(
    image: Source,
    preset: str | Preset = DEFAULT_PRESET,
    *,
    max_pixels: int = MAX_PIXELS,
    on_step: Callable[[Step], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    **options: Any,
) -> FitResult:
    """Turn a picture into characters.

    `image` is a path, a file's bytes, a binary stream, a Pillow image, or an array (H, W), (H, W, 3)
    or (H, W, 4), uint8 or float in [0, 1]. `preset` names the device; `options` are fields of Preset
    (cols, rows, cell, font, ...), FitConfig (iterations, seed, ...), LossWeights and AnnealConfig.
    `on_step` and `should_stop` are those of `glyphgrad.fit.fit.fit`. Raises GlyphgradError.

        >>> print(glyphgrad.fit("photo.jpg", "terminal", cols=60).text)
    """
    device = device_for(preset, options)
    return fit_with(image, device, config_for(options), max_pixels, on_step, should_stop)


def fit_with(
    image: Source,
    device: Preset,
    config: FitConfig,
    max_pixels: int = MAX_PIXELS,
    on_step: Callable[[Step], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> FitResult:
    """`fit` with its options already made into a device and a configuration."""
    picture = target.load(image, device.dark, max_pixels)
    if config.gray != "luma":  # which `place` makes
        from glyphgrad.fit.gray import grays

        picture = grays(picture, config.gray, config.seed)
    layout = device.layout_for(*picture.size)
    wanted = target.place(picture, layout, device.fit, device.dark)
    atlas = device.atlas()
    if atlas.cut:
        warnings.warn(
            f"{len(atlas.cut)} glyphs leave their cell and are cut ({atlas.cut[:12]}{'...' * (len(atlas.cut) > 12)}): "
            "`glyphgrad chars` shows them",
            GlyphgradWarning,
            stacklevel=2,
        )
    return fit_target(wanted, atlas, layout, config, device.dark, on_step, should_stop)


def score(
    art: Path | bytes,
    image: Source,
    preset: str | Preset = DEFAULT_PRESET,
    *,
    max_pixels: int = MAX_PIXELS,
    **options: Any,
) -> dict[str, float]:
    """How close a text, drawn by a device, is to a picture: see `core.score.score`.

    `art` is the path or the bytes of a text in UTF-8 or code page 437 of any size, from any tool.
    """
    device = device_for(preset, options)
    _refuse_unknown(options, ())
    drawn = read_art(art, device)
    picture = target.load(image, device.dark, max_pixels)
    wanted = target.place(picture, drawn.layout, device.fit, device.dark)
    with threadpool_limits(1, "blas"):  # narrow products: more threads wait for each other
        return scoring.score(drawn.ink, wanted)


def read_art(art: Path | bytes, device: Preset) -> Art:
    """A text as `device` draws it, its grid as large as the text. Raises TextError."""
    if not isinstance(art, bytes):
        try:
            art = art.read_bytes()
        except OSError as error:
            raise TextError(f"text {str(art)!r} cannot be read ({error.strerror}): check the path") from None
    frame = text.decode(art)
    if not frame.cells.all():
        raise TextError("the text holds NUL bytes: it is some other kind of file, give a file of characters")
    chars = "".join(dict.fromkeys(" @" + frame.text.replace("\n", "")))  # two at least, also of blank paper
    atlas = replace(device, chars=chars, ban="", ban_blocks=False).atlas()
    layout = Layout(frame.rows, frame.cols, device.cell[1], device.cell[0], device.row_gap)
    return Art(frame, atlas, layout, device.dark)


def device_for(preset: str | Preset, options: dict[str, Any]) -> Preset:
    """The preset with those of `options` that are its fields, which are taken out of `options`.

    A grid given by one side only gets the other from the picture, which then needs no pulling into shape.
    """
    device = preset if isinstance(preset, Preset) else preset_named(preset)
    changes = _take(options, Preset)
    if ("cols" in changes) != ("rows" in changes):
        changes = {"cols": None, "rows": None, "fit": "contain"} | changes
    return replace(device, **changes)


def config_for(options: dict[str, Any]) -> FitConfig:
    """The FitConfig of the rest of `options`. Raises ConfigError for a name nobody knows.

    Who names something of the descent's own (a number of iterations, ...) and no solver means the descent.
    """
    asks_for_descent = bool(DESCENT & options.keys())
    weights, anneal = LossWeights(**_take(options, LossWeights)), AnnealConfig(**_take(options, AnnealConfig))
    own: dict[str, Any] = _take(options, FitConfig)
    if asks_for_descent:
        own.setdefault("solver", "gradient")
    _refuse_unknown(options, (Preset, FitConfig, LossWeights, AnnealConfig))
    return FitConfig(**{"weights": weights, "anneal": anneal, **own})


def _take(options: dict[str, Any], kind: type) -> dict[str, Any]:
    return {field.name: options.pop(field.name) for field in fields(kind) if field.name in options}


def _refuse_unknown(options: dict[str, Any], kinds: tuple[type, ...]) -> None:
    if options:
        known = ", ".join(sorted({field.name for kind in kinds for field in fields(kind)}))
        raise ConfigError(f"unknown option {sorted(options)[0]!r}" + (f": choose among {known}" if known else ""))
