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
from validate.claims.properties import Captured, Setting, late_design
from validate.statistics.alignment import LARGEST_R
from validate.statistics.interpolation import MainEffects
from validate.statistics.intervals import UNDEFINED, Estimate

N_RESAMPLED = 100
"""Resampled designs of every interval."""

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


def similarity(one: Edges, other: Edges) -> float:
    """Return Pearson's r of two lists of edges; undefined for fewer than three or if either does not vary."""
    spread = np.std(one) * np.std(other)
    if len(one) < 3 or not spread > 0:
        return float("nan")
    return float(((one - one.mean()) * (other - other.mean())).mean() / spread)


def shape_values(effects: MainEffects, references: References, symbols: bool) -> dict[str, float]:
    """Return every statistic of one set of vectors."""
    own = edges(task_geometry(effects.task)) / current_scale(effects, symbols)
    log_laws = references.log_laws
    return {
        "edge length": float(own.mean()),
        "edge gain": float(own.mean() / edges(references.tasks).mean()),
        "edge spread": float(own.std() / own.mean()) if len(own) > 1 else float("nan"),
        "similarity to tasks": similarity(own, edges(references.tasks)),
        "similarity to log-laws": float("nan") if log_laws is None else similarity(own, edges(log_laws)),
    }


def shape_estimates(
    captured: Captured, setting: Setting, site: str, references: References
) -> tuple[dict[str, Estimate], TaskGeometry]:
    """Estimate every statistic of a site's task vectors; returns them with the vectors' geometry."""
    symbols = setting.family.target_kind == "symbol"
    late = late_design(captured, setting, site)
    effects = late.main_effects()
    values = shape_values(effects, references, symbols)
    resampled = [
        shape_values(late.resampled(setting.stream("sweep/shape", index)).main_effects(), references, symbols)
        for index in range(N_RESAMPLED)
    ]
    estimates = {
        name: _interval(name, value, np.array([one[name] for one in resampled])) for name, value in values.items()
    }
    return estimates, task_geometry(effects.task)


def _interval(name: str, value: float, replicates: Float[np.ndarray, " R"]) -> Estimate:
    if not np.isfinite([value, *replicates]).all():
        return UNDEFINED
    if not name.startswith("similarity"):
        return Estimate.of_replicates(value, replicates)
    z = np.arctanh(np.clip([value, *replicates], -LARGEST_R, LARGEST_R))
    return Estimate.of_replicates(z[0], z[1:]).map(np.tanh)
