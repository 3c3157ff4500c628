"""Films as a directory, a few files a frame as the original tool writes them, and `film.json`.

0000.txt is a frame in UTF-8, enc_0000.txt in the device's own bytes, 0000.png what the device shows, and
0000.ansi, if it has colours, what a terminal shows, from which they are read back.
film.json holds the header and for how many milliseconds each frame is shown. It grows by a few bytes at
its end with every frame and is whole JSON in between, so that a film whose writer was killed can be
read, and gone on with.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate, count, pairwise
from pathlib import Path

import numpy as np

from glyphgrad.codec import ansi, export, picture, text
from glyphgrad.codec.draw import Drawer
from glyphgrad.codec.film_text import decode_page, decode_pages
from glyphgrad.codec.header import from_json, to_json
from glyphgrad.codec.terminal import cells_of
from glyphgrad.core.clip import MAX_TIME, ClipHeader, Film, TimedFrame
from glyphgrad.core.frame import Frame
from glyphgrad.errors import ClipError, GlyphgradWarning, OutputError

FILM = "film.json"
_VERSION = 1
_LENGTHS = "milliseconds"
_END = b"]}\n"


class FramesSink:
    """Writes the files of frames; with `resume` those that the directory has not.

    `frames` and `end` (milliseconds) tell how many it holds already and until when. `drawer` None: no
    pictures. Raises OutputError, ClipError.
    """

    def __init__(self, directory: Path, header: ClipHeader, drawer: Drawer | None = None, resume: bool = False):
        export.make_directory(directory)
        _refuse_others(directory)
        lengths = _done(directory, header) if resume else []
        self.frames, self.end = len(lengths), sum(lengths)
        self._directory, self._drawer = directory, drawer
        self._lacks_native = self._lacks_colors = False
        self._dark = header.dark
        words = {"version": _VERSION, **to_json(header), _LENGTHS: lengths}  # the lengths last: see _append
        self._beginning: bytes | None = json.dumps(words, ensure_ascii=False).encode() + b"\n"

    def write(self, timed: TimedFrame) -> None:
        if self._beginning:
            export.write(self._directory / FILM, self._beginning)
            self._beginning = None
        name = f"{self.frames:04}"
        export.write(self._directory / f"{name}.txt", text.encode_utf8(timed.frame))
        export.write(self._directory / f"enc_{name}.txt", self._native(timed.frame))
        self._write_colors(self._directory / f"{name}.ansi", timed.frame)
        if self._drawer:
            export.write(self._directory / f"{name}.png", picture.encode_png(self._drawer.art(timed.frame)))
        self._append(timed.end - timed.start)
        self.frames += 1

    def close(self) -> None:
        """Nothing to do: after every frame the directory is a whole film."""

    def _native(self, frame: Frame) -> bytes:
        try:
            return text.native(frame)
        except KeyError as missing:
            if not self._lacks_native:
                told = (
                    f"{missing.args[0]!r} is not in code page 437: frames with such characters have UTF-8 in enc_*.txt"
                )
                warnings.warn(told, GlyphgradWarning, stacklevel=2)
            self._lacks_native = True
            return text.encode_utf8(frame)

    def _write_colors(self, path: Path, frame: Frame) -> None:
        """And none of an earlier film's are left."""
        lost = frame.colors is not None and any(cells_of(chr(code)) != 1 for code in np.unique(frame.cells).tolist())
        if frame.colors and not lost:
            export.write(path, ansi.encode_frame(frame, self._dark))
        else:
            path.unlink(missing_ok=True)
        if lost and not self._lacks_colors:
            told = f"frame {str(path)!r} is left out: its characters are not all one cell wide; a clip file has all colours"
            warnings.warn(told, GlyphgradWarning, stacklevel=2)
        self._lacks_colors |= lost

    def _append(self, length: int) -> None:
        path = self._directory / FILM
        try:
            with path.open("r+b") as file:
                file.seek(-len(_END), 2)
                file.write(f"{', ' if self.frames else ''}{length}".encode() + _END)
        except OSError as error:
            raise OutputError(
                f"output {str(path)!r} cannot be written ({error.strerror or error}): choose another place"
            ) from None


