"""`glyphgrad progress`: the pictures that a fit left in its steps directory, as a film."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from glyphgrad.errors import ConfigError, PictureError

if TYPE_CHECKING:
    from PIL import Image

_STEP = re.compile(r"i_iter_(\d+)\.png")
_WRITTEN = "name the directory that `glyphgrad fit --save-steps` wrote"


@click.command
@click.argument("steps", type=Path)
@click.option(
    "-o",
    "--output",
    type=Path,
    default=Path("progress.gif"),
    show_default=True,
    help="Film to write: .gif, .mp4 or .webm.",
)
@click.option("--fps", type=float, default=10, show_default=True, help="Steps shown a second.")
@click.option("--hold", type=float, default=2, show_default=True, help="Seconds that the last step is shown.")
@click.option("--width", type=int, help="Pixels across, to shrink the pictures.  [as they are]")
def progress(steps: Path, output: Path, fps: float, hold: float, width: int | None) -> None:
    """Make the film of a fit from STEPS, the directory that `fit --save-steps` wrote."""
    from glyphgrad.codec import export, film

    if width is not None and width < 1:
        raise ConfigError(f"width is {width}: give at least 1 pixel")
    paths = step_pictures(steps)
    film.suffix_of(output)
    export.check(output)
    with film.recording(output, fps, hold) as record:
        for picture in _of_one_size(paths):
            record(shrunk(picture, width))
    click.echo(f"wrote {output}: {len(paths)} steps", err=True)


def step_pictures(steps: Path) -> list[Path]:
    """The pictures of a steps directory in the order of their steps. Raises PictureError when there are none."""
    if not steps.is_dir():
        state = "is not a directory" if steps.exists() else "does not exist"
        raise PictureError(f"steps {str(steps)!r} {state}: {_WRITTEN}")
    found = [(int(match[1]), path) for path in steps.iterdir() if (match := _STEP.fullmatch(path.name))]
    if not found:
        raise PictureError(f"steps {str(steps)!r} holds no i_iter_0000.png or the like: {_WRITTEN}")
    return [path for _, path in sorted(found)]


def shrunk(picture: Image.Image, width: int | None) -> Image.Image:
    """The picture in its own proportions, at most `width` pixels across."""
    from PIL import Image

    if width is None or width >= picture.width:
        return picture
    return picture.resize((width, max(1, round(picture.height * width / picture.width))), Image.Resampling.LANCZOS)


def _of_one_size(paths: list[Path]) -> Iterator[Image.Image]:
    """The pictures, one at a time. Raises PictureError for one that differs in size from the first."""
    from glyphgrad.core import target

    size: tuple[int, int] | None = None
    for path in paths:
        picture = target.load(path)
        size = size or picture.size
        if picture.size != size:
            sizes = "{} x {}, those before it {} x {}".format(*picture.size, *size)
            raise PictureError(f"picture {str(path)!r} is {sizes}: give a directory with the steps of one fit")
        yield picture
