"""Which frame of a film is shown at which time: a function of the wall clock, an epoch and the film.

No sockets and no clock of its own. A film runs in a loop that began at the epoch, so nothing drifts, and
processes and machines whose clocks agree show the same frame with nothing shared.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from glyphgrad.core.clip import TimedFrame
from glyphgrad.core.frame import Frame


class Reel(Protocol):
    """A film that can be entered anywhere; a ClipReader is one."""

    def at(self, time: int) -> TimedFrame: ...


class Showing(NamedTuple):
    """A frame, shown from wall-clock second `begins` until before `ends`, when the next is due."""

    frame: Frame
    begins: float
    ends: float


def showing(reel: Reel, duration: int, now: float, epoch: float = 0.0) -> Showing:
    """What is shown at `now` of a film of `duration` milliseconds that has run since `epoch`, also before it.

    Both times are seconds since 1970. Raises ClipError where the film is damaged.
    """
    rounds, time = divmod((now - epoch) * 1000, duration)
    shown = reel.at(min(int(time), duration - 1))  # a moment before a round is rounded to its end
    start = epoch + rounds * duration / 1000
    return Showing(shown.frame, start + shown.start / 1000, start + shown.end / 1000)
