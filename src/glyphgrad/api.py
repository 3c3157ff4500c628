"""The library's front door: picture in, art out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from glyphgrad.codec import text
from glyphgrad.codec.ansi import AnsiArt, decode_ansi, is_ansi
from glyphgrad.core import score as scoring
from glyphgrad.core import target
from glyphgrad.core.art import Art
from glyphgrad.core.atlas import GlyphAtlas
from glyphgrad.core.clip import ClipHeader, Film, printable, timed
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import DEFAULT_PRESET, Preset, preset_named
from glyphgrad.core.target import MAX_PIXELS, Source
from glyphgrad.errors import ConfigError, GlyphgradWarning, PictureError, TextError
from glyphgrad.fit.config import DESCENT, AnnealConfig, FilmConfig, FitConfig, LossWeights
from glyphgrad.fit.fit import FitResult, fit_page
from glyphgrad.fit.fit import fit as fit_target
from glyphgrad.fit.progress import Step
from glyphgrad.version import SOFTWARE

if TYPE_CHECKING:  # PyAV takes a while to load: only films need it
    from glyphgrad.core import video


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
    if config.in_color:
        page = target.page_of(picture.convert("RGB"), layout, device.fit, device.dark)
        return fit_page(page, _atlas(device), layout, config, device.dark, on_step, should_stop)
    wanted = target.place(picture, layout, device.fit, device.dark)
    return fit_target(wanted, _atlas(device), layout, config, device.dark, on_step, should_stop)


def animate(
    frames: video.Source,
    preset: str | Preset = DEFAULT_PRESET,
    *,
    fps: float | None = None,
    start: float = 0.0,
    duration: float | None = None,
    every: int = 1,
    keep_going: bool = False,
    skip: int = 0,
    should_stop: Callable[[], bool] | None = None,
    **options: Any,
) -> Film:
    """Turn a film into characters, as it is walked through.

    `frames` and the options before `skip` are those of `core.video.frames`: any film, or pictures that a
    program makes. Of what comes out the first `skip` frames are left out, and as little as possible of the
    work for them is done (a stream cannot be gone on with). `options` are those of `fit` and the fields of
    FilmConfig (stability, workers, ...). Diversity, which looks for rare characters, is 0 unless it is
    given. Raises GlyphgradError, also while the frames are walked through.

        >>> for timed in glyphgrad.animate("film.mp4", "terminal", cols=80):
        ...     print(timed.start, timed.frame.text)
    """
    from glyphgrad.core import video

    device = device_for(preset, options)
    film_config = FilmConfig(**_take(options, FilmConfig))
    config = config_for({"diversity_weight": 0.0} | options)
    opened = partial(
        video.frames,
        frames,
        fps=fps,
        start=start,
        duration=duration,
        every=every,
        gray=config.luma_only,
        dark=device.dark,
        keep_going=keep_going,
    )
    title = Path(frames).stem if isinstance(frames, str | Path) else ""
    return animate_with(opened, device, config, film_config, title, skip, should_stop)


def animate_with(
    opened: Callable[[], video.Film],
    device: Preset,
    config: FitConfig,
    film_config: FilmConfig,
    title: str = "",
    skip: int = 0,
    should_stop: Callable[[], bool] | None = None,
) -> Film:
    """`animate` with its options already made into a device and configurations; `opened` opens the film."""
    from glyphgrad.core.paged import paged
    from glyphgrad.fit.animate import animate as animate_pages
    from glyphgrad.fit.shots import shot_of

    film = opened()
    layout = device.layout_for(film.width, film.height)
    begin = 0
    if skip:
        begin = shot_of(skip, paged(film, layout, device.fit, device.dark))
        film = opened()
    pages = paged(film, layout, device.fit, device.dark)
    header = ClipHeader(
        layout.rows,
        layout.cols,
        device.name,
        device.dark,
        printable(title),
        SOFTWARE,
        None if film.duration is None else round(1000 * film.duration),
    )
    atlas = _atlas(device)
    unseen = Frame.blank(layout.rows, layout.cols)

    def pairs() -> Iterator[tuple[float, Frame | None]]:
        last = 0.0
        try:
            for last, _ in islice(pages, begin):
                yield last, unseen
            for last, frame in animate_pages(pages, atlas, layout, config, film_config, device.dark, should_stop):
                yield last, frame
        except PictureError:  # the frame before it is still to be shown
            yield film.until(last), None
            raise
        yield film.until(last), None

    return Film(header, islice(timed(pairs()), skip, None))


def _atlas(device: Preset) -> GlyphAtlas:
    """The device's glyphs, with a GlyphgradWarning when some are cut."""
    atlas = device.atlas()
    if atlas.cut:
        warnings.warn(
            f"{len(atlas.cut)} glyphs leave their cell and are cut ({atlas.cut[:12]}{'...' * (len(atlas.cut) > 12)}): "
            "`glyphgrad chars` shows them",
            GlyphgradWarning,
            stacklevel=3,
        )
    return atlas


def score(
    art: Path | bytes,
    image: Source,
    preset: str | Preset = DEFAULT_PRESET,
    *,
    max_pixels: int = MAX_PIXELS,
    **options: Any,
) -> dict[str, float]:
    """How close a text, drawn by a device, is to a picture: see `core.score.score`, and of colours `color_score`.

    `art` is the path or the bytes of a text in UTF-8 or code page 437, also with ANSI sequences, of any size,
    from any tool.
    """
    device = device_for(preset, options)
    _refuse_unknown(options, ())
    drawn = read_art(art, device)
    picture = target.load(image, device.dark, max_pixels)
    wanted = target.place(picture, drawn.layout, device.fit, device.dark)
    with threadpool_limits(1, "blas"):  # narrow products: more threads wait for each other
        if drawn.frame.colors is None:
            return scoring.score(drawn.ink, wanted)
        page = target.page_of(picture.convert("RGB"), drawn.layout, device.fit, device.dark)
        gray = np.asarray(Image.fromarray(drawn.pixels).convert("L"))
        return scoring.score(target.ink(gray, device.dark), wanted) | scoring.color_score(
            drawn.pixels / 255, page / 255
        )


def read_art(art: Path | bytes, device: Preset) -> Art:
    """A text, also one with ANSI sequences, as `device` draws it, its grid as large as the text. Raises TextError."""
    if not isinstance(art, bytes):
        try:
            art = art.read_bytes()
        except OSError as error:
            raise TextError(f"text {str(art)!r} cannot be read ({error.strerror}): check the path") from None
    frame = _on_own_paper(decode_ansi(art), device) if is_ansi(art) else text.decode(art)
    if not frame.cells.all():
        raise TextError("the text holds NUL bytes: it is some other kind of file, give a file of characters")
    chars = "".join(dict.fromkeys(" @" + frame.text.replace("\n", "")))  # two at least, also of blank paper
    atlas = replace(device, chars=chars, ban="", ban_blocks=False).atlas()
    layout = Layout(frame.rows, frame.cols, device.cell[1], device.cell[0], device.row_gap)
    return Art(frame, atlas, layout, device.dark)


def _on_own_paper(shown: AnsiArt, device: Preset) -> Frame:
    """What a text in colours shows; the white that it lays under all of it is a background where paper is black."""
    colors = shown.frame.colors
    if colors is None or shown.dark or not device.dark:
        return shown.frame
    return replace(shown.frame, colors=replace(colors, bg=np.full_like(colors.fg, 255)))


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
