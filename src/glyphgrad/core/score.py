"""How close a render is to its target, for an eye near by and far away."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from glyphgrad.core.color import linear_to_srgb, srgb_to_lab, srgb_to_linear
from glyphgrad.errors import ConfigError

BLURS = (2.0, 4.0, 8.0)
_TRUNCATE = 4.0
_FLAT = 1e-12
SSIM_LIGHT, SSIM_SLOPES = 0.01**2, 0.03**2
"""What keeps structural similarity's two ratios from dividing by nothing: Wang, Bovik, Sheikh and Simoncelli 2004."""
_BAND = 64  # rows blurred by one matrix product

Image = NDArray[np.floating]


def score(render: Image, target: Image) -> dict[str, float]:
    """Compare two images (H, W) in [0, 1].

    `mse`, and after a Gaussian blur of both by s = 2, 4 and 8 pixels, `cor{s}` (Pearson's correlation,
    in [-1, 1]) and `ssim{s}` (structural similarity once the render has been given the gain and offset
    that suit it best, in [-1, 1]). Raises ConfigError when the shapes differ.
    """
    if render.shape != target.shape:
        raise ConfigError(f"render is {render.shape}, target is {target.shape}: they must be alike")
    result = {"mse": float(np.mean((render.astype(np.float64) - target) ** 2))}
    for sigma in BLURS:
        seen, wanted = blur(render, sigma), blur(target, sigma)
        result[f"cor{sigma:g}"] = correlation(seen, wanted)
        result[f"ssim{sigma:g}"] = ssim(best_gain(seen, wanted), wanted)
    return result


def color_score(render: Image, target: Image) -> dict[str, float]:
    """Compare two pictures (H, W, 3) of sRGB in [0, 1]: `lab{s}` for s = 2, 4 and 8, 0 at best.

    Mean CIELAB difference (CIE76) after a Gaussian blur of both by s pixels, of light: that is what adds up in an
    eye. Raises ConfigError when the shapes differ.
    """
    if render.shape != target.shape:
        raise ConfigError(f"render is {render.shape}, target is {target.shape}: they must be alike")
    return lab_differences(seen_lab(render), seen_lab(target))


def seen_lab(image: Image) -> list[NDArray[np.floating]]:
    """CIELAB (H, W, 3) of a picture (H, W, 3) of sRGB in [0, 1] once its light has been blurred, by each of the blurs."""
    light = np.moveaxis(srgb_to_linear(image), -1, 0)
    blurred = (np.stack([blur(channel, sigma) for channel in light], axis=-1) for sigma in BLURS)
    return [srgb_to_lab(linear_to_srgb(each)) for each in blurred]


def lab_differences(seen: list[NDArray[np.floating]], wanted: list[NDArray[np.floating]]) -> dict[str, float]:
    """The figures of `color_score` from what is seen of render and target."""
    apart = (np.linalg.norm(a - b, axis=-1).mean() for a, b in zip(seen, wanted, strict=True))
    return {f"lab{sigma:g}": float(each) for sigma, each in zip(BLURS, apart, strict=True)}


def blur(image: Image, sigma: float) -> NDArray[np.float64]:
    """Gaussian blur by `sigma` pixels, cut at 4 sigma, edges mirrored (d c b a | a b c d)."""
    return np.ascontiguousarray(_blur_rows(_blur_rows(image, sigma).T, sigma).T)


def _blur_rows(image: Image, sigma: float) -> NDArray[np.float64]:
    """Blur along the first axis: a band of matrix products, which beats both a loop and a whole matrix."""
    reach = int(_TRUNCATE * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    tap = np.arange(_BAND + 2 * reach) - np.arange(_BAND)[:, None]
    band = np.where((tap >= 0) & (tap <= 2 * reach), kernel[np.clip(tap, 0, 2 * reach)] / kernel.sum(), 0.0)
    padded = np.pad(image.astype(np.float64), ((reach, reach), (0, 0)), mode="symmetric")
    size = len(image)
    strips = [(start, min(_BAND, size - start)) for start in range(0, size, _BAND)]
    return np.concatenate([band[:n, : n + 2 * reach] @ padded[start : start + n + 2 * reach] for start, n in strips])


def correlation(a: Image, b: Image) -> float:
    """Pearson's correlation; of flat images 1 if both are flat, else 0."""
    a, b = a - a.mean(), b - b.mean()
    norm = np.sqrt(np.mean(a * a) * np.mean(b * b))
    if norm < _FLAT:
        return float(a.std() < _FLAT and b.std() < _FLAT)
    return float(np.mean(a * b) / norm)


def best_gain(image: Image, target: Image) -> NDArray[np.float64]:
    """gain * image + offset, least squares to `target`; the gain is at least 0, for a negative is no likeness."""
    centred = image - image.mean()
    spread = np.mean(centred**2)
    gain = max(0.0, np.mean(centred * (target - target.mean())) / spread) if spread > _FLAT else 0.0
    return np.asarray(gain * centred + target.mean())


def ssim(a: Image, b: Image) -> float:
    """Mean structural similarity of two images in [0, 1], in Gaussian windows of 1.5 pixels."""
    return similarity(a, b, lambda image: blur(image, 1.5))


def similarity(a: Image, b: Image, local_mean: Callable[[Image], Image]) -> float:
    """Mean structural similarity of two images in [0, 1], in whatever windows `local_mean` takes means over.

    Wang, Bovik, Sheikh and Simoncelli 2004.
    """
    c1, c2 = SSIM_LIGHT, SSIM_SLOPES
    mean_a, mean_b = local_mean(a), local_mean(b)
    var_a = local_mean(a * a) - mean_a**2
    var_b = local_mean(b * b) - mean_b**2
    cov = local_mean(a * b) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + c1) * (2 * cov + c2)
    return float(np.mean(likeness / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))))
