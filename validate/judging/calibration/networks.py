"""Linear worlds (`linear_world`) as networks whose causal statistics are known.

    exact Bayes   holds M2's weights and reads them: steered, and V carries what fresh tasks need
    fresh only    knows no major: neither steering nor the removal of theta has to do with tasks that were learned
    unread V      holds what it infers of a fresh task and does not read it: the trap of removals

The directions of a world are the same in every draw, sequences are others. True values are means over `N_MANY` samples
of `N_TRUE` sequences, so that their own error is small beside that of a draw. V is searched anew in each draw, and what
its removal does hangs on which V was found: there the truth is what this V does to one such sample.
"""

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

import numpy as np

from theory import Mixture, stream
from validate.capture.captured import N_AGAIN
from validate.claims import excess, functional, read_metric
from validate.claims.base import Controls, Side, Statistics
from validate.claims.causal import carrying, dissociation, history, steering
from validate.claims.causal.tested import tested
from validate.claims.causal.v_tests import VTests, v_tests
from validate.experiment.schema import Causal
from validate.experiment.setting import Setting
from validate.judging.calibration.interpolating import FAMILY, MAJORS, REPLICATES, sizes_of_cells
from validate.judging.calibration.linear_world import WORLDS, LinearWorld, WorldSource, side_of, subjects_in
from validate.judging.calibration.predictions import minors_of
from validate.judging.calibration.rows import World, values_of
from validate.statistics.intervals import Estimate

N_TRUE, N_MANY = 2000, 4
NAMES = ("exact Bayes", "fresh only", "unread V")
QUESTIONS = (steering.QUESTION, dissociation.QUESTION, carrying.QUESTION, history.QUESTION)


def world_side(seed: int, name: str, n: int, index: int, label: str, n_again: int = N_AGAIN) -> Side:
    """Draw n sequences of each population and of each cell of a world."""
    mixture = Mixture(FAMILY, FAMILY.make_pool(MAJORS), minors_of(seed))
    causal = Causal(sequences=n, steps=20, restarts=2, directions=5, grid=3, replicates=REPLICATES)
    setting = Setting(f"{label} {seed}", FAMILY, mixture.majors, index, sizes_of_cells(n), causal=causal)
    world = LinearWorld(mixture, WORLDS[name], stream(seed, f"calibration/world {name}"))
    subject, *again = subjects_in(world, setting.label, index, n * len(MAJORS), n_again)
    return side_of(subject, WorldSource(world), setting, again)


def asked(side: Side) -> Statistics:
    """Put the questions that need a network to a world."""
    found = functional.at_site(side) | excess.at_site(side.observed)
    found |= read_metric.at_site(side)
    for question in QUESTIONS:
        found |= question.analyse(side, Controls()).statistics
    return found


def sample_of_many(seed: int, name: str, index: int) -> Side:
    """Draw many sequences of a world."""
    return world_side(seed, name, N_TRUE, index, f"calibration/{name}/many", n_again=0)


@cache
def many(seed: int, name: str) -> Side:
    """Return the first such sample, which is kept."""
    return sample_of_many(seed, name, 0)


@cache
def truth(seed: int, name: str) -> dict[str, float]:
    """Return the values of many sequences, means over `N_MANY` samples."""
    samples = (many(seed, name) if not index else sample_of_many(seed, name, index) for index in range(N_MANY))
    found = [values_of(asked(one)) for one in samples]
    return {statistic: float(np.mean([values[statistic] for values in found])) for statistic in found[0]}


@lru_cache(maxsize=1)
def drawn(seed: int, name: str, n: int, index: int) -> Side:
    """Return a draw of a world; the last one is kept."""
    return world_side(seed, name, n, index, f"calibration/{name}/{n}")


def of_its_v(seed: int, name: str, n: int, index: int) -> Mapping[str, float]:
    """Return what removing what a draw found does to many sequences."""
    tests = drawn(seed, name, n, index).once(v_tests)
    if tests is None:
        return {}
    over_many = VTests.given(many(seed, name).once(tested), tests.found, tests.removals)
    return values_of(over_many.contrasts() | over_many.carrying())


def network_worlds(seed: int, n: int) -> Iterator[World]:
    """Yield worlds of n sequences of each population and cell; what must not pass is a world of noise."""
    null = {name: Estimate.of_value(one.value) for name, one in asked(drawn(seed, "random", n, 0)).items()}
    for name in NAMES:

        def measure(index: int, name: str = name) -> Statistics:
            return asked(drawn(seed, name, n, index))

        def given(index: int, name: str = name) -> Mapping[str, float]:
            return of_its_v(seed, name, n, index)

        yield World(f"networks, {name}", n, truth(seed, name), measure, null, given)
