"""Where in a film its playing is, as a function of the clock and of what the viewer asked for."""

from __future__ import annotations

import math
from collections.abc import Callable

from glyphgrad.errors import ConfigError

SPEEDS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
"""Steps of the keys; between the first and the last any speed may be set."""


class Transport:
    """A position in milliseconds that goes on at `speed` unless `paused`.

    `clock` answers seconds that never go back. The position is reckoned from the last change of course,
    not added up, so it never drifts. Raises ConfigError for a speed that cannot be.
    """

    def __init__(self, clock: Callable[[], float], start: float = 0, speed: float = 1.0):
        if not SPEEDS[0] <= speed <= SPEEDS[-1]:
            raise ConfigError(f"speed is {speed:g}: give {SPEEDS[0]:g} to {SPEEDS[-1]:g}")
        self.clock, self.speed, self.paused = clock, speed, False
        self._origin, self._since = float(start), clock()

    @property
    def position(self) -> int:
        return int(self._exact)

    @property
    def _exact(self) -> float:
        passed = 0.0 if self.paused else self.clock() - self._since
        return self._origin + 1000 * self.speed * passed

    def seek(self, time: float) -> None:
        """Go on from another position; before the beginning is the beginning."""
        self._origin, self._since = max(0.0, time), self.clock()

    def pause(self, paused: bool = True) -> None:
        self.seek(self._exact)
        self.paused = paused

    def change_speed(self, steps: int) -> None:
        """To the next of SPEEDS, faster or slower; 0 steps: as it was filmed."""
        speed = 1.0
        if steps > 0:
            speed = min((one for one in SPEEDS if one > self.speed), default=self.speed)
        elif steps < 0:
            speed = max((one for one in SPEEDS if one < self.speed), default=self.speed)
        self.seek(self._exact)
        self.speed = speed

    def seconds_until(self, time: int) -> float | None:
        """How long to sleep until a position is reached, in whole milliseconds; None: it will not be.

        Rounded up: who wakes too early sees the frame before, and sleeps once more.
        """
        if self.paused:
            return None
        return max(0, math.ceil((time - self._exact) / self.speed)) / 1000
