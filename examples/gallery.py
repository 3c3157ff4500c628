"""Makes docs/gallery.md and its pictures: every one by the command printed with it. `make gallery` runs this."""

from __future__ import annotations

import math
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import glyphgrad

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
MADE = DOCS / "gallery"
WIDTH = 420
"""Pixels across that a picture takes on the page."""


@dataclass(frozen=True)
class Shot:
    """A command whose picture is shown; OUT in it stands for the picture's path. `says` goes below its title."""

    name: str
    title: str
    says: str
    command: str
    before: str = ""
    """Path, from the root, of a picture shown to the left."""


def moire() -> Image.Image:
    """Fine lines at all angles and a zone plate, whose rings end up finer than any character."""
    side, centre = 600, 300
    y, x = np.mgrid[:side, :side] - centre
    plate = 0.5 + 0.5 * np.cos((x**2 + y**2) * math.pi / 900)
    image = Image.fromarray(np.uint8(255 * plate))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, side, 150), fill=255)
    for i in range(24):
        angle = math.pi * i / 24
        draw.line((300, 150, 300 + 320 * math.cos(angle), 150 - 320 * math.sin(angle)), fill=0, width=1 + i % 3)
    return image


def gradients() -> Image.Image:
    """Smooth ramps: across, round a light, and a soft ball."""
    y, x = np.mgrid[:600, :600] / 600
    ball = np.hypot(x - 0.7, y - 0.7)
    tones = np.where(y < 0.3, x, 0.15 + 0.85 * np.exp(-6 * np.hypot(x - 0.25, y - 0.6) ** 2))
    light = 0.2 + 0.8 * np.clip(1 - 2.6 * np.hypot(x - 0.62, y - 0.62), 0, 1)
    return Image.fromarray(np.uint8(255 * np.where(ball < 0.22, light, tones)))


TEXT = """

  IN THE BEGINNING WAS THE GRID: 21 ROWS
  OF 42 CHARACTERS, 12 DOTS WIDE. Then
  somebody moved the paper below the
  printer, by less than a character, and
  it came out a little larger and bent.

  "Can you read it?" said the typewriter.
  "Every dot of it," said the loop, "and
  not one word."

  { [ ( < + - * / = ~ ^ | & % $ > ) ] }
  0123456789 abcdefghij klmnopqrst uvwxyz

  So the page was taken by its corners,
  and by the corners of every character,
  and pulled until all the letters fell
  into their cells again. THE END.
"""


def page(bent: bool) -> Image.Image:
    """The text as the receipt printer prints it; `bent`: moved by a third of a cell, 2 % larger and bowed."""
    device = glyphgrad.PRESETS["epson"]
    lines = [line.ljust(42)[:42] for line in TEXT.split("\n")]
    frame = glyphgrad.Frame.from_lines(lines + [" " * 42] * (21 - len(lines)))
    layout, atlas = device.layout_for(1, 1), device.atlas()
    image = Image.fromarray(glyphgrad.Art(frame, atlas, layout).pixels)
    if not bent:
        return image
    width, height = image.size
    big = image.resize((3 * width, 3 * height), Image.Resampling.LANCZOS)

    def place(x: float, y: float) -> tuple[float, float]:
        bow = 3 * math.sin(2 * math.pi * y / height), 3 * math.sin(2 * math.pi * x / width)
        across, down = ((v - s / 2) / 1.02 + s / 2 for v, s in ((x, width), (y, height)))
        return 3 * (across + bow[0] - 4), 3 * (down + bow[1] - 7)

    step = 12
    mesh = []
    for left in range(0, width, step):
        for top in range(0, height, step):
            box = (left, top, min(left + step, width), min(top + step, height))
            corners = [(box[0], box[1]), (box[0], box[3]), (box[2], box[3]), (box[2], box[1])]
            mesh.append((box, tuple(v for corner in corners for v in place(*corner))))
    return big.transform(image.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR, fillcolor=255)


