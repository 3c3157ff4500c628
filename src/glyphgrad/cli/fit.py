"""`glyphgrad fit`: a picture becomes text."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from glyphgrad.cli.chars import draw_atlas
from glyphgrad.cli.discord import Posting, discord_options
from glyphgrad.cli.fitting import fit_arguments, fit_options, option_of
from glyphgrad.cli.label import label_of, label_options
from glyphgrad.cli.options import INTERRUPTED, MAX_PIXELS_OPTION
from glyphgrad.cli.output import Writer
from glyphgrad.fit.config import FitConfig

_BAR_INTERVAL = 20  # steps: a bar that stands still looks like a hang


@click.command
@click.argument("image", required=False)
@fit_options
@click.option(
    "--diagnostics",
    type=Path,
    help="Directory for pictures: the gray picture, what was shown of it, and what was learned.",
)
@click.option("--bound", is_flag=True, help="Prove how far the grid can be from the best one.")
@option_of(FitConfig, "save_interval", "Steps between two reports.")
@click.option(
    "--save-steps",
    is_flag=True,
    help="Write picture and text of every report into --steps-dir, in place of an earlier fit's.",
)
@click.option("--steps-dir", type=Path, default=Path("steps"), show_default=True, help="Where --save-steps writes.")
@click.option("--progress-gif", type=Path, help="Film of the reports: .gif, .mp4 or .webm.")
@MAX_PIXELS_OPTION
@click.option(
    "-o",
    "--output",
    "outputs",
    type=Path,
    multiple=True,
    help="File to write, again for more: .txt (the device's encoding), .utf8, .png, .html, .svg (paths), .text.svg, "
    ".ansi, .ans, .escpos, .discord; - prints the text, discord a message to paste.  "
    "[output.png, output.txt, output.utf8.txt]",
)
@label_options
@discord_options
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
    says["label"] = label_of(given, Path(image or "").stem)
    says["posting"] = Posting.of(given)
    writer = Writer(given.pop("outputs"), given.pop("output_text"), given.pop("output_utf8"), says)
    test_chars, max_pixels = given.pop("test_chars"), given.pop("max_pixels")
    options = fit_arguments(given)
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
    with Interrupt() as interrupt, Watch(bar, writer.steps_dir, says["progress_gif"], device) as watch:
        source = sys.stdin.buffer.read() if image == "-" else image
        result = api.fit_with(source, device, config, max_pixels, watch.on_step, interrupt)
    writer.write(result)
    if result.interrupted:
        click.echo("glyphgrad: interrupted: what there was has been written", err=True)
    return INTERRUPTED if result.interrupted else 0
