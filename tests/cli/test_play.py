"""`glyphgrad play` on a pseudo-terminal of its own, as a user has it."""

from __future__ import annotations

import fcntl
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from glyphgrad.cli import play as cli
from glyphgrad.codec.chunks import MAGIC
from glyphgrad.codec.formats import write_film
from glyphgrad.codec.sgr import PAPER, SCREEN
from glyphgrad.codec.terminal import Terminal
from glyphgrad.core.clip import ClipHeader, TimedFrame
from glyphgrad.core.colors import Colors, Depth
from glyphgrad.core.frame import Frame
from glyphgrad.core.window import window
from glyphgrad.play.screen import Screen

PATIENCE = 20.0
"""Seconds: how long to wait for what comes at once, on a machine that has other things to do."""
IN_FRONT = (
    "import fcntl, os, sys, termios; fcntl.ioctl(2, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""Makes standard error the terminal of a new session: Ctrl-C then goes to what runs on it."""
MODES = {"?1049": "l", "?25": "h", "?7": "h", "?2026": "l"}
"""How a shell has its terminal: its own screen, a cursor, lines that wrap, drawing as it comes."""


def frame(number: int, rows: int = 4, cols: int = 10) -> Frame:
    cells = np.random.default_rng(number).integers(ord("a"), ord("z"), (rows, cols))
    return Frame(cells.astype(np.uint32))


def write(path: Path, count: int = 3, length: int = 100, dark: bool = True) -> Path:
    with write_film(path, ClipHeader(4, 10, "terminal", dark)) as film:
        for number in range(count):
            film.write(TimedFrame(length * number, length * number + length, frame(number)))
    return path


class Console:
    """A terminal of `rows` x `cols`, what runs on it, and all that it sent."""

    def __init__(
        self, command: list[object], rows: int = 6, cols: int = 30, env: dict[str, str] | None = None, **options: Any
    ):
        self.rows, self.cols = rows, cols
        self.terminal, self.inside = os.openpty()
        self.resize(rows, cols)
        self.mode = termios.tcgetattr(self.inside)
        launch = [sys.executable, "-S", "-c", IN_FRONT, *map(str, command)]
        streams = {"stdin": self.inside, "stdout": self.inside, "stderr": self.inside} | options
        own = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLORTERM")}
        env = {**own, "TERM": "xterm-256color", "PS1": "$ ", **(env or {})}
        self.process = subprocess.Popen(launch, start_new_session=True, env=env, **streams)
        self.sent = ""

    def resize(self, rows: int, cols: int) -> None:
        self.rows, self.cols = rows, cols
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("4H", rows, cols, 0, 0))

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def until(self, done: Callable[[], Any]) -> None:
        """Read what is sent until something holds."""
        end = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < end, f"waited in vain: {self.sent[-300:]!r}"
            self.read()

    def read(self) -> None:
        if select.select([self.terminal], [], [], 0.02)[0]:
            self.sent += os.read(self.terminal, 1 << 16).decode()

    def plays(self) -> None:
        """Wait until it does."""
        self.until(lambda: "\x1b[?2026l" in self.sent)

    def shows(self, expected: Frame) -> None:
        """Wait until the screen, as it was last painted whole, shows a frame."""
        self.until(lambda: self.screen == window(expected, self.rows, self.cols))

    @property
    def screen(self) -> Frame:
        terminal = Terminal(self.rows, self.cols)
        terminal.feed(self.sent[max(0, self.sent.rfind("\x1b[2J")) :])
        return terminal.frame

    def ended(self) -> int:
        self.until(lambda: self.process.poll() is not None)
        while select.select([self.terminal], [], [], 0)[0]:
            self.read()
        return self.process.returncode

    @property
    def at_home(self) -> bool:
        """Whether every mode that was ever set is as a shell has it."""
        latest = dict(re.findall(r"\x1b\[(\?\d+)([hl])", self.sent))
        return MODES.items() <= latest.items()

    @property
    def restored(self) -> bool:
        styles = re.findall(r"\x1b\[([0-9;]*)m", self.sent)
        plain = not styles or styles[-1] in ("", "0")
        return self.at_home and plain and termios.tcgetattr(self.inside) == self.mode

    @property
    def after(self) -> str:
        """What was sent after the screen was given back."""
        return self.sent[self.sent.rfind("\x1b[?1049l") + len("\x1b[?1049l") :]


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Callable[..., Console]]:
    """Starts `glyphgrad play ARGS` on a terminal; it is ended with the test."""
    consoles: list[Console] = []

    def start(*args: object, command: list[object] | None = None, **options: Any) -> Console:
        play = ["-m", "glyphgrad", "play", *args]
        consoles.append(Console(command or play, cwd=tmp_path, **options))
        return consoles[-1]

    yield start
    for one in consoles:
        one.process.kill()
        one.process.wait()
        os.close(one.terminal)
        os.close(one.inside)


