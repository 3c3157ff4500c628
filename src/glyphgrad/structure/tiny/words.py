"""The words that glyphgrad-tiny knows: those of the captions, and what else people call the same things."""

from __future__ import annotations

from string import ascii_lowercase, digits
from typing import TYPE_CHECKING

import numpy as np

from glyphgrad.structure.captions import TRIGGER
from glyphgrad.structure.layouts.banners import ADJECTIVES, NOUNS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

LONGEST = 32
"""Tokens of a prompt, its end included."""

CHARS = ' #.+<>$≈♣^=█■○"_─│┌┐└┘├┤┬┴┼'
"""The glyphs of the maps it learns: one for each kind of cell, and three styles of walls."""

WALLS = ("#", "block", "lines")
"""The wall styles it can draw wherever none is asked for."""

NAMES = {
    "caves": ("cave", "caves", "cavern", "caverns", "cave system", "grotto", "natural cave"),
    "rooms": ("dungeon", "dungeon map", "rooms", "rooms and corridors", "dungeon with rooms", "castle", "keep"),
    "corridors": ("corridors", "infinite corridor", "corridor network", "tunnels", "passages", "long corridor"),
    "mazes": ("maze", "a maze of twisty passages", "hedge maze", "winding maze", "mazes"),
    "labyrinths": ("labyrinth", "labyrinth with rooms", "maze with rooms", "labyrinth with chambers"),
    "banners": ("banner", "sign", "words", "lettering", "a banner with letters", "text"),
    "islands": ("islands", "island", "archipelago", "sea with islands", "coast", "ocean"),
    "towns": ("town", "village", "city", "town with houses", "streets and houses", "houses"),
    "temples": ("temple", "symmetrical temple", "shrine", "courts", "palace", "temple with pillars"),
}
"""Family -> what a person may call it."""

_CAPTIONS = f"""
{TRIGGER} a an the of with and in by that reads white on black map plan
systematic dungeon infinite corridor corridors network endless spiral ring rings winding branching mixed
maze round ring-shaped hollow square labyrinth rooms room banner archipelago walled town symmetrical temple flooded
cave system sparse half open wide floor steps step no loops loop dead ends end doors door indoors islands island
bridges bridge pillars pillar mirrored left-right top-bottom diagonal treasures treasure walls hash signs solid rock
block thin line dotted bare
"""

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"
_WORD = "[a-z][a-z_-]*[a-z]|[a-z0-9]"
"""Of a text in small letters: a word, or one digit of a number. What lies between is dropped."""


def vocabulary() -> list[str]:
    """Every token, the special ones first; letters too, for banners of one."""
    names = " ".join(name for names in NAMES.values() for name in names)
    written = " ".join((*ADJECTIVES, *NOUNS)).lower()
    words = sorted({*f"{_CAPTIONS} {names} {written}".split(), *ascii_lowercase, *digits})
    return [PAD, END, UNKNOWN, *words]


def tokenizer() -> PreTrainedTokenizerFast:
    """A token a known word and a digit, an end after them. Both text encoders of the pipeline read it."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    numbers = {word: number for number, word in enumerate(vocabulary())}
    words = Tokenizer(models.WordLevel(numbers, unk_token=UNKNOWN))
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer = pre_tokenizers.Split(Regex(_WORD), behavior="removed", invert=True)
    words.post_processor = processors.TemplateProcessing(f"$A {END}", special_tokens=[(END, numbers[END])])
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token=PAD, eos_token=END, unk_token=UNKNOWN, model_max_length=LONGEST
    )


def spoken(caption: str, family: str, rng: np.random.Generator) -> str:
    """A caption as a person would write a prompt: the thing by some name of its, and some of its facts or none."""
    trigger, kind, *facts = caption.split(", ")
    if rng.random() < 0.5:
        names = NAMES[family]
        kind = rng.choice(["", "a ", "the "]) + names[int(rng.integers(len(names)))]
    share = rng.choice([0.0, 0.5, 1.0])
    return ", ".join([trigger, kind, *(fact for fact in facts if rng.random() < share)])
