"""Videos, by PyAV: what FFmpeg decodes, as luma or RGB of any size, upright, with square pixels."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from glyphgrad.errors import PictureError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from av import VideoFrame
    from av.buffer import Buffer
    from av.container import InputContainer
    from av.video.stream import VideoStream

USUAL_FPS = 25.0
"""Of a stream that tells no rate: FFmpeg's own default."""
CUT_SHORT = 1.0
"""Seconds missing at its end from which a film counts as cut: files round and pad their durations."""
LIMITED, FULL = 1, 2
"""FFmpeg's AVColorRange: black to white are luma 16 to 235, or 0 to 255."""
LUMA_FIRST = frozenset(("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12"))
"""Pixel formats whose first plane is luma of 8 bits."""
_MICROSECONDS = 1_000_000


class Video:
    """A film that FFmpeg reads from a path or a binary stream; see `video.Reel`.

    A stream without `seek` is read once, from its beginning. Raises PictureError if it holds no film.
    """

    def __init__(self, source: str | BinaryIO, name: str) -> None:
        from av.video.reformatter import VideoReformatter

        self._name = name
        self._container = _opened(source, name)
        self._stream = _video_stream(self._container, name)
        self._seekable = hasattr(source, "seek") or isinstance(source, str)
        self._reformatter = VideoReformatter()
        self._orientation: tuple[bool, bool, bool] | None = None
        self.has_audio = bool(self._container.streams.audio)
        self.fps = float(self._stream.average_rate or self._stream.guessed_rate or USUAL_FPS)
        own, whole = _own_duration(self._stream), (self._container.duration or 0) / _MICROSECONDS
        self.duration = min(filter(None, (own, whole)), default=None)
        # The whole lasts as long as its longest stream: with sound, it does not tell when the pictures end.
        self._promised = (self.duration or 0.0) if own or not self.has_audio else 0.0

    def shown(self, start: float) -> Iterator[tuple[float, float, VideoFrame]]:
        """(time, how long it lasts, frame) in seconds; after all that decode, PictureError if some did not."""
        damage: list[str] = []
        time, end = -1.0, 0.0
        origin = (self._container.start_time or 0) / _MICROSECONDS
        if start and self._seekable and self.duration:
            self._seek(start + origin)
        for frame in _decoded(self._container, self._stream, damage):
            if self._orientation is None:  # once: a frame whose side data are looked at is a cycle, freed late
                self._orientation = _orientation(frame)
            base = float(frame.time_base or 0)
            before, time = time, -1.0 if frame.pts is None else frame.pts * base - origin
            if time <= before:  # no time of its own, or a clock that was set back
                time = end
            lasts = frame.duration * base or 1 / self.fps
            end = time + lasts
            yield time, lasts, frame
        if end < self._promised - CUT_SHORT:
            damage.insert(0, f"it breaks off at {end:.2f} s of {self._promised:.2f} s")
        if damage:
            raise PictureError(f"film {self._name} is damaged ({damage[0]}): is the file whole?")

    def load(self, frame: VideoFrame) -> VideoFrame:
        return frame

    def size(self, frame: VideoFrame) -> tuple[int, int]:
        """(width, height) as seen: of a pixel that is not square the longer side counts, so that none is lost."""
        aspect = float(self._stream.sample_aspect_ratio or 1)
        width, height = round(frame.width * max(aspect, 1)), round(frame.height * max(1 / aspect, 1))
        turned = self._orientation is not None and self._orientation[0]
        return (height, width) if turned else (width, height)

    def draw(self, frame: VideoFrame, size: tuple[int, int], gray: bool) -> NDArray[np.uint8]:
        """Luma (H, W) or RGB (H, W, 3), the full range [0, 255]. Areas are averaged, so that no line flickers.

        Luma is the film's own, by the matrix its colours are made with (BT.601, BT.709, ...).
        """
        turned, mirrored, flipped = self._orientation or (False, False, False)
        width, height = size[::-1] if turned else size
        form = frame.format.name
        if gray and form in LUMA_FIRST and (width, height) == (frame.width, frame.height):
            # Three times as fast as FFmpeg, which also goes through its scaler for this.
            pixels = _pixels(frame, 1)
            limited = frame.color_range != FULL and not form.startswith("yuvj")
        else:
            pixels = self._converted(frame, width, height, gray)
            limited = frame.color_range == LIMITED and form.startswith("gray")  # FFmpeg takes all grays for full
        if limited:
            pixels = _expanded(pixels)
        if turned:
            pixels = pixels.swapaxes(0, 1)
        # A copy in any case: the decoder may still predict from this frame.
        return np.array(pixels[:: -1 if flipped else 1, :: -1 if mirrored else 1], order="C")

    def _converted(self, frame: VideoFrame, width: int, height: int, gray: bool) -> NDArray[np.uint8]:
        from av import FFmpegError
        from av.video.reformatter import Interpolation

        smooth = Interpolation.AREA | Interpolation.FULL_CHR_H_INT  # without the latter white is 253
        form = "gray" if gray else "rgb24"
        try:
            drawn = self._reformatter.reformat(
                frame, width, height, form, interpolation=smooth, dst_color_range=FULL, threads=1
            )
        except FFmpegError as error:
            raise PictureError(
                f"film {self._name} has colours that cannot be converted ({error.strerror}): convert it first"
            ) from None
        return _pixels(drawn, 1 if gray else 3)

    def _seek(self, to: float) -> None:
        """To a key frame before that time; a format that cannot do that is read from its beginning."""
        from av import FFmpegError

        with suppress(FFmpegError):
            self._container.seek(round(to * _MICROSECONDS))


