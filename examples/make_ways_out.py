"""Run every script in examples/ways_out, and make the pictures of their results, docs/out-*.png.

    python examples/make_ways_out.py

Pages, Discord and terminal are shown by Chromium and the .ans file by ansilove, as anybody would see them: without them (Debian
`chromium` and `ansilove`) those pictures stay as they are.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

from PIL import Image

from glyphgrad.codec.ansi import decode_ansi

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
    terminal, discord = scratch / "terminal.html", scratch / "discord.html"
    rows, _ = decode_ansi((RESULTS / "terminal.ansi").read_bytes())
    message = (RESULTS / "discord.md").read_text(encoding="utf-8").strip().strip("`")
    terminal.write_text(page(rows.text, "background:#000;color:#fff;font:15px/18px monospace;padding:12px"))
    discord.write_text(page(message, "background:#2b2d31;color:#dbdee1;font:14px/18px monospace;padding:7px"))
    return {
        "html": [*chromium, "--window-size=640,640", str(RESULTS / "page.html")],
        "svg": [*chromium, "--window-size=504,504", str(RESULTS / "paths.svg")],
        "text-svg": [*chromium, "--window-size=504,504", str(RESULTS / "text.text.svg")],
        "terminal": [*chromium, "--window-size=640,640", str(terminal)],
        "discord": [*chromium, "--window-size=420,450", str(discord)],
        "ans": ["ansilove", "-o", str(shot), str(RESULTS / "artpack.ans")],
    }


def page(text: str, style: str) -> str:
    """A window that shows a text as a terminal and Discord do: in a font of the system's."""
    pre = f'<pre style="margin:16px;border-radius:4px;display:inline-block;{style}">{escape(text)}</pre>'
    return f'<!doctype html><meta charset="utf-8"><body style="margin:0;background:#313338">{pre}'


def small(picture: Path, name: str) -> None:
    """docs/out-NAME.png, of few bytes."""
    with Image.open(picture) as image:
        image = image.convert("RGB")
        image.thumbnail((WIDTH, 2 * WIDTH), Image.Resampling.LANCZOS)
        image.quantize(256, Image.Quantize.MAXCOVERAGE).save(DOCS / f"out-{name}.png", optimize=True)


if __name__ == "__main__":
    main()
