"""How a picture is fitted: every option with its default, checked when made."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from glyphgrad.core.colors import Depth
from glyphgrad.errors import ConfigError

DEVICES = ("auto", "cpu", "cuda", "mps")
SOLVERS = ("hybrid", "discrete", "gradient")
OBJECTIVES = ("seed", "perceptual")
EFFORTS = ("fast", "normal", "best")
TONES = ("auto", "off")
GRAYS = ("luma", "lightness", "learned")
ALIGNS = ("off", "shift", "affine", "warp")
COLORS = tuple(depth.value for depth in Depth)
CONTRAST = 0.5
"""Strength of the local contrast where none is given: more, and characters spend their ink on the texture of skies."""
FARTHEST = 2000
"""Cell heights from which a page is a smudge: the eye's blur is as wide as half a cell is high."""
DESCENT = {"iterations", "lr", "warmup", "gumbel", "temp_start", "temp_end", "save_temp"}
"""Options that only the descent has."""
DIVERSITY = {"seed": 0.01, "perceptual": 0.0}
"""Weight of the entropy where none is given: the original tool's, and none where an eye is the judge."""
LONG_RUN = 10_000
"""Iterations of the original tool; a run at least this long warms up over `LONG_WARMUP` of them."""
LONG_WARMUP = 1000


@dataclass(frozen=True)
class LossWeights:
    """What the objective is made of; a weight of 0 switches its term off. Raises ConfigError.

    `diversity_weight` weighs the entropy (nats) of character usage, `multiscale_weight` the mean
    squared error of copies averaged over `multiscale_kernel` pixels each way, every half kernel. With
    `protect_whitespace` blank characters do not count as usage, so that paper may stay empty.
    A diversity weight of None is 0.01 with the seed objective and 0 with the perceptual one.
    """

    diversity_weight: float | None = None
    multiscale_weight: float = 0.5
    multiscale_kernel: int = 4
    protect_whitespace: bool = True

    def __post_init__(self) -> None:
        for name in ("diversity_weight", "multiscale_weight"):
            weight = getattr(self, name)
            _check(name, 0 if weight is None else weight, 0, "a weight of at least 0 (0 switches the term off)")
        _check_whole("multiscale_kernel", self.multiscale_kernel, 2)

    @property
    def multiscale_stride(self) -> int:
        return self.multiscale_kernel // 2


@dataclass(frozen=True)
class FilmConfig:
    """What a film has beyond the fit of its pictures. Raises ConfigError.

    `stability` is what a change of character costs where the target does not move, at most, in energies of the
    densest glyph on blank paper; 0 fits every picture as if it stood alone. `temporal_weight` is how strongly the
    alignment of a picture is tied to that of the one before. `look_ahead` is how many pictures are looked at
    before their tones are chosen, `workers` how many processes work on the pictures; None is one for every core,
    at most 4.
    """

    stability: float = 0.3
    temporal_weight: float = 1.0
    look_ahead: int = 48
    workers: int | None = None

    def __post_init__(self) -> None:
        _check("stability", self.stability, 0, "0 (every picture for itself) or more")
        _check("temporal_weight", self.temporal_weight, 0, "0 (every picture for itself) or more")
        _check_whole("look_ahead", self.look_ahead, 1)
        if self.workers is not None:
            _check_whole("workers", self.workers, 1)


