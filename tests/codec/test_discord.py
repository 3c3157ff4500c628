from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphgrad import Art, Frame, GlyphAtlas, Layout
from glyphgrad.codec.discord import LIMIT, encode_discord, largest
from glyphgrad.errors import OutputError


def art_of(frame: Frame) -> Art:
    return Art(frame, GlyphAtlas(" a", np.zeros((2, 2, 2), np.float32)), Layout(frame.rows, frame.cols, 2, 2))


def blank(cols: int, rows: int) -> Art:
    return art_of(Frame(np.full((rows, cols), ord("a"), np.uint32)))


def test_the_message() -> None:
    assert encode_discord(art_of(Frame.from_lines(["a█ ", " `` "]))) == "```\na█  \n `` \n```".encode()


@pytest.mark.parametrize(("cols", "rows", "count"), [(42, 21, 902), (80, 24, 1943), (60, 32, 1951), (40, 48, 1967)])
def test_a_message_is_the_grid_its_line_feeds_and_eight(cols: int, rows: int, count: int) -> None:
    assert rows * (cols + 1) - 1 == count
    assert len(encode_discord(blank(cols, rows))) == count + 8 <= LIMIT


def test_one_character_too_many() -> None:
    assert len(encode_discord(blank(1992, 1))) == LIMIT == 2000
    with pytest.raises(OutputError, match=r"art of 1993x1 is 2,001 characters .* 2,000 are allowed: 1992x1 fits"):
        encode_discord(blank(1993, 1))
    with pytest.raises(OutputError, match=r"art of 80x40 is 3,247 characters .*: 62x31 fits"):
        encode_discord(blank(80, 40))


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_the_size_that_is_named_fits_and_the_next_does_not(cols: int, rows: int) -> None:
    wide, high = largest(cols, rows)
    assert len(encode_discord(blank(wide, high))) <= LIMIT
    if wide > 1:
        more = wide + 1
        assert 8 + max(1, round(more * rows / cols)) * (more + 1) - 1 > LIMIT


def test_a_fence_within_the_art() -> None:
    with pytest.raises(OutputError, match="ban-chars"):
        encode_discord(art_of(Frame.from_lines(["a```"])))
