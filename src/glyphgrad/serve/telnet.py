"""The telnet protocol (RFC 854) without I/O: bytes in, events and answers out.

Understood are ECHO (RFC 857), SUPPRESS-GO-AHEAD (858), BINARY (856), TIMING-MARK (860), NAWS (1073),
TERMINAL-TYPE (1091) and CHARSET (2066); everything else is declined. What a client can make the server
do is bounded: by the bytes of a subnegotiation, and by the number of option commands that are answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
_IP, _ABORT, _EOF = 244, 238, 236
"""Interrupt process, and two more that mean as much. A client's Ctrl-C is IP."""

BINARY, ECHO, SGA, TIMING_MARK, TTYPE, NAWS, CHARSET = 0, 1, 3, 6, 24, 31, 42
_OURS = frozenset({BINARY, ECHO, SGA, CHARSET})
_THEIRS = frozenset({BINARY, SGA, TTYPE, NAWS, CHARSET})
"""Options that the server agrees to have on its own side, and on the client's."""

_SEND, _IS = 1, 0
_REQUEST, _ACCEPTED, _REJECTED = 1, 2, 3

CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "cp437": "cp437", "ibm437": "cp437", "us-ascii": "ascii", "ascii": "ascii"}  # fmt: skip
"""What clients call a charset -> the screen's name of it, the best first."""

_LONGEST_TYPE = 40


@dataclass(frozen=True)
class Text:
    """What was typed."""

    data: bytes


@dataclass(frozen=True)
class Size:
    """The client's terminal, as it claims: 0..65535 each, 0 for unknown."""

    rows: int
    cols: int


@dataclass(frozen=True)
class TerminalType:
    """Plain ASCII letters, digits and `+ - . _ /`, in lower case, at most 40 of them."""

    name: str


@dataclass(frozen=True)
class Charset:
    """The client and the server have agreed on "utf-8", "cp437" or "ascii"."""

    name: str


@dataclass(frozen=True)
class Interrupt:
    """The client wants to leave."""


@dataclass(frozen=True)
class Negotiates:
    """The first command of a client: it speaks telnet."""


Event = Text | Size | TerminalType | Charset | Interrupt | Negotiates


class Telnet:
    """One connection. `greeting` opens it, `feed` takes what comes; `answers` is what then has to be sent.

    `settled`: the client has said all that was asked of it, its size and its type, or that it will not.
    """

    greeting = bytes([IAC, WILL, ECHO, IAC, WILL, SGA, IAC, DO, NAWS, IAC, DO, TTYPE])

    def __init__(self, subnegotiation_bytes: int, option_commands: int):
        self._room, self._commands = subnegotiation_bytes, option_commands
        self._ours, self._theirs = {ECHO, SGA}, {NAWS, TTYPE}  # agreed, or offered in the greeting
        self._waiting = {NAWS, TTYPE}
        self._spoke = False
        self._state: Callable[[int], None] = self._data
        self._verb = 0
        self._sub = bytearray()
        self._sub_size = 0
        self._events: list[Event] = []
        self._answers = bytearray()

    @property
    def settled(self) -> bool:
        return not self._waiting

    def answers(self) -> bytes:
        """What has to be sent since the last time."""
        found = bytes(self._answers)
        self._answers.clear()
        return found

    def feed(self, data: bytes) -> list[Event]:
        """The events in the next bytes of a client, however they are cut."""
        at = 0
        while at < len(data):
            if self._state == self._data:
                end = data.find(IAC, at)
                end = len(data) if end < 0 else end
                self._text(data[at:end])
                at = end
            if at < len(data):
                self._state(data[at])
                at += 1
        events, self._events = self._events, []
        return events

    # --- States: each takes a byte ---

    def _data(self, byte: int) -> None:  # noqa: ARG002
        """`feed` gives it nothing but IAC."""
        self._state = self._command

    def _command(self, byte: int) -> None:
        self._state = self._data
        if byte == IAC:
            self._text(b"\xff")
            return
        if not self._spoke:
            self._spoke = True
            self._events.append(Negotiates())
        if byte in (WILL, WONT, DO, DONT):
            self._verb, self._state = byte, self._option
        elif byte == SB:
            self._sub.clear()
            self._sub_size, self._state = 0, self._subnegotiation
        elif byte in (_IP, _ABORT, _EOF):
            self._events.append(Interrupt())

    def _option(self, option: int) -> None:
        self._state = self._data
        if self._commands:
            self._commands -= 1
            self._negotiate(self._verb, option)

    def _subnegotiation(self, byte: int) -> None:
        if byte == IAC:
            self._state = self._subnegotiation_command
        else:
            self._keep(byte, 1)

    def _subnegotiation_command(self, byte: int) -> None:
        """An IAC in a subnegotiation is doubled; one before anything else but SE breaks it off."""
        if byte == IAC:
            self._state = self._subnegotiation
            self._keep(IAC, 2)
            return
        self._state = self._data
        if byte != SE:
            self._command(byte)
        elif self._sub_size <= self._room and self._sub:
            self._understand(bytes(self._sub))

    def _keep(self, byte: int, cost: int) -> None:
        self._sub_size += cost
        if self._sub_size <= self._room:
            self._sub.append(byte)

    # --- What it means ---

    def _text(self, data: bytes) -> None:
        if data:
            self._events.append(Text(data))

    def _negotiate(self, verb: int, option: int) -> None:
        """RFC 1143 in short: answer what changes something, never an answer to an answer."""
        if verb in (DO, DONT):
            side, agreed, yes, no = self._ours, option in _OURS, WILL, WONT
        else:
            side, agreed, yes, no = self._theirs, option in _THEIRS, DO, DONT
        if verb in (DONT, WONT):
            self._waiting.discard(option)
            if option in side:
                side.discard(option)
                self._say(no, option)
        elif option == TIMING_MARK and verb == DO:
            self._say(WILL, option)  # not a state: every one is answered
        elif not agreed:
            self._say(no, option)
        elif option not in side:
            side.add(option)
            self._say(yes, option)
        if verb == WILL and option == TTYPE and option in self._waiting:
            self._answers += bytes([IAC, SB, TTYPE, _SEND, IAC, SE])

    def _say(self, verb: int, option: int) -> None:
        self._answers += bytes([IAC, verb, option])

    def _understand(self, sub: bytes) -> None:
        option, content = sub[0], sub[1:]
        self._waiting.discard(option)
        if option == NAWS and len(content) == 4:
            self._events.append(Size(cols=int.from_bytes(content[:2]), rows=int.from_bytes(content[2:])))
        elif option == TTYPE and content[:1] == bytes([_IS]):
            name = re.sub(r"[^a-z0-9+./_-]", "", content[1:].decode("latin-1").lower())
            self._events.append(TerminalType(name[:_LONGEST_TYPE]))
        elif option == CHARSET and content[:1] == bytes([_REQUEST]) and len(content) > 1 and self._commands:
            self._commands -= 1
            self._choose_charset(content[1:])

    def _choose_charset(self, offer: bytes) -> None:
        """The first byte of an offer parts the names in it."""
        names = {name.decode("latin-1").lower(): name for name in offer[1:].split(offer[:1])}
        best = next((name for name in CHARSETS if name in names), None)
        answer = bytes([_REJECTED]) if best is None else bytes([_ACCEPTED]) + names[best]
        self._answers += bytes([IAC, SB, CHARSET]) + answer + bytes([IAC, SE])
        if best:
            self._events.append(Charset(CHARSETS[best]))
