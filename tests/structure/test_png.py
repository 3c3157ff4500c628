from __future__ import annotations

import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from glyphgrad.structure.png import grey_png


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.integers(0, 255)))
@settings(max_examples=40, deadline=None)
def test_pillow_reads_what_was_written(levels: np.ndarray) -> None:
    with Image.open(io.BytesIO(grey_png(levels))) as image:
        image.load()
        assert (image.format, image.mode) == ("PNG", "L")
        np.testing.assert_array_equal(np.asarray(image), levels)
