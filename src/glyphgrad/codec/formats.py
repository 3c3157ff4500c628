"""Film files: the suffix of a path says what is written, the first bytes of a file what is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from glyphgrad.codec import film
from glyphgrad.codec.asciicast import CastEncoder, decode_cast
from glyphgrad.codec.chunks import MAGIC
from glyphgrad.codec.clip import ClipEncoder, ClipReader
from glyphgrad.codec.defaults import CAST_VERSION, FPS
from glyphgrad.codec.draw import Drawer, device_of
from glyphgrad.codec.film_text import TextEncoder, check_fps, decode_pages, pages
from glyphgrad.codec.frames import FramesSink, read_frames
from glyphgrad.codec.soundtrack import Sound
from glyphgrad.codec.whole import whole_file
from glyphgrad.core.clip import ClipHeader, Film, TimedFrame, check_frame
from glyphgrad.core.presets import Preset
from glyphgrad.errors import ClipError, ConfigError

_START = 512
_BLOCK = 1 << 20
_LONGEST = 1 << 25
"""Bytes of a line: the largest frame there may be needs half of it."""


@dataclass(frozen=True)
class WriteOptions:
    """What a format may be told: `device` that draws pictures (None: the header's), the asciicast version,
    whether a frames directory gets pictures, and whether it is gone on with; the sound of a video."""

    device: Preset | None = None
    cast_version: int = CAST_VERSION
    pictures: bool = False
    resume: bool = False
    sound: Sound | None = None


class Encoder(Protocol):
    """Frames in, bytes out: no I/O. `start` and `finish` give what is before and after the frames."""

    def start(self) -> bytes: ...
    def add(self, timed: TimedFrame) -> bytes: ...
    def finish(self) -> bytes: ...


class Sink(Protocol):
    """Where frames go. `close` ends a film, which may not be one before."""

    def write(self, timed: TimedFrame) -> None: ...
    def close(self) -> None: ...


Opener = Callable[[Path, ClipHeader, WriteOptions], AbstractContextManager[Sink]]


# --- Writing ---


class FilmWriter:
    """Takes the frames of a film, one after the other: the next starts where the last one ended.

    `frames` and `end` (milliseconds) count what it has, of a directory gone on with from the beginning;
    `failed` tells that something could not be written.
    """

    def __init__(self, header: ClipHeader, sink: Sink):
        self.header, self._sink = header, sink
        self.frames: int = getattr(sink, "frames", 0)
        self.end: int = getattr(sink, "end", 0)
        self.failed = False

    def write(self, timed: TimedFrame) -> None:
        """Raises ClipError for a frame that does not fit the film or the format, OutputError."""
        if timed.start != self.end:
            raise ClipError(f"frame {self.frames} starts at {timed.start} ms: the one before ends at {self.end}")
        try:
            check_frame(timed.frame, self.header)
            self._sink.write(timed)
        except ClipError as error:
            raise ClipError(f"frame {self.frames}: {error}") from None
        except OSError:
            self.failed = True
            raise
        self.frames, self.end = self.frames + 1, timed.end


@contextmanager
def write_film(path: Path, header: ClipHeader, options: WriteOptions | None = None) -> Iterator[FilmWriter]:
    """The writer of a film, which is at `path`, whole, when the block ends.

        with write_film(Path("film.glyph"), header) as film:
            for timed in frames:
                film.write(timed)

    When the block fails or is interrupted, the frames written so far are there as a film, and the error
    goes on, with a note of that; when there are none, or they cannot be written, the file that was there before. Raises
    ConfigError for an unknown suffix, OutputError, ClipError for a film without frames.
    """
    failure: BaseException | None = None
    with opener_for(path)(path, header, options or WriteOptions()) as sink:
        writer = FilmWriter(header, sink)
        try:
            yield writer
        except BaseException as error:
            if writer.failed or not writer.frames:
                raise
            failure = error
        if not writer.frames:
            raise ClipError(f"film {str(path)!r} would be empty: give at least one frame")
        sink.close()
    if failure:
        failure.add_note(f"{str(path)!r} holds the {writer.frames} frame{'s' * (writer.frames != 1)} there were")
        raise failure


def opener_for(path: Path) -> Opener:
    """What opens a path for writing: by its suffix, and a directory if it has none. Raises ConfigError."""
    suffix = path.suffix.lower()
    if path.is_dir() or not suffix:
        return _open_frames
    if suffix not in OPENERS:
        raise ConfigError(
            f"output {str(path)!r}: its suffix names no format of film; use one of {', '.join(OPENERS)}, "
            "or none for a directory"
        )
    return OPENERS[suffix]


class _EncodingSink:
    """Writes what an encoder makes of the frames, each as soon as it is there: who is killed leaves what he had."""

    def __init__(self, file: IO[bytes], encoder: Encoder):
        self._file, self._encoder = file, encoder
        self._put(encoder.start())

    def write(self, timed: TimedFrame) -> None:
        self._put(self._encoder.add(timed))

    def close(self) -> None:
        self._put(self._encoder.finish())

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._file.flush()


class _PictureSink:
    """Draws the frames for an encoder of pictures."""

    def __init__(self, encoder: film.Encoder, drawer: Drawer):
        self._encoder, self._drawer = encoder, drawer

    def write(self, timed: TimedFrame) -> None:
        self._encoder.add(self._drawer.art(timed.frame).pixels, (timed.end - timed.start) / 1000)

    def close(self) -> None:
        self._encoder.close()


def _encoding(encoder: Callable[[ClipHeader, WriteOptions], Encoder]) -> Opener:
    @contextmanager
    def opened(path: Path, header: ClipHeader, options: WriteOptions) -> Iterator[Sink]:
        with whole_file(path) as file:
            yield _EncodingSink(file, encoder(header, options))

    return opened


@contextmanager
def _open_pictures(path: Path, header: ClipHeader, options: WriteOptions) -> Iterator[Sink]:
    with whole_file(path) as file:
        yield _PictureSink(film.encoder(file, film.suffix_of(path), options.sound), _drawer(header, options))


def _open_frames(path: Path, header: ClipHeader, options: WriteOptions) -> AbstractContextManager[Sink]:
    drawer = _drawer(header, options) if options.pictures else None
    return nullcontext(FramesSink(path, header, drawer, options.resume))


def _drawer(header: ClipHeader, options: WriteOptions) -> Drawer:
    return Drawer(options.device or device_of(header), header)


OPENERS: dict[str, Opener] = {
    ".glyph": _encoding(lambda header, _: ClipEncoder(header)),
    ".cast": _encoding(lambda header, options: CastEncoder(header, options.cast_version)),
    ".txt": _encoding(lambda *_: TextEncoder()),
    **dict.fromkeys(film.SUFFIXES, _open_pictures),
}
"""Suffix -> what opens such a file for writing."""


# --- Reading ---


def open_film(path: Path, fps: float = FPS) -> Film:
    """The film in a file or a directory, whatever its name; `fps` is for those that hold no times.

    The frames of a clip file are a ClipReader. Use it in a `with`. Raises ClipError, here and while the
    frames are walked through, and ConfigError for a rate that cannot be.
    """
    check_fps(fps)
    try:
        if path.is_dir():
            return read_frames(path, fps)
        with path.open("rb") as file:
            start = file.read(_START)
        if not start:
            raise ClipError(f"film {str(path)!r} is empty (0 bytes): give a clip file, a cast, a text or a directory")
        if start.startswith(MAGIC) or path.suffix.lower() == ".glyph":  # a damaged one is told by the reader
            reader = ClipReader.open(path)
            return Film(reader.header, reader)
        if start.startswith(b"{"):
            return decode_cast(_lines(path), str(path))
        if b"\0" in start:
            raise ClipError(
                f"film {str(path)!r} holds no characters: give a clip file, a cast, a text or a directory "
                "(`glyphgrad animate` makes them of videos)"
            )
        return decode_pages(pages(_blocks(path), str(path)), str(path), fps)
    except OSError as error:
        raise ClipError(f"film {str(path)!r} cannot be read ({error.strerror or error}): check the path") from None


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while line := file.readline(_LONGEST):
            if len(line) == _LONGEST:
                raise ClipError(
                    f"cast {str(path)!r} holds a line of over {_LONGEST:,} bytes: it is some other kind of file"
                )
            yield line


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
