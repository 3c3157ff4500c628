"""A film that is served while it is fitted: it waits for what has not come, and loops when all has."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import numpy as np
import pytest

from glyphgrad import Frame, TimedFrame
from glyphgrad.codec.group import encode_group
from glyphgrad.core.clip import ClipHeader
from glyphgrad.errors import ClipError
from glyphgrad.serve.live import Growing, LiveEdition

HEADER = ClipHeader(2, 3)


def frames(first: int, count: int) -> list[TimedFrame]:
    """Of a film of 10 a second; each holds its number."""
    return [
        TimedFrame(100 * number, 100 * number + 100, Frame(np.full((2, 3), 0x100 + number, np.uint32)))
        for number in range(first, first + count)
    ]


def packed(first: int, count: int) -> bytes:
    return encode_group(first, frames(first, count))


@pytest.fixture
def pipe() -> Iterator[tuple[LiveEdition, Connection]]:
    here, there = Pipe(duplex=False)
    yield LiveEdition(HEADER, here), there
    there.close()


def number(frame: Frame) -> int:
    return int(frame.cells[0, 0]) - 0x100


def test_what_has_come_can_be_seen_at_any_moment() -> None:
    film = Growing(HEADER)
    for first, count in ((0, 3), (3, 1), (4, 6)):
        film.add(packed(first, count))
    assert list(film) == frames(0, 10)
    assert [number(film.at(time).frame) for time in (0, 99, 100, 350, 399, 400, 999, 5000, 250)] == [
        *(0, 0, 1, 3, 3, 4, 9, 9, 2)
    ]
    with pytest.raises(ClipError, match="starts at 1200 ms: the one before ends at 1000"):
        film.add(packed(12, 1))


def test_it_begins_when_somebody_looks_and_waits_for_more(pipe: tuple[LiveEdition, Connection]) -> None:
    edition, there = pipe
    there.send_bytes(packed(0, 2))
    edition.read()
    shown = edition.at(1000.0, 0.0)
    assert (number(shown.frame), shown.begins, shown.ends) == (0, 1000.0, pytest.approx(1000.1))
    assert number(edition.at(1000.15, 0.0).frame) == 1
    late = edition.at(1003.0, 0.0)  # nothing more has come
    assert (number(late.frame), late.begins) == (1, 1003.0)
    there.send_bytes(packed(2, 10))
    edition.read()
    assert [number(edition.at(time, 0.0).frame) for time in (1003.01, 1003.11, 1003.51)] == [2, 3, 7]


def test_once_whole_it_loops(pipe: tuple[LiveEdition, Connection]) -> None:
    edition, there = pipe
    for data in (packed(0, 5), b""):
        there.send_bytes(data)
        edition.read()
    assert edition.complete
    assert edition.duration == 500
    assert [number(edition.at(time, 0.0).frame) for time in (50.0, 50.45, 50.55, 51.25)] == [0, 4, 0, 2]


@pytest.mark.parametrize("message", [b"nonsense", packed(3, 1), None])
def test_what_breaks_off_leaves_what_there_is(pipe: tuple[LiveEdition, Connection], message: bytes | None) -> None:
    edition, there = pipe

    async def follow() -> None:
        edition.follow()
        there.send_bytes(packed(0, 2))
        if message is None:
            there.close()
        else:
            there.send_bytes(message)
        while not edition.complete:
            await asyncio.sleep(0)

    asyncio.run(follow())
    assert list(edition.reel) == frames(0, 2)
