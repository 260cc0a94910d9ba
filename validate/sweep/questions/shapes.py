"""The shape of a network's simplex of task vectors beside that of the tasks.

    edges        d_jk = |theta_j - theta_k| for the task vectors theta, j < k, in units of the root-mean-square distance
                 between two symbol vectors (regression: of the covariates' contribution), which a rescaling of the
                 stream cancels
    cosines      of the angles between centred vertices: the Gram matrix without its scale
    edge gain    their mean / the mean edge of the tasks' parameters
    edge spread  standard deviation of the edges / their mean: 0 for a regular simplex
    similarity   Pearson's r of the network's edges with those of a reference, over the K (K - 1) / 2 pairs

Two references. *Tasks*: the parameters themselves (`theory.convex.task_points`), the shape an average of the context
has. *Log-laws*: what a linear read-out must produce (`theory.convex.read_out_table`), over all current symbols. Theory
fixes neither (`docs/geometry.md`): both are shapes to compare with. With two tasks there is one edge and no
similarity; with three it is a correlation of three numbers.

Intervals resample the sequences of the task design.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory import LatentTasks, Pool
from theory.convex import TaskGeometry, read_out_table, task_geometry, task_points
from validate.claims.base import EVERY_FAMILY, Controls, Findings, Observed, Question, Shown, Side, Statistics
from validate.experiment.scopes import DIVERSE
from validate.statistics.alignment import LARGEST_R
from validate.statistics.interpolation import MainEffects
from validate.statistics.intervals import UNDEFINED, Estimate
from validate.sweep.questions.baseline import baseline

N_RESAMPLED = 100
"""Resampled designs of every interval."""

STATISTICS = ("edge length", "edge gain", "edge spread", "similarity to tasks", "similarity to log-laws")

Edges = Float[np.ndarray, " E"]


def edges(geometry: TaskGeometry) -> Edges:
    """Return the distances of the pairs j < k."""
    return geometry.distances[np.triu_indices(len(geometry.distances), 1)]


def current_scale(effects: MainEffects, symbols: bool) -> float:
    """Return the unit of length: the root-mean-square distance between what two independent current inputs add."""
    squares = np.square(effects.current).sum(axis=1)
    return float(np.sqrt(2 * (squares.mean() if symbols else squares.sum())))


@dataclass(frozen=True)
class References:
    """The shapes that vertices are compared with.

    Attributes
    ----------
    tasks : TaskGeometry
        Of the parameters.
    log_laws : TaskGeometry or None
        Of what the read-out must produce, if the family has such a table and no probability is 0.
    """

    tasks: TaskGeometry
    log_laws: TaskGeometry | None

    @classmethod
    def of(cls, family: LatentTasks, pool: Pool) -> "References":
        """Compute both references of a pool."""
        try:
            table = read_out_table(family, pool)
        except ValueError:
            log_laws = None
        else:
            log_laws = task_geometry(table.reshape(len(pool), -1))
        return cls(task_geometry(task_points(pool)), log_laws)

    @property
    def agreement(self) -> float:
        """Similarity of the two references to each other: what follows either has of the other."""
        if self.log_laws is None:
            return float("nan")
        return similarity(edges(self.tasks), edges(self.log_laws))

    @property
    def baseline(self) -> dict[str, float]:
        """The tasks' own shape, where it stands for the network's."""
        tasks = edges(self.tasks)
        return {
            "edge length": float(tasks.mean()),
            "edge gain": 1.0,
            "edge spread": spread(tasks),
            "similarity to tasks": self.agreement,
            "similarity to log-laws": self.agreement,
        }


def spread(lengths: Edges) -> float:
    """Return the standard deviation of edges / their mean; undefined for a single one."""
    return float(lengths.std() / lengths.mean()) if len(lengths) > 1 else float("nan")


def similarity(one: Edges, other: Edges) -> float:
    """Return Pearson's r of two lists of edges; undefined for fewer than three or if either does not vary."""
    scale = np.std(one) * np.std(other)
    if len(one) < 3 or not scale > 0:
        return float("nan")
    return float(((one - one.mean()) * (other - other.mean())).mean() / scale)


def shape_values(effects: MainEffects, references: References, symbols: bool) -> dict[str, float]:
    """Return every statistic of one set of vectors."""
    own = edges(task_geometry(effects.task)) / current_scale(effects, symbols)
    log_laws = references.log_laws
    return {
        "edge length": float(own.mean()),
        "edge gain": float(own.mean() / edges(references.tasks).mean()),
        "edge spread": spread(own),
        "similarity to tasks": similarity(own, edges(references.tasks)),
        "similarity to log-laws": float("nan") if log_laws is None else similarity(own, edges(log_laws)),
    }


def shape(observed: Observed) -> Statistics:
    """Estimate every statistic of the task vectors at a source's site."""
    setting = observed.setting
    references, symbols = References.of(setting.family, setting.majors), setting.family.target_kind == "symbol"
    late = observed.captured.late(observed.site)
    resampled = [
        shape_values(late.resampled(setting.stream("sweep/shape", index)).main_effects(), references, symbols)
        for index in range(N_RESAMPLED if setting.sizes.replicates else 0)
    ]
    return {
        name: _interval(name, value, np.array([one[name] for one in resampled]))
        for name, value in shape_values(late.main_effects(), references, symbols).items()
    }


def _interval(name: str, value: float, replicates: Float[np.ndarray, " R"]) -> Estimate:
    if not np.isfinite([value, *replicates]).all():
        return UNDEFINED
    if not name.startswith("similarity"):
        return Estimate.of_replicates(value, replicates)
    z = np.arctanh(np.clip([value, *replicates], -LARGEST_R, LARGEST_R))
    return Estimate.of_replicates(z[0], z[1:]).map(np.tanh)


class ShapeShown(Shown):
    """Cosines between centred vertices, K x K: ``network``, ``tasks`` and, if there are any, ``log-laws``."""

    question = "shape"
    cosines: dict[str, list[list[float]]]


def cosines(observed: Observed) -> ShapeShown:
    """Return the Gram matrices without their scale."""
    references = References.of(observed.setting.family, observed.setting.majors)
    network = task_geometry(observed.captured.main_effects(observed.site).task)
    shapes = {"network": network, "tasks": references.tasks, "log-laws": references.log_laws}
    return ShapeShown(cosines={name: one.cosines.tolist() for name, one in shapes.items() if one is not None})


def analyse(side: Side, controls: Controls) -> Findings:
    """Compare the simplex of task vectors with the tasks'."""
    nulls = controls.of_untrained(lambda other: shape(other.observed))
    if controls.judge:
        nulls |= baseline(References.of(side.setting.family, side.setting.majors).baseline)
    return Findings(shape(side.observed), nulls, shown=cosines(side.observed) if controls.show else None)


QUESTION = Question(
    name="shape",
    claims=(),
    families=EVERY_FAMILY,
    scopes=(DIVERSE,),
    needs="states",
    statistics=STATISTICS,
    analyse=analyse,
    unjudged=STATISTICS,
    shown=ShapeShown,
)
