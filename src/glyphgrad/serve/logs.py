"""One line a session, for people and for machines: `name=value` pairs, which logging's own handlers write."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from glyphgrad.core.clip import printable

_LOG = logging.getLogger("glyphgrad.serve")


def told(event: str, words: Mapping[str, object]) -> None:
    """Log an event, such as the end of a session, with what is known of it."""
    _LOG.info("%s", line(event, words))


def line(event: str, words: Mapping[str, object]) -> str:
    """logfmt: a value with anything but plain characters is quoted, and what is not printable is left out."""
    return " ".join([event, *(f"{name}={_value(value)}" for name, value in words.items())])


def _value(value: object) -> str:
    text = printable(f"{value:.3f}" if isinstance(value, float) else str(value))
    plain = text.isascii() and text and not set(text) & set(' "=\\')
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