def test_a_film_plays_to_its_end(console: Callable[..., Console], tmp_path: Path) -> None:
    one = console(write(tmp_path / "film.glyph"))
    assert one.ended() == 0
    assert one.restored
    assert one.after == ""
    assert f"\x1b[{SCREEN.sgr}m" in one.sent
    assert one.screen in [window(frame(number), 6, 30) for number in range(3)]


@pytest.mark.parametrize(
    ("env", "depth"),
    [
        ({}, Depth.C256),
        ({"COLORTERM": "truecolor"}, Depth.TRUE),
        ({"TERM": "linux"}, Depth.C16),
        ({"NO_COLOR": "1"}, Depth.NONE),
    ],
)
def test_a_film_in_colours_is_shown_in_those_of_the_terminal(
    console: Callable[..., Console], tmp_path: Path, env: dict[str, str], depth: Depth
) -> None:
    rng = np.random.default_rng(8)
    fg, bg = rng.integers(0, 256, (2, 4, 10, 3), dtype=np.uint8)
    colored = Frame(frame(0).cells, Colors(Depth.TRUE, fg, bg))
    with write_film(tmp_path / "film.glyph", ClipHeader(4, 10, "terminal", True)) as film:
        film.write(TimedFrame(0, 100, colored))
    one = console("film.glyph", env=env)
    one.until(lambda: one.screen == window(colored.at(depth), 6, 30))
    one.type("q")
    assert one.ended() == 0
    assert one.restored


def test_keys_seek_and_a_resize_paints_anew(console: Callable[..., Console], tmp_path: Path) -> None:
    one = console(write(tmp_path / "film.cast", 1000, dark=False), "--start", 10, "--speed", 0.25)
    one.until(lambda: f"\x1b[{PAPER.sgr}m" in one.sent)
    one.type(" 0")
    one.shows(frame(0))
    one.type("\x1b[C.")
    one.shows(frame(51))
    one.resize(2, 7)
    one.shows(frame(51))
    one.type("\x1b[D,")
    one.shows(frame(0))
    one.resize(9, 33)
    one.shows(frame(0))
    one.type("\x1b")
    assert one.ended() == 0
    assert one.restored


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (None, 130)], ids=["TERM", "Ctrl-C"])
def test_the_screen_is_given_back_however_it_ends(
    console: Callable[..., Console], tmp_path: Path, number: int | None, code: int
) -> None:
    one = console(write(tmp_path / "film.glyph", 1000))
    one.plays()
    if number:
        one.process.send_signal(number)
    else:
        one.type("\x03")
    assert one.ended() == code
    assert one.restored
    assert one.after.replace("^C", "") == ""


def test_the_bundled_film(console: Callable[..., Console]) -> None:
    one = console("demo")
    one.plays()
    one.type("q")
    assert one.ended() == 0


def test_it_plays_up_to_the_damage_and_tells_of_it(console: Callable[..., Console], tmp_path: Path) -> None:
    path = write(tmp_path / "film.cast", 5, length=3_600_000)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], b"nonsense\n", *lines[4:]]))
    one = console("film.cast")
    one.type(".")
    one.shows(frame(1))
    one.type(".")
    assert one.ended() == 1
    assert one.restored
    assert one.after.replace("\r\n", "\n").startswith("glyphgrad: cast 'film.cast' is damaged in line 5: ")
    assert one.after.count("\n") == 1


def test_an_error_nobody_thought_of(console: Callable[..., Console], tmp_path: Path) -> None:
    write(tmp_path / "film.glyph", 1000)
    code = (
        "import sys; from glyphgrad.play.status import Tally; from glyphgrad.cli.main import main\n"
        "Tally.rate = lambda *_: 1 / 0\n"
        "sys.argv = ['glyphgrad', 'play', 'film.glyph']; main()"
    )
    one = console(command=["-c", code])
    one.plays()
    one.type("i")
    assert one.ended() == 1
    assert one.restored
    assert "ZeroDivisionError" in one.after


def test_without_keyboard_and_player_it_plays_and_tells_so_afterwards(
    console: Callable[..., Console], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "film.cast", 3)
    path.write_bytes(path.read_bytes()[:-5])
    monkeypatch.setenv("PATH", "")
    one = console("film.cast", "--audio-file", "film.cast", stdin=subprocess.DEVNULL)
    assert one.ended() == 0
    assert one.restored
    assert one.after.replace("\r\n", "\n").splitlines() == [
        "glyphgrad: warning: played without sound: none of ffplay, mpv, mplayer is on PATH",
        "glyphgrad: warning: cast 'film.cast' is cut off in line 5: using what is before it",
    ]


