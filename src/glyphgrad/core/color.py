"""Colours: sRGB <-> linear light -> CIE XYZ -> CIELAB, under the daylight D65 that sRGB is made for.

Every function takes and gives arrays (..., 3) of float (transfer curves: any shape) and works on each
colour alone. Values outside the stated ranges, as rounding makes them, are carried on, not clipped.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

RGB_TO_XYZ = np.array(
    [
        [0.4123907992659595, 0.357584339383878, 0.1804807884018343],
        [0.2126390058715104, 0.715168678767756, 0.0721923153607337],
        [0.0193308187155918, 0.119194779794626, 0.9505321522496607],
    ]
)
"""Linear sRGB -> XYZ with Y = 1 for white: from the primaries and the white point (0.3127, 0.3290) of
IEC 61966-2-1, in more digits than it prints."""
WHITE = RGB_TO_XYZ.sum(axis=1)
"""XYZ of sRGB's white, D65: with it white is exactly L* = 100, a* = b* = 0."""

_KNEE = 6 / 29
"""Where CIELAB's cube root gives way to a straight line (CIE 15:2004, section 8.2.1)."""


def srgb_to_linear(srgb: Floats) -> Floats:
    """Linear light in [0, 1] of sRGB values in [0, 1]: the inverse transfer curve of IEC 61966-2-1."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: Floats) -> Floats:
    """sRGB values in [0, 1] of linear light in [0, 1]: the transfer curve of IEC 61966-2-1."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055)


def srgb_to_lab(srgb: Floats) -> Floats:
    """CIELAB (..., 3) of sRGB (..., 3) in [0, 1]: L* in [0, 100], a* and b* within about 110 of 0 (CIE 15:2004)."""
    xyz = srgb_to_linear(srgb) @ RGB_TO_XYZ.T / WHITE
    root = np.where(xyz > _KNEE**3, np.cbrt(xyz), xyz / (3 * _KNEE**2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_slopes(light: Floats) -> Floats:
    """The derivatives (..., 3, 3) of L*, a*, b* (rows) by linear red, green and blue, at light (..., 3) in [0, 1]."""
    relative = light @ (RGB_TO_XYZ.T / WHITE).astype(light.dtype)
    root = (
        np.maximum(relative, _KNEE**3) ** light.dtype.type(-2 / 3) / 3
    )  # the straight line is as steep as the root's end
    x, y, z = (root[..., i, None] * (RGB_TO_XYZ[i] / WHITE[i]).astype(light.dtype) for i in range(3))
    return np.stack([116 * y, 500 * (x - y), 200 * (y - z)], axis=-2)


def lightness(luminance: Floats) -> Floats:
    """L* in [0, 100] of luminance in [0, 1]."""
    root = np.cbrt(np.maximum(luminance, luminance.dtype.type(_KNEE**3)))
    return np.where(luminance > _KNEE**3, 116 * root - 16, luminance * luminance.dtype.type(116 / (3 * _KNEE**2)))