MADE_PICTURES: dict[str, Callable[[], Image.Image]] = {
    "moire": moire,
    "gradients": gradients,
    "page": lambda: page(bent=False),
    "page-moved": lambda: page(bent=True),
}
PHOTO = "examples/astronaut.jpg"
SHOTS = (
    Shot("default", "The default", "The receipt printer: 42 x 21 characters of code page 437.", f"fit {PHOTO} -o OUT", PHOTO),
    Shot("terminal", "A terminal", "80 columns of ASCII, light on black.", f"fit {PHOTO} --preset terminal -o OUT", PHOTO),
    Shot("dark", "Dark mode", "The receipt's characters as light on black.", f"fit {PHOTO} --dark-mode -o OUT"),
    Shot("diversity-0", "The original objective, diversity 0", "The optimum, proven: few characters, each the closest.",
         f"fit {PHOTO} --objective seed --diversity-weight 0 -o OUT"),
    Shot("no-annealing", "The original descent without its noise", "Diversity 0, plain softmax: what gradient descent alone ends in.",
         f"fit {PHOTO} --solver gradient --iterations 1000 --diversity-weight 0 --no-gumbel -o OUT"),
    Shot("diversity-1", "Diversity 0.01", "Many characters, hardly farther from the picture.",
         f"fit {PHOTO} --objective seed --diversity-weight 0.01 -o OUT"),
    Shot("diversity-2", "Diversity 0.02", "", f"fit {PHOTO} --objective seed --diversity-weight 0.02 -o OUT"),
    Shot("moire-text", "Torture: fine lines and moire", "Lines finer than a character, and rings finer than a dot.",
         "fit docs/gallery/moire.png --preset terminal --light-mode -o OUT", "docs/gallery/moire.png"),
    Shot("gradients-text", "Torture: smooth gradients", "Tones that no character has: the lights end in one glyph, the darks in blank.",
         "fit docs/gallery/gradients.png --preset terminal -o OUT", "docs/gallery/gradients.png"),
    Shot("identity", "The identity", "A page of text in the device's own font comes back as its text.",
         "fit docs/gallery/page.png --fit contain --objective seed --diversity-weight 0 -o OUT", "docs/gallery/page.png"),
    Shot("unaligned", "A page that moved", "By a third of a cell, 2 % larger and bowed: without alignment nothing can be read.",
         "fit docs/gallery/page-moved.png --fit contain --objective seed --diversity-weight 0 -o OUT", "docs/gallery/page-moved.png"),
    Shot("aligned", "Aligned", "The same page, taken by the corners of its grid.",
         "fit docs/gallery/page-moved.png --fit contain --objective seed --diversity-weight 0 --optimize-alignment "
         "--diagnostics docs/gallery/aligned -o OUT", "docs/gallery/aligned/alignment.png"),
    Shot("photo-aligned", "A photograph, aligned", "Edges settle on the gaps between rows and between columns.",
         f"fit {PHOTO} --objective seed --optimize-alignment --diagnostics docs/gallery/photo-aligned -o OUT",
         "docs/gallery/photo-aligned/alignment.png"),
    Shot("contrast", "Local contrast", "Tone curves learned at every corner of the grid; to the left how far they are from the identity.",
         f"fit {PHOTO} --preset terminal --optimize-contrast --diagnostics docs/gallery/contrast -o OUT",
         "docs/gallery/contrast/contrast-map.png"),
    Shot("luma", "Colours of equal luminance", "To a formula the fish is not there.",
         "fit examples/equal-luminance.png --preset terminal -o OUT", "examples/equal-luminance.png"),
    Shot("learned", "Gray, learned", "The grays that this picture's colours need.",
         "fit examples/equal-luminance.png --preset terminal --optimize-rgb-to-gray --diagnostics docs/gallery/learned -o OUT",
         "docs/gallery/learned/gray.png"),
    Shot("tune", "Which weights?", "One picture over the two weights of the original objective.", f"tune {PHOTO} -o OUT"),
    Shot("progress", "How a descent goes", "The first 600 steps of the original's loop.",
         f"fit {PHOTO} --iterations 600 --save-interval 20 --progress-gif OUT -o docs/gallery/descent.png"),
)  # fmt: skip


def take(shot: Shot) -> Path:
    """Run the command; its picture, small enough for git."""
    path = MADE / f"{shot.name}.{'gif' if shot.name == 'progress' else 'png'}"
    command = shot.command.replace("OUT", str(path.relative_to(ROOT)))
    print(f"glyphgrad {command}", flush=True)
    subprocess.run(
        [sys.executable, "-m", "glyphgrad", *shlex.split(command), "-q"][: None if "fit" in command else -1],
        cwd=ROOT,
        check=True,
    )
    return path


def shown(path: str, title: str) -> str:
    return f'<img src="{Path("..", path).as_posix()}" alt="{title}" width="{WIDTH}">'


def markdown(shots: list[tuple[Shot, Path]]) -> str:
    text = "# Gallery\n\nMade by `make gallery`, each picture by the command above it.\n"
    for shot, path in shots:
        made = path.relative_to(ROOT).as_posix()
        pictures = [shown(each, shot.title) for each in (shot.before, made) if each]
        says = f"{shot.says}\n\n" if shot.says else ""
        command = shot.command.replace("OUT", made)
        text += f"\n## {shot.title}\n\n{says}```console\n$ glyphgrad {command}\n```\n\n{' '.join(pictures)}\n"
    return text


def main() -> None:
    MADE.mkdir(parents=True, exist_ok=True)
    for name, draw in MADE_PICTURES.items():
        draw().save(MADE / f"{name}.png", optimize=True)
    (DOCS / "gallery.md").write_text(markdown([(shot, take(shot)) for shot in SHOTS]))
    size = sum(path.stat().st_size for path in MADE.rglob("*") if path.is_file())
    print(f"wrote docs/gallery.md; pictures of {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
