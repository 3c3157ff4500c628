"""The clip file, `.glyph`: a film's cells and times, compressed, to be read from any moment on.

A header, groups of frames that need nothing but themselves, and an index of them at the end. A file
whose writer was killed has no index: its groups are found one after the other. See docs/clip-format.md.
"""

from __future__ import annotations

import json
import struct
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from glyphgrad.codec.chunks import MAGIC, OVERHEAD, Chunk, TruncatedError, chunk, read_chunk
from glyphgrad.codec.group import Group, GroupHead, Kind, capacity, decode_group, decode_head, encode_group
from glyphgrad.codec.header import from_json, to_json
from glyphgrad.core.clip import ClipHeader, TimedFrame
from glyphgrad.errors import ClipError, GlyphgradWarning

VERSION = 2
_COLORLESS = 1
"""The version before groups said what colours they have."""
_PLANES = ["cells"]
"""What a cell had then, which the header said."""

_HEAD, _GROUP, _INDEX, _TAIL = b"HEAD", b"GRUP", b"INDX", b"TAIL"
_ENTRY = np.dtype([("offset", "<u8"), ("first", "<u4"), ("count", "<u4"), ("start", "<u4"), ("end", "<u4")])
_TAIL_SIZE = OVERHEAD + 8


class ClipEncoder:
    """Frames in, the bytes of a clip file out, a group at a time."""

    def __init__(self, header: ClipHeader):
        self.header = header
        self._frames = self._size = 0
        self._waiting: list[TimedFrame] = []
        self._entries: list[tuple[int, ...]] = []

    def start(self) -> bytes:
        content = struct.pack("<H", VERSION) + json.dumps(to_json(self.header), ensure_ascii=False).encode()
        return self._count(MAGIC + chunk(_HEAD, content))

    def add(self, timed: TimedFrame) -> bytes:
        other = self._waiting and Kind.of(self._waiting[0].frame) != Kind.of(timed.frame)
        done = self._group() if other else b""
        self._waiting.append(timed)
        full = len(self._waiting) == capacity(self.header.rows, self.header.cols)
        return done + self._group() if full else done

    def finish(self) -> bytes:
        last = self._group() if self._waiting else b""
        offset = self._size
        index = chunk(_INDEX, np.array(self._entries, dtype=_ENTRY).tobytes())
        return last + index + chunk(_TAIL, struct.pack("<Q", offset))

    def _group(self) -> bytes:
        content = encode_group(self._frames, self._waiting)
        self._entries.append((self._size, *decode_head(content)))
        self._frames += len(self._waiting)
        self._waiting.clear()
        return self._count(chunk(_GROUP, content))

    def _count(self, data: bytes) -> bytes:
        self._size += len(data)
        return data


