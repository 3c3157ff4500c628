"""The films that are served: each by its name, in one size or several.

The files `demo.glyph` and `demo@40x15.glyph` are two sizes of the film "demo": what follows an `@` in the
name of a file does not belong to the film's. Only the compressed frames are in memory, and of each size
the few frames decoded last.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from glyphgrad.codec.clip import ClipEncoder, ClipReader
from glyphgrad.codec.demo import DEMO, bundled
from glyphgrad.codec.formats import open_film
from glyphgrad.core.clip import ClipHeader
from glyphgrad.errors import ConfigError
from glyphgrad.serve.live import LiveEdition
from glyphgrad.serve.player import Showing, showing


@dataclass(frozen=True, eq=False)
class Edition:
    """A film in one size. `duration` in milliseconds."""

    header: ClipHeader
    reel: ClipReader
    duration: int

    complete = True
    """All of it is there: a film that is still being fitted (live.LiveEdition) says otherwise."""

    def at(self, now: float, epoch: float) -> Showing:
        """What is shown at a wall-clock time: see `player.showing`."""
        return showing(self.reel, self.duration, now, epoch)


AnyEdition = Edition | LiveEdition


@dataclass(frozen=True, eq=False)
class Show:
    """A film: `name` is safe in a URL, a log and on any terminal, `title` is printable; at least one edition."""

    name: str
    editions: tuple[AnyEdition, ...]

    @property
    def title(self) -> str:
        return next((edition.header.title for edition in self.editions if edition.header.title), self.name)

    def edition_for(self, rows: int, cols: int) -> AnyEdition:
        """The largest that a screen of `rows` x `cols` cells shows whole; if it shows none whole, the smallest."""
        fitting = [one for one in self.editions if one.header.rows <= rows and one.header.cols <= cols]
        return max(fitting, key=_cells) if fitting else min(self.editions, key=_cells)

    @property
    def largest(self) -> AnyEdition:
        return max(self.editions, key=_cells)


def _cells(edition: AnyEdition) -> int:
    return edition.header.rows * edition.header.cols


class Library:
    """The shows in the order given; at least one. `[name]`, len(), iter(), `get(name)`."""

    def __init__(self, shows: Iterable[Show]):
        self._shows = {show.name: show for show in shows}

    @classmethod
    def open(cls, paths: Iterable[Path], fps: float) -> Library:
        """The films at some paths; `demo` is the bundled one. `fps` is for those that hold no times.

        Raises ClipError for what is no film; ConfigError for none, and for two of one name and size.
        """
        editions: dict[str, list[Edition]] = {}
        for path in paths:
            edition, others = open_edition(path, fps), editions.setdefault(name_of(path), [])
            if any(edition.header.size == other.header.size for other in others):
                raise ConfigError(
                    f"film {str(path)!r}: there is one named {name_of(path)!r} of {edition.header.size} already; rename it"
                )
            others.append(edition)
        if not editions:
            raise ConfigError(f"no film is named: give clips to serve, or {DEMO}, which is bundled")
        return cls(Show(name, tuple(found)) for name, found in editions.items())

    def __len__(self) -> int:
        return len(self._shows)

    def __iter__(self) -> Iterator[Show]:
        return iter(self._shows.values())

    def __getitem__(self, number: int) -> Show:
        return list(self._shows.values())[number]

    def get(self, name: str) -> Show | None:
        return self._shows.get(name)


def name_of(path: Path) -> str:
    """The name under which a file is served: letters, digits, and `_ . -` for all else."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", path.stem.partition("@")[0]).strip("-.") or "film"


def open_edition(path: Path, fps: float) -> Edition:
    """The film at a path, its compressed frames in memory: who replaces the file disturbs nobody."""
    path = bundled(path)
    file = io.BytesIO()
    with open_film(path, fps) as film:
        if isinstance(film.frames, ClipReader):
            file.write(path.read_bytes())
        else:
            encoder = ClipEncoder(film.header)
            file.write(encoder.start())
            for timed in film:
                file.write(encoder.add(timed))
            file.write(encoder.finish())
    reel = ClipReader(file, str(path))
    assert reel.header.duration is not None
    return Edition(reel.header, reel, reel.header.duration)
