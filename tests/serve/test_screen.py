from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glyphgrad import Colors, Depth, Frame
from glyphgrad.codec.terminal import Terminal
from glyphgrad.serve.screen import Screen

LINES = ["Häuser ░▒▓█", "│ ☺ 你 é ⌂ │", "plain text "]


@pytest.mark.parametrize(
    ("term", "charset", "mute", "synchronized", "depth"),
    [
        ("xterm-256color", "utf-8", False, False, "256"),
        ("xterm", "utf-8", False, False, "16"),
        ("XTERM-KITTY", "utf-8", False, True, "true"),
        ("foot", "utf-8", False, True, "true"),
        ("linux", "utf-8", False, False, "16"),
        ("vt100", "utf-8", False, False, "none"),
        ("unnamed", "utf-8", False, False, "16"),
        ("ansi", "cp437", False, False, "16"),
        ("ANSI-BBS", "cp437", False, False, "16"),
        ("SyncTERM", "cp437", False, False, "16"),
        ("dumb", "ascii", True, False, "none"),
        (None, "utf-8", True, False, "none"),
        ("", "utf-8", True, False, "none"),
    ],
)
def test_a_terminal_type_tells_what_may_be_sent(
    term: str | None, charset: str, mute: bool, synchronized: bool, depth: str
) -> None:
    assert Screen.of_terminal(24, 80, term) == Screen(24, 80, charset, mute, synchronized, Depth(depth))


@pytest.mark.parametrize(
    ("charset", "shown"),
    [
        ("utf-8", ["Häuser ░▒▓█", "│ ☺ ? é ⌂ │"]),
        ("cp437", ["Häuser ░▒▓█", "│ ? ? é ? │"]),
        ("ascii", ["Hauser .+%#", "| ? ? e ? |"]),
    ],
)
def test_what_a_charset_lacks_becomes_something_alike(charset: str, shown: list[str]) -> None:
    for line, expected in zip(LINES, shown, strict=False):
        assert Screen(charset=charset).encode(line).decode(charset) == expected


@example("\xa0⌂☺\xff")
@given(st.text(st.characters(min_codepoint=0xA0, exclude_categories=["Cs"])))
def test_no_character_becomes_a_control_code(text: str) -> None:
    """Code page 437 has pictures below 32, which a terminal obeys, and 0xFF is telnet's own."""
    for charset in ("cp437", "ascii"):
        data = Screen(charset=charset).encode(text)
        assert len(data) == len(text)
        assert min(data, default=32) >= 32
        assert not {127, 255} & set(data)
    assert 255 not in Screen().encode(text)


FRAMES = st.lists(st.text("ab #", min_size=6, max_size=6), min_size=4, max_size=4).map(Frame.from_lines)


@given(before=FRAMES, after=FRAMES, synchronized=st.booleans(), dark=st.booleans())
def test_a_terminal_shows_the_frame(before: Frame, after: Frame, synchronized: bool, dark: bool) -> None:
    screen, terminal = Screen(4, 6, synchronized=synchronized), Terminal(4, 6, dark)
    terminal.feed(screen.frame(None, before, dark).decode())
    assert terminal.frame == before
    terminal.feed(screen.frame(before, after, dark).decode())
    assert terminal.frame == after


ROW = Frame.from_lines(["ab"]).cells
COLORED = Frame(ROW, Colors(Depth.TRUE, np.array([[[250, 0, 5], [0, 250, 0]]], np.uint8)))
"""Almost colours of the palette of 256."""


@pytest.mark.parametrize(
    ("term", "sent"),
    [
        (
            "xterm-kitty",
            "\x1b[?2026h\x1b[38;5;231;48;5;16m\x1b[1;1H\x1b[38;2;250;0;5ma\x1b[38;2;0;250;0mb\x1b[38;5;231m\x1b[?2026l",
        ),
        ("xterm-256color", "\x1b[38;5;231;48;5;16m\x1b[1;1H\x1b[38;5;196ma\x1b[38;5;46mb\x1b[38;5;231m"),
        ("linux", "\x1b[97;40m\x1b[1;1H\x1b[31ma\x1b[92mb\x1b[97m"),
        ("ansi", "\x1b[0;37;40m\x1b[1;1H\x1b[31ma\x1b[1;32mb\x1b[0m"),
        ("vt100", "\x1b[38;5;231;48;5;16m\x1b[1;1Hab"),
    ],
)
def test_a_terminal_gets_the_nearest_of_its_colours(term: str, sent: str) -> None:
    screen = Screen.of_terminal(1, 2, term)
    assert screen.frame(None, screen.shown(COLORED)).decode() == sent


def test_a_mute_client_that_asks_for_colours_has_its_own_after_each_frame() -> None:
    screen = Screen(2, 2, mute=True, depth=Depth.C256)
    sent = screen.frame(None, screen.shown(COLORED)).decode()
    assert sent == "\x1b[38;5;231;48;5;16m\x1b[1;1H\x1b[38;5;196ma\x1b[38;5;46mb\x1b[38;5;231m\x1b[m\x1b[2;1H"
    assert screen.frame(None, screen.shown(Frame(ROW))) == b"\x1b[1;1Hab\x1b[2;1H"


def test_nothing_is_sent_when_nothing_changes() -> None:
    frame = Frame.from_lines(["ab"])
    for screen in (Screen(), Screen(mute=True), Screen(synchronized=True)):
        assert screen.frame(frame, frame) == b""


def test_a_mute_client_is_sent_nothing_that_must_be_undone() -> None:
    screen = Screen(5, 6, mute=True)
    frame = screen.shown(Frame.from_lines(["abcdef"] * 5))
    sent = screen.enter() + screen.frame(None, frame) + screen.leave()
    assert b"?" not in sent  # private modes: the alternate screen, the cursor, wrapping
    assert b"m" not in sent  # colours
    assert frame.rows == 4
    assert screen.frame(None, frame).endswith(b"\x1b[5;1H")  # where the prompt is after Ctrl-C


def test_a_screen_is_left_as_it_was_found() -> None:
    screen = Screen()
    modes = {part[:-1] for part in screen.enter().split(b"\x1b[?")[1:]}
    for mode in (b"1049", b"25", b"7"):
        assert any(found.startswith(mode) for found in modes)
    assert screen.leave().endswith(b"\x1b[?7h\x1b[?25h\x1b[?1049l")
