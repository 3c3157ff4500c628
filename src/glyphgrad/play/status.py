"""How a film is playing, in figures and as a line."""

from __future__ import annotations

from collections import deque

from glyphgrad.core.clip import ClipHeader, TimedFrame
from glyphgrad.play.transport import Transport


class Tally:
    """Counts what is shown: `dropped` frames, of steady films exactly, and those of the last second."""

    def __init__(self) -> None:
        self.dropped = 0
        self._last: TimedFrame | None = None
        self._times: deque[float] = deque()

    def jumped(self) -> None:
        """What is passed over by a jump was not dropped."""
        self._last = None

    def show(self, timed: TimedFrame, now: float) -> None:
        """A frame is shown at a time in seconds."""
        if self._last and timed.start == self._last.start:
            return
        if self._last and timed.start > self._last.end:
            self.dropped += max(1, round((timed.start - self._last.end) / (self._last.end - self._last.start)))
        self._last = timed
        self._times.append(now)
        while self._times[0] <= now - 1:
            self._times.popleft()

    def rate(self, now: float) -> int:
        """Frames shown in the second before `now`."""
        return sum(time > now - 1 for time in self._times)


def status(transport: Transport, header: ClipHeader, tally: Tally, loop: bool, room: tuple[int, int]) -> str:
    """One line: time and length, speed, rate, dropped frames, and whether the screen is too small."""
    length = "" if header.duration is None else f" / {_clock(header.duration)}"
    words = [f"{_clock(transport.position)}{length}"]
    if transport.paused:
        words.append("paused")
    words += [f"{transport.speed:g}x", f"{tally.rate(transport.clock())} fps", f"{tally.dropped} dropped"]
    if loop:
        words.append("loop")
    if header.rows > room[0] or header.cols > room[1]:
        words.append(f"centre of {header.size}")
    return "  ".join(words)


def _clock(milliseconds: int) -> str:
    """As 1:02:03; hours only if there are any."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
