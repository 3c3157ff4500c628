"""Training of glyphgrad-tiny's text encoders: what the words of a prompt say, before any picture is seen.

FLUX's have read the web; these read the captions, and learn to tell the family and the facts from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from glyphgrad.structure.dataset import Record
from glyphgrad.structure.layouts import FAMILIES
from glyphgrad.structure.tiny.words import spoken

_STEPS, _BATCH, _RATE = 400, 64, 2e-3
_COMMON = 0.01
"""Share of the captions that a fact must be found in to be asked for."""
_STREAM = 5
"""Of random numbers."""


def train_text(pipe: Any, records: Sequence[Record], seed: int, on_step: Callable[[int, float], None]) -> None:
    """Teach both text encoders to tell families, and the facts that are no numbers, from prompts."""
    facts = _facts(records)
    names = list(FAMILIES)
    width = pipe.text_encoder.config.hidden_size
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        heads = nn.ModuleList(nn.Linear(width, len(names) + len(facts)) for _ in range(2))
    models = (pipe.text_encoder, pipe.text_encoder_2, heads)
    optimizer = torch.optim.AdamW([weight for model in models for weight in model.parameters()], lr=_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_STEPS, pct_start=0.1)
    rng = np.random.default_rng([seed, _STREAM])
    for step in range(_STEPS):
        chosen = [records[index] for index in rng.integers(len(records), size=_BATCH)]
        prompts = [spoken(record["text"], record["family"], rng) for record in chosen]
        said = torch.tensor([[fact in prompt.split(", ") for fact in facts] for prompt in prompts]).float()
        family = torch.tensor([names.index(record["family"]) for record in chosen])
        text, pooled = encoded(pipe, prompts)
        loss = _error(heads[0](pooled), family, said) + _error(heads[1](text.mean(dim=1)), family, said)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        on_step(step + 1, loss.item())


def encoded(pipe: Any, prompts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """What `pipe.encode_prompt` gives, text (B, T, J) and pooled (B, P), but with a gradient."""
    tokens = pipe.tokenizer(list(prompts), padding="max_length", truncation=True, return_tensors="pt").input_ids
    return pipe.text_encoder_2(tokens)[0], pipe.text_encoder(tokens).pooler_output


def _error(told: Tensor, family: Tensor, said: Tensor) -> Tensor:
    families = told.shape[1] - said.shape[1]
    which = nn.functional.cross_entropy(told[:, :families], family)
    return which + nn.functional.binary_cross_entropy_with_logits(told[:, families:], said)


def _facts(records: Sequence[Record]) -> list[str]:
    """What many captions say besides the trigger and the kind, and is no number."""
    counts = Counter(fact for record in records for fact in record["text"].split(", ")[2:])
    often = [fact for fact, count in counts.items() if count >= _COMMON * len(records)]
    return sorted(fact for fact in often if not any(char.isdigit() for char in fact))
