"""From the clock to the viewers: every frame is made once for each kind of screen, and shared.

A film that somebody watches has one task, its `Broadcast`, which sleeps until the next frame is due. A
`Channel` is that film as one kind of screen sees it. A viewer has no queue: one who is not ready when a
frame is due goes without, and when ready again gets the latest frame whole. Changes are sent only to
those who got the frame before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from glyphgrad.core.frame import Frame
from glyphgrad.errors import ClipError
from glyphgrad.serve.films import AnyEdition, Show
from glyphgrad.serve.limits import Clock, Limits
from glyphgrad.serve.metrics import Metrics
from glyphgrad.serve.player import Showing
from glyphgrad.serve.screen import Screen

_LOG = logging.getLogger("glyphgrad.serve")

_RETRY = 0.25
"""Seconds after which those who were not ready are asked again, if no frame is due before."""


class Link(Protocol):
    """The way to a client. Nothing here blocks or raises, also when the client is gone."""

    def ready(self) -> bool:
        """Whether nothing written before waits."""

    def offer(self, data: bytes) -> bool:
        """Write it if it is `ready`; whether it was."""

    def write(self, data: bytes) -> None:
        """Write it, now or when the client is ready."""

    def close(self) -> None:
        """Send what was written, but do not wait for it long; then hang up."""

    def abort(self) -> None:
        """Hang up now."""


class Viewer:
    """Someone who watches over a `link`. `frames`, `drops` and `bytes` count; `on_stall(reason)` is told why it must go."""

    __slots__ = ("behind", "bytes", "drops", "frames", "in_step", "link", "on_stall")

    def __init__(self, link: Link, on_stall: Callable[[str], None]):
        self.link, self.on_stall = link, on_stall
        self.frames = self.drops = self.bytes = 0
        self.in_step = False
        self.behind: float | None = None

    def skip(self, now: float, patience: float) -> None:
        self.in_step = False
        if self.behind is None:
            self.behind = now
        elif now - self.behind > patience:
            self.on_stall("stalled")


class Channel:
    """A film as one kind of screen sees it: its latest frame, whole and as what changed, made when first asked for."""

    def __init__(self, screen: Screen, dark: bool):
        self.screen = screen
        self.viewers: set[Viewer] = set()
        self._dark = dark
        self._source: Frame | None = None
        self._before: Frame | None = None
        self._now: Frame | None = None
        self._whole: bytes | None = None
        self._change: bytes | None = None

    def advance(self, source: Frame) -> None:
        """On to another frame of the film."""
        self._before, self._now = self._now, self.screen.shown(source, self._dark)
        self._whole = self._change = None

    @property
    def whole(self) -> bytes:
        if self._whole is None:
            assert self._now is not None
            self._whole = self.screen.frame(None, self._now, self._dark)
        return self._whole

    @property
    def change(self) -> bytes:
        """From the frame before; empty if nothing changed."""
        if self._change is None:
            assert self._before is not None
            assert self._now is not None
            self._change = self.screen.frame(self._before, self._now, self._dark)
        return self._change


class Broadcast:
    """One edition of a film while somebody watches it."""

    def __init__(self, edition: AnyEdition, hub: Hub):
        self._edition, self._hub = edition, hub
        self._channels: dict[Screen, Channel] = {}
        self._showing = self._look()
        self._task = asyncio.create_task(self._run())

    def join(self, viewer: Viewer, screen: Screen) -> Channel:
        """Let a viewer see it: at once the latest frame, from now on all."""
        screen = self._affordable(screen)
        if screen not in self._channels:
            self._channels[screen] = Channel(screen, self._edition.header.dark)
            self._channels[screen].advance(self._showing.frame)
        channel = self._channels[screen]
        channel.viewers.add(viewer)
        viewer.in_step = False
        self._hub.show(channel, [viewer], changed=False)
        return channel

    def leave(self, viewer: Viewer, channel: Channel) -> bool:
        """Whether nobody is left, and it has ended."""
        channel.viewers.discard(viewer)
        if not channel.viewers:
            del self._channels[channel.screen]
        if not self._channels:
            self._task.cancel()
        return not self._channels

    def _affordable(self, screen: Screen) -> Screen:
        """The screen, or when there are too many kinds already one that fits in: each costs a frame's work."""
        limits = self._hub.limits
        if screen in self._channels or len(self._channels) < limits.sizes:
            return screen
        fitting = [
            one
            for one in self._channels
            if one.kind == screen.kind and one.rows <= screen.rows and one.cols <= screen.cols
        ]
        smallest = replace(screen, rows=limits.min_rows, cols=limits.min_cols)
        return max(fitting, key=lambda one: one.rows * one.cols, default=smallest)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(min(max(self._showing.ends - self._hub.wall(), 0.001), _RETRY))
            before, self._showing = self._showing, self._look()
            changed = self._showing.begins != before.begins
            for channel in list(self._channels.values()):
                if changed:
                    channel.advance(self._showing.frame)
                self._hub.show(channel, list(channel.viewers), changed)

    def _look(self) -> Showing:
        """What is shown now; for a second nothing where the film is damaged, for it goes on after that."""
        now = self._hub.wall()
        try:
            return self._edition.at(now, self._hub.epoch)
        except ClipError as error:
            _LOG.error("%s", error)
            header = self._edition.header
            return Showing(Frame.blank(header.rows, header.cols), now, now + 1)


class Hub:
    """Joins viewers and films. `wall` answers seconds since 1970, `clock` seconds that never go back."""

    def __init__(self, limits: Limits, metrics: Metrics, wall: Clock, clock: Clock, epoch: float):
        self.limits, self.wall, self.epoch = limits, wall, epoch
        self._metrics, self._clock = metrics, clock
        self._broadcasts: dict[AnyEdition, Broadcast] = {}
        self._watching: dict[Viewer, tuple[AnyEdition, Channel]] = {}

    def join(self, viewer: Viewer, show: Show, screen: Screen) -> None:
        """Show a viewer this film from now on, instead of what it watched, in the size that suits its screen best."""
        self.leave(viewer)
        edition = show.edition_for(screen.rows - screen.mute, screen.cols)
        if edition not in self._broadcasts:
            self._broadcasts[edition] = Broadcast(edition, self)
        self._watching[viewer] = edition, self._broadcasts[edition].join(viewer, screen)

    def leave(self, viewer: Viewer) -> None:
        """Show it nothing more; also if it watched nothing."""
        if viewer not in self._watching:
            return
        edition, channel = self._watching.pop(viewer)
        if self._broadcasts[edition].leave(viewer, channel):
            del self._broadcasts[edition]

    def show(self, channel: Channel, viewers: list[Viewer], changed: bool) -> None:
        """Send the frame of a channel to those who lack it and are ready. `changed`: it is a new one."""
        now, sent, dropped, size = self._clock(), 0, 0, 0
        change = channel.change if changed else b""
        for viewer in viewers:  # thirty thousand times a second: one call to the link, and no other
            if viewer.in_step:
                data = change
                if not data:
                    continue
            else:  # who does not read is not worth making a frame
                data = channel.whole if viewer.link.ready() else b""
            if data and viewer.link.offer(data):
                viewer.in_step, viewer.behind = True, None
                viewer.frames += 1
                viewer.bytes += len(data)
                sent, size = sent + 1, size + len(data)
            else:
                viewer.drops, dropped = viewer.drops + changed, dropped + changed
                viewer.skip(now, self.limits.stall_seconds)
        self._metrics.sent(sent, dropped, size)
