"""`glyphgrad chars`: what the characters look like on a device, before any picture is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from glyphgrad.cli.options import device_arguments, device_options
from glyphgrad.errors import ConfigError

_SHEET = Path("chars.png")


@click.command
@device_options
@click.option("-o", "--output", type=Path, default=_SHEET, show_default=True, help="Picture to write (PNG).")
def chars(output: Path, **given: Any) -> int:
    """Draw the glyph atlas with its cell borders, and name the glyphs that their cell cuts."""
    if output.suffix.lower() != ".png":
        raise ConfigError(f"output {str(output)!r}: the atlas is a picture; give it the suffix .png")
    return draw_atlas(device_arguments(given), output)


def draw_atlas(options: dict[str, Any], path: Path | None) -> int:
    """The atlas as a picture; `fit --test-chars` does the same."""
    from glyphgrad import api
    from glyphgrad.codec import export, picture

    device = api.device_for(options.pop("preset"), options)
    path = path or _SHEET
    export.check(path)
    atlas = device.atlas()
    export.write(path, picture.atlas_sheet(atlas, device.dark))
    click.echo(f"{len(atlas.chars)} glyphs in cells of {atlas.cell_width} x {atlas.cell_height} pixels")
    click.echo("fonts: " + ", ".join(atlas.fonts))
    if atlas.fallback:
        click.echo(f"drawn by the fallback font: {atlas.fallback}")
    click.echo(f"wrote {path}")
    if atlas.cut:
        click.echo(
            f"glyphgrad: warning: {len(atlas.cut)} glyphs leave their cell and are cut: {atlas.cut}\n"
            "a smaller --font-size, another --y-offset or a larger cell keeps them whole",
            err=True,
        )
    return 0
