"""What a server counts: one process alone, or several that share a table and tell the sum of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableSequence, Sequence

PROTOCOLS = ("telnet", "nc", "ssh", "web", "curl")
REASONS = ("full", "address", "rate", "logins", "login", "slow", "origin", "broken", "error")
"""Why clients are not let in, or sent away before they have watched."""

_TOTALS, _KINDS = 3, len(PROTOCOLS)
WIDTH = _TOTALS + 2 * _KINDS + len(REASONS)
"""Numbers that a process counts."""


class Tally(Mapping[str, int]):
    """Some of these numbers, by name."""

    def __init__(self, row: MutableSequence[int], first: int, names: Sequence[str]):
        self._row, self._places = row, {name: first + place for place, name in enumerate(names)}

    def __getitem__(self, name: str) -> int:
        return self._row[self._places[name]]

    def __setitem__(self, name: str, count: int) -> None:
        self._row[self._places[name]] = count

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def total(self) -> int:
        return sum(self.values())


class Metrics:
    """Since the start: frames and bytes sent, frames dropped for viewers who were not ready, sessions by
    protocol, rejections by reason. Now: viewers by protocol.

    `table` has a row of WIDTH numbers for every process; `number` is the one that counts here.
    """

    def __init__(self, table: Sequence[MutableSequence[int]] = (), number: int = 0):
        self._table = table or [[0] * WIDTH]
        self._row = row = self._table[number]
        self.viewers = Tally(row, _TOTALS, PROTOCOLS)
        self.sessions = Tally(row, _TOTALS + _KINDS, PROTOCOLS)
        self.rejected = Tally(row, _TOTALS + 2 * _KINDS, REASONS)

    def sent(self, frames: int, dropped: int, size: int) -> None:
        """So many more frames, frames dropped, bytes."""
        for place, count in enumerate((frames, dropped, size)):
            self._row[place] += count

    @property
    def frames_sent(self) -> int:
        return self._row[0]

    @property
    def frames_dropped(self) -> int:
        return self._row[1]

    @property
    def bytes_sent(self) -> int:
        return self._row[2]

    def of_all(self) -> Metrics:
        """Those of all processes together, at this moment."""
        return Metrics([[sum(counts) for counts in zip(*self._table, strict=True)]])


def shared_table(cells: MutableSequence[int], processes: int) -> list[MutableSequence[int]]:
    """A table whose rows lie in `cells`, memory of at least processes * WIDTH numbers that all of them see."""
    view = memoryview(cells).cast("B").cast("q")  # type: ignore[arg-type]
    return [view[place * WIDTH : (place + 1) * WIDTH] for place in range(processes)]  # type: ignore[misc]
