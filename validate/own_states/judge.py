"""Networks of your own, judged in memory.

    judge("quick", "dice", 0, trained={"minors=0": source, "minors=256": other}, untrained=[bare])

A source is called with what it has to read (`own_states.network`). It is asked for the very sequences that
`python -m validate sequences` writes, and judged as states in files are.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from validate.experiment.schema import PRESETS, Experiment, load_experiment, load_preset
from validate.own_states.network import Read
from validate.own_states.results import StatesResults, judged
from validate.own_states.subjects import networks_at_hand


def judge(
    experiment: Experiment | Path | str,
    family: str,
    seed: int,
    trained: Mapping[str, Read],
    untrained: Sequence[Read] = (),
    controls: Mapping[str, Sequence[Read]] | None = None,
) -> StatesResults:
    """Judge networks of one family and seed.

    Parameters
    ----------
    experiment : Experiment, Path or str
        What they were trained on and how they are measured: read from a file, or the name of a preset.
    family : str
        One of its families.
    seed : int
        One of the family's seeds.
    trained : mapping of str to callable
        By the name of the design they were trained on, such as minors=0. Each is called with inputs and returns outputs
        and states by site; what else it may offer is in `own_states.network`.
    untrained : sequence of callable
        Networks of the same shape before training; verdicts mean less without.
    controls : mapping of str to sequence of callable, optional
        Trained networks of the same shape that never saw these majors, and so are nulls: under ``"fresh tasks"`` those
        trained on a new task in every sequence, under a design, such as minors=0, those trained alike on the tasks of
        another seed.

    Returns
    -------
    StatesResults
        Claims with their verdicts, what was left out and why, and numbers by site. Printed, it is the text that
        `python -m validate measure` prints.

    Raises
    ------
    StatesError
        If a network's answers do not fit, or one network stands in two places.
    ExperimentError
        If the experiment cannot be read.
    """
    chosen = experiment if isinstance(experiment, Experiment) else load(experiment)
    with threadpool_limits(1, user_api="blas"):  # as our own networks are measured
        groups = networks_at_hand(chosen, family, seed, trained, untrained, controls or {})
        bare = [f"untrained network {index + 1}" for index in range(len(untrained))]
        return judged(chosen, groups, list(trained), bare)


def load(experiment: Path | str) -> Experiment:
    """Read a preset by its name, or a file."""
    return load_preset(str(experiment)) if str(experiment) in PRESETS else load_experiment(Path(experiment))
