"""What several tests share: one picture of each family."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from glyphgrad.structure.config import DatasetConfig
from glyphgrad.structure.dataset import make


@pytest.fixture(scope="session")
def maps() -> dict[str, Image.Image]:
    """A picture of 1024 pixels of each family."""
    config = DatasetConfig()
    return {name: Image.open(io.BytesIO(make(config, index).png)) for index, name in enumerate(config.families)}
