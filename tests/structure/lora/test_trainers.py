"""What is written for each trainer, parsed and held against the keys that its sources know."""

from __future__ import annotations

import json
import shlex
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from glyphgrad.errors import ConfigError, GlyphgradError, OutputError, PictureError, TextError
from glyphgrad.structure.lora import trainers
from glyphgrad.structure.lora.config import TRAINERS, LoraConfig, read_toml
from glyphgrad.structure.lora.trainers import write_config
from glyphgrad.structure.lora.trainers.ai_toolkit import yaml as as_yaml

CONFIG = LoraConfig(resolution=256)
FULL = "'a quoted' folder"


@pytest.fixture
def written(request: pytest.FixtureRequest, dataset: Path, tmp_path: Path) -> Path:
    out = tmp_path / FULL
    write_config(request.param, CONFIG, dataset, out)
    return out


def options(script: Path) -> dict[str, Any]:
    """The options of the last command of a script; True for those without a value."""
    words = shlex.split(script.read_text().replace("\\\n", " "))
    found: dict[str, Any] = {}
    for word, following in zip(words, [*words[1:], "--"], strict=True):
        if word.startswith("--"):
            found[word] = True if following.startswith("--") else following
    return found


@pytest.mark.parametrize("written", ["kohya"], indirect=True)
def test_kohya(written: Path, dataset: Path) -> None:
    with (written / "dataset.toml").open("rb") as file:
        sets = tomllib.load(file)
    assert sets["general"] == {"caption_extension": ".txt", "shuffle_caption": False}
    (one,) = sets["datasets"]
    (subset,) = one.pop("subsets")
    assert one == {"resolution": 256, "batch_size": 1, "enable_bucket": False}
    assert subset.pop("image_dir") == str(dataset / "train")
    assert subset == {"num_repeats": 1, "flip_aug": False, "color_aug": False, "random_crop": False}
    told = options(written / "train.sh")
    expected = {
        "--pretrained_model_name_or_path": "$MODELS/flux1-dev.safetensors",
        "--network_module": "networks.lora_flux", "--network_dim": "64", "--network_alpha": "32",
        "--network_train_unet_only": True, "--optimizer_type": "AdamW8bit", "--learning_rate": "0.0004",
        "--lr_scheduler": "constant", "--mixed_precision": "bf16", "--fp8_base": True, "--sdpa": True,
        "--gradient_checkpointing": True, "--cache_latents_to_disk": True, "--cache_text_encoder_outputs": True,
        "--timestep_sampling": "shift", "--model_prediction_type": "raw", "--guidance_scale": "1",
        "--max_train_steps": "3000", "--save_model_as": "safetensors", "--dataset_config": f"{written}/dataset.toml",
    }  # fmt: skip
    assert {name: told[name] for name in expected} == expected
    assert {"--clip_l", "--t5xxl", "--ae"} <= told.keys()
    assert "flux_train_network.py" in (written / "train.sh").read_text()
    assert not {"--caption_dropout_rate", "--shuffle_caption"} & told.keys()  # they contradict the cached captions


@pytest.mark.parametrize(("resolution", "shift"), [(1024, 3.1582), (256, 1.6487)])
def test_kohyas_shift_is_that_of_flux_for_the_resolution(resolution: int, shift: float) -> None:
    """exp(1.15) at 4,096 tokens, exp(0.5) at 256."""
    job = trainers.Job(LoraConfig(resolution=resolution), Path("x"), Path("x"), Path("x"))
    assert job.shift == shift


@pytest.mark.parametrize("written", ["simpletuner"], indirect=True)
def test_simpletuner(written: Path, dataset: Path) -> None:
    told = json.loads((written / "config.json").read_text())
    expected = {
        "model_type": "lora", "model_family": "flux", "model_flavour": "dev", "lora_type": "standard", "lora_rank": 64,
        "lora_alpha": 32, "flux_lora_target": "all+ffs", "optimizer": "bnb-adamw8bit", "learning_rate": 4e-4,
        "mixed_precision": "bf16", "base_model_precision": "int8-quanto", "gradient_checkpointing": True,
        "max_train_steps": 3000, "num_train_epochs": 0, "flux_guidance_value": 1.0, "caption_dropout_probability": 0.0,
    }  # fmt: skip
    assert {name: told[name] for name in expected} == expected
    pictures, texts = json.loads((written / "multidatabackend.json").read_text())
    assert pictures["instance_data_dir"] == str(dataset / "train")
    expected = {
        "type": "local", "caption_strategy": "textfile", "resolution": 256, "resolution_type": "pixel_area",
        "minimum_image_size": 256, "crop": False, "repeats": 0,
    }  # fmt: skip
    assert {name: pictures[name] for name in expected} == expected
    assert (texts["dataset_type"], texts["default"]) == ("text_embeds", True)
    script = shlex.split((written / "train.sh").read_text())
    assert f"{written}/config.json" in script
    assert told["data_backend_config"].startswith("config/structure/")


