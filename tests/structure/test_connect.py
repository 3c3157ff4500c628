"""Union-find and cuts, held against scipy's labels and against a plain walk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from glyphgrad.structure.layouts.connect import Mask, components, keep_largest, shortest_cuts, sizes

MASKS = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@given(MASKS)
@settings(max_examples=60, deadline=None)
def test_the_parts_are_scipys(mask: Mask) -> None:
    labels, count = components(mask)
    expected, number = ndimage.label(mask)
    assert count == number
    np.testing.assert_array_equal(labels, expected - 1)
    np.testing.assert_array_equal(sizes(labels, count), np.bincount(expected[mask], minlength=number + 1)[1:])


def test_a_spiral_as_long_as_the_map_is_one_part() -> None:
    mask = np.zeros((41, 41), bool)
    for depth in range(0, 20, 2):
        mask[depth, max(0, depth - 2) : 41 - depth] = mask[40 - depth, depth : 41 - depth] = True
        mask[depth : 41 - depth, 40 - depth] = mask[depth + 2 : 41 - depth, depth] = True
    assert components(mask)[1] == ndimage.label(mask)[1] == 1


@given(MASKS, st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_the_cuts_join_all_parts_that_are_kept(mask: Mask, least: int) -> None:
    kept, paths = shortest_cuts(mask, least)
    assert not (kept & ~mask).any()
    expected, number = ndimage.label(mask)
    amounts = np.bincount(expected[mask], minlength=number + 1)[1:]
    assert len(paths) == max(0, ndimage.label(kept)[1] - 1)
    assert kept.sum() == max(amounts[amounts >= least].sum(), amounts.max(initial=0))
    joined = kept.copy()
    for path in paths:
        steps = np.abs(np.diff(path, axis=0)).sum(axis=1)
        assert (steps == 1).all()
        joined[tuple(np.transpose(path))] = True
    assert ndimage.label(joined)[1] == min(1, number)


def test_the_cut_is_the_shortest() -> None:
    mask = np.zeros((9, 9), bool)
    mask[0:3, 0:3] = mask[4:, 2:] = True
    _, (path,) = shortest_cuts(mask, 1)
    assert len(path) == 3  # from one part over a single cell of rock to the other


@pytest.mark.parametrize("size", [0, 5])
def test_the_largest_part_alone_is_kept(size: int) -> None:
    mask = np.zeros((8, 8), bool)
    mask[0, :2] = True
    mask[3, :size] = True
    assert keep_largest(mask).sum() == max(2, size)


def test_the_nearest_part_is_joined_first_and_the_next_from_there() -> None:
    mask = np.zeros((3, 30), bool)
    mask[:, 0:8] = mask[:, 10:14] = mask[:, 17:20] = True
    assert sorted(map(len, shortest_cuts(mask, 1)[1])) == [4, 5]
