"""A group of frames <-> bytes: what a clip file can be entered at.

A cell of a film mostly stays as it is. So a group tells, cell by cell, in which frames it changes and
to what: the histories of neighbours are alike, and zlib finds it out. That takes 6 to 44 % less than
frames one after the other, and less than their differences. Colours are further planes of the same kind.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.clip import ClipHeader, TimedFrame, check_codes
from glyphgrad.core.colors import Colors, Depth, packed, unpacked
from glyphgrad.core.frame import Frame
from glyphgrad.errors import ClipError

_FRAMES = 64
_CELLS = 1 << 20
_LEVEL = 6
"""Of zlib: 9 takes five times as long for 2 % less."""

_HEAD = struct.Struct("<4I")
_CODES = 0x110000
_COLORS = 1 << 24
_SPARSE = 128
"""Numbers that there are to one that occurs, up to which a table of them all is quicker than sorting."""
_PLANES = 3
_BITS = {depth.bits: depth for depth in Depth}


class Kind(NamedTuple):
    """What the cells of a group have: colours of a depth, and `background` besides foreground. All its frames have one."""

    depth: Depth = Depth.NONE
    background: bool = False

    @classmethod
    def of(cls, frame: Frame) -> Kind:
        return cls(frame.colors.depth, frame.colors.bg is not None) if frame.colors else cls()

    @property
    def planes(self) -> int:
        """Of colours."""
        return (self.depth != Depth.NONE) + self.background


class GroupHead(NamedTuple):
    """Which frames a group holds: the number of the first, how many, and their time in milliseconds."""

    first: int
    frames: int
    start: int
    end: int


class Plane(NamedTuple):
    """A number a cell: `places` (n, rows * cols) index those of `palette`."""

    palette: NDArray[np.uint32]
    places: NDArray[Any]

    def at(self, index: int) -> NDArray[np.uint32]:
        return self.palette[self.places[index]]


@dataclass(frozen=True)
class Group:
    """Frames `head.first` and on: frame i is shown from `times[i]` to `times[i + 1]`.

    `times` (n + 1,) milliseconds; `planes`: the cells, and those of the colours that a group of its `kind` has.
    """

    head: GroupHead
    times: NDArray[np.int64]
    kind: Kind
    planes: Sequence[Plane]
    rows: int
    cols: int

    def frame(self, index: int) -> TimedFrame:
        """The frame of an index in [0, n)."""
        cells, *colors = (plane.at(index).reshape(self.rows, self.cols) for plane in self.planes)
        shown = Colors(self.kind.depth, *map(unpacked, colors)) if colors else None
        return TimedFrame(int(self.times[index]), int(self.times[index + 1]), Frame(cells, shown))

    def still(self, index: int, head: GroupHead) -> Group:
        """A group of one frame, that of an index (-1: the last), for all the time of another group's head."""
        times = np.array([head.start, head.end], np.int64)
        planes = [plane._replace(places=plane.places[index][None]) for plane in self.planes]
        return replace(self, head=head._replace(frames=1), times=times, planes=planes)

    def at(self, time: int) -> TimedFrame:
        """The frame shown at a time in milliseconds; before and after the group its first and last."""
        index = int(np.searchsorted(self.times, time, side="right")) - 1
        return self.frame(min(max(0, index), self.head.frames - 1))


