"""The sound of a film, carried over into another: copied where its new container takes it, else encoded anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from glyphgrad.errors import OutputError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet

_TAKES = {
    ".mp4": ({"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}, "aac"),
    ".webm": ({"opus", "vorbis"}, "libopus"),
}
"""Suffix -> the codecs that are copied, and the one that the rest becomes."""
_RATE = 48_000
"""Samples a second of what is encoded: the one that Opus takes."""


@dataclass(frozen=True)
class Sound:
    """Where a film's sound is: in `path`, from `start` on, for `duration` (None: to its end); seconds."""

    path: Path
    start: float = 0.0
    duration: float | None = None


class Soundtrack:
    """Adds the sound to a container that is being written, before its first packet.

    Nothing happens where there is none. Raises OutputError for what cannot be read.
    """

    def __init__(self, sound: Sound, container: OutputContainer, suffix: str) -> None:
        import av

        self._sound, self._container = sound, container
        self._end = float("inf") if sound.duration is None else sound.duration
        self._packets: Iterator[tuple[float, Packet[AudioStream]]] = iter(())
        self._source: InputContainer | None = None
        try:
            source = av.open(str(sound.path))
            if not source.streams.audio:
                source.close()
                return
            self._source, stream = source, source.streams.audio[0]
            if sound.start:
                source.seek(int(sound.start * av.time_base))
            copied, codec = _TAKES[suffix]
            if stream.codec_context.name in copied:
                self._packets = self._copied(source, stream, container.add_stream_from_template(stream))
            else:
                encoder = cast("AudioStream", container.add_stream(codec, rate=_RATE))
                self._packets = self._encoded(source, stream, encoder)
        except av.FFmpegError as error:
            raise OutputError(f"the sound of {str(sound.path)!r} cannot be read ({error.strerror})") from None

    def write(self, until: float) -> None:
        """What sounds until then, in seconds of the new film. Raises OutputError."""
        import av

        try:
            for time, packet in self._packets:
                self._container.mux(packet)
                if time >= until:
                    return
        except av.FFmpegError as error:
            raise OutputError(
                f"the sound of {str(self._sound.path)!r} cannot be carried over ({error.strerror})"
            ) from None

    def close(self) -> None:
        """To be called after the last picture, at whose end the sound ends."""
        if self._source is not None:
            self._source.close()

    def _copied(
        self, source: InputContainer, stream: AudioStream, target: Any
    ) -> Iterator[tuple[float, Packet[AudioStream]]]:
        for packet in source.demux(stream):
            if packet.pts is None:
                continue
            assert packet.time_base is not None
            shift = round(self._sound.start / packet.time_base)
            time = float((packet.pts - shift) * packet.time_base)
            if time >= self._end:
                return
            if time < 0:
                continue
            packet.pts, packet.dts = packet.pts - shift, (packet.dts or packet.pts) - shift
            packet.stream = target
            yield time, packet

    def _encoded(
        self, source: InputContainer, stream: AudioStream, target: AudioStream
    ) -> Iterator[tuple[float, Packet[AudioStream]]]:
        import av

        # libopus takes 20 ms at a time, aac 1,024 samples: the resampler cuts what comes into what is taken.
        target.codec_context.open()
        resampler = av.AudioResampler(target.format.name, "stereo", _RATE, frame_size=target.frame_size or 1024)
        samples = 0
        for frame in self._frames(source, stream):
            for part in resampler.resample(frame):
                part.pts, samples = samples, samples + part.samples
                for packet in target.encode(part):
                    yield samples / _RATE, packet
        for packet in target.encode(None):
            yield samples / _RATE, packet

    def _frames(self, source: InputContainer, stream: AudioStream) -> Iterator[Any]:
        for frame in source.decode(stream):
            time = (frame.time or 0.0) - self._sound.start
            if time >= self._end:
                return
            if time >= 0:
                yield frame
        yield None