@dataclass(frozen=True)
class AnnealConfig:
    """Softmax temperatures (all above 0), and whether Gumbel noise is added to the logits."""

    gumbel: bool = True
    temp_start: float = 1.0
    temp_end: float = 0.1
    save_temp: float = 0.01

    def __post_init__(self) -> None:
        for name in ("temp_start", "temp_end", "save_temp"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ConfigError(f"{name} is {value}: give a temperature above 0")


@dataclass(frozen=True)
class FitConfig:
    """A whole fit. Raises ConfigError.

    `solver` "discrete" searches over grids of characters, "gradient" is the original tool's descent
    (iterations, lr, warmup, anneal and device are its own), "hybrid" the search, and the descent where
    something continuous is learned. `objective` "seed" is the original loss, "perceptual" what an eye
    sees (see fit.perceptual) from `viewing_distance` cell heights away; None is the one that suits the
    solver. `tone` "auto" maps the target's tones onto those the atlas can reach, for the perceptual
    objective. `effort` is how long to search. `bound` asks for a lower bound of the objective, and for a
    grid that is not polished (see fit.polish), which gives some of it up for likeness.

    `gray` is how colours become grays (see fit.gray), `contrast` the strength, 0 to 1, of the learned local
    contrast (see fit.contrast), `align` how much of the picture may move so that characters fit it better
    (see fit.align): its shift, also its scale ("affine"), and also a bend at every corner of the grid
    ("warp"), which `warp_reg_weight` keeps smooth; `alignment_lr` is the rate of that descent.

    `color` is how many colours the device has (see core.colors.Depth): the glyphs of cells are then chosen together
    with a foreground and, with `background`, a background each (see fit.painting). What is made for grays does
    not go with it: the seed objective and its descent, learned gray, contrast, alignment, bound and diversity.

    `warmup` None: 1,000 steps, or a tenth of `iterations` when they are fewer than 10,000.
    `save_interval` is how often, in steps, progress is reported. `threads` None: all there are for the descent, one for the search.
    """

    solver: str = "hybrid"
    objective: str | None = None
    effort: str = "normal"
    tone: str = "auto"
    viewing_distance: float = 340
    bound: bool = False
    gray: str = "luma"
    contrast: float = 0.0
    color: str = Depth.NONE.value
    background: bool = False
    align: str = "off"
    alignment_lr: float = 0.1
    warp_reg_weight: float = 0.005
    iterations: int = LONG_RUN
    lr: float = 0.01
    warmup: int | None = None
    weights: LossWeights = field(default_factory=LossWeights)
    anneal: AnnealConfig = field(default_factory=AnnealConfig)
    save_interval: int = 100
    seed: int = 0
    device: str = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        _check_whole("iterations", self.iterations, 1)
        _check_whole("save_interval", self.save_interval, 1)
        _check_whole("seed", self.seed, 0)
        for name in ("lr", "alignment_lr"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ConfigError(f"{name} is {getattr(self, name)}: give a learning rate above 0")
        _check("warp_reg_weight", self.warp_reg_weight, 0, "a weight of at least 0")
        if not 0 <= self.contrast <= 1:
            raise ConfigError(f"contrast is {self.contrast}: give a strength from 0 (off) to 1")
        if self.threads is not None:
            _check_whole("threads", self.threads, 1)
        choices = {"device": DEVICES, "solver": SOLVERS, "effort": EFFORTS, "tone": TONES}
        choices |= {"gray": GRAYS, "align": ALIGNS, "color": COLORS}
        for name, known in choices.items():
            _check_choice(name, getattr(self, name), known)
        if not 0 < self.viewing_distance <= FARTHEST:
            raise ConfigError(f"viewing_distance is {self.viewing_distance}: give more than 0, at most {FARTHEST}")
        if self.warmup is not None and not (_is_whole(self.warmup) and 0 <= self.warmup < self.iterations):
            raise ConfigError(
                f"warmup is {self.warmup}: give a whole number, fewer than the {self.iterations} iterations"
            )
        self._settle()

    def _settle(self) -> None:
        """Resolve what depends on other options: the objective by the solver, the diversity by the objective."""
        objective = self.objective or ("seed" if self.solver == "gradient" else "perceptual")
        _check_choice("objective", objective, OBJECTIVES)
        if (self.solver, objective) == ("gradient", "perceptual"):
            raise ConfigError("objective is 'perceptual': the gradient solver is the original's, give it 'seed'")
        if self.solver == "discrete" and self.device not in ("auto", "cpu"):
            raise ConfigError(f"device is {self.device!r}: the discrete solver runs on the CPU, leave it out")
        object.__setattr__(self, "objective", objective)
        if self.weights.diversity_weight is None:
            object.__setattr__(self, "weights", replace(self.weights, diversity_weight=DIVERSITY[objective]))
        self._check_colors()

    def _check_colors(self) -> None:
        """Colours go with what an eye sees, and with nothing that is made for grays."""
        if not self.in_color:
            if self.background:
                raise ConfigError("background is on without colours: give color 16, 256 or true")
            return
        needed = {
            "objective": "perceptual",
            "gray": "luma",
            "contrast": 0,
            "align": "off",
            "bound": False,
            "diversity": 0,
        }
        for name, value in needed.items():
            if (given := getattr(self, name)) != value:
                raise ConfigError(f"{name} is {given!r}, which is for grays: leave it out with color {self.color}")

    @property
    def in_color(self) -> bool:
        """Whether cells get colours."""
        return self.color != Depth.NONE.value

    @property
    def luma_only(self) -> bool:
        """Whether Pillow's luma is all that is needed of a picture."""
        return self.gray == "luma" and not self.in_color

    @property
    def diversity(self) -> float:
        """The weight of the entropy of usage."""
        return self.weights.diversity_weight or 0.0

    @property
    def warmup_steps(self) -> int:
        if self.warmup is not None:
            return self.warmup
        return LONG_WARMUP if self.iterations >= LONG_RUN else self.iterations // 10


def _check(name: str, value: float, least: float, wish: str) -> None:
    if not (math.isfinite(value) and value >= least):
        raise ConfigError(f"{name} is {value}: give {wish}")


def _check_whole(name: str, value: float, least: int) -> None:
    if not (_is_whole(value) and value >= least):
        raise ConfigError(f"{name} is {value}: give a whole number of at least {least}")


def _is_whole(value: float) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigError(f"{name} is {value!r}: choose one of {', '.join(known)}")
