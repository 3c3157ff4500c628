"""What several tests share: a photograph, a small picture, and the command line run in this process."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from glyphgrad import GlyphAtlas
from glyphgrad.cli.main import main

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: on pictures this small two threads only wait
EXAMPLES = Path(__file__).parent.parent / "examples"


class Run(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Runs `glyphgrad ARGS` in this process, in an empty directory: run("fit", path, stdin=b"")."""
    monkeypatch.chdir(tmp_path)

    def call(*args: object, stdin: bytes = b"") -> Run:
        monkeypatch.setattr(sys, "argv", ["glyphgrad", *map(str, args)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with warnings.catch_warnings(), pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return Run(end.value.code, said.out, said.err)

    return call


@pytest.fixture(scope="session")
def photo() -> Path:
    return EXAMPLES / "astronaut.jpg"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small picture, dark at the left and light at the right."""
    path = tmp_path / "picture.png"
    Image.fromarray(np.tile(np.linspace(0, 255, 48, dtype=np.uint8), (48, 1))).save(path)
    return path


@pytest.fixture(scope="session")
def noise_atlas() -> GlyphAtlas:
    """Eight glyphs that nobody could mistake for each other: a blank one and seven of noise, 6 x 4 pixels."""
    coverage = np.random.default_rng(7).random((8, 6, 4), dtype=np.float32)
    coverage[0] = 0
    return GlyphAtlas(" abcdefg", coverage)
