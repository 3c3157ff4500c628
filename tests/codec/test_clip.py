from __future__ import annotations

import io
import json
import struct
import warnings
import zlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from glyphgrad import Frame
from glyphgrad.codec.chunks import MAGIC, chunk
from glyphgrad.codec.clip import ClipEncoder, ClipReader
from glyphgrad.codec.group import capacity, encode_group
from glyphgrad.core.clip import ClipHeader, TimedFrame
from glyphgrad.errors import ClipError, GlyphgradWarning

HEADER = ClipHeader(2, 3, "terminal", True, "Täst ☺", "glyphgrad 0.1.0")
SCALARS = st.integers(0x20, 0x10FFFF).filter(lambda code: not (0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000))


NO_COLORS = b"\0\0"


def film(cells: Sequence[Any], lengths: Sequence[int] | None = None) -> list[TimedFrame]:
    """Frames one after the other, of 33 ms if no lengths are given."""
    ends = np.cumsum(lengths or [33] * len(cells)).tolist()
    frames = [Frame(np.asarray(one, dtype=np.uint32)) for one in cells]
    return [TimedFrame(start, end, frame) for start, end, frame in zip([0, *ends], ends, frames, strict=False)]


def encoded(header: ClipHeader, frames: Sequence[TimedFrame]) -> bytes:
    encoder = ClipEncoder(header)
    return encoder.start() + b"".join(map(encoder.add, frames)) + encoder.finish()


def reader(data: bytes) -> ClipReader:
    return ClipReader(io.BytesIO(data), "film.glyph")


def long_film(count: int = 150) -> list[TimedFrame]:
    """Of three groups; every frame differs from the others."""
    rng = np.random.default_rng(3)
    cells = np.where(rng.random((count, 2, 3)) < 0.3, rng.integers(33, 127, (count, 2, 3)), ord(" "))
    cells[:, 0, 0] = 0x2500 + np.arange(count)
    return film(cells, rng.integers(1, 60, count).tolist())


@st.composite
def films(draw: st.DrawFn) -> tuple[ClipHeader, list[TimedFrame]]:
    rows, cols, count = draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(st.integers(1, 70))
    few = st.sampled_from(draw(st.lists(SCALARS, min_size=1, max_size=5)))
    cells = draw(nps.arrays(np.uint32, (count, rows, cols), elements=few, fill=few))
    lengths = draw(st.lists(st.integers(1, 5000), min_size=count, max_size=count))
    title = draw(st.text(st.characters(categories=("L", "N", "P")), max_size=20))
    return ClipHeader(rows, cols, draw(st.sampled_from([None, "epson"])), draw(st.booleans()), title), film(
        cells, lengths
    )


# --- Round trips ---


@given(films())
def test_a_film_is_read_back_to_equality(given: tuple[ClipHeader, list[TimedFrame]]) -> None:
    header, frames = given
    read = reader(encoded(header, frames))
    assert list(read) == frames
    assert read.header == ClipHeader(
        header.rows, header.cols, header.preset, header.dark, header.title, header.software, frames[-1].end
    )


@pytest.mark.parametrize("colors", [1, 256, 257, 70_000])
def test_palettes_of_every_width(colors: int) -> None:
    cells = np.resize(np.arange(0xE000, 0xE000 + colors, dtype=np.uint32), (2, 200, 200))
    frames = film(cells)
    assert list(reader(encoded(ClipHeader(200, 200), frames))) == frames


def test_large_frames_come_in_small_groups() -> None:
    assert [capacity(30, 80), capacity(200, 200), capacity(2000, 2000)] == [64, 26, 1]
    frames = film(np.random.default_rng(0).integers(32, 127, (3, 700, 700)))
    read = reader(encoded(ClipHeader(700, 700), frames))
    assert read.keyframes == 2
    assert list(read) == frames


def test_a_film_like_those_that_are_served_takes_few_bytes() -> None:
    y, x = np.mgrid[:30, :80]
    ramp = np.frombuffer(b" .:-=+*#%@", dtype=np.uint8)
    tones = [np.clip(12 - np.hypot(x - 10 - k / 3, 2 * (y - 15)) / 2, 0, 9).astype(int) for k in range(180)]
    assert len(encoded(ClipHeader(30, 80), film(ramp[np.array(tones)]))) < 180 * 100


# --- Known bytes ---


