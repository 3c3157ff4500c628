"""The options that say more of an art than its characters, for the files that have a place for it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from glyphgrad.cli.options import Command, with_options
from glyphgrad.codec.label import Label

_OPTIONS = [
    click.option("--title", help="Of the art, in .ans, .html and .svg.  [the source's]"),
    click.option("--author", help="Who made it, in .ans and .html."),
    click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="When, in .ans: YYYY-MM-DD.  [today]"),
    click.option("--alt", help="What it shows, in .html and .svg, for who cannot see it."),
]


def label_options(command: Command) -> Command:
    return with_options(_OPTIONS, command)


def label_of(given: dict[str, Any], title: str) -> Label:
    """The label from the arguments of a command with `label_options`, which are taken out of `given`."""
    named, author, when, alt = (given.pop(name) for name in ("title", "author", "date", "alt"))
    made = when.date() if isinstance(when, datetime) else date.today()
    return Label(title if named is None else named, author or "", date=made, alt=alt or "")
