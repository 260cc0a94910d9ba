"""One sampled sequence with everything the exact predictors believe and predict, target by target.

    posterior           alpha_{t,k}          over the majors and minors (M1), and over the majors and a fresh task (M2)
    predictions         E[target t | seen]   of M1, of M2 and of the prior predictive

`theory.tables` prints a demonstration, `as_record` turns it into plain numbers and lists.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from theory.bayes import extrapolation, prior_predictive, retrieval
from theory.checks import require_whole
from theory.errors import ImpossibleSequenceError
from theory.families import Family
from theory.memory import require_memory
from theory.mixture import Mixture, overlapping
from theory.notation import Batch, Pool, Prediction, RegressionBatch, SymbolBatch
from theory.randomness import stream


@dataclass(frozen=True)
class Design:
    """Which tasks there are, and which one the sequence has.

    Attributes
    ----------
    majors, minors : int
        How many tasks of each kind.
    minor_mass : float
        Mass of the minors, and of the fresh task in M2.
    overlap : float
        How far the majors are moved towards their mean, in [0, 1].
    fresh : bool
        Whether the sequence's task is a new draw from the prior, in place of one from the mixture.
    """

    majors: int = 3
    minors: int = 4
    minor_mass: float = 0.1
    overlap: float = 0.0
    fresh: bool = False


@dataclass(frozen=True, eq=False)
class Demonstration:
    """A sequence and its predictions.

    Attributes
    ----------
    family, design, seed
        What was asked for.
    mixture : Mixture
        The tasks.
    source : Pool
        The pool the sequence was drawn from: that of the mixture, or one fresh task.
    batch : Batch
        The one sequence; `batch.tasks` indexes `source`.
    retrieval, extrapolation, prior_predictive : Prediction
        M1, M2 and the prior predictive. M1 has fewer targets than the others if the sequence becomes impossible
        under every task of the mixture, as a fresh Dyck path does.
    """

    family: Family
    design: Design
    seed: int
    mixture: Mixture
    source: Pool
    batch: Batch
    retrieval: Prediction
    extrapolation: Prediction
    prior_predictive: Prediction


def demonstrate(family: Family, design: Design, seed: int) -> Demonstration:
    """Draw tasks and one sequence, and predict every target; the same seed gives the same demonstration.

    Raises
    ------
    ValueError
        If a number of tasks is negative, there is no major, the sizes do not fit into memory, or `theory.mixture`
        refuses the rest.
    """
    require_whole("majors", design.majors, 1)
    require_whole("minors", design.minors, 0)
    _require_memory(family, design)
    majors = family.sample_pool(stream(seed, "demonstration/majors"), design.majors)
    if design.overlap:
        majors = overlapping(majors, design.overlap)
    minors = family.sample_pool(stream(seed, "demonstration/minors"), design.minors)
    mixture, rng = Mixture(family, majors, minors, design.minor_mass), stream(seed, "demonstration/sequence")
    if design.fresh:
        source = family.sample_pool(stream(seed, "demonstration/fresh task"), 1)
        batch: Batch = family.sample(rng, source, 1)
    else:
        source, batch = mixture.pool, mixture.sample(rng, 1)
    return Demonstration(
        family=family,
        design=design,
        seed=seed,
        mixture=mixture,
        source=source,
        batch=batch,
        retrieval=_retrieval_while_possible(mixture, batch),
        extrapolation=extrapolation(mixture, batch),
        prior_predictive=prior_predictive(family, batch),
    )


def _require_memory(family: Family, design: Design) -> None:
    """Refuse sizes that cannot fit: tasks and what they predict, symbols as one-hot, tables of target by target."""
    from theory.rates import SUMMARY_DRAWS

    n, D, T, K = family.n_parameters, family.n_outputs, family.n_positions, design.majors + design.minors
    contexts = (n + 1) * D if family.state_is == "prefix" else 0
    require_memory("the number of targets", T, 8.0 * T * (6 * D + (T if family.target_kind == "symbol" else 0)))
    require_memory("the size of a task", n, 8.0 * n * SUMMARY_DRAWS + 8.0 * D**2 + 8.0 * contexts)
    require_memory("majors", design.majors, 8.0 * design.majors * (3 * n + contexts + T * (design.majors + 2)))
    require_memory("minors", design.minors, 8.0 * K * (3 * n + contexts + 2 * T))


def rates_of(demonstration: Demonstration) -> dict[str, Any]:
    """Return how fast these tasks are learned: `theory.rates.summary`."""
    from theory.rates import summary

    rng = stream(demonstration.seed, "demonstration/rates")
    return summary(demonstration.family, demonstration.mixture, rng)


def as_record(demonstration: Demonstration) -> dict[str, Any]:
    """Return plain numbers, lists and names, ready for JSON.

    "steps" holds one entry a target: what was observed there, and the weights and means of each predictor *before* it
    was; null where M1 has no posterior any more.
    """
    batch = demonstration.batch
    predictors = ("retrieval", "extrapolation", "prior_predictive")
    n_targets = len(demonstration.prior_predictive.mean[0])
    return {
        "family": {"name": type(demonstration.family).__name__} | asdict(demonstration.family),
        "design": asdict(demonstration.design),
        "seed": demonstration.seed,
        "tasks": {
            "weights": demonstration.mixture.weights.tolist(),
            "parameters": demonstration.mixture.pool.parameters.tolist(),
        },
        "task": {
            "index": None if demonstration.design.fresh else int(batch.tasks[0]),
            "parameters": demonstration.source.parameters[batch.tasks[0]].tolist(),
        },
        "steps": [
            {"target": target, "observed": _observed(batch, target)}
            | {name: _entry(getattr(demonstration, name), target) for name in predictors}
            for target in range(n_targets)
        ],
        "rates": rates_of(demonstration),
    }


def _observed(batch: Batch, target: int) -> Any:
    if isinstance(batch, SymbolBatch):
        return int(batch.symbols[0, target])
    return {"x": batch.x[0, target].tolist(), "y": float(batch.y[0, target])}


def _entry(prediction: Prediction, target: int) -> dict[str, list[float]] | None:
    if target >= prediction.mean.shape[1]:
        return None
    return {"weights": prediction.weights[0, target].tolist(), "mean": prediction.mean[0, target].tolist()}


def _retrieval_while_possible(mixture: Mixture, batch: Batch) -> Prediction:
    """Return M1's prediction of the targets before which the sequence is possible under some task of the mixture."""
    try:
        return retrieval(mixture, batch)
    except ImpossibleSequenceError as error:
        return retrieval(mixture, _first_targets(batch, error.position))


def _first_targets(batch: Batch, n_targets: int) -> Batch:
    kept = np.s_[:, :n_targets]
    if isinstance(batch, RegressionBatch):
        return RegressionBatch(batch.tasks, batch.x[kept], batch.y[kept])
    return SymbolBatch(batch.tasks, batch.symbols[kept])
