"""`glyphgrad fit`: a picture becomes text."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from glyphgrad.cli.chars import draw_atlas
from glyphgrad.cli.options import (
    FIT,
    INTERRUPTED,
    MAX_PIXELS_OPTION,
    Command,
    default,
    device_arguments,
    device_options,
    grid,
)
from glyphgrad.cli.output import Writer
from glyphgrad.errors import ConfigError
from glyphgrad.fit.config import (
    ALIGNS,
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

_BAR_INTERVAL = 20  # steps: a bar that stands still looks like a hang


def _from(kind: type, name: str, help: str, of: Any = int) -> Callable[[Command], Command]:
    """The option for a configuration's field, its default named in the help and left to the configuration."""
    value = default(kind, name)
    note = "" if value is None else f"  [default: {value}]"
    return click.option(f"--{name.replace('_', '-')}", name, type=of, help=help + note)


@click.command
@click.argument("image", required=False)
@click.option("-s", "--size", metavar="COLSxROWS", help="Grid. With one side only the other follows the picture.")
@click.option("--grid-width", type=int, help="Columns.  [preset]")
@click.option("--grid-height", type=int, help="Rows.  [preset]")
@device_options
@FIT
@_from(FitConfig, "solver", "Exact search, the original's descent, or both where both help.", click.Choice(SOLVERS))
@_from(
    FitConfig,
    "objective",
    "The original loss, or what an eye sees.  [seed for gradient, else perceptual]",
    click.Choice(OBJECTIVES),
)
@_from(FitConfig, "effort", "How long to search: some 0.1, 0.3 or 1 second at 80 x 40.", click.Choice(EFFORTS))
@_from(FitConfig, "viewing_distance", "Of the eye, in cell heights (perceptual).", float)
@_from(FitConfig, "tone", "Map the picture's tones onto those the glyphs can reach (perceptual).", click.Choice(TONES))
@_from(FitConfig, "gray", "Colours to grays: by a formula, or learned from the picture.", click.Choice(GRAYS))
@click.option("--optimize-rgb-to-gray", is_flag=True, help="The same as --gray learned.")
@click.option("--optimize-contrast", is_flag=True, help="Learn the local contrast; tells its curves.")
@click.option("--contrast-strength", "contrast", type=float, help=f"How much of it, 0 to 1.  [{CONTRAST} if optimized]")
@_from(FitConfig, "align", "How much of the picture may move to suit the characters.", click.Choice(ALIGNS))
@click.option("--optimize-alignment", is_flag=True, help="The same as --align warp.")
@_from(FitConfig, "alignment_lr", "Learning rate of the alignment.", float)
@_from(FitConfig, "warp_reg_weight", "How stiff the warp is.", float)
@click.option(
    "--diagnostics",
    type=Path,
    help="Directory for pictures: the gray picture, what was shown of it, and what was learned.",
)
@click.option("--bound", is_flag=True, help="Prove how far the grid can be from the best one.")
@_from(FitConfig, "iterations", "Steps of the descent; naming them (or --lr, --warmup, ...) asks for it.")
@_from(FitConfig, "lr", "Peak learning rate (AdamW).", float)
@_from(FitConfig, "warmup", "Steps of linear warm-up.  [1000, or a tenth of fewer than 10000 iterations]")
@_from(
    LossWeights,
    "diversity_weight",
    "Weight of the entropy of character usage.  [0.01 with the seed objective, else 0]",
    float,
)
@click.option("--no-protect-whitespace", "--penalize-whitespace", is_flag=True, help="Count the space as usage, too.")
@_from(LossWeights, "multiscale_weight", "Weight of the average-pooled error.", float)
@_from(LossWeights, "multiscale_kernel", "Pixels pooled each way; the stride is half of it.")
@click.option("--no-gumbel", is_flag=True, help="Plain softmax, without Gumbel noise.")
@_from(AnnealConfig, "temp_start", "Softmax temperature at the start.", float)
@_from(AnnealConfig, "temp_end", "Softmax temperature at the end.", float)
@_from(AnnealConfig, "save_temp", "Softmax temperature of the pictures in the steps directory.", float)
@_from(FitConfig, "save_interval", "Steps between two reports.")
@click.option(
    "--save-steps",
    is_flag=True,
    help="Write picture and text of every report into --steps-dir, in place of an earlier fit's.",
)
@click.option("--steps-dir", type=Path, default=Path("steps"), show_default=True, help="Where --save-steps writes.")
@click.option("--progress-gif", type=Path, help="Film of the reports: .gif, .mp4 or .webm.")
@_from(FitConfig, "seed", "Same seed, same device: same bytes.")
@_from(FitConfig, "device", "Where torch computes.", click.Choice(DEVICES))
@_from(FitConfig, "threads", "Threads to compute with.  [all for the descent, one for the search]")
@MAX_PIXELS_OPTION
@click.option(
    "-o",
    "--output",
    "outputs",
    type=Path,
    multiple=True,
    help="File to write, again for more: .txt (the device's encoding), .utf8, .png; - prints the text.  "
    "[output.png, output.txt, output.utf8.txt]",
)
@click.option("--output-text", type=Path, help="Text file in the device's encoding, whatever its suffix.")
@click.option("--output-utf8", type=Path, help="Text file in UTF-8, whatever its suffix.")
@click.option("--show/--no-show", default=None, help="Print the art on its own paper.  [on a terminal]")
@click.option("--test-chars", is_flag=True, help="Draw the glyph atlas and stop, as `glyphgrad chars` does.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object of figures on standard output, no art.")
@click.option("-q", "--quiet", is_flag=True, help="Neither art nor progress.")
def fit(image: str | None, **given: Any) -> int:
    """Turn IMAGE into characters (- reads standard input).

    Without a preset the receipt printer's values hold: 42 x 21 characters of code page 437.
    """
    says = {
        name: given.pop(name)
        for name in ("show", "as_json", "quiet", "save_steps", "steps_dir", "diagnostics", "progress_gif")
    }
    writer = Writer(given.pop("outputs"), given.pop("output_text"), given.pop("output_utf8"), says)
    test_chars, max_pixels = given.pop("test_chars"), given.pop("max_pixels")
    options = _options(given)
    if test_chars:
        return draw_atlas(options, writer.named_picture)
    if image is None:
        raise click.UsageError("Missing argument 'IMAGE': name a picture file, or - for standard input")

    from glyphgrad import api
    from glyphgrad.cli.progress import Interrupt, Watch

    device, config = api.device_for(options.pop("preset"), options), api.config_for(options)
    writer.check(image)
    bar = sys.stderr.isatty() and not says["quiet"]
    if bar and not (writer.steps_dir or says["progress_gif"]):
        config = replace(config, save_interval=min(config.save_interval, _BAR_INTERVAL))
    with Interrupt() as interrupt, Watch(bar, writer.steps_dir, says["progress_gif"], device.dark) as watch:
        source = sys.stdin.buffer.read() if image == "-" else image
        result = api.fit_with(source, device, config, max_pixels, watch.on_step, interrupt)
    writer.write(result)
    if result.interrupted:
        click.echo("glyphgrad: interrupted: what there was has been written", err=True)
    return INTERRUPTED if result.interrupted else 0


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """The library's keyword arguments."""
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
