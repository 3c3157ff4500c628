"""Run every script in examples/ways_out, and make the pictures of their results, docs/out-*.png.

    python examples/make_ways_out.py

Pages, Discord and terminals are shown by Chromium and the .ans files by ansilove, as anybody would see them: without
them (Debian `chromium` and `ansilove`) those pictures stay as they are.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from html import escape
from itertools import starmap
from pathlib import Path

from PIL import Image

from glyphgrad.codec.ansi import decode_ansi
from glyphgrad.codec.html import css
from glyphgrad.codec.runs import OWN, Runs, Style

HERE = Path(__file__).parent
RESULTS = HERE / "ways_out"
DOCS = HERE.parent / "docs"
WIDTH = 600
"""Pixels across, of the largest."""


def main() -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for script in sorted(RESULTS.glob("*.sh")):
        subprocess.run([script], check=True, env=environment)
    with tempfile.TemporaryDirectory() as scratch:
        shot = Path(scratch) / "shot.png"
        small(RESULTS / "receipt_picture.png", "receipt")
        (RESULTS / "receipt_picture.png").unlink()  # of megabytes
        for name, command in shown_by(Path(scratch), shot).items():
            if shutil.which(command[0]):
                subprocess.run(command, check=True, capture_output=True, timeout=60)
                small(shot, name)
            else:
                print(f"no {command[0]}: docs/out-{name}.png stays as it is", file=sys.stderr)


def shown_by(scratch: Path, shot: Path) -> dict[str, list[str]]:
    """Name of a picture -> the command that makes it."""
    chromium = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", f"--screenshot={shot}"]
    message = (RESULTS / "discord.md").read_text(encoding="utf-8").strip().strip("`")
    discord = page(scratch / "discord.html", escape(message), "#2b2d31;color:#dbdee1;font:14px/18px monospace")
    return {
        "html": [*chromium, "--window-size=640,640", str(RESULTS / "page.html")],
        "html-color": [*chromium, "--window-size=640,640", str(RESULTS / "page_color.html")],
        "svg": [*chromium, "--window-size=504,504", str(RESULTS / "paths.svg")],
        "svg-color": [*chromium, "--window-size=400,400", str(RESULTS / "paths_color.svg")],
        "text-svg": [*chromium, "--window-size=504,504", str(RESULTS / "text.text.svg")],
        "terminal": [*chromium, "--window-size=640,640", terminal(scratch, "terminal")],
        "terminal-color": [*chromium, "--window-size=640,640", terminal(scratch, "terminal_color")],
        "discord": [*chromium, "--window-size=420,450", discord],
        "ans": ["ansilove", "-i", "-o", str(shot), str(RESULTS / "artpack.ans")],
        "ans-color": ["ansilove", "-i", "-o", str(shot), str(RESULTS / "artpack_color.ans")],
    }


def terminal(scratch: Path, name: str) -> str:
    """A window that shows an ANSI text, in a font of the system's."""
    frame = decode_ansi((RESULTS / f"{name}.ansi").read_bytes()).frame
    rows = "\n".join("".join(starmap(run, row)) for row in Runs(frame).rows())
    return page(scratch / f"{name}.html", rows, "#000;color:#fff;font:15px/18px monospace")


def run(style: Style, text: str) -> str:
    told = f"color:{css(style.fg)};" * (style.fg != OWN) + f"background:{css(style.bg)}" * (style.bg != OWN)
    return f'<span style="display:inline-block;{told}">{escape(text)}</span>'


def page(path: Path, content: str, style: str) -> str:
    """A window with some markup, at `path`, in the given colours and font."""
    pre = f'<pre style="margin:16px;padding:7px;border-radius:4px;display:inline-block;background:{style}">{content}</pre>'
    path.write_text(f'<!doctype html><meta charset="utf-8"><body style="margin:0;background:#313338">{pre}')
    return str(path)


def small(picture: Path, name: str) -> None:
    """docs/out-NAME.png, of few bytes."""
    with Image.open(picture) as image:
        image = image.convert("RGB")
        image.thumbnail((WIDTH, 2 * WIDTH), Image.Resampling.LANCZOS)
        image.quantize(256, Image.Quantize.MEDIANCUT, kmeans=3).save(DOCS / f"out-{name}.png", optimize=True)


if __name__ == "__main__":
    main()