def test_known_bytes() -> None:
    a, b = ord("a"), ord("b")
    data = encoded(ClipHeader(1, 2, None, False, "", ""), film([[[a, a]], [[a, b]]], [40, 2]))
    words = b'{"rows": 1, "cols": 2, "preset": null, "dark": false, "title": "", "software": ""}'
    head = chunk(b"HEAD", b"\x02\0" + words)
    plain = (
        struct.pack("<2I", 40, 2)
        + NO_COLORS
        + struct.pack("<3I", 2, a, b)
        + bytes([0b10000000, 0b11000000])
        + bytes([0, 0, 1])
    )
    group = chunk(b"GRUP", struct.pack("<4I", 0, 2, 0, 42) + zlib.compress(plain, 6))
    offset = 8 + len(head)
    index = chunk(b"INDX", struct.pack("<Q4I", offset, 0, 2, 0, 42))
    tail = chunk(b"TAIL", struct.pack("<Q", offset + len(group)))
    assert data == b"\x89GLYPH\r\n" + head + group + index + tail
    assert tail[:8] == b"TAIL\x08\0\0\0"
    assert tail[-4:] == struct.pack("<I", zlib.crc32(tail[:-4]))


# --- Random access ---


def test_any_frame_without_those_before_it() -> None:
    frames = long_film()
    read = reader(encoded(HEADER, frames))
    assert len(read) == 150
    assert read.keyframes == 3
    for number in [149, 0, 64, 63, 128, 5, 127]:
        assert read[number] == frames[number]
    for number in (-1, 150):
        with pytest.raises(IndexError, match=f"frame {number}: there are 150"):
            read[number]


@given(st.integers(-10, 6000))
def test_the_frame_shown_at_a_time(time: int) -> None:
    frames = long_film()
    expected = next((one for one in frames if time < one.end), frames[-1])
    assert reader(encoded(HEADER, frames)).at(time) == expected


def test_the_group_last_read_is_kept() -> None:
    class Counting(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1) -> bytes:
            self.reads += 1
            return super().read(size)

    file = Counting(encoded(HEADER, long_film()))
    read = ClipReader(file)
    file.reads = 0
    for number in range(64):
        read[number]
    assert file.reads == 2  # a chunk's head and its content


# --- Files that were not finished ---


def test_what_a_killed_writer_left_is_readable_to_the_last_whole_group() -> None:
    frames = long_film()
    data = encoded(HEADER, frames)
    whole = reader(data)
    after_two = int(whole._entries["offset"][2])
    for cut in (after_two, after_two + 5, after_two + 30, len(data) - 300):
        with pytest.warns(GlyphgradWarning, match=f"or its writer was stopped.: it is used up to byte {after_two}"):
            read = reader(data[:cut])
        assert list(read) == frames[:128]
        assert read.at(10**6) == frames[127]


def test_a_writer_hands_out_groups_as_they_are_full() -> None:
    encoder = ClipEncoder(HEADER)
    sizes = [len(encoder.add(one)) for one in long_film()]
    assert [number for number, size in enumerate(sizes) if size] == [63, 127]


def test_a_film_without_frames_is_refused() -> None:
    encoder = ClipEncoder(HEADER)
    for data in (encoder.start(), encoded(HEADER, [])):
        with pytest.raises(ClipError, match=r"'film\.glyph' is empty"):
            reader(data)


# --- Damage ---


