"""Sound that is carried over: copied or encoded, the part that is wanted, in step with the pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from glyphgrad import Frame, TimedFrame
from glyphgrad.codec.formats import WriteOptions, write_film
from glyphgrad.codec.soundtrack import Sound
from glyphgrad.core.clip import ClipHeader
from glyphgrad.errors import OutputError

RATE, SECONDS = 48_000, 4
CLICK = 2.0
"""Seconds at which the tone of the source begins: before it is silent."""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Codec -> a file of sound that is silent until CLICK."""
    found = {}
    for codec, suffix in (("aac", "m4a"), ("libopus", "ogg"), ("pcm_s16le", "wav")):
        found[codec] = tmp_path_factory.mktemp("sound") / f"sound.{suffix}"
        time = np.arange(SECONDS * RATE) / RATE
        wave = np.int16(20_000 * np.sin(2 * np.pi * 440 * time) * (time >= CLICK))
        with av.open(str(found[codec]), "w") as container:
            stream = container.add_stream(codec, rate=RATE, layout="mono")
            resampler = av.AudioResampler(stream.format.name, "mono", RATE, frame_size=stream.frame_size or 1024)
            frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
            for part in (*resampler.resample(frame), *resampler.resample(None)):
                container.mux(stream.encode(part))
            container.mux(stream.encode(None))
    return found


def film(path: Path, sound: Sound, seconds: float = SECONDS) -> Path:
    header = ClipHeader(2, 4, "terminal", True)
    with write_film(path, header, WriteOptions(sound=sound)) as writer:
        for number in range(round(10 * seconds)):
            cells = np.full((2, 4), 33 + number, np.uint32)
            writer.write(TimedFrame(100 * number, 100 * number + 100, Frame(cells)))
    return path


def heard(path: Path) -> tuple[str, float, float]:
    """Codec, seconds of sound, and when it becomes loud."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("flt", "mono", RATE)
        parts, begun = [], None
        for frame in container.decode(stream):
            begun = frame.time if begun is None else begun
            parts += [part.to_ndarray().ravel() for part in resampler.resample(frame)]
        wave = np.concatenate(parts)
        return stream.codec_context.name, len(wave) / RATE, begun + np.flatnonzero(np.abs(wave) > 0.2)[0] / RATE


@pytest.mark.parametrize("codec", ["aac", "libopus", "pcm_s16le"])
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize("start", [0.0, 1.0])
def test_sound_stays_in_step(tmp_path: Path, sources: dict[str, Path], codec: str, suffix: str, start: float) -> None:
    written = film(tmp_path / f"film{suffix}", Sound(sources[codec], start, 2.5), 2.5)
    name, seconds, loud = heard(written)
    kept = {"aac": "aac", "libopus": "opus", "pcm_s16le": "aac"} if suffix == ".mp4" else {}
    assert name == kept.get(codec, "opus")
    assert seconds == pytest.approx(2.5, abs=0.1)  # whole packets: of AAC 21 ms, of Opus 20, and its lead
    assert loud == pytest.approx(CLICK - start, abs=0.06)
    with av.open(str(written)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]


def test_a_film_without_sound_gets_none(tmp_path: Path) -> None:
    with write_film(tmp_path / "plain.mp4", ClipHeader(2, 4, "terminal", True)) as writer:
        writer.write(TimedFrame(0, 500, Frame(np.full((2, 4), 35, np.uint32))))
    again = film(tmp_path / "again.mp4", Sound(tmp_path / "plain.mp4"), 1)
    with av.open(str(again)) as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_sound_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(bytes(range(256)) * 40)
    with pytest.raises(OutputError, match=r"sound of .*noise\.mp4"):
        film(tmp_path / "film.mp4", Sound(tmp_path / "noise.mp4"))
    assert not (tmp_path / "film.mp4").exists()