def capacity(rows: int, cols: int) -> int:
    """Frames a group holds at most: 64, fewer of very large ones so that a group stays small in memory."""
    return max(1, min(_FRAMES, _CELLS // (rows * cols)))


# --- Writing ---


def encode_group(first: int, frames: Sequence[TimedFrame]) -> bytes:
    """The content of a group's chunk; `first` is the number of the first of these frames of one size and kind."""
    head = _HEAD.pack(first, len(frames), frames[0].start, frames[-1].end)
    lengths = np.array([timed.end - timed.start for timed in frames], dtype="<u4")
    kind = Kind.of(frames[0].frame)
    planes = [np.stack([timed.frame.cells.ravel() for timed in frames])]
    colors = [timed.frame.colors for timed in frames if timed.frame.colors]
    if colors:
        planes.append(_still(np.stack([packed(one.fg).ravel() for one in colors]), planes[0] == ord(" ")))
    if kind.background:
        planes.append(np.stack([packed(one.bg).ravel() for one in colors if one.bg is not None]))
    told = lengths.tobytes() + bytes([kind.depth.bits, kind.background]) + b"".join(map(_encode_plane, planes))
    return head + zlib.compress(told, _LEVEL)


def _still(fg: NDArray[np.uint32], blank: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Foregrounds (n, cells), those that are not seen as the last that was, or the first that will be: fewer changes."""
    latest = np.maximum.accumulate(np.where(blank, 0, np.arange(len(fg))[:, None]), axis=0)
    return np.take_along_axis(fg, np.maximum(latest, blank.argmin(axis=0)), axis=0)


def _encode_plane(values: NDArray[np.uint32]) -> bytes:
    """Values (n, cells): a palette, the frames in which each cell changes, and to which of the palette."""
    palette, places = _numbered(values)
    histories = np.ascontiguousarray(places.T)
    changes = np.ones(histories.shape, dtype=bool)  # in a group's first frame every cell begins
    np.not_equal(histories[:, 1:], histories[:, :-1], out=changes[:, 1:])
    size = len(palette).to_bytes(4, "little")
    return (
        size + palette.astype("<u4").tobytes() + np.packbits(changes, axis=1).tobytes() + histories[changes].tobytes()
    )


def _numbered(values: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[Any]]:
    """The numbers that occur, ascending, and for each value its place among them."""
    size = int(values.max()) + 1
    if size > _SPARSE * values.size + _CODES:
        palette, places = np.unique(values, return_inverse=True)
        return palette, places.reshape(values.shape).astype(_place_type(len(palette)))
    used = np.zeros(size, dtype=bool)
    used[values] = True
    palette = np.flatnonzero(used).astype(np.uint32)
    place = np.zeros(size, dtype=_place_type(len(palette)))
    place[palette] = np.arange(len(palette))
    return palette, place[values]


def _place_type(colors: int) -> np.dtype[Any]:
    """The smallest type that numbers a palette."""
    return np.dtype("<u1" if colors <= 1 << 8 else "<u2" if colors <= 1 << 16 else "<u4")


# --- Reading ---


def decode_head(content: bytes) -> GroupHead:
    """Which frames a group's chunk holds. Raises ClipError."""
    if len(content) < _HEAD.size:
        raise ClipError("a group without a head")
    return GroupHead(*_HEAD.unpack_from(content))


def decode_group(content: bytes, header: ClipHeader, colors: bool = True) -> Group:
    """The frames of a group's chunk. Without `colors` it is of a version that had none. Raises ClipError."""
    head = decode_head(content)
    if not 1 <= head.frames <= capacity(header.rows, header.cols):
        raise ClipError(f"a group of {head.frames} frames of {header.size}")
    cells = header.rows * header.cols
    fields = _Fields(_inflate(content[_HEAD.size :], largest=_PLANES * 16 * (head.frames * cells + 64)))
    lengths = fields.take("<u4", head.frames)
    times = np.cumsum([head.start, *lengths], dtype=np.int64)
    if times[-1] != head.end or not lengths.all():
        raise ClipError("a group whose times contradict each other")
    kind = _decode_kind(fields) if colors else Kind()
    planes = [_decode_plane(fields, head.frames, cells) for _ in range(1 + kind.planes)]
    fields.check_end()
    check_codes(planes[0].palette)
    if any(plane.palette.max() >= _COLORS for plane in planes[1:]):
        raise ClipError("colours of more than 24 bits")
    return Group(head, times, kind, planes, header.rows, header.cols)


def _decode_kind(fields: _Fields) -> Kind:
    bits, background = fields.take("<u1", 2).tolist()
    if bits not in _BITS or background > (bits > 0):
        raise ClipError(f"colours of {bits} bits, backgrounds {background}")
    return Kind(_BITS[bits], bool(background))


def _decode_plane(fields: _Fields, count: int, cells: int) -> Plane:
    """A palette, and the places in it (count, cells)."""
    (size,) = fields.take("<u4", 1)
    if not 1 <= size <= count * cells:
        raise ClipError(f"a palette of {size}")
    palette = fields.take("<u4", int(size)).astype(np.uint32)
    bits = fields.take("<u1", cells * -(-count // 8)).reshape(cells, -1)
    changes = np.unpackbits(bits, axis=1, count=count).astype(bool)
    places = fields.take(_place_type(len(palette)), int(changes.sum()))
    if not changes[:, 0].all() or places.max() >= len(palette):
        raise ClipError("cells that begin nowhere, or outside the palette")
    latest = np.cumsum(changes, dtype=np.int32) - 1  # for every cell and frame, which change was the last
    return Plane(palette, np.ascontiguousarray(places[latest].reshape(cells, count).T))


def _inflate(data: bytes, largest: int) -> bytes:
    """What zlib packed, if that is at most `largest` bytes: a small file may claim to hold a gigabyte."""
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(data, largest)
    except zlib.error as error:
        raise ClipError(f"a group that cannot be unpacked ({error})") from None
    if not stream.eof or stream.unused_data:
        raise ClipError("a group of another length than it should have")
    return raw


class _Fields:
    """Arrays that lie one after the other in some bytes."""

    def __init__(self, data: bytes):
        self.data, self.offset = data, 0

    def take(self, kind: str | np.dtype[Any], count: int) -> NDArray[Any]:
        """The next `count` numbers of a type. Raises ClipError when they are not there."""
        kind = np.dtype(kind)
        start, self.offset = self.offset, self.offset + count * kind.itemsize
        if self.offset > len(self.data):
            raise ClipError("a group that ends too early")
        return np.frombuffer(self.data, kind, count, start)

    def check_end(self) -> None:
        if self.offset != len(self.data):
            raise ClipError("a group that ends too late")