_EXPANSION = np.clip(np.rint((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8).tobytes()
"""Limited luma -> the full range."""


def _expanded(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Through the table above; `translate` takes half the time of NumPy's indexing."""
    table = bytearray(np.ascontiguousarray(luma)).translate(_EXPANSION)
    return np.frombuffer(table, np.uint8).reshape(luma.shape)


def _opened(source: str | BinaryIO, name: str) -> InputContainer:
    import av

    try:
        # A playlist must not reach out for other hosts.
        return av.open(source, "r", options={"protocol_whitelist": "file"} if isinstance(source, str) else {})
    except (av.FFmpegError, OSError) as error:
        hint = "" if isinstance(source, str) else ", an MP4 made for streaming (faststart)"
        raise PictureError(
            f"film {name} is not a film that can be read ({error.strerror}): "
            f"give a video{hint}, an animated GIF, WebP or PNG, a directory of pictures or a list of their names"
        ) from None


def _video_stream(container: InputContainer, name: str) -> VideoStream:
    from av.stream import Disposition

    films = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not films:
        what = "sound only" if container.streams.audio else "no pictures"
        raise PictureError(f"film {name} holds {what}: give a file with a video stream")
    films[0].thread_type = "AUTO"
    return films[0]


def _own_duration(stream: VideoStream) -> float | None:
    """Seconds that the pictures last; Matroska tells it in a tag only, as "00:03:39.066000000"."""
    if stream.duration:
        return float(stream.duration * (stream.time_base or 0))
    tag = stream.metadata.get("DURATION", "").split(":")
    if len(tag) != 3:
        return None
    hours, minutes, seconds = tag
    return 3600 * float(hours) + 60 * float(minutes) + float(seconds)


def _decoded(container: InputContainer, stream: VideoStream, damage: list[str]) -> Iterator[VideoFrame]:
    """Every frame that decodes, whatever lies between; into `damage` go the reasons of those that do not."""
    from av import FFmpegError

    try:
        for packet in container.demux(stream):
            try:
                decoded = packet.decode()
            except FFmpegError as error:
                damage.append(str(error.strerror))
            else:
                yield from decoded
    except (FFmpegError, OSError) as error:  # OSError is the stream's own
        damage.append(str(error.strerror or error))
        with suppress(FFmpegError):  # what the decoder still holds
            yield from stream.decode(None)


def _pixels(frame: VideoFrame, channels: int) -> NDArray[np.uint8]:
    """(H, W) or (H, W, channels): a view of the frame's only plane, whose lines may be padded."""
    plane = frame.planes[0]
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[
        : frame.height, : frame.width * channels
    ]
    return lines if channels == 1 else lines.reshape(frame.height, frame.width, channels)


def _orientation(frame: VideoFrame) -> tuple[bool, bool, bool]:
    """What the display matrix asks for: whether to swap the axes, then to mirror left-right, to flip up-down.

    The matrix of ISO/IEC 14496-12 (a b u, c d v, x y w) sends column p and row q to column a p + c q and
    row b p + d q: for quarter turns one of each pair is 0. Matrices between are taken for the nearest.
    """
    side_data = cast("Mapping[str, Buffer]", frame.side_data)
    if "DISPLAYMATRIX" not in side_data:
        return False, False, False
    a, b, _, c, d = struct.unpack("=5i", bytes(side_data["DISPLAYMATRIX"])[:20])
    turned = abs(b) > abs(a)
    return turned, (c if turned else a) < 0, (b if turned else d) < 0