@pytest.mark.skipif(not shutil.which("bash"), reason="needs a shell with job control")
def test_ctrl_z_gives_the_screen_back_until_it_is_continued(console: Callable[..., Console], tmp_path: Path) -> None:
    write(tmp_path / "film.glyph", 1000)
    one = console(command=["-c", "import os; os.execlp('bash', 'bash', '--norc', '--noprofile', '-i')"])
    one.until(lambda: "$ " in one.sent)
    one.type(f"{sys.executable} -m glyphgrad play film.glyph\n")
    one.plays()
    one.type("\x1a")
    one.until(lambda: "Stopped" in one.after)
    assert one.at_home
    one.type("echo back$((40 + 2))\n")
    one.until(lambda: "back42" in one.after)
    one.type("fg\n")
    one.until(lambda: not one.at_home)
    one.type(" 0")
    one.shows(frame(0))
    one.type("q")
    one.until(lambda: one.at_home and "$ " in one.after)  # what is typed before the prompt, the ending film may swallow
    one.type("exit $?\n")
    assert one.ended() == 0


def test_a_video_is_fitted_as_it_plays(console: Callable[..., Console], tmp_path: Path) -> None:
    levels = np.zeros((60, 80), np.uint8)
    levels[:, 40:] = 255
    Image.fromarray(levels).save(tmp_path / "still.png")
    one = console("still.png", "--audio", "--charset", " #", rows=6, cols=16)
    half = Frame.from_lines([" " * 8 + "#" * 8] * 6)
    one.shows(half)
    one.resize(4, 8)
    one.shows(Frame.from_lines([" " * 4 + "#" * 4] * 3 + [" " * 8]))
    one.type("q")
    assert one.ended() == 0
    assert one.restored
    assert one.after == "glyphgrad: warning: played without sound: 'still.png' holds no sound\r\n"


@pytest.fixture
def on_terminal(run: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable:
    """`run` on what passes for a terminal: to take it would fail. There is a film of characters."""
    monkeypatch.setattr(cli, "_terminal", lambda: (Screen(-1, -1), True))
    write(tmp_path / "film.glyph")
    return run


BAD = {
    "nowhere.glyph": (None, 1, "film 'nowhere.glyph' cannot be read (No such file or directory): check the path"),
    "empty": (b"", 1, "film 'empty' is empty (0 bytes): "),
    "blank.cast": (b'{"version": 2, "width": 3, "height": 2}\n', 1, "film 'blank.cast' is empty: it holds no frames"),
    "cut.glyph": (MAGIC, 1, "clip 'cut.glyph' is damaged at byte "),
    "film.mp4": (b"\0" * 99, 1, "film 'film.mp4' is not a film that can be read"),
    "list.txt": (b"still.png\nlost.png\n", 1, "line 2 of list 'list.txt': picture 'lost.png' does not exist"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_film(on_terminal: Callable, tmp_path: Path, name: str) -> None:
    content, code, message = BAD[name]
    Image.new("L", (8, 8)).save(tmp_path / "still.png")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    found = on_terminal("play", name)
    assert (found.code, found.out) == (code, "")
    assert found.err.startswith(f"glyphgrad: {message}")
    assert found.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--speed", 9], "speed is 9: give 0.25 to 4"),
        (["--start", -1], "start is -1: give 0 or more seconds"),
        (["--start", "nan"], "start is nan: give 0 or more seconds"),
        (["--start", 60], "start is 60 s: the film ends at 0.3 s, give less"),
        (["--fps", 0], "fps is 0.0: give more than 0"),
        (["--audio"], "--audio: a film of characters has no sound, name a file that has with --audio-file"),
        (["--audio-file", "lost.mp3"], "--audio-file is 'lost.mp3', which is not a file: check the path"),
    ],
)
def test_options_that_cannot_be(on_terminal: Callable, options: list[object], message: str) -> None:
    code, out, err = on_terminal("play", "film.glyph", *options)
    assert (code, out) == (2, "")
    assert err.startswith(f"glyphgrad: {message}")
    assert err.count("\n") == 1


def test_standard_output_must_be_a_terminal(run: Callable, tmp_path: Path) -> None:
    write(tmp_path / "film.glyph")
    code, out, err = run("play", "film.glyph")
    assert (code, out) == (2, "")
    assert err == (
        "glyphgrad: standard output is not a terminal: play on one, or write files with `glyphgrad convert`\n"
    )
