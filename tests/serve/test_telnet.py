from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphgrad.serve.telnet import Charset, Event, Interrupt, Negotiates, Size, Telnet, TerminalType, Text

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
BINARY, ECHO, SGA, TM, TTYPE, NAWS, CHARSET = 0, 1, 3, 6, 24, 31, 42


def telnet() -> Telnet:
    return Telnet(subnegotiation_bytes=256, option_commands=64)


def sub(*content: int) -> bytes:
    return bytes([IAC, SB, *content, IAC, SE])


def said(events: list[Event]) -> list[Event]:
    """Without the first command's own event, texts joined: where a text is cut means nothing."""
    found: list[Event] = []
    for event in events:
        if isinstance(event, Text) and found and isinstance(found[-1], Text):
            found[-1] = Text(found[-1].data + event.data)
        elif event != Negotiates():
            found.append(event)
    return found


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"hello", [Text(b"hello")]),
        (b"a\xff\xffb", [Text(b"a\xffb")]),
        (sub(NAWS, 0, 132, 0, 43), [Size(rows=43, cols=132)]),
        (sub(NAWS, 0, 255, 255, 0, 24), [Size(rows=24, cols=255)]),  # a doubled 255
        (sub(NAWS, 255, 255, 255, 255, 255, 255, 255, 255), [Size(rows=65535, cols=65535)]),
        (sub(NAWS, 0, 0, 0, 0), [Size(rows=0, cols=0)]),
        (sub(NAWS, 0, 80, 0), []),
        (sub(NAWS, 0, 80, 0, 24, 0), []),
        (sub(), []),
        (sub(TTYPE, 0, *b"XTERM-256color"), [TerminalType("xterm-256color")]),
        (sub(TTYPE, 0, *b"\x1b[2Jx\n\x9b31m\x00"), [TerminalType("2jx31m")]),
        (sub(TTYPE, 0, *b"x" * 200), [TerminalType("x" * 40)]),
        (sub(TTYPE, 1), []),
        (bytes([IAC, 244]), [Interrupt()]),
        (bytes([IAC, 244, IAC, DO, TM]), [Interrupt()]),
        (bytes([IAC, 241, IAC, 249]) + b"x", [Text(b"x")]),
        (bytes([IAC, SB, NAWS, 0, 80, IAC, 244]) + b"x", [Interrupt(), Text(b"x")]),  # broken off
        (sub(39, 0, *b"USER\x01root"), []),  # NEW-ENVIRON was never agreed to
    ],
)
def test_what_a_client_says(data: bytes, events: list[Event]) -> None:
    assert said(telnet().feed(data)) == events


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        ((DO, ECHO), ()),  # answers to the greeting are not answered
        ((DO, SGA), ()),
        ((WILL, NAWS), ()),
        ((DO, TM), (IAC, WILL, TM)),
        ((DO, BINARY), (IAC, WILL, BINARY)),
        ((WILL, BINARY), (IAC, DO, BINARY)),
        ((DO, 39), (IAC, WONT, 39)),
        ((WILL, 39), (IAC, DONT, 39)),
        ((WILL, ECHO), (IAC, DONT, ECHO)),
        ((WONT, 39), ()),
        ((DONT, ECHO), (IAC, WONT, ECHO)),
        ((WILL, TTYPE), (IAC, SB, TTYPE, 1, IAC, SE)),
    ],
)
def test_what_is_answered(data: tuple[int, ...], answer: tuple[int, ...]) -> None:
    client = telnet()
    client.feed(bytes([IAC, *data]))
    assert client.answers() == bytes(answer)
    assert client.answers() == b""


def test_the_greeting_offers_what_a_screen_needs() -> None:
    assert Telnet.greeting == bytes([IAC, WILL, ECHO, IAC, WILL, SGA, IAC, DO, NAWS, IAC, DO, TTYPE])


def test_two_of_us_agree_and_fall_silent() -> None:
    """An endless exchange of answers is telnet's classic mistake."""
    one, other = telnet(), telnet()
    to_other, to_one = Telnet.greeting, Telnet.greeting
    for _ in range(8):
        one.feed(to_one)
        other.feed(to_other)
        to_other, to_one = one.answers(), other.answers()
    assert (to_other, to_one) == (b"", b"")


