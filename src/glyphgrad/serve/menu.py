"""The list of films that a viewer chooses from."""

from __future__ import annotations

from collections.abc import Sequence

from glyphgrad.core.frame import Frame

KEYS = "123456789abcdefghijklnoprstuvwxyz"
"""What chooses the first film, the second, ...: without m, the menu, and q, which quits."""
_TITLE = 40
"""Characters of a title that are shown."""
_HINTS = ("its key, or arrows and Enter; q quits", "key or Enter; q ends")
"""For a terminal that has room for the first, and for any other."""


class Menu:
    """Films by name, which ssh and addresses take, and title; with a mark at one of them, `chosen`."""

    def __init__(self, films: Sequence[tuple[str, str]]):
        self._films = films
        self._width = max(len(name) for name, _ in films)
        self.chosen = 0

    def frame(self, rows: int, cols: int) -> Frame:
        """The list in at most `rows` rows and `cols` columns, scrolled to where the mark is."""
        room = max(1, rows - 4)
        first = min(max(0, self.chosen - room // 2), max(0, len(self._films) - room))
        shown = range(first, min(first + room, len(self._films)))
        lines = [self._line(number) for number in shown]
        hint = next((one for one in _HINTS if len(one) <= cols), _HINTS[-1])
        return Frame.from_lines([line[:cols] for line in ("Choose a film", "", *lines, "", hint)])

    def _line(self, number: int) -> str:
        key, (name, title) = KEYS[number] if number < len(KEYS) else " ", self._films[number]
        told = name if title == name else f"{name:{self._width}}  {title[:_TITLE]}"
        return f"{'>' if number == self.chosen else ' '} {key}  {told}"

    def press(self, key: str) -> int | None:
        """The number of the film that a key chooses, if it does."""
        if key in ("up", "down"):
            self.chosen = (self.chosen + (1 if key == "down" else -1)) % len(self._films)
        return self.chosen if key == "enter" else number_of(key, len(self._films))


def number_of(key: str, films: int) -> int | None:
    """Which of so many films a key stands for: in [0, films), or None."""
    number = KEYS.find(key) if len(key) == 1 else -1
    return number if 0 <= number < films else None
