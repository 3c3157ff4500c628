"""What a terminal sends when keys are pressed -> names of keys."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    rb"\x1b[\[O](?P<numbers>[0-9;]*)(?P<final>[A-Za-z~])"  # xterm's ctlseqs: CSI, and SS3 in application mode
    rb"|\x1b(?:[\[O][0-9;]{0,16})?\Z"
    rb"|(?P<plain>[\x00-\x7f])"
    rb"|[\x80-\xff]"
)
_FINAL = {b"A": "up", b"B": "down", b"C": "right", b"D": "left", b"H": "home"}
_NUMBER = {b"1": "home", b"7": "home"}
"""Of `ESC [ number ~`: which of them is Home depends on the terminal."""
_PLAIN = {
    "\x1b": "escape", " ": "space", "\x7f": "backspace", "\b": "backspace", "\r": "enter", "\n": "enter",
}  # fmt: skip


class Keys:
    """Names what is typed: a character by itself, others as "left", "space", "escape"; unknown keys by nothing.

    A lone ESC may be a key or the beginning of one: while `unsure`, `settle` says that nothing followed.
    """

    def __init__(self) -> None:
        self._rest = b""

    @property
    def unsure(self) -> bool:
        return bool(self._rest)

    def feed(self, data: bytes) -> list[str]:
        data, self._rest = self._rest + data, b""
        names = []
        for token in _TOKEN.finditer(data):
            if token["plain"]:
                char = token["plain"].decode("ascii")
                names.append(_PLAIN.get(char, char))
            elif token["final"] == b"~":
                names.append(_NUMBER.get(token["numbers"].split(b";")[0], ""))
            elif token["final"]:
                names.append(_FINAL.get(token["final"], ""))
            elif token[0][:1] == b"\x1b":
                self._rest = token[0]
        return list(filter(None, names))

    def settle(self) -> list[str]:
        """The keys of which no more will come."""
        rest, self._rest = self._rest, b""
        return ["escape"] if rest == b"\x1b" else []
