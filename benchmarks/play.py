"""What playing costs: a synthetic film of 80 x 30 at 30 frames a second in a pseudo-terminal.

A terminal that draws nothing, so what is measured is ours. Start-up is measured by a film of one tenth
of a second and told apart.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

import click
import numpy as np

from glyphgrad.codec.formats import write_film
from glyphgrad.core.clip import ClipHeader, TimedFrame
from glyphgrad.core.frame import Frame

ROWS, COLS, FPS = 30, 80, 30
RAMP = np.array([ord(char) for char in " .:-=+*#%@"], dtype=np.uint32)
_FRAME = b"\x1b[?2026h"


def waves(number: int) -> Frame:
    """A picture that changes in nearly a quarter of its cells from frame to frame, as a busy film does."""
    y, x = np.mgrid[:ROWS, :COLS] / 8.0
    height = np.sin(x + number / 9) + np.sin(y * 1.7 - number / 7) + np.sin((x + y) / 1.5 + number / 5)
    return Frame(RAMP[((height + 3) / 6 * (len(RAMP) - 1)).round().astype(int)])


def write(path: Path, count: int) -> None:
    times = [round(1000 * number / FPS) for number in range(count + 1)]
    with write_film(path, ClipHeader(ROWS, COLS, "terminal", True)) as film:
        for number in range(count):
            film.write(TimedFrame(times[number], times[number + 1], waves(number)))


def played(path: Path) -> tuple[int, float, float, int]:
    """(frames that reached the terminal, seconds, seconds of CPU, bytes)."""
    begun = time.monotonic()
    child, terminal = pty.fork()
    if not child:
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [sys.executable, "-m", "glyphgrad", "play", str(path)])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", ROWS, COLS, 0, 0))
    received = bytearray()
    while block := _read(terminal):
        received += block
    _, status, usage = os.wait4(child, 0)
    if status:
        raise click.ClickException(f"play failed: {bytes(received[-200:])!r}")
    return received.count(_FRAME), time.monotonic() - begun, usage.ru_utime + usage.ru_stime, len(received)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux's way to say that the other end is closed
        return b""


def report(seconds: int) -> str:
    """Frames shown and dropped, bytes a frame, and the share of a core."""
    with tempfile.TemporaryDirectory() as directory:
        short, long = Path(directory, "short.glyph"), Path(directory, "long.glyph")
        count = seconds * FPS
        write(short, FPS // 10)
        write(long, count)
        _, _, start_up, _ = played(short)
        shown, wall, cpu, sent = played(long)
    return (
        f"- {COLS}x{ROWS}, {FPS} frames a second, {seconds} s of film in {wall:.2f} s\n"
        f"- shown {shown} of {count} frames, dropped {count - shown}; {sent / shown:.0f} bytes a frame\n"
        f"- CPU {cpu - start_up:.2f} s: {(cpu - start_up) / seconds:.1%} of a core (at most 15 %); "
        f"start-up {start_up:.2f} s more\n"
    )


@click.command
@click.option("--seconds", default=20, show_default=True, help="Of film.")
def main(seconds: int) -> None:
    click.echo(report(seconds))


if __name__ == "__main__":
    main()
