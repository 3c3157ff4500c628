"""Art -> a Discord message: the text in a fence, which Discord shows in a font of one width."""

from __future__ import annotations

from glyphgrad.codec.text import without_colors
from glyphgrad.core.art import Art
from glyphgrad.errors import OutputError

LIMIT = 2000
"""Characters of a message."""

_FENCE = "```"


def encode_discord(art: Art) -> bytes:
    """The message, in UTF-8, without colours.

    Raises OutputError when it is too long, naming a size that would fit, or breaks its fence.
    """
    without_colors(art.frame, "a Discord message")
    if _FENCE in art.text:
        raise OutputError("the art holds ``` , which ends a Discord code block: fit with --ban-chars '`'")
    message = f"{_FENCE}\n{art.text}{_FENCE}"
    if len(message) > LIMIT:
        cols, rows = largest(art.frame.cols, art.frame.rows)
        raise OutputError(
            f"art of {art.frame.cols}x{art.frame.rows} is {len(message):,} characters in a Discord code block, "
            f"{LIMIT:,} are allowed: {cols}x{rows} fits"
        )
    return message.encode()


def largest(cols: int, rows: int) -> tuple[int, int]:
    """The largest grid of about that shape whose message is short enough."""
    sizes = ((wide, max(1, round(wide * rows / cols))) for wide in range(LIMIT, 0, -1))
    return next((size for size in sizes if _length(*size) <= LIMIT), (1, _rows(1)))


def _length(cols: int, rows: int) -> int:
    """Characters of a message: the rows with their line feeds, the fences, and the first one's line feed."""
    return rows * (cols + 1) + 2 * len(_FENCE) + 1


def _rows(cols: int) -> int:
    return (LIMIT - _length(cols, 0)) // (cols + 1)
