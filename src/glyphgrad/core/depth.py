"""How many colours a terminal has, from what it and its user say of it."""

from __future__ import annotations

from collections.abc import Mapping

from glyphgrad.core.colors import Depth

_TRUE_NAMES = ("direct", "truecolor", "24bit")
_TRUE_TERMINALS = ("alacritty", "contour", "foot", "ghostty", "iterm2", "kitty", "mintty", "rio", "wezterm",
                   "xterm-ghostty", "xterm-kitty")  # fmt: skip
"""By the beginning of the type: terminals that show all of sRGB."""
_NONE_TERMINALS = ("dumb", "unknown", "network", "vt", "wyse", "adm", "lpr", "tty", "cons")
"""By the beginning of the type: those of one colour, and what is no terminal."""


def depth_of_terminal(term: str, colorterm: str = "") -> Depth:
    """By a terminal's type, TERM, and COLORTERM where that is known. Of a name that says nothing it is 16."""
    name = term.lower()
    if not name or name.startswith(_NONE_TERMINALS) or name.endswith(("-m", "-mono")):
        return Depth.NONE
    if colorterm.lower() in ("truecolor", "24bit"):
        return Depth.TRUE
    if name.startswith(_TRUE_TERMINALS) or any(word in name for word in _TRUE_NAMES):
        return Depth.TRUE
    return Depth.C256 if "256" in name else Depth.C16


def depth_of_output(environment: Mapping[str, str], is_terminal: bool) -> Depth:
    """Of a program's own output: none where it is no terminal, or the user wants none.

    NO_COLOR (https://no-color.org) counts when it is not empty; CLICOLOR_FORCE
    (https://bixense.com/clicolors), unless 0, says that the output is a terminal's anyway.
    """
    forced = environment.get("CLICOLOR_FORCE", "0") not in ("", "0")
    if environment.get("NO_COLOR") or not (is_terminal or forced):
        return Depth.NONE
    term = environment.get("TERM", "")
    if "WT_SESSION" in environment or (not term and "WINDIR" in environment):  # terminals of Windows 10 and later
        return Depth.TRUE
    depth = depth_of_terminal(term, environment.get("COLORTERM", ""))
    return Depth.C16 if forced and depth == Depth.NONE else depth
