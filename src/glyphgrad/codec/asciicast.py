"""Films <-> asciicast v2 and v3, what asciinema plays: a line of JSON for the header, then one an event.

The formats: https://docs.asciinema.org/manual/asciicast/v2 and .../v3. What neither has a place for, the
preset and the paper, is told in `env`.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring
from typing import Any

from glyphgrad.codec.defaults import CAST_VERSION
from glyphgrad.codec.paint import paint
from glyphgrad.codec.sgr import Look, Pen, look_of
from glyphgrad.codec.terminal import Terminal, cells_of
from glyphgrad.core.clip import MAX_TIME, ClipHeader, Film, TimedFrame, printable, timed
from glyphgrad.core.colors import Depth, palette
from glyphgrad.core.frame import Frame
from glyphgrad.errors import ClipError, ConfigError, GlyphgradWarning

VERSIONS = (2, 3)
_PRESET, _DARK, _SOFTWARE = "GLYPHGRAD_PRESET", "GLYPHGRAD_DARK", "GLYPHGRAD_VERSION"
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


# --- Writing ---


class CastEncoder:
    """Frames in, lines of an asciicast out: the first frame whole, of the others what has changed.

    Raises ConfigError for a version there is not, ClipError for a character that is not one cell wide.
    """

    def __init__(self, header: ClipHeader, version: int = CAST_VERSION):
        if version not in VERSIONS:
            raise ConfigError(f"asciicast version is {version}: choose one of {', '.join(map(str, VERSIONS))}")
        self.header, self.version = header, version
        self._before: Frame | None = None
        self._told = self._end = 0
        self._narrow: set[str] = set()

    def start(self) -> bytes:
        theme = _theme(self.header.dark)
        size: dict[str, Any] = {"width": self.header.cols, "height": self.header.rows, "theme": theme}
        if self.version == 3:
            size = {"term": {"cols": self.header.cols, "rows": self.header.rows, "theme": theme}}
        found = {"version": self.version, **size, "title": self.header.title, "env": self._env()}
        return json.dumps({key: value for key, value in found.items() if value}, ensure_ascii=False).encode() + b"\n"

    def add(self, timed: TimedFrame) -> bytes:
        look = look_of(self.header.dark)
        text = paint(self._before, timed.frame, look) or _again(timed.frame, look)
        self._check_width(text)
        if self._before is None:
            text = f"\x1b[{look.sgr}m{_HIDE}\x1b[2J{text}"
        self._before, self._end = timed.frame, timed.end
        return self._event(timed.start, text)

    def finish(self) -> bytes:
        """An event that draws nothing tells how long the last frame stays."""
        return self._event(self._end, f"\x1b[m{_SHOW}")

    def _check_width(self, text: str) -> None:
        if text.isascii():
            return
        for char in set(text) - self._narrow:
            if char > "\x7f" and cells_of(char) != 1:
                raise ClipError(
                    f"{char!r} is not one cell wide on a terminal, which a cast is made for: use a clip file"
                )
            self._narrow.add(char)

    def _env(self) -> dict[str, str]:
        told = {_PRESET: self.header.preset, _DARK: str(int(self.header.dark)), _SOFTWARE: self.header.software}
        return {name: value for name, value in told.items() if value}

    def _event(self, time: int, text: str) -> bytes:
        """v3 tells the time since the last event. Both are whole milliseconds, so nothing is rounded and nothing drifts."""
        shown = time - self._told if self.version == 3 else time
        self._told = time
        return f'[{shown // 1000}.{shown % 1000:03}, "o", {encode_basestring(text)}]\n'.encode()


def _theme(dark: bool) -> dict[str, str]:
    """What a player is to show of the film's ink, its paper and the sixteen colours, of which it has others."""
    colors = ["#{:02x}{:02x}{:02x}".format(*color) for color in palette(Depth.C16).tolist()]
    black, white = colors[0], colors[-1]
    return {"fg": white if dark else black, "bg": black if dark else white, "palette": ":".join(colors)}


def _again(frame: Frame, look: Look) -> str:
    """The first cell once more, for a frame that is like the one before it."""
    pen = Pen(frame, look)
    return f"\x1b[H{pen.write(0, 1)}{pen.home()}"


# --- Reading ---