@pytest.mark.parametrize("written", ["ai-toolkit"], indirect=True)
def test_ai_toolkit(written: Path, dataset: Path) -> None:
    told = yaml.safe_load((written / "config.yaml").read_text())
    assert told["job"] == "extension"
    (process,) = told["config"]["process"]
    assert (process["type"], process["trigger_word"]) == ("sd_trainer", "ascii_structure_style")
    assert process["network"] == {"type": "lora", "linear": 64, "linear_alpha": 32}
    (pictures,) = process["datasets"]
    assert pictures["folder_path"] == str(dataset / "train")
    assert (pictures["caption_ext"], pictures["num_repeats"], pictures["cache_latents_to_disk"]) == ("txt", 1, True)
    assert pictures["resolution"] == [256]  # two equal ones would double the set
    expected = {
        "steps": 3000, "lr": 4e-4, "optimizer": "adamw8bit", "noise_scheduler": "flowmatch", "dtype": "bf16",
        "gradient_accumulation": 1, "gradient_checkpointing": True, "batch_size": 1,
    }  # fmt: skip
    assert {name: process["train"][name] for name in expected} == expected
    assert "gradient_accumulation_steps" not in process["train"]  # it counts micro-steps
    expected = {"name_or_path": "black-forest-labs/FLUX.1-dev", "is_flux": True, "quantize": True, "low_vram": True}
    assert process["model"] == expected


@pytest.mark.parametrize("value", [1e-05, 4e-4, 1e-8, 32.0, 0.99999, 3, True, "yes: #no", [1, 2], []])
def test_yaml_says_what_it_was_given(value: Any) -> None:
    nested = {"a": {"b": [{"c": value, "d": {"e": value}}, {"f": value}]}, "g": value}
    assert yaml.safe_load(as_yaml(nested)) == nested


@pytest.mark.parametrize("written", ["glyphgrad"], indirect=True)
def test_our_own(written: Path, dataset: Path) -> None:
    assert LoraConfig(**read_toml(written / "lora.toml")) == CONFIG
    told = options(written / "train.sh")
    assert (told["--config"], told["--dataset"]) == (f"{written}/lora.toml", str(dataset))


@pytest.mark.parametrize("written", TRAINERS, indirect=True)
def test_the_readme_tells_of_the_licence_and_how_to_verify(written: Path) -> None:
    text = (written / "README.md").read_text()
    needs = "memory: it is estimated" if "with glyphgrad" in text else "a card of 24 GB"
    for told in ("non-commercial", "gated", "glyphgrad structure verify", needs):
        assert told in text
    assert "ascii_structure_style, systematic dungeon map, infinite corridor, white on black" in text
    run = next(line for line in text.splitlines() if line.startswith("    sh "))
    script = Path(shlex.split(run)[1])
    assert script.stat().st_mode & 0o111


@pytest.mark.parametrize(("quantize", "flag"), [("none", False), ("nf4", True)])
def test_quantisation(dataset: Path, tmp_path: Path, quantize: str, flag: bool) -> None:
    config = replace(CONFIG, quantize=quantize)
    for trainer in TRAINERS:
        write_config(trainer, config, dataset, tmp_path / trainer)
    assert ("--fp8_base" in options(tmp_path / "kohya" / "train.sh")) == flag
    told = json.loads((tmp_path / "simpletuner" / "config.json").read_text())
    assert told["base_model_precision"] == ("nf4-bnb" if flag else "no_change")
    text = (tmp_path / "ai-toolkit" / "config.yaml").read_text()
    assert yaml.safe_load(text)["config"]["process"][0]["model"]["quantize"] == flag


def test_a_folder_is_written_again_but_not_by_another_trainer(dataset: Path, tmp_path: Path) -> None:
    write_config("kohya", CONFIG, dataset, tmp_path / "out")
    write_config("kohya", replace(CONFIG, rank=8), dataset, tmp_path / "out")
    assert options(tmp_path / "out" / "train.sh")["--network_dim"] == "8"
    with pytest.raises(ConfigError, match="holds a configuration of trainer 'kohya'"):
        write_config("ai-toolkit", CONFIG, dataset, tmp_path / "out")


def refused(
    dataset: Path, out: Path, error: type[GlyphgradError], told: str, trainer: str = "kohya", **given: Any
) -> None:
    with pytest.raises(error, match=told):
        write_config(trainer, replace(CONFIG, **given), dataset, out)


def test_what_is_refused_leaves_nothing(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    refused(dataset, out, ConfigError, "choose one of kohya", trainer="onetrainer")
    refused(dataset, out, ConfigError, "glyphgrad-tiny is trained by", base="glyphgrad-tiny")
    refused(dataset, out, ConfigError, "one .safetensors file", base="someone/else")
    refused(dataset, out, ConfigError, "warmup is 10", trainer="ai-toolkit", warmup=10)
    refused(dataset, out, ConfigError, "captions lack the trigger 'zzz'", trigger="zzz")
    refused(dataset, out, PictureError, "256 x 256, not 512", resolution=512)
    refused(tmp_path, out, ConfigError, "holds no PNG")
    assert not out.exists()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.tex").touch()
    refused(dataset, tmp_path / "foreign", ConfigError, "holds something else")
    refused(dataset, tmp_path / "foreign" / "thesis.tex", ConfigError, "is a file")
    refused(dataset, Path("/proc/none/out"), OutputError, "cannot be written")


def test_a_caption_that_is_missing(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(next((dataset / "train").glob("*.png")).read_bytes())
    refused(tmp_path, tmp_path / "out", TextError, "no caption")
