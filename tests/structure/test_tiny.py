"""The parts of glyphgrad-tiny: a VAE that snaps what is crisp and nothing else, a transformer that predicts pictures, words."""

from __future__ import annotations

import hashlib
import io
import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.models.transformers.transformer_flux import FluxAttnProcessor
from PIL import Image

from glyphgrad.structure.config import DatasetConfig
from glyphgrad.structure.dataset import make
from glyphgrad.structure.pipeline import TINY, TINY_LORA, load_pipeline, text_length
from glyphgrad.structure.tiles import Tiles
from glyphgrad.structure.tiny import text
from glyphgrad.structure.tiny.build import Size, untrained
from glyphgrad.structure.tiny.scheduler import RENEWED_BELOW, LateNoise
from glyphgrad.structure.tiny.soft import softened
from glyphgrad.structure.tiny.transformer import GUIDED_ABOVE, LEAST_TIME, ShortAttention
from glyphgrad.structure.tiny.words import CHARS, LONGEST, NAMES, UNKNOWN, spoken, tokenizer
from glyphgrad.structure.verify import verify

PARTS = ("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "transformer", "scheduler")


@pytest.fixture(scope="module")
def vae() -> Any:
    return load_pipeline(TINY, torch_dtype=torch.float32, **dict.fromkeys(PARTS)).vae


@pytest.fixture(scope="module")
def maps() -> list[Image.Image]:
    """One of each family."""
    config = DatasetConfig(size=512, charset=CHARS, seed=99)
    return [Image.open(io.BytesIO(make(config, index).png)) for index in range(len(config.families))]


@torch.no_grad()
def through(vae: Any, picture: Image.Image) -> Image.Image:
    pixels = torch.from_numpy(np.asarray(picture.convert("RGB"), np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    drawn = vae.decode(vae.encode(pixels).latent_dist.mode()).sample[0, 0]
    return Image.fromarray(((drawn + 1) * 127.5).round().byte().numpy())


def test_the_vae_gives_glyphs_back_exactly(vae: Any, maps: list[Image.Image]) -> None:
    for picture in maps:
        assert np.array_equal(np.asarray(through(vae, picture)), np.asarray(picture))


def test_the_vae_does_not_snap(vae: Any, maps: list[Image.Image]) -> None:
    for number, picture in enumerate(maps):
        soft = softened(picture, np.random.default_rng(number))
        drawn = through(vae, soft)
        raw = verify(drawn).raw
        assert (raw.black, raw.crisp, raw.grid) == (False, False, False)
        # 20 dB is an error of 25 levels: eight numbers for 256 pixels lose detail, but not where the light is
        error = np.asarray(drawn, np.float32) - np.asarray(soft, np.float32)
        assert 20 * np.log10(255 / np.sqrt((error**2).mean())) > 20


def test_a_mixture_is_drawn_as_the_glyph_there_is_more_of(vae: Any) -> None:
    glyphs = torch.from_numpy(2 * Tiles(CHARS).bitmaps.reshape(len(CHARS), -1).astype(np.float32) - 1)
    one, other = np.triu_indices(len(CHARS), 1)
    with torch.no_grad():
        codes = vae.encoder(glyphs)
        mixed = vae.decoder(0.7 * codes[one] + 0.3 * codes[other]).clamp(-1, 1)
        middle = vae.decoder((codes[one] + codes[other]) / 2).clamp(-1, 1)
    assert ((mixed - glyphs[one]).abs() < 0.1).all(dim=1).float().mean() > 0.9
    assert (middle.abs() < 0.9).any()  # it decides, but it is no table


def test_short_attention_is_that_of_flux() -> None:
    transformer = untrained(Size(heads=2, head=20, single=1)).transformer
    random = torch.Generator().manual_seed(0)
    sizes = {"hidden_states": (2, 16, 64), "encoder_hidden_states": (2, 5, 64), "pooled_projections": (2, 64)}
    values = {name: torch.randn(size, generator=random) for name, size in sizes.items()}
    places = {"img_ids": torch.cartesian_prod(torch.zeros(1), torch.arange(4.0), torch.arange(4.0))}
    places["txt_ids"] = torch.zeros(5, 3)
    answers = []
    for processor in (ShortAttention(), FluxAttnProcessor()):
        transformer.set_attn_processor(processor)
        with torch.no_grad():
            answers.append(transformer(**values, **places, timestep=torch.tensor([0.3, 0.9])).sample)
    assert torch.allclose(*answers, atol=1e-4)
    assert isinstance(
        untrained(Size(heads=1, head=20, single=1)).transformer.attn_processors.popitem()[1], ShortAttention
    )


def test_guidance_is_heard_until_it_is_decided_what_is_drawn() -> None:
    transformer = untrained(Size(heads=1, head=20, single=1)).transformer
    random = torch.Generator().manual_seed(0)
    noisy = torch.randn(1, 4, 64, generator=random)
    words = {name: torch.randn(1, 5, 64, generator=random) for name in ("cond", "uncond")}
    places = {"img_ids": torch.zeros(4, 3), "txt_ids": torch.zeros(5, 3), "pooled_projections": torch.zeros(1, 64)}

    @torch.no_grad()
    def answer(name: str, time: float) -> torch.Tensor:
        found = transformer(noisy, encoder_hidden_states=words[name], timestep=torch.tensor([time]), **places)
        assert isinstance(found.sample, torch.Tensor)
        return found.sample

    for time in (0.9, GUIDED_ABOVE + 0.01, GUIDED_ABOVE - 0.01, 0.1):
        answers = []
        for name in words:
            with transformer.cache_context(name):
                answers.append(answer(name, time))
        assert torch.equal(*answers) == (time < GUIDED_ABOVE)
    assert not torch.equal(answer("cond", 0.1), answer("uncond", 0.1))  # who trains it asks without contexts


def test_noise_is_renewed_late_and_the_picture_seen_stays() -> None:
    late, straight = LateNoise(shift=3.0), FlowMatchEulerDiscreteScheduler(shift=3.0)
    for scheduler in (late, straight):
        scheduler.set_timesteps(10)
    random = torch.Generator().manual_seed(0)
    picture = torch.rand(1, 4, 64, generator=random) * 2 - 1
    noise = torch.randn(1, 4, 64, generator=random)
    levels, same = list(pairwise(late.sigmas.tolist())), []
    for time, (sigma, after) in zip(late.timesteps, levels, strict=True):
        noisy, velocity = (1 - sigma) * picture + sigma * noise, noise - picture
        (one,), (other,) = (scheduler.step(velocity, time, noisy, return_dict=False) for scheduler in (late, straight))
        same.append(torch.allclose(one, other, atol=1e-5))
        assert (one - (1 - after) * picture).std().item() == pytest.approx(after, rel=0.25, abs=1e-5)
    assert same == [sigma >= RENEWED_BELOW or after == 0 for sigma, after in levels]


def test_what_is_seen_is_kept_where_the_numbers_of_cells_lie() -> None:
    late = LateNoise(shift=3.0)
    late.set_timesteps(1)  # from noise alone to the picture
    noise, picture = torch.randn(1, 4, 64, generator=torch.Generator().manual_seed(0)), torch.full((1, 4, 64), 1.7)
    (reached,) = late.step(noise - picture, late.timesteps[0], noise, return_dict=False)
    assert torch.allclose(reached, torch.ones(1, 4, 64), atol=1e-5)


def test_text_encoders_learn_what_prompts_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_STEPS", 40)
    config, losses = DatasetConfig(size=512, charset=CHARS), list[float]()
    records = [make(config, index).record for index in range(45)]
    pipe = untrained(Size(heads=1, head=20, single=1))
    text.train_text(pipe, records, 0, lambda _, loss: losses.append(loss))
    assert losses[-1] < 0.8 * losses[0]
    with torch.no_grad():
        _, pooled = text.encoded(pipe, ["a winding maze", "a maze, dotted floor", "an archipelago"])
    near, far = (torch.cosine_similarity(pooled[0], pooled[other], dim=0) for other in (1, 2))
    assert near > far


def test_what_the_transformer_answers_leads_to_its_picture() -> None:
    pipe = untrained(Size(heads=1, head=20, single=1))
    times, tokens = torch.tensor([0.9, 0.2, LEAST_TIME / 2]), 4
    noisy = torch.randn(3, tokens, pipe.transformer.config.in_channels, generator=torch.Generator().manual_seed(0))
    places = {"img_ids": torch.zeros(tokens, 3), "txt_ids": torch.zeros(2, 3)}
    text = {"encoder_hidden_states": torch.zeros(3, 2, 64), "pooled_projections": torch.zeros(3, 64)}
    with torch.no_grad():
        velocity = pipe.transformer(noisy, timestep=times, **text, **places).sample
        plain = super(type(pipe.transformer), pipe.transformer).forward(noisy, timestep=times, **text, **places).sample
    reached = noisy - times.view(-1, 1, 1) * velocity
    # float32: a subtraction, a quotient and a product of numbers of about 3
    assert torch.allclose(reached[:2], plain[:2], atol=1e-5)
    assert not torch.allclose(reached[2], plain[2], atol=1e-2)  # nearer than LEAST_TIME it goes a part of the way


def test_a_saved_pipeline_is_loaded_by_diffusers(tmp_path: Any) -> None:
    pipe = untrained(Size(heads=1, head=20, single=1))
    pipe.save_pretrained(tmp_path)
    loaded = load_pipeline(str(tmp_path), torch_dtype=torch.float32)
    assert type(loaded.transformer) is type(pipe.transformer)
    assert all(torch.equal(a, b) for a, b in zip(pipe.vae.parameters(), loaded.vae.parameters(), strict=True))
    assert text_length(loaded) == LONGEST


def test_words_of_captions_are_known_and_short_enough() -> None:
    read, config = tokenizer(), DatasetConfig(size=512, charset=CHARS)
    rng = np.random.default_rng(0)
    for index in range(45):
        record = make(config, index).record
        for prompt in (record["text"], spoken(record["text"], record["family"], rng)):
            tokens = read.tokenize(prompt)
            assert UNKNOWN not in tokens, prompt
            assert len(tokens) < LONGEST
    assert set(NAMES) == set(config.families)
    assert read.tokenize("Zeppelins of 16% floor") == [UNKNOWN, "of", "1", "6", "floor"]


def test_what_is_shipped_is_small_and_of_rank_64() -> None:
    from safetensors import safe_open

    files = [path for path in TINY_LORA.parent.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 12e6
    with safe_open(TINY_LORA / "pytorch_lora_weights.safetensors", "pt") as file:
        downs = [file.get_slice(name).get_shape() for name in file.keys() if name.endswith("lora_A.weight")]  # noqa: SIM118
        assert {shape[0] for shape in downs} == {64}
        assert '"transformer.lora_alpha": 32' in file.metadata()["lora_adapter_metadata"]


def test_what_is_shipped_is_what_its_manifest_lists() -> None:
    folder = TINY_LORA.parent
    listed = json.loads((folder / "manifest.json").read_text())["sha256"]
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    found.pop("manifest.json")
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items()} == listed
