"""Pictures -> GIF, MP4 or WebM, one at a time: a film of any length needs the memory of a few pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyphgrad.codec.gif import Gif
from glyphgrad.codec.soundtrack import Sound, Soundtrack
from glyphgrad.codec.whole import whole_file
from glyphgrad.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from av.video.stream import VideoStream

Picture = Image.Image | NDArray[np.uint8]
"""A Pillow image, or levels (H, W) or (H, W, 3)."""

SUFFIXES = (".gif", ".mp4", ".webm")


class Encoder(Protocol):
    """What turns pictures into a film's bytes as they come.

    `add` takes the next picture and for how many seconds it is shown; `close` ends the film, which is
    not one before. All pictures are of one size: ConfigError.
    """

    def add(self, picture: Picture, seconds: float) -> None: ...

    def close(self) -> None: ...


def suffix_of(path: Path) -> str:
    """The suffix that names a film's format. Raises ConfigError naming those there are."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigError(f"film {str(path)!r}: its suffix names no format of film; use one of {', '.join(SUFFIXES)}")
    return suffix


def encoder(file: IO[bytes], suffix: str, sound: Sound | None = None) -> Encoder:
    """The encoder of a suffix, writing to a binary file: one that can seek for .mp4 and .webm, which take sound."""
    return _Gif(file) if suffix == ".gif" else Video(file, suffix, sound)


@contextmanager
def writing(path: Path) -> Iterator[Encoder]:
    """The encoder of a film that will be at `path` when the block ends, whole; when it fails nothing will.

    Raises ConfigError for an unknown suffix and for a film without a picture; OutputError.
    """
    suffix = suffix_of(path)
    with whole_file(path) as file:
        film = encoder(file, suffix)
        yield film
        film.close()


@contextmanager
def recording(path: Path, fps: float = 10, hold: float = 2) -> Iterator[Callable[[Picture], None]]:
    """What takes the pictures of a film of `fps` a second, one after another; the last is held `hold` seconds.

        with recording(Path("film.gif")) as record:
            for picture in pictures:
                record(picture)

    The film is there, whole, when the block ends. Errors as of `writing`; ConfigError for fps and hold.
    """
    if not 0 < fps <= 120:
        raise ConfigError(f"fps is {fps}: give more than 0, at most 120 pictures a second")
    if not 0 <= hold <= 3600:
        raise ConfigError(f"hold is {hold}: give 0 to 3600 seconds")
    waiting: list[Picture] = []

    def record(picture: Picture) -> None:
        if waiting:
            film.add(waiting.pop(), 1 / fps)
        waiting.append(picture)

    with writing(path) as film:
        yield record
        if waiting:
            film.add(waiting.pop(), max(hold, 1 / fps))


class _OneSize:
    """Pictures as Pillow's, all of the first one's size."""

    def __init__(self) -> None:
        self.size: tuple[int, int] | None = None
        self.count = 0

    def __call__(self, picture: Picture) -> Image.Image:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        self.size = self.size or image.size
        self.count += 1
        if image.size != self.size:
            sizes = "picture {} is {} x {}, those before it {} x {}".format(self.count, *image.size, *self.size)
            raise ConfigError(f"{sizes}: give pictures of one size")
        return image if image.mode == "L" else image.convert("RGB")

    def check_any(self) -> None:
        if not self.count:
            raise ConfigError("a film of 0 pictures: give at least one")


class _Gif:
    """`gif.Gif` of pictures of any kind: in colour if the first is."""

    def __init__(self, file: IO[bytes]):
        self._gif, self._one_size = Gif(file), _OneSize()
        self._mode = ""

    def add(self, picture: Picture, seconds: float) -> None:
        image = self._one_size(picture)
        self._mode = self._mode or image.mode
        self._gif.add(image.convert(self._mode), seconds)

    def close(self) -> None:
        self._one_size.check_any()
        self._gif.close()


# --- MP4 and WebM ---

_VIDEO: dict[str, tuple[str, dict[str, str]]] = {
    ".mp4": ("libx264", {"crf": "18", "preset": "veryfast", "bf": "0"}),
    ".webm": ("libvpx-vp9", {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "6"}),
}
"""Suffix -> codec and its options: a quality at which characters stay sharp."""
_COLORS = (6, 1, 1, 13)
"""Matrix of BT.601, levels 16 to 235, primaries of BT.709, curve of sRGB: their numbers in ITU-T H.273."""
_TICKS = 90_000  # a second
_END = Fraction(1, 24)
"""Seconds for which a player shows the last picture at least, whatever it was told."""


class Video:
    """H.264 in MP4, or VP9 in WebM: 4:2:0, which every player knows, hence of even sides.

    An odd side grows by a copy of its last row or column. The last picture comes once more at the end
    of its time: players do not agree on how long to show one that nothing follows.
    """

    def __init__(self, file: IO[bytes], suffix: str, sound: Sound | None = None):
        import av  # takes a tenth of a second to import

        self.one_size, self.suffix = _OneSize(), suffix
        self.container = av.open(file, "w", format=suffix[1:])
        self.stream: VideoStream | None = None
        self.sound = sound
        self.soundtrack: Soundtrack | None = None
        self.time = self.begun = Fraction(0)

    def add(self, picture: Picture, seconds: float) -> None:
        image = self.one_size(picture).convert("RGB")
        pixels = np.pad(np.asarray(image), ((0, image.height % 2), (0, image.width % 2), (0, 0)), mode="edge")
        self._encode(pixels, self.time)
        if self.soundtrack:
            self.soundtrack.write(float(self.time) + seconds)
        self.last, self.begun = pixels, self.time
        self.time += Fraction(seconds)

    def close(self) -> None:
        self.one_size.check_any()
        if self.time - _END > self.begun:
            self._encode(self.last, self.time - _END)
        self._encode(None)
        if self.soundtrack:
            self.soundtrack.close()
        self.container.close()

    def _encode(self, pixels: NDArray[np.uint8] | None, time: Fraction = Fraction(0)) -> None:
        """One picture (H, W, 3), or None for what the encoder still holds."""
        import av

        try:
            frame = None
            if pixels is not None:
                self.stream = self.stream or self._stream(*pixels.shape[:2])
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts, frame.time_base = round(time * _TICKS), Fraction(1, _TICKS)
            assert self.stream is not None
            self.container.mux(self.stream.encode(frame))
        except av.FFmpegError as error:
            sides = "{} x {}".format(*self.one_size.size or (0, 0))
            raise OutputError(
                f"pictures of {sides} cannot be encoded as {self.suffix} ({error.strerror}): try .gif"
            ) from None

    def _stream(self, height: int, width: int) -> VideoStream:
        codec, options = _VIDEO[self.suffix]
        stream = cast("VideoStream", self.container.add_stream(codec, options=options))
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        stream.codec_context.time_base = Fraction(1, _TICKS)
        # What the pictures are turned into; where a film does not tell, players guess by its size.
        context = stream.codec_context
        context.colorspace, context.color_range, context.color_primaries, context.color_trc = _COLORS
        if self.sound:
            self.soundtrack = Soundtrack(self.sound, self.container, self.suffix)
        return stream
