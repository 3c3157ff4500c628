from __future__ import annotations

import pytest
import torch
from torch import nn

from glyphgrad.errors import ConfigError
from glyphgrad.structure.lora.config import LoraConfig
from glyphgrad.structure.lora.weights import Average, Weights, add_lora, layers_of


@pytest.fixture(scope="module")
def flux_on_meta() -> nn.Module:
    """FLUX.1-dev, without its weights."""
    from diffusers import FluxTransformer2DModel

    with torch.device("meta"):
        return FluxTransformer2DModel(guidance_embeds=True)


@pytest.mark.parametrize(("targets", "count"), [("attention", 266), ("blocks", 342), ("all-linear", 504)])
def test_layers_of_flux_1_dev(flux_on_meta: nn.Module, targets: str, count: int) -> None:
    assert len(layers_of(flux_on_meta, targets)) == count


def test_the_lora_of_flux_1_dev_has_179_million_weights(flux_on_meta: nn.Module) -> None:
    layers = [flux_on_meta.get_submodule(name) for name in layers_of(flux_on_meta, "blocks")]
    assert sum(64 * (layer.in_features + layer.out_features) for layer in layers) == 179_306_496  # type: ignore[operator]


def test_targets_that_name_nothing() -> None:
    with pytest.raises(ConfigError, match="blocks"):
        layers_of(nn.Sequential(nn.Linear(2, 2)), "blocks")


def test_parameters_are_parts_of_the_vector() -> None:
    layers = nn.Linear(3, 2), nn.Linear(2, 4)
    parameters = [weight for layer in layers for weight in layer.parameters()]
    before = [weight.detach().clone() for weight in parameters]
    weights = Weights(parameters)
    x = torch.randn(5, 3)
    loss = layers[1](layers[0](x)).pow(2).mean()
    loss.backward()
    expected = torch.autograd.grad(layers[1](layers[0](x)).pow(2).mean(), parameters)
    assert torch.allclose(weights.gradient, torch.cat([slope.flatten() for slope in expected]))
    assert all(torch.equal(weight, old) for weight, old in zip(parameters, before, strict=True))
    torch.optim.SGD([weights.values], lr=1.0).step()
    assert torch.allclose(parameters[0], before[0] - expected[0])


def test_other_values_are_held_for_a_while() -> None:
    layer = nn.Linear(2, 2)
    weights = Weights(list(layer.parameters()))
    own = weights.values.detach().clone()
    with weights.holding(torch.zeros_like(own)):
        assert not layer.weight.any()
    assert torch.equal(weights.values, own)
    with weights.holding(None):
        assert torch.equal(weights.values, own)


def test_the_average_of_constant_weights_is_they_and_young_ones_look_back_less() -> None:
    average = Average(torch.zeros(3), 0.9)
    average.update(torch.ones(3), 0)
    assert torch.allclose(average.values, torch.full((3,), 0.9))  # 1 - 1 / 10
    for step in range(1, 2000):
        average.update(torch.ones(3), step)
    assert torch.allclose(average.values, torch.ones(3))


def test_a_new_lora_changes_nothing_and_its_seed_decides_it() -> None:
    from diffusers import FluxTransformer2DModel

    def made(seed: int) -> list[nn.Parameter]:
        model = FluxTransformer2DModel(
            in_channels=4, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=8, pooled_projection_dim=8, axes_dims_rope=(4, 4, 8),
        )  # fmt: skip
        return add_lora(model, LoraConfig(rank=2, seed=seed))

    one, same, other = (torch.cat([weight.detach().flatten() for weight in made(seed)]) for seed in (5, 5, 6))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert all(not weight.any() for weight in made(5)[1::2])  # the B of every pair


def test_a_base_in_nf4_learns() -> None:
    """As diffusers loads it on a card; bitsandbytes has the same layers for a CPU."""
    import bitsandbytes
    from diffusers import FluxTransformer2DModel

    model = FluxTransformer2DModel(
        in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=64, num_attention_heads=2,
        joint_attention_dim=64, pooled_projection_dim=64, axes_dims_rope=(16, 16, 32),
    )  # fmt: skip
    for name in layers_of(model, "all-linear"):
        layer, (place, _, last) = model.get_submodule(name), name.rpartition(".")
        packed = bitsandbytes.nn.Linear4bit(layer.in_features, layer.out_features, quant_type="nf4")
        packed.weight = bitsandbytes.nn.Params4bit(layer.weight.data, requires_grad=False, quant_type="nf4")
        packed.bias = layer.bias
        setattr(model.get_submodule(place), last, packed.to("cpu"))
    model.is_loaded_in_4bit = True
    model.enable_gradient_checkpointing()
    assert layers_of(model, "blocks")
    weights = Weights(add_lora(model, LoraConfig(rank=4, alpha=4)))
    assert weights.values.dtype == torch.float32
    frozen = {name: value.clone() for name, value in model.named_parameters() if not value.requires_grad}
    descent = torch.optim.AdamW([weights.values], lr=1e-2)
    losses = []
    for _ in range(6):
        weights.shared.zero_()
        generator = torch.Generator().manual_seed(0)
        loss = model(
            hidden_states=torch.randn(1, 8, 16, generator=generator),
            timestep=torch.tensor([0.5]),
            pooled_projections=torch.randn(1, 64, generator=generator),
            encoder_hidden_states=torch.randn(1, 4, 64, generator=generator),
            txt_ids=torch.zeros(4, 3),
            img_ids=torch.zeros(8, 3),
        ).sample.pow(2).mean()  # fmt: skip
        loss.backward()
        descent.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
    assert all(torch.equal(value, frozen[name]) for name, value in model.named_parameters() if name in frozen)
