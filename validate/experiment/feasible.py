"""Whether an experiment can be carried out, judged before its first step: its sequences, and memory.

Memory is estimated from below, by the largest arrays each size asks for, and the size that asks for most is named:

    tasks               symbols as one-hot vectors                        8 V^2
    designs.minors      parameters and their logarithms                   24 K n, and 8 (n + 1) K V where prefixes count
    width               parameters, gradient, two moments                 16 N, and 4 N for each untrained network
    layers              one sequence's activations, float32               4 L (layers (12 C + 2 F + H L) + 2 V)
    batch               sequences                                         8 B T (V or d)
    evaluation          means of the references, and fresh tasks          8 (6 E T D + E n)
    cell_sequences      states of all sites, float64                      8 layers C (3 K P + K S V) a sequence
    fresh_tasks         sequences, and states at the end                  8 (T D + layers C) a sequence, 8 n a task
    mode_sequences      candidates in every population, and fresh tasks   8 (40 T D + n) a sequence

with n numbers a task, N parameters, S scored positions, E held-out sequences, and the letters of `docs/notation.md`.
"""

import math

import numpy as np

from model import parameters
from theory import LatentTasks
from theory.memory import TooLargeError, require_memory
from validate.experiment.schema import Experiment, ExperimentError, FamilyPlan

FEWEST_STATES = 2
"""Of a sequence: the least at which anything can be compared with anything."""

MOST_RECORDS = 100_000
"""Of a network."""

SIZES = (1e-12, 1e12)
"""Between which numbers to predict and their squares are ordinary ones in the float32 of a network."""


def require_feasible(experiment: Experiment) -> None:
    """Refuse an experiment whose arrays cannot fit, or whose sequences cannot be learned; an `ExperimentError`."""
    for kind, plan in experiment.families.items():
        for name, (value, needed) in memory_needs(experiment, kind, plan).items():
            try:
                require_memory(f"families.{kind}.{name}", value, needed)
            except TooLargeError as error:
                raise ExperimentError(str(error)) from error
        _require_states(kind, experiment.family(kind))
        for trained in (plan, *map(plan.of_arm, plan.arms)):
            _require_records(kind, trained)


def _require_records(kind: str, plan: FamilyPlan) -> None:
    """Refuse more records than a checkpoint, which holds them all, has room for in its header."""
    if plan.optimisation is None:
        return
    every = plan.optimisation.record_every
    steps = max([design.steps for design in plan.designs] + ([plan.fresh.steps] if plan.fresh else []))
    if steps > MOST_RECORDS * every:
        wanted = f"families.{kind}.training.record_every must make at most {MOST_RECORDS} records"
        raise ExperimentError(f"{wanted}; got {every} for {steps} steps")


def _require_states(kind: str, family: LatentTasks) -> None:
    """Draw a few sequences and refuse a family of too few states, or of numbers that float32 cannot square."""
    rng = np.random.default_rng(0)
    arrays = family.encode(family.sample(rng, family.sample_pool(rng, 4), 4))
    if len(arrays.positions) < FEWEST_STATES:
        wanted = f"families.{kind}.tasks: sequences must be long enough for {FEWEST_STATES} states"
        raise ExperimentError(f"{wanted}; got {len(arrays.positions)}")
    size = float(np.sqrt(np.mean(np.square(arrays.targets, dtype=np.float64))))
    if family.target_kind == "real" and not SIZES[0] <= size <= SIZES[1]:
        wanted = f"numbers to predict must be of a size between {SIZES[0]:g} and {SIZES[1]:g}, to be squared in float32"
        raise ExperimentError(f"families.{kind}.tasks: {wanted}; got about {size:.0e}")


def memory_needs(experiment: Experiment, kind: str, plan: FamilyPlan) -> dict[str, tuple[int, float]]:
    """Return each size with the bytes its arrays need."""
    family, sizes, causal = experiment.family(kind), plan.measurement, plan.causal
    config = None if plan.shape is None else experiment.network(kind)
    n, D, length = family.n_parameters, family.n_outputs, family.n_positions
    one_hot = family.target_kind == "symbol"
    K = plan.majors + max(design.minors for design in plan.designs)
    n_settable = family.n_settable or 1
    per_sequence = length * max(family.n_inputs if not one_hot else D, 1)
    contexts = (n + 1) * D if family.state_is == "prefix" else 0
    scored = math.log2(length + 1) + 4
    states = 1 if config is None else config.layers * config.width
    needs: dict[str, tuple[int, float]] = {
        "tasks": (D, 8 * D**2 if one_hot else 8 * n),
        "designs.minors": (K - plan.majors, 24 * K * n + 8 * K * contexts),
    }
    if config is not None:
        C, hidden, heads = config.width, config.hidden, config.heads
        needs["network.width"] = C, 4 * parameters.size(config) * (4 + sizes.untrained)
        needs["network.layers"] = (
            config.layers,
            4 * length * (config.layers * (12 * C + 2 * hidden + heads * length) + 2 * D),
        )
    if (training := plan.optimisation) is not None:
        needs["training.batch"] = training.batch, 8 * training.batch * per_sequence
        needs["training.evaluation_sequences"] = (
            training.evaluation_sequences,
            8 * training.evaluation_sequences * (6 * length * D + n),
        )
    needs |= {
        "measurement.cell_sequences": (
            sizes.cell_sequences,
            8 * states * sizes.cell_sequences * plan.majors * (3 * length + scored * n_settable),
        ),
        "measurement.fresh_tasks": (
            sizes.fresh_tasks,
            8 * sizes.fresh_tasks * (n + sizes.fresh_sequences * (per_sequence + states)),
        ),
        "measurement.mode_sequences": (sizes.mode_sequences, 8 * sizes.mode_sequences * (40 * length * D + n)),
    }
    if causal is not None:
        width = 1 if config is None else config.width
        needs["causal.sequences"] = causal.sequences, 8 * causal.sequences * (3 * length * width + n)
    return needs
