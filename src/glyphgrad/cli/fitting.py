"""The options of fitting that pictures and films share, each with its default read from the configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from glyphgrad.cli.options import FIT, Command, default, device_arguments, device_options, grid, with_options
from glyphgrad.errors import ConfigError
from glyphgrad.fit.config import (
    ALIGNS,
    COLORS,
    CONTRAST,
    DEVICES,
    EFFORTS,
    GRAYS,
    OBJECTIVES,
    SOLVERS,
    TONES,
    AnnealConfig,
    FitConfig,
    LossWeights,
)


def option_of(kind: type, name: str, help: str, of: Any = int) -> Callable[[Command], Command]:
    """The option for a configuration's field, its default named in the help and left to the configuration."""
    value = default(kind, name)
    note = "" if value is None else f"  [default: {value}]"
    return click.option(f"--{name.replace('_', '-')}", name, type=of, help=help + note)


def fit_options(command: Command) -> Command:
    """The grid, the device and everything of a fit; they arrive as keyword arguments for `fit_arguments`."""
    return with_options(_OPTIONS, command)


def fit_arguments(given: dict[str, Any]) -> dict[str, Any]:
    """The library's keyword arguments from those of a command with `fit_options`."""
    sides = grid(given.pop("size"), given.pop("grid_width"), given.pop("grid_height"))
    switches = {"no_protect_whitespace": "protect_whitespace", "no_gumbel": "gumbel"}
    off = {name: False for flag, name in switches.items() if given.pop(flag)}
    for flag, name, value in (("rgb_to_gray", "gray", "learned"), ("alignment", "align", "warp")):
        if given.pop(f"optimize_{flag}"):
            if given[name] not in (None, value):
                raise ConfigError(f"--optimize-{flag.replace('_', '-')} and --{name} {given[name]}: give one of them")
            given[name] = value
    if given.pop("optimize_contrast") and given["contrast"] is None:
        given["contrast"] = CONTRAST
    return device_arguments(given) | sides | off


_OPTIONS: list[Callable[[Command], Command]] = [
    click.option("-s", "--size", metavar="COLSxROWS", help="Grid. With one side only the other follows the picture."),
    click.option("--grid-width", type=int, help="Columns.  [preset]"),
    click.option("--grid-height", type=int, help="Rows.  [preset]"),
    device_options,
    FIT,
    option_of(
        FitConfig, "solver", "Exact search, the original's descent, or both where both help.", click.Choice(SOLVERS)
    ),
    option_of(
        FitConfig,
        "objective",
        "The original loss, or what an eye sees.  [seed for gradient, else perceptual]",
        click.Choice(OBJECTIVES),
    ),
    option_of(FitConfig, "effort", "How long to search: some 0.1, 0.3 or 1 second at 80 x 40.", click.Choice(EFFORTS)),
    option_of(FitConfig, "viewing_distance", "Of the eye, in cell heights (perceptual).", float),
    option_of(
        FitConfig, "tone", "Map the picture's tones onto those the glyphs can reach (perceptual).", click.Choice(TONES)
    ),
    option_of(
        FitConfig,
        "color",
        "Colours of the device: each cell gets its own, fitted with its glyph.",
        click.Choice(COLORS),
    ),
    click.option(
        "--background/--no-background", default=None, help="With colours also behind the characters.  [default: no]"
    ),
    option_of(FitConfig, "gray", "Colours to grays: by a formula, or learned from the picture.", click.Choice(GRAYS)),
    click.option("--optimize-rgb-to-gray", is_flag=True, help="The same as --gray learned."),
    click.option("--optimize-contrast", is_flag=True, help="Learn the local contrast; tells its curves."),
    click.option(
        "--contrast-strength", "contrast", type=float, help=f"How much of it, 0 to 1.  [{CONTRAST} if optimized]"
    ),
    option_of(FitConfig, "align", "How much of the picture may move to suit the characters.", click.Choice(ALIGNS)),
    click.option("--optimize-alignment", is_flag=True, help="The same as --align warp."),
    option_of(FitConfig, "alignment_lr", "Learning rate of the alignment.", float),
    option_of(FitConfig, "warp_reg_weight", "How stiff the warp is.", float),
    option_of(FitConfig, "iterations", "Steps of the descent; naming them (or --lr, --warmup, ...) asks for it."),
    option_of(FitConfig, "lr", "Peak learning rate (AdamW).", float),
    option_of(FitConfig, "warmup", "Steps of linear warm-up.  [1000, or a tenth of fewer than 10000 iterations]"),
    option_of(
        LossWeights,
        "diversity_weight",
        "Weight of the entropy of character usage.  [0.01 with the seed objective, else 0]",
        float,
    ),
    click.option(
        "--no-protect-whitespace", "--penalize-whitespace", is_flag=True, help="Count the space as usage, too."
    ),
    option_of(LossWeights, "multiscale_weight", "Weight of the average-pooled error.", float),
    option_of(LossWeights, "multiscale_kernel", "Pixels pooled each way; the stride is half of it."),
    click.option("--no-gumbel", is_flag=True, help="Plain softmax, without Gumbel noise."),
    option_of(AnnealConfig, "temp_start", "Softmax temperature at the start.", float),
    option_of(AnnealConfig, "temp_end", "Softmax temperature at the end.", float),
    option_of(AnnealConfig, "save_temp", "Softmax temperature of the pictures in the steps directory.", float),
    option_of(FitConfig, "seed", "Same seed, same device: same bytes."),
    option_of(FitConfig, "device", "Where torch computes.", click.Choice(DEVICES)),
    option_of(FitConfig, "threads", "Threads to compute with.  [all for the descent, one for the search]"),
]