def decode_cast(lines: Iterable[bytes], name: str) -> Film:
    """The film of an asciicast's lines: what a terminal shows after each output that draws something.

    The screen is blank until the first of them. What `Terminal` does not know is passed over, with one
    GlyphgradWarning at the end, and so is a last line that was cut off. `name` is for messages. Raises
    ClipError, which names the line.
    """
    lines = iter(lines)
    found = _header_json(next(lines, b""), name)
    header = _header(found, name)
    return Film(header, timed(_shown(_events(lines, found["version"], header.size, name), header, name)))


def _header_json(line: bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise _error(name, 1, "no header of an asciicast") from None
    if not isinstance(found, dict) or not isinstance(found.get("version"), int):
        raise _error(name, 1, "no header of an asciicast")
    if found["version"] not in VERSIONS:
        known = " and ".join(map(str, VERSIONS))
        raise ClipError(
            f"cast {name!r} is of version {found['version']}: glyphgrad reads {known}; update it, or convert the cast"
        )
    return found


def _header(found: dict[str, Any], name: str) -> ClipHeader:
    term, sides = (found.get("term"), ("cols", "rows")) if found["version"] == 3 else (found, ("width", "height"))
    cols, rows = (term.get(side) if isinstance(term, dict) else None for side in sides)
    if type(cols) is not int or type(rows) is not int:
        raise _error(name, 1, f"{sides[0]} is {cols!r:.40}, {sides[1]} is {rows!r:.40}: whole numbers are needed")
    env = found.get("env")
    words = (
        {key: printable(value) for key, value in env.items() if isinstance(value, str)} if isinstance(env, dict) else {}
    )
    try:
        return ClipHeader(
            rows=rows,
            cols=cols,
            preset=words.get(_PRESET),
            dark=words.get(_DARK, "1") == "1",  # any other cast was made on a terminal
            title=printable(str(found.get("title") or "")),
            software=words.get(_SOFTWARE, ""),
        )
    except ClipError as error:
        raise _error(name, 1, str(error)) from None


def _events(lines: Iterator[bytes], version: int, size: str, name: str) -> Iterator[tuple[float, str]]:
    """(seconds since the beginning, output) of the events; no output for those of other kinds."""
    now = 0.0
    for number, line in enumerate(lines, 2):
        if version == 3 and line.startswith(b"#"):
            continue
        if not line.strip():
            continue
        try:
            time, code, data = _event(line)
        except (ValueError, RecursionError) as error:
            if not line.endswith(b"\n"):
                warnings.warn(
                    f"cast {name!r} is cut off in line {number}: using what is before it",
                    GlyphgradWarning,
                    stacklevel=2,
                )
                return
            raise _error(name, number, f"no event ({error})") from None
        if time < (0 if version == 3 else now):
            raise _error(name, number, f"its time is {time}, which goes back")
        now = now + time if version == 3 else time
        if code == "r" and data != size:
            raise _error(name, number, f"the screen becomes {data[:20]}, the film is {size}: all frames need one size")
        yield now, data if code == "o" else ""


def _event(line: bytes) -> tuple[float, str, str]:
    """Time, code and data of an event's line. Raises ValueError."""
    event = json.loads(line)
    if not isinstance(event, list) or len(event) != 3:
        raise ValueError("it is not [time, code, data]")
    time, code, data = event
    if isinstance(time, bool) or not isinstance(time, int | float) or not math.isfinite(time) or time > MAX_TIME / 1000:
        raise ValueError(f"its time is {str(time)[:40]!r}")
    if not isinstance(code, str) or not isinstance(data, str):
        raise ValueError("its code and data are not text")
    return time, code, data


def _shown(events: Iterator[tuple[float, str]], header: ClipHeader, name: str) -> Iterator[tuple[float, Frame | None]]:
    """What the screen shows from when on; None where time goes on and the picture stays."""
    screen = Terminal(header.rows, header.cols, header.dark)
    blank, begun = screen.frame, False
    for time, text in events:
        screen.feed(text)
        if not begun and round(1000 * time) > 0:
            yield 0, blank
        begun = True
        yield time, screen.frame if screen.drawn else None
    if screen.ignored:
        told = ", ".join(sorted(screen.ignored))
        warnings.warn(
            f"cast {name!r}: passed over {told}; glyphgrad reads text, colours and cursor moves",
            GlyphgradWarning,
            stacklevel=2,
        )


def _error(name: str, line: int, what: str) -> ClipError:
    return ClipError(f"cast {name!r} is damaged in line {line}: {what}")
