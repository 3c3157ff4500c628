"""The options that send an art to Discord."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphgrad.cli.options import Command, with_options
from glyphgrad.errors import ConfigError

if TYPE_CHECKING:
    from glyphgrad.core.art import Art
    from glyphgrad.out.webhook import Webhook

DISCORD = Path("discord")
"""An output of this name is the message on standard output, to be pasted."""

_VARIABLE = "GLYPHGRAD_DISCORD_WEBHOOK"
_FROM_THERE = ""

_OPTIONS = [
    click.option(
        "--webhook",
        metavar="[URL]",
        is_flag=False,
        flag_value=_FROM_THERE,
        help=f"Post to Discord. Without URL to that in {_VARIABLE}, where no other user sees it.",
    ),
    click.option("--webhook-picture", is_flag=True, help="Post the picture along with the text."),
]


def discord_options(command: Command) -> Command:
    return with_options(_OPTIONS, command)


@dataclass(frozen=True)
class Posting:
    """Where an art is posted, and whether with its picture."""

    webhook: Webhook
    picture: bool

    @classmethod
    def of(cls, given: dict[str, Any]) -> Posting | None:
        """From the arguments of a command with `discord_options`, which are taken out of `given`.

        Raises ConfigError.
        """
        url, picture = given.pop("webhook"), given.pop("webhook_picture")
        if url is None:
            if picture:
                raise ConfigError("--webhook-picture without --webhook: give that too")
            return None
        if url == _FROM_THERE and not (url := os.environ.get(_VARIABLE, "")):
            raise ConfigError(f"--webhook has no URL, and {_VARIABLE} is not set: give one of them")
        from glyphgrad.out.webhook import Webhook

        return cls(Webhook(url), picture)

    def post(self, art: Art) -> None:
        from glyphgrad.codec import discord, picture

        text = discord.encode_discord(art).decode()
        self.webhook.post(text, picture.encode_png(art) if self.picture else None)
        click.echo("posted to Discord", err=True)