@pytest.mark.parametrize(
    ("offer", "charset", "name"),
    [
        (b";ISO-8859-1;UTF-8", "utf-8", b"UTF-8"),
        (b" cp437 US-ASCII", "cp437", b"cp437"),
        (b";latin1", None, None),
        (b";", None, None),
    ],
)
def test_a_charset_is_agreed_on(offer: bytes, charset: str | None, name: bytes | None) -> None:
    client = telnet()
    assert said(client.feed(sub(CHARSET, 1, *offer))) == ([Charset(charset)] if charset else [])
    assert client.answers() == sub(CHARSET, 2, *(name or b"")) if name else sub(CHARSET, 3)


def test_it_is_settled_when_size_and_type_are_known_or_refused() -> None:
    client = telnet()
    client.feed(bytes([IAC, DO, ECHO, IAC, WILL, TTYPE]))
    assert not client.settled
    client.feed(sub(TTYPE, 0, *b"vt100"))
    assert not client.settled
    client.feed(bytes([IAC, WONT, NAWS]))
    assert client.settled


# --- Attacks ---


def test_only_so_many_option_commands_are_answered() -> None:
    client = telnet()
    for _ in range(100):
        client.feed(bytes([IAC, DO, TM]) * 1000)
    assert client.answers() == bytes([IAC, WILL, TM]) * 64


@pytest.mark.parametrize("content", [b"x" * 400_000, b"\xff\xff" * 200_000, b"x\xff\xff" * 130_000])
def test_a_subnegotiation_without_end_takes_no_memory(content: bytes) -> None:
    client = telnet()
    client.feed(bytes([IAC, SB, TTYPE, 0]))
    for at in range(0, len(content), 4096):
        assert client.feed(content[at : at + 4096]) == []
    assert len(client._sub) <= 256
    assert said(client.feed(bytes([IAC, SE]) + b"x")) == [Text(b"x")]  # and what it said is void


@pytest.mark.parametrize(("escapes", "heard"), [(127, True), (128, False)])
def test_escapes_count_in_a_subnegotiation(escapes: int, heard: bool) -> None:
    """256 bytes: TTYPE, IS, and 127 pairs."""
    events = said(telnet().feed(sub(TTYPE, 0, *b"\xff\xff" * escapes)))
    assert events == ([TerminalType("")] if heard else [])


def test_charset_offers_are_counted_too() -> None:
    client = telnet()
    client.feed(sub(CHARSET, 1, *b";UTF-8") * 1000)
    assert len(client.answers()) == 64 * len(sub(CHARSET, 2, *b"UTF-8"))


WORDS = [bytes([IAC, verb]) for verb in range(236, 256)] + [
    bytes([IAC, SB, option, kind]) for option in (TTYPE, NAWS, CHARSET, 39) for kind in (0, 1)
]  # fmt: skip
"""What random bytes alone would hardly ever say."""


STREAMS = 12
"""In one example: drawing it takes hypothesis longer than reading it takes the parser. 12 x 850 are 10,200 cases."""


@settings(max_examples=850, deadline=None)
@given(drawn=st.binary(min_size=480, max_size=480), cut=st.integers(1, 20))
def test_random_bytes_do_nothing_and_where_they_are_cut_does_not_matter(drawn: bytes, cut: int) -> None:
    for start in range(0, len(drawn), len(drawn) // STREAMS):
        words = drawn[start : start + len(drawn) // STREAMS]
        check(b"".join(WORDS[byte - 100] if 100 <= byte < 100 + len(WORDS) else bytes([byte]) for byte in words), cut)


def check(data: bytes, cut: int) -> None:
    whole, pieces = telnet(), telnet()
    events = said(whole.feed(data))
    found = [event for at in range(0, len(data), cut) for event in pieces.feed(data[at : at + cut])]
    assert said(found) == events
    answers = whole.answers()
    assert pieces.answers() == answers
    assert len(answers) <= 64 * (256 + 6)
    assert whole._state == getattr(whole, pieces._state.__name__)
    for event in events:
        if isinstance(event, TerminalType):
            assert event.name == "" or (event.name.isprintable() and event.name.isascii())
    assert sum(len(event.data) for event in events if isinstance(event, Text)) <= len(data)
