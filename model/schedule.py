"""The settings of a training run and the triangular learning rate.

    rate(s) = peak * min(s / w, (steps - s) / (steps - w)),   w = warmup * steps,   0 <= s <= steps:

linear from 0 up to the peak at s = w and linear down to 0 at s = steps (arXiv:2605.03780: w = steps / 2). The update
that follows batch number `step` = 0 .. steps - 1 uses the middle of its interval, rate(step + 1/2), so none is wasted
at rate 0.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class TrainingConfig:
    """How to train: AdamW with a triangular schedule.

    Attributes
    ----------
    steps : int
        Number of updates.
    peak_rate : float
        Largest learning rate.
    weight_decay : float
        Decoupled decay of matrices (embedding included); biases and LayerNorm's gains do not decay.
    beta1, beta2, epsilon : float
        Constants of AdamW.
    clip_norm : float or None
        If the gradient's global norm is larger, the gradient is scaled down to it.
    warmup : float
        Fraction of `steps` at which the peak is reached, in [0, 1].
    record_every : int
        A record is kept at every such step, and at the first and the last.
    checkpoint_every : int
        A checkpoint is written after every so many updates, and after the last.

    Raises
    ------
    ValueError
        If a value is not allowed.
    """

    steps: int
    peak_rate: float
    weight_decay: float = 4e-4
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    clip_norm: float | None = None
    warmup: float = 0.5
    record_every: int = 50
    checkpoint_every: int = 500

    def __post_init__(self) -> None:
        for name in ("steps", "record_every", "checkpoint_every"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be a positive integer; got {value!r}")
        _require(self, "peak_rate", "positive", lambda x: x > 0)
        _require(self, "weight_decay", "at least 0", lambda x: x >= 0)
        _require(self, "beta1", "in [0, 1)", lambda x: 0 <= x < 1)
        _require(self, "beta2", "in [0, 1)", lambda x: 0 <= x < 1)
        _require(self, "epsilon", "positive", lambda x: x > 0)
        _require(self, "warmup", "in [0, 1]", lambda x: 0 <= x <= 1)
        if self.clip_norm is not None:
            _require(self, "clip_norm", "positive or None", lambda x: x > 0)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a plain dictionary, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainingConfig":
        """Build the settings from a dictionary such as `to_dict` returns."""
        known = [field.name for field in fields(cls)]
        if unknown := [name for name in values if name not in known]:
            raise ValueError(f"training settings have no {', '.join(unknown)}; known are {', '.join(known)}")
        if missing := [name for name in ("steps", "peak_rate") if name not in values]:
            raise ValueError(f"training settings need {', '.join(missing)}")
        return cls(**values)


def _require(config: TrainingConfig, name: str, wanted: str, allowed: Any) -> None:
    value = getattr(config, name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or not allowed(value):
        raise ValueError(f"{name} must be {wanted}; got {value!r}")


def triangular_rate(config: TrainingConfig, s: float) -> float:
    """Return rate(s) for a point 0 <= s <= steps of the schedule."""
    rise = config.warmup * config.steps
    if s < rise:
        return config.peak_rate * s / rise
    return config.peak_rate * ((config.steps - s) / (config.steps - rise) if rise < config.steps else 1.0)
