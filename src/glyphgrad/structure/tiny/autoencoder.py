"""The VAE of glyphgrad-tiny: each cell of a picture by itself, as a few numbers, and back.

Its decoder is a small network whose output is clamped. It has learned to draw what lies between two glyphs'
numbers as the nearer of the two; what lies among those of soft cells comes out soft and grey.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.autoencoders.vae import DecoderOutput, DiagonalGaussianDistribution
from diffusers.models.modeling_outputs import AutoencoderKLOutput
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

_CERTAIN = -30.0
"""Log variance of a distribution that is a single point."""
_STEEP = 4.0
"""How much larger than usual the decoder's first weights begin: it is to tell apart numbers that are close."""


class PatchAutoencoder(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """AutoencoderKL's interface: pictures (B, 3, H, W) in [-1, 1] <-> latents (B, values, H / 16, W / 16).

    A cell of 16 x 16 pixels is `values` numbers in [-1, 1], and one latent; FluxPipeline packs 2 x 2 of them
    into a token. H and W are multiples of 32.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        values: int = 16,
        hidden: int = 256,
        cell: int = 16,
        block_out_channels: tuple[int, ...] = (1,) * 5,  # noqa: ARG002  its length tells the pipeline the stride, 2**4
        scaling_factor: float = 1.0,  # noqa: ARG002
        shift_factor: float = 0.0,  # noqa: ARG002
        latent_channels: int = 16,  # noqa: ARG002
        sample_size: int = 512,  # noqa: ARG002  of the pictures it is made for
    ) -> None:
        super().__init__()
        pixels = cell**2
        self.encoder = nn.Sequential(
            nn.Linear(pixels, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, values),
            nn.Tanh(),
        )
        steep = nn.Linear(values, hidden)
        steep.weight.data *= _STEEP
        self.decoder = nn.Sequential(
            steep,
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, pixels),
        )

    def encode(self, x: Tensor, return_dict: bool = True) -> Any:
        """Of colours only their mean is seen."""
        cells = nn.functional.pixel_unshuffle(x.mean(dim=1, keepdim=True), self.config.cell)
        latents = self.encoder(cells.movedim(1, -1)).movedim(-1, 1)
        spread = torch.full_like(latents, _CERTAIN)
        posterior = DiagonalGaussianDistribution(torch.cat([latents, spread], dim=1), deterministic=True)
        return AutoencoderKLOutput(latent_dist=posterior) if return_dict else (posterior,)

    def decode(self, z: Tensor, return_dict: bool = True, generator: Any = None) -> Any:  # noqa: ARG002
        cells = self.decoder(z.movedim(1, -1)).movedim(-1, 1)
        pictures = nn.functional.pixel_shuffle(cells, self.config.cell).clamp(-1, 1).expand(-1, 3, -1, -1)
        return DecoderOutput(sample=pictures) if return_dict else (pictures,)
