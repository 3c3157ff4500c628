"""The list of films that a viewer chooses from."""

from __future__ import annotations

from collections.abc import Sequence

from glyphgrad.core.frame import Frame

KEYS = "123456789abcdefghijklnoprstuvwxyz"
"""What chooses the first film, the second, ...: without m, the menu, and q, which quits."""
_TITLE = 40
"""Characters of a title that are shown."""


class Menu:
    """Titles with a mark at one of them, `chosen`."""

    def __init__(self, titles: Sequence[str]):
        self._titles = titles
        self.chosen = 0

    def frame(self, rows: int) -> Frame:
        """The list in at most `rows` rows, scrolled to where the mark is."""
        room = max(1, rows - 4)
        first = min(max(0, self.chosen - room // 2), max(0, len(self._titles) - room))
        shown = range(first, min(first + room, len(self._titles)))
        lines = [self._line(number) for number in shown]
        return Frame.from_lines(["Choose a film", "", *lines, "", "its key, or arrows and Enter; q quits"])

    def _line(self, number: int) -> str:
        key = KEYS[number] if number < len(KEYS) else " "
        return f"{'>' if number == self.chosen else ' '} {key}  {self._titles[number][:_TITLE]}"

    def press(self, key: str) -> int | None:
        """The number of the film that a key chooses, if it does."""
        if key in ("up", "down"):
            self.chosen = (self.chosen + (1 if key == "down" else -1)) % len(self._titles)
        return self.chosen if key == "enter" else number_of(key, len(self._titles))


def number_of(key: str, films: int) -> int | None:
    """Which of so many films a key stands for: in [0, films), or None."""
    number = KEYS.find(key) if len(key) == 1 else -1
    return number if 0 <= number < films else None
