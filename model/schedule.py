"""The settings of a training run and its learning rate: a rise, a level, a fall.

    rate(s) = peak * min(1, s / w, (steps - s) / c),    w = warmup * steps,  c = cooldown * steps,   0 <= s <= steps

rises linearly from 0 to the peak at s = w and falls linearly to 0 from s = steps - c on. Without a cooldown of its own
the fall starts at the peak, c = steps - w: a triangle (arXiv:2605.03780: w = steps / 2). The update that follows batch
number `step` = 0 .. steps - 1 uses the middle of its interval, rate(step + 1/2), so none is wasted at rate 0.
"""

from typing import Annotated

from pydantic import Field, field_validator, model_validator
from pydantic.dataclasses import dataclass

from model.optimizers import OPTIMIZERS
from model.settings import SETTINGS, in_sentences

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Memory = Annotated[float, Field(ge=0, lt=1)]


@in_sentences
@dataclass(frozen=True, config=SETTINGS)
class TrainingConfig:
    """How to train.

    Attributes
    ----------
    steps : int
        Number of updates.
    peak_rate : float
        Largest learning rate.
    optimizer : str
        A name in `model.optimizers`.
    muon_rate, muon_momentum : float
        Largest learning rate of the matrices Muon acts on, and its mu.
    weight_decay : float
        Decoupled decay of matrices (embedding included); biases and LayerNorm's gains do not decay.
    beta1, beta2, epsilon : float
        Constants of AdamW.
    clip_norm : float or None
        If the gradient's global norm is larger, the gradient is scaled down to it.
    warmup, cooldown : float
        Fractions of `steps` in which the rate rises to the peak and falls from it, in [0, 1] and at most 1 together;
        without a cooldown, all that the warm-up leaves.
    record_every : int
        A record is kept at every such step, and at the first and the last.
    checkpoint_every : int
        A checkpoint is written after every so many updates, and after the last.

    Raises
    ------
    ValueError
        If a value is not allowed; a sentence for each says what was wanted and what was got.
    """

    steps: Count
    peak_rate: Positive
    optimizer: str = "adamw"
    weight_decay: Annotated[float, Field(ge=0)] = 4e-4
    beta1: Memory = 0.9
    beta2: Memory = 0.999
    epsilon: Positive = 1e-8
    clip_norm: Positive | None = None
    muon_rate: Positive = 0.02
    muon_momentum: Memory = 0.95
    warmup: Fraction = 0.5
    cooldown: Fraction | None = None
    record_every: Count = 50
    checkpoint_every: Count = 500

    @field_validator("optimizer")
    @classmethod
    def _optimizer_is_known(cls, name: str) -> str:
        if name not in OPTIMIZERS:
            raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZERS)}; got {name!r}")
        return name

    @model_validator(mode="after")
    def _schedule_fits(self) -> "TrainingConfig":
        if self.cooldown is not None and self.warmup + self.cooldown > 1 + 1e-9:  # 0.9 and 0.1 may miss 1 by rounding
            raise ValueError(f"warmup and cooldown must be at most 1 together; got {self.warmup} and {self.cooldown}")
        return self


def learning_rate(config: TrainingConfig, s: float) -> float:
    """Return rate(s) for a point 0 <= s <= steps of the schedule."""
    rise = config.warmup * config.steps
    fall = config.steps - rise if config.cooldown is None else config.cooldown * config.steps
    if s < rise:
        return config.peak_rate * s / rise
    if config.steps - s < fall:
        return config.peak_rate * (config.steps - s) / fall
    return config.peak_rate