def _refuse_others(directory: Path) -> None:
    """Frames are written into a film or an empty directory: into a folder of pictures they would write over them."""
    other = next(directory.iterdir(), None)
    if other and not (directory / FILM).exists():
        raise OutputError(
            f"output {str(directory)!r} holds files that are no film of characters ({other.name!r}, ...): name another"
        )


def read_frames(directory: Path, fps: float) -> Film:
    """The film of a directory; `fps` is for one without film.json. Raises ClipError, which names the file."""
    if (directory / FILM).exists():
        header, lengths = _read_film(directory)
        return Film(header, _timed(directory, header, lengths))
    if not _page(directory, 0).exists():
        raise ClipError(f"directory {str(directory)!r} holds no film: no {FILM} and no {_page(directory, 0).name}")
    return decode_pages(_pages(directory), str(directory), fps)


def _timed(directory: Path, header: ClipHeader, lengths: list[int]) -> Iterator[TimedFrame]:
    times = accumulate(lengths, initial=0)
    for number, (start, end) in enumerate(pairwise(times)):
        page = _page(directory, number)
        frame = decode_page(_read(page), str(directory), number, header)
        yield TimedFrame(start, end, _colored(frame, page.with_suffix(".ansi"), header.dark))


def _colored(frame: Frame, path: Path, dark: bool) -> Frame:
    """The frame in the colours of the text beside it, if there is one."""
    if not path.exists():
        return frame
    found = ansi.decode_frame(_read(path), frame.rows, frame.cols, dark)
    if not np.array_equal(found.cells, frame.cells):
        raise ClipError(f"frame {str(path)!r} has other characters than the .txt beside it: take one of them away")
    return found


def _pages(directory: Path) -> Iterator[bytes]:
    for number in count():
        if not _page(directory, number).exists():
            return
        yield _read(_page(directory, number))


def _done(directory: Path, header: ClipHeader) -> list[int]:
    """The lengths of the frames that are there, up to the first that is missing."""
    if not (directory / FILM).exists():
        return []
    before, lengths = _read_film(directory)
    if (before.rows, before.cols) != (header.rows, header.cols):
        raise ClipError(
            f"directory {str(directory)!r} holds a film of {before.size}, this one is {header.size}: name another"
        )
    for name, meant in (("preset", before.preset), ("dark", before.dark), ("title", before.title)):
        if meant != getattr(header, name):
            raise ClipError(
                f"directory {str(directory)!r} holds a film of {name} {meant!r}, this one is of {getattr(header, name)!r}: "
                "name another"
            )
    missing = (number for number in range(len(lengths)) if not _page(directory, number).exists())
    return lengths[: next(missing, len(lengths))]


def _read_film(directory: Path) -> tuple[ClipHeader, list[int]]:
    path = directory / FILM
    try:
        found = json.loads(_read(path))
        header, lengths = from_json(found), found.get(_LENGTHS)
        if found.get("version") != _VERSION:
            raise ClipError(f"version is {str(found.get('version'))[:40]!r}, this glyphgrad reads {_VERSION}")
        if not isinstance(lengths, list) or not all(type(length) is int and length > 0 for length in lengths):
            raise ClipError(f"{_LENGTHS} is no list of whole numbers above 0")
        if sum(lengths) > MAX_TIME:
            raise ClipError(f"{_LENGTHS} are {sum(lengths)} in all, more than {MAX_TIME}")
    except (ValueError, RecursionError) as error:
        raise ClipError(f"film {str(path)!r} cannot be read: {error}") from None
    return replace(header, duration=sum(lengths)), lengths


def _page(directory: Path, number: int) -> Path:
    return directory / f"{number:04}.txt"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ClipError(f"frame {str(path)!r} cannot be read ({error.strerror}): check the directory") from None
