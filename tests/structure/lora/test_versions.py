"""Captions with less in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glyphgrad.errors import ConfigError
from glyphgrad.structure.captions import TRIGGER
from glyphgrad.structure.lora.config import LoraConfig
from glyphgrad.structure.lora.trainers import write_config
from glyphgrad.structure.lora.versions import VERSIONS, version_of, versions

FACTS = [f"fact {number}" for number in range(10)]
CAPTIONS = [", ".join([TRIGGER, f"thing {number}", *FACTS]) for number in range(500)]


def test_captions_stay_as_they_are_where_nothing_is_left_out() -> None:
    assert versions(CAPTIONS, LoraConfig()) == CAPTIONS


def test_some_captions_are_the_trigger_alone() -> None:
    made = versions(CAPTIONS, LoraConfig(caption_dropout=0.1))
    assert len(made) == VERSIONS * len(CAPTIONS)
    alone = sum(version == TRIGGER for version in made)
    assert alone == pytest.approx(0.1 * len(made), rel=0.2)
    assert {version for version in made if version != TRIGGER} == set(CAPTIONS)


def test_facts_are_left_out_and_the_thing_is_not() -> None:
    made = [version.split(", ") for version in versions(CAPTIONS, LoraConfig(tag_dropout=0.4))]
    assert [tags[:2] for tags in made] == [[TRIGGER, f"thing {index // VERSIONS}"] for index in range(len(made))]
    kept = [len(tags) - 2 for tags in made]
    assert np.mean(kept) == pytest.approx(6, rel=0.05)
    assert min(kept) <= 1  # each version has a rate of its own: some say next to nothing,
    assert max(kept) == len(FACTS)  # some everything


def test_a_step_sees_a_version_that_its_place_decides() -> None:
    seen = [version_of(0, step, slot, VERSIONS) for step in range(50) for slot in range(8)]
    assert set(seen) == set(range(VERSIONS))
    assert seen == [version_of(0, step, slot, VERSIONS) for step in range(50) for slot in range(8)]
    assert version_of(0, 7, 3, 1) == 0


@pytest.mark.parametrize("left_out", [{"caption_dropout": 0.1}, {"tag_dropout": 0.4}])
def test_other_trainers_are_told_of_none(left_out: dict[str, float], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give caption_dropout and tag_dropout 0"):
        write_config("kohya", LoraConfig(**left_out), tmp_path, tmp_path / "out")  # type: ignore[arg-type]
