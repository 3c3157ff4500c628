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
    return _draw(device_arguments(given), output)


def show_chars(options: dict[str, Any], outputs: list[Path]) -> int:
    """What `fit --test-chars` does: the atlas as the first picture among its outputs, never as its default one."""
    named = (path for path in outputs if path.suffix.lower() == ".png" and path != Path("output.png"))
    return _draw(options, next(named, _SHEET))


def _draw(options: dict[str, Any], path: Path) -> int:
    from glyphgrad import api
    from glyphgrad.codec import export, picture

    device = api.device_for(options.pop("preset"), options)
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
