"""Other tools, each at its best for ASCII without colours, on the same grid and file.

Of chafa 1.12's options tried on photographs, these matter: its preprocessing (more contrast) helps
correlation and harms SSIM, ordered dithering helps the tones seen from afar, and the glyphs of the very font
(`--glyph-file`) harm both; so each has its row. No help or no difference: --fg-only, --fill, --color-space
din99d, --color-extractor median, diffusion. `--invert` is for paper.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from glyphgrad.core.presets import DEJAVU_SANS_MONO
from tool import Screen, Tool

GLYPH_FILE = ("--glyph-file", str(DEJAVU_SANS_MONO))
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def chafa(file: Path, screen: Screen, *extra: str) -> str:
    """ASCII at full effort, no colours. On paper the video is inverted, as its manual says."""
    size = f"{screen.cols}x{screen.rows}"
    command = ["chafa", "--format", "symbols", "--colors", "none", "--symbols", "ascii", "--work", "9"]
    command += ["--size", size, "--stretch", "--font-ratio", "1/2", "--animate", "off"]
    return _run([*command, *([] if screen.dark else ["--invert"]), *extra, str(file)], screen)


def jp2a(file: Path, screen: Screen, *extra: str) -> str:
    """Its own ramp of characters, which it reverses for paper."""
    background = "dark" if screen.dark else "light"
    size = f"{screen.cols}x{screen.rows}"
    return _run(["jp2a", f"--size={size}", f"--background={background}", *extra, str(file)], screen)


def _run(command: list[str], screen: Screen) -> str:
    done = subprocess.run(command, capture_output=True, check=True)
    return screen.exactly(_ESCAPES.sub("", done.stdout.decode()))


def _with(run: Callable[..., str], *extra: str) -> Callable[[Path, Screen], str]:
    return lambda file, screen: run(file, screen, *extra)


_PEERS = (
    Tool("chafa", _with(chafa)),
    Tool("chafa --glyph-file", _with(chafa, *GLYPH_FILE), on_sheet=False),
    Tool("chafa --preprocess off", _with(chafa, "--preprocess", "off"), on_sheet=False),
    Tool("chafa --dither ordered", _with(chafa, "--dither", "ordered", "--dither-grain", "1x1")),
    Tool("jp2a", _with(jp2a)),
)


def peers() -> list[Tool]:
    """Those that are installed; a line for every program that is not."""
    for program in ("chafa", "jp2a"):
        if not shutil.which(program):
            print(f"{program}: not installed, left out (on Debian: apt-get install {program})", file=sys.stderr)
    return [tool for tool in _PEERS if shutil.which(tool.label.split()[0])]