def read_all(data: bytes) -> list[TimedFrame]:
    """All frames, or a ClipError; a warning of a file that was cut is no error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GlyphgradWarning)
        read = reader(data)
        frames = list(read)
        assert len(frames) == len(read)
        return frames


@pytest.fixture(scope="module")
def small() -> bytes:
    return encoded(ClipHeader(2, 2, "epson"), film(np.random.default_rng(1).integers(40, 60, (70, 2, 2))))


@pytest.mark.parametrize("bit", range(8))
def test_no_flipped_bit_goes_unseen(small: bytes, bit: int) -> None:
    frames = read_all(small)
    for at in range(len(small)):
        broken = bytearray(small)
        broken[at] ^= 1 << bit
        with suppress(ClipError):  # else its index was hit, or the length of the last group
            assert read_all(bytes(broken)) in (frames, frames[:64])


def test_every_cut_is_read_as_far_as_it_goes_or_refused(small: bytes) -> None:
    frames = read_all(small)
    second = int(reader(small)._entries["offset"][1])
    for size in range(second):
        with pytest.raises(ClipError, match=r"no clip file|damaged at byte 8|empty"):
            read_all(small[:size])
    for size in range(second, len(small)):
        assert read_all(small[:size]) in (frames, frames[:64])


@given(st.binary(max_size=300), st.integers(0, 3))
@settings(max_examples=300)
def test_any_bytes_are_a_clip_or_a_clip_error(noise: bytes, after: int) -> None:
    starts = [b"", MAGIC, encoded(HEADER, film([[[65] * 3] * 2]))[:200], ClipEncoder(HEADER).start()]
    with suppress(ClipError):
        read_all(starts[after] + noise)


@given(st.binary(max_size=400), st.integers(0, 70), st.integers(0, 5000))
@settings(max_examples=300)
def test_any_group_with_a_right_checksum_is_frames_or_a_clip_error(noise: bytes, count: int, end: int) -> None:
    for content in (noise, zlib.compress(noise)):
        group = chunk(b"GRUP", struct.pack("<4I", 0, count, 0, end) + content)
        with suppress(ClipError):
            read_all(ClipEncoder(HEADER).start() + group)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda of: st.lists(of, max_size=3))
)
def test_any_header_with_a_right_checksum_is_one_or_a_clip_error(value: Any) -> None:
    right = json.loads(ClipEncoder(HEADER).start()[18:-4])
    for found in (value, *({**right, name: value} for name in right)):
        start = MAGIC + chunk(b"HEAD", b"\x01\0" + json.dumps(found).encode())
        with suppress(ClipError):
            read_all(start + chunk(b"GRUP", encode_group(0, film([[[65] * 3] * 2]))))


@pytest.mark.parametrize(
    ("name", "value"),
    [("rows", None), ("rows", True), ("cols", 2.0), ("dark", 1), ("preset", 1), ("title", None), ("software", ["a"])],
)
def test_a_header_with_another_type_or_nothing_is_refused(name: str, value: Any) -> None:
    right = json.loads(ClipEncoder(HEADER).start()[18:-4])
    missing = {key: right[key] for key in right if key != name}
    for words in (right | {name: value}, missing if name != "preset" else right | {name: value}):
        with pytest.raises(ClipError, match=f"damaged at byte 8: {name} in its header is"):
            reader(MAGIC + chunk(b"HEAD", b"\x01\0" + json.dumps(words).encode()))


def test_a_header_may_lack_the_preset_and_have_more() -> None:
    words = json.loads(ClipEncoder(HEADER).start()[18:-4]) | {"later": [1]}
    del words["preset"]
    start = MAGIC + chunk(b"HEAD", b"\x02\0" + json.dumps(words).encode())
    with pytest.warns(GlyphgradWarning, match="no index"):
        assert reader(start + chunk(b"GRUP", encode_group(0, film([[[65] * 3] * 2])))).header.preset is None


def test_damage_is_told_with_byte_and_frames() -> None:
    data = bytearray(encoded(HEADER, long_film()))
    offset = int(reader(bytes(data))._entries["offset"][1])
    data[offset + 40] ^= 1
    read = reader(bytes(data))
    assert read[63] == long_film()[63]
    with pytest.raises(
        ClipError, match=rf"'film\.glyph' is damaged at byte {offset} \(frames 64 to 127\): the checksum"
    ):
        read[64]
    assert read[128] == long_film()[128]


@pytest.mark.parametrize(("group", "instead", "start"), [(0, 64, 0), (1, 63, 64), (2, 127, 128)])
def test_where_a_group_is_damaged_the_frame_next_to_it_stays(group: int, instead: int, start: int) -> None:
    """The one before; of the film's beginning the one after."""
    data, whole = bytearray(encoded(HEADER, long_film())), long_film()
    data[int(reader(bytes(data))._entries["offset"][group]) + 40] ^= 1
    read, found = reader(bytes(data)), list[TimedFrame]()
    end = whole[min(start + 64, len(whole)) - 1].end
    still = TimedFrame(whole[start].start, end, whole[instead].frame)
    with pytest.raises(ClipError, match="damaged at byte"):
        found.extend(read)
    assert found == [*whole[:start], still, *whole[start + 64 :]]
    read = reader(bytes(data))
    with pytest.warns(GlyphgradWarning, match="damaged at byte") as told:
        assert [read.at(time) for time in (still.start, still.start + 1, still.end - 1)] == [still] * 3
    assert len(told) == 1


def test_a_clip_whose_groups_are_all_damaged_is_none(small: bytes) -> None:
    data = bytearray(small)
    for offset in reader(small)._entries["offset"].tolist():
        data[offset + 40] ^= 1
    for read in (list, lambda clip: clip.at(0)):
        with pytest.raises(ClipError, match=r"damaged at byte \d+ \(frames 0 to 63\)"):
            read(reader(bytes(data)))


def test_a_newer_version_and_another_file_are_told_apart() -> None:
    newer = MAGIC + chunk(b"HEAD", b"\x03\0what nobody knows yet")
    with pytest.raises(ClipError, match=r"of version 3 and this glyphgrad reads up to 2: update glyphgrad"):
        reader(newer)
    with pytest.raises(ClipError, match="no clip file"):
        reader(b"GIF89a")


