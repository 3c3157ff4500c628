"""The sound of a film, by a player that is there: ffplay, mpv or mplayer, as a child process."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

_GUARD = '"$@" </dev/null & read -r _; kill $!'
"""For sh: runs a command until standard input ends, as it does however the process at its other end does."""


def _ffplay(file: str, seconds: float, speed: float) -> list[str]:
    """It seeks to the key frame of the pictures before, so what comes too early is cut; atempo takes 0.5 to 2."""
    stages = max(1, math.ceil(abs(math.log2(speed))))
    filters = [f"atrim=start={seconds:.3f}", *[f"atempo={speed ** (1 / stages):.6f}"] * stages]
    start = ["-ss", f"{seconds:.3f}", "-af", ",".join(filters)]
    return ["-nodisp", "-autoexit", "-loglevel", "quiet", "-vn", *start, file]


def _mpv(file: str, seconds: float, speed: float) -> list[str]:
    return ["--no-video", "--no-terminal", f"--start={seconds:.3f}", f"--speed={speed:g}", file]


def _mplayer(file: str, seconds: float, speed: float) -> list[str]:
    return ["-really-quiet", "-novideo", "-ss", f"{seconds:.3f}", "-af", "scaletempo", "-speed", f"{speed:g}", file]


PLAYERS: dict[str, Callable[[str, float, float], list[str]]] = {"ffplay": _ffplay, "mpv": _mpv, "mplayer": _mplayer}
"""Program -> its arguments for a file, from some seconds on, at a speed. The first one on PATH is taken."""


def player_there() -> str | None:
    """The name of the first player on PATH; none without the shell that guards it."""
    return next((name for name in PLAYERS if shutil.which("sh") and shutil.which(name)), None)


class Audio:
    """Plays the sound of `file` by one of PLAYERS within a `with`, and never longer than this process lives.

    A player that ends, or was killed, is not missed.
    """

    def __init__(self, player: str, file: Path):
        self._player, self._file = player, str(file.absolute())
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Audio:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def play(self, position: int, speed: float) -> None:
        """From `position` (milliseconds) on; what sounds now ends."""
        self.stop()
        quiet = subprocess.DEVNULL
        self._child = subprocess.Popen(  # a session of its own: Ctrl-C and Ctrl-Z are ours
            ["sh", "-c", _GUARD, "sh", self._player, *PLAYERS[self._player](self._file, position / 1000, speed)],
            stdin=subprocess.PIPE,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
        )

    def stop(self) -> None:
        if self._child:
            child, self._child = self._child, None
            child.communicate()  # its standard input ends
