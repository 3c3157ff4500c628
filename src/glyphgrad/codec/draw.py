"""Frames of a film -> Art: the atlas of their device, grown by characters that its own charset lacks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from glyphgrad.core.art import Art
from glyphgrad.core.clip import ClipHeader
from glyphgrad.core.frame import Frame
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import DEFAULT_PRESET, PRESETS, Preset


class Drawer:
    """Draws the frames of a film as `device` shows them."""

    def __init__(self, device: Preset, header: ClipHeader):
        self._device, self._dark = device, device.dark
        self._layout = Layout(header.rows, header.cols, device.cell[1], device.cell[0], device.row_gap)
        self._atlas = device.atlas()
        self._asked = set(self._atlas.chars)

    def art(self, frame: Frame) -> Art:
        """The frame with its atlas. A character that no font has is a ConfigError once pixels are asked for."""
        new = set(map(chr, np.unique(frame.cells))) - self._asked
        if new:
            self._asked |= new
            self._atlas = self._device.atlas(self._atlas.chars + "".join(sorted(new)))
        return Art(frame, self._atlas, self._layout, self._dark)


def device_of(header: ClipHeader) -> Preset:
    """The preset a film names, on the paper it is for; the default one if it names none of ours."""
    return replace(PRESETS.get(header.preset or "", PRESETS[DEFAULT_PRESET]), dark=header.dark)