def first_version(frames: Sequence[TimedFrame], planes: Sequence[str] = ("cells",)) -> bytes:
    """The frames, one group of them, as glyphgrad wrote them before there were colours."""
    words = json.loads(ClipEncoder(HEADER).start()[18:-4]) | {"planes": planes}
    content = encode_group(0, frames)
    plain = zlib.decompress(content[16:])
    lengths = 4 * len(frames)
    assert plain[lengths : lengths + 2] == NO_COLORS
    group = content[:16] + zlib.compress(plain[:lengths] + plain[lengths + 2 :])
    return MAGIC + chunk(b"HEAD", b"\x01\0" + json.dumps(words).encode()) + chunk(b"GRUP", group)


def test_files_of_the_first_version_are_read() -> None:
    frames = long_film()[:40]
    with pytest.warns(GlyphgradWarning, match="no index"):
        assert list(reader(first_version(frames))) == frames
    with pytest.raises(ClipError, match=r"made of \"\['cells', 'fg'\]\""):
        reader(first_version(frames, ["cells", "fg"]))


def group_of(plain: bytes, count: int = 1) -> bytes:
    """A clip of 3 x 2 cells with one group of `count` frames of 5 ms that unpacks to `plain` after its times."""
    packed = zlib.compress(struct.pack(f"<{count}I", *[5] * count) + plain)
    return ClipEncoder(HEADER).start() + chunk(b"GRUP", struct.pack("<4I", 0, count, 0, 5 * count) + packed)


PLAIN = NO_COLORS + struct.pack("<2I", 1, 65) + b"\x80" * 6 + b"\0" * 6


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        (PLAIN[:-1], "too early"),
        (PLAIN + b"\0", "too late"),
        (NO_COLORS + struct.pack("<I", 2**31) + PLAIN[6:], "palette of 2147483648"),
        (NO_COLORS + struct.pack("<2I", 1, 0x1B) + PLAIN[10:], r"U\+001B"),
        (PLAIN[:10] + b"\x80" * 5 + b"\0" + b"\0" * 5, "begin nowhere"),
        (b"\x05\0" + PLAIN[2:], "colours of 5 bits, backgrounds 0"),
        (b"\0\1" + PLAIN[2:], "colours of 0 bits, backgrounds 1"),
        (b"\x18\2" + PLAIN[2:], "colours of 24 bits, backgrounds 2"),
        (b"\x18\0" + PLAIN[2:], "too early"),
        (b"\x18\0" + PLAIN[2:] + struct.pack("<2I", 1, 1 << 24) + PLAIN[10:], "more than 24 bits"),
        (PLAIN[:-1] + b"\1", "outside the palette"),
        (b"\0" * 10_000, "another length"),  # far more than a frame of 6 cells can need
    ],
)
def test_a_group_that_cannot_be(plain: bytes, reason: str) -> None:
    assert len(read_all(group_of(PLAIN))) == 1
    with pytest.raises(ClipError, match=reason):
        read_all(group_of(plain))


def test_a_small_file_that_would_unpack_to_gigabytes_is_refused_early() -> None:
    bomb = zlib.compressobj(9)
    packed = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(40)) + bomb.flush()
    group = chunk(b"GRUP", struct.pack("<4I", 0, 1, 0, 5) + packed)
    with pytest.raises(ClipError, match="another length"):
        read_all(ClipEncoder(HEADER).start() + group)


@pytest.mark.parametrize("entry", [(0, 0, 70, 0, 9), (8, 0, 70, 0, 9), (2**63, 0, 70, 0, 9), (99, 0, 70, 0, 9)])
def test_an_index_that_lies_is_found_out(small: bytes, entry: tuple[int, ...]) -> None:
    body = small[: small.index(b"INDX")]
    lies = chunk(b"INDX", struct.pack("<Q4I", *entry)) + chunk(b"TAIL", struct.pack("<Q", len(body)))
    with pytest.raises(ClipError, match=f"damaged at byte {entry[0]}"):
        read_all(body + lies)


def test_an_index_that_tells_of_other_frames_is_found_out(small: bytes) -> None:
    offset = int(reader(small)._entries["offset"][0])
    body = small[: small.index(b"INDX")]
    lies = chunk(b"INDX", struct.pack("<Q4I", offset, 0, 64, 0, 7)) + chunk(b"TAIL", struct.pack("<Q", len(body)))
    with pytest.raises(
        ClipError, match=rf"damaged at byte {offset} \(frames 0 to 63\): the index tells of other frames"
    ):
        read_all(body + lies)
