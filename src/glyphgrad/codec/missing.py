"""Characters that no font has, drawn as an empty box, as browsers do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from glyphgrad.core.art import Art


def with_boxes(art: Art) -> Art:
    """The art with an atlas that has every character of its frame."""
    missing = "".join(sorted(set(art.text) - set(art.atlas.chars) - {"\n"}))
    if not missing:
        return art
    height, width = art.atlas.cell_height, art.atlas.cell_width
    box = np.zeros((height, width), np.float32)
    across, down = max(1, width // 8), max(1, height // 8)
    box[down : height - down, across : width - across] = 1
    box[down + 1 : height - down - 1, across + 1 : width - across - 1] = 0
    boxes = np.repeat(box[None], len(missing), axis=0)
    atlas = replace(art.atlas, chars=art.atlas.chars + missing, coverage=np.concatenate([art.atlas.coverage, boxes]))
    return replace(art, atlas=atlas)
