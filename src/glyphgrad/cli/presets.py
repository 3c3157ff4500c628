"""`glyphgrad presets`: the devices there are."""

from __future__ import annotations

import click

from glyphgrad.core.presets import DEFAULT_PRESET, PRESETS


@click.command
def presets() -> None:
    """List the devices: grid, cell, characters, font."""
    for preset in PRESETS.values():
        mark = " (the default)" if preset.name == DEFAULT_PRESET else ""
        width, height = preset.cell
        click.echo(f"{preset.name}{mark}: {preset.about}")
        click.echo(
            f"    {preset.cols} x {preset.rows or 'as many as the picture asks'} cells of {width} x {height} pixels, "
            f"row gap {preset.row_gap}; {preset.encoding} without {preset.ban or 'exception'}; "
            f"{preset.font.stem}; {'light on black' if preset.dark else 'black on white'}; --fit {preset.fit}"
        )