class ClipReader:
    """A clip file that can be read from any moment or frame on: len(), [number], at(), iter().

    The group last read stays decoded, so that frames that follow each other cost little. `name` is for
    messages. Raises ClipError for what is no clip, is damaged (at which byte), or is of a newer version;
    one that was not finished is read as far as it goes, with a GlyphgradWarning. Where a group of frames is
    damaged the frame before stays instead: iter() raises its ClipError at the end, at() warns.
    """

    def __init__(self, file: BinaryIO, name: str = "clip"):
        self._file, self._name = file, name
        self.bytes = file.seek(0, 2)
        head = self._head()
        header = self._header(head.content)
        index = self._indexed(head.end)
        self._entries = self._scanned(head.end) if index is None else index
        self._firsts: list[int] = self._entries["first"].tolist()
        self._starts: list[int] = self._entries["start"].tolist()
        self.header = replace(header, duration=int(self._entries["end"][-1]))
        self._latest: tuple[int, Group] | None = None
        self._damage: dict[int, tuple[ClipError, Group]] = {}  # by group: what is wrong, and what stands in for it

    @classmethod
    def open(cls, path: Path) -> ClipReader:
        """The reader of a file, which `close` or a `with` closes. Raises ClipError, OSError."""
        file = path.open("rb")
        try:
            return cls(file, str(path))
        except BaseException:
            file.close()
            raise

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> ClipReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # --- Frames ---

    def __len__(self) -> int:
        """The number of frames."""
        return int(self._entries["first"][-1] + self._entries["count"][-1])

    @property
    def keyframes(self) -> int:
        """How many frames can be reached without decoding another."""
        return len(self._entries)

    def __iter__(self) -> Iterator[TimedFrame]:
        for place in range(len(self._entries)):
            group = self._readable(place)
            yield from map(group.frame, range(group.head.frames))
        for error, _ in self._damage.values():
            raise error

    def __getitem__(self, number: int) -> TimedFrame:
        """The frame of a number in [0, len). Raises IndexError, ClipError."""
        if not 0 <= number < len(self):
            raise IndexError(f"frame {number}: there are {len(self)}")
        place = bisect_right(self._firsts, number) - 1
        return self._group(place).frame(number - self._firsts[place])

    def at(self, time: int) -> TimedFrame:
        """The frame shown at a time in milliseconds; before and after the film its first and last.

        Raises ClipError if there is none that can be read.
        """
        place, known = max(0, bisect_right(self._starts, time) - 1), len(self._damage)
        group = self._readable(place)
        if len(self._damage) > known:
            warnings.warn(str(self._damage[place][0]), GlyphgradWarning, stacklevel=2)
        return group.at(time)

    def _readable(self, place: int) -> Group:
        """A group, or what stands in for it. Raises ClipError if nothing can."""
        if place in self._damage:
            return self._damage[place][1]
        try:
            return self._group(place)
        except ClipError as error:
            self._damage[place] = error, self._stand_in(place, error)
            return self._damage[place][1]

    def _stand_in(self, place: int, damage: ClipError) -> Group:
        """Instead of a damaged group the last frame before it that can be read, or else the first after it."""
        for other in [*range(place)[::-1], *range(place + 1, len(self._entries))]:
            with suppress(ClipError):
                index = -1 if other < place else 0
                return self._group(other).still(index, GroupHead(*self._entries[place].item()[1:]))
        raise damage

    def _group(self, place: int) -> Group:
        if self._latest is None or self._latest[0] != place:
            self._latest = place, self._read_group(self._entries[place])
        return self._latest[1]

    def _read_group(self, entry: Any) -> Group:
        offset, *expected = entry.item()
        try:
            group = decode_group(self._chunk(offset, _GROUP).content, self.header, self._version > _COLORLESS)
            if group.head != GroupHead(*expected):
                raise ClipError("the index tells of other frames")
        except ClipError as error:
            first, count = expected[:2]
            raise self._damaged(offset, error, f" (frames {first} to {first + count - 1})") from None
        return group

    # --- What is where ---

    def _head(self) -> Chunk:
        self._file.seek(0)
        if self._file.read(len(MAGIC)) != MAGIC:
            raise self._error("no clip file: its first bytes are not those of one")
        try:
            return self._chunk(len(MAGIC), _HEAD)
        except ClipError as error:
            raise self._damaged(len(MAGIC), error) from None

    def _header(self, content: bytes) -> ClipHeader:
        self._version = version = int.from_bytes(content[:2], "little")
        if version > VERSION:
            raise self._error(f"of version {version} and this glyphgrad reads up to {VERSION}: update glyphgrad")
        try:
            found = json.loads(content[2:])
            header = from_json(found)
        except (ValueError, RecursionError) as error:
            raise self._damaged(len(MAGIC), error) from None
        if version == _COLORLESS and found.get("planes") != _PLANES:
            raise self._error(
                f"made of {str(found.get('planes'))[:40]!r} and this glyphgrad reads {_PLANES}: update it"
            )
        return header

    def _indexed(self, after: int) -> NDArray[Any] | None:
        """The index that the end of the file points to; None where there is none to be trusted."""
        try:
            tail = self._chunk(max(after, self.bytes - _TAIL_SIZE), _TAIL)
            (offset,) = struct.unpack("<Q", tail.content)
            index = self._chunk(offset, _INDEX)
            return self._checked(np.frombuffer(index.content, _ENTRY))
        except (ValueError, struct.error):
            return None

    def _scanned(self, offset: int) -> NDArray[Any]:
        """The index of a file that has none: its groups, found one after the other."""
        entries: list[tuple[int, ...]] = []
        try:
            while (found := self._chunk(offset, _GROUP, _INDEX)).kind == _GROUP:
                entries.append((offset, *decode_head(found.content)))
                offset = found.end
            index = self._checked(np.array(entries, dtype=_ENTRY))
        except ClipError as error:
            if not (entries or isinstance(error, TruncatedError)):
                raise self._damaged(offset, error) from None
            index = self._checked(np.array(entries, dtype=_ENTRY))
        warnings.warn(
            f"clip {self._name!r} has no index that can be read (damaged, or its writer was stopped): it is used up to byte {offset}",
            GlyphgradWarning,
            stacklevel=4,
        )
        return index

    def _checked(self, index: NDArray[Any]) -> NDArray[Any]:
        """An index whose groups follow each other without a hole. Raises ClipError."""
        if not len(index):
            raise self._error("empty: it holds no frames")
        first, count, start, end = (index[name].astype(np.int64) for name in ("first", "count", "start", "end"))
        follows = (first[1:] == first[:-1] + count[:-1]).all() and (start[1:] == end[:-1]).all()
        if not follows or first[0] or start[0] or not (count > 0).all() or not (end > start).all():
            raise ClipError("groups of frames that do not follow each other")
        return index

    def _chunk(self, offset: int, *kinds: bytes) -> Chunk:
        found = read_chunk(self._file, offset, self.bytes)
        if found.kind not in kinds:
            raise ClipError(f"a chunk {found.kind!r} that does not belong there")
        return found

    def _damaged(self, offset: int, reason: Exception, frames: str = "") -> ClipError:
        return self._error(f"damaged at byte {offset}{frames}: {reason}")

    def _error(self, what: str) -> ClipError:
        return ClipError(f"clip {self._name!r} is {what}")
