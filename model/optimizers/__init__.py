"""Optimizers by the name a training configuration gives them.

Another one is a file here with its `(init, update)` pair, a compiled kernel, and a line in `OPTIMIZERS`.
"""

from model.optimizers import adamw, muon
from model.optimizers.optimizer import Optimizer, State, Step, clipping, gradient_norm

OPTIMIZERS: dict[str, Optimizer] = {
    "adamw": Optimizer(adamw.init, adamw.update),
    "muon": Optimizer(muon.init, muon.update),
}

__all__ = ["OPTIMIZERS", "Optimizer", "State", "Step", "clipping", "gradient_norm"]
