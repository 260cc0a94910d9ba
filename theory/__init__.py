"""Exact Bayesian theory of latent tasks.

`theory.symbolic` (proofs by SymPy) and `theory.enumeration` (an oracle in exact fractions) are imported on their own.
So are the predictions built on it: `theory.convex`, `theory.packing`, `theory.rates`, `theory.exponents`,
`theory.regret` and `theory.diversity`.
"""

from theory.bayes import extrapolation, posterior, predicted_mean, prior_predictive, retrieval
from theory.dice import BiasedDice
from theory.dyck import PlantedDyck
from theory.errors import ImpossibleSequenceError
from theory.families import FAMILIES, kind_of, layout_of, name_with_layout, title_of
from theory.geometry import barycentric, convex_rank, hull_coordinates, simplex_projection
from theory.markov import MarkovChains
from theory.mixture import Mixture, overlapping
from theory.notation import (
    Batch,
    LatentTasks,
    Layout,
    ModelArrays,
    Pool,
    Prediction,
    RegressionBatch,
    StateIs,
    SymbolBatch,
    TargetKind,
)
from theory.randomness import stream
from theory.regression import NoisyLinearRegression
from theory.risk import RiskCurve, bayes_risk, divergence, nats_per_loss, prediction_loss, target_loss

__all__ = [
    "FAMILIES",
    "Batch",
    "BiasedDice",
    "ImpossibleSequenceError",
    "LatentTasks",
    "Layout",
    "MarkovChains",
    "Mixture",
    "ModelArrays",
    "NoisyLinearRegression",
    "PlantedDyck",
    "Pool",
    "Prediction",
    "RegressionBatch",
    "RiskCurve",
    "StateIs",
    "SymbolBatch",
    "TargetKind",
    "barycentric",
    "bayes_risk",
    "convex_rank",
    "divergence",
    "extrapolation",
    "hull_coordinates",
    "kind_of",
    "layout_of",
    "name_with_layout",
    "nats_per_loss",
    "overlapping",
    "posterior",
    "predicted_mean",
    "prediction_loss",
    "prior_predictive",
    "retrieval",
    "simplex_projection",
    "stream",
    "target_loss",
    "title_of",
]
