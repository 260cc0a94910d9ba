"""How far predictions are from M1's, by SciPy."""

import numpy as np
import pytest
from scipy import stats
from tiny import dice_setting, mixtures

from validate.capture.candidates import Arenas
from validate.capture.rungs import EXACT, rungs
from validate.claims.base import UNTRAINED, Controls, Observed, Side
from validate.claims.retrieval import analyse


@pytest.fixture(scope="module")
def sides():
    """The rungs of the majors-only mixture, by name."""
    setting = dice_setting()
    plain, _ = mixtures(setting)
    arenas = Arenas(plain, setting)
    return {name: Side(Observed(make(plain), setting, "features"), arenas) for name, make in rungs(setting, {}).items()}


def test_distances_are_from_the_reference_to_the_model(sides):
    """KL(reference || model), by SciPy's entropy, with the two predictions told apart."""
    batch = sides["averaging"].arenas.batches["training"]
    model, exact = (sides[name].source.mean(batch) for name in ("averaging", EXACT))
    found = analyse(sides["averaging"], Controls()).statistics
    expected = stats.entropy(exact, model, axis=-1)
    assert found["KL to M1"].value == pytest.approx(expected.mean())
    assert stats.entropy(model, exact, axis=-1).mean() != pytest.approx(expected.mean(), rel=1e-3)


def test_it_is_the_loss_beyond_the_bayes_risk(sides):
    """In the mean over targets: on these sequences the two differ by what the targets scatter."""
    batch = sides["averaging"].arenas.batches["training"]
    model, exact = (sides[name].source.mean(batch) for name in ("averaging", EXACT))
    risk, bayes = (-np.log(np.take_along_axis(m, batch.symbols[:, 1:, None], axis=-1)) for m in (model, exact))
    excess = (risk - bayes)[..., 0].mean(axis=1)
    found = analyse(sides["averaging"], Controls()).statistics["KL to M1"].value
    assert abs(excess.mean() - found) < 3 * stats.sem(excess)
    assert found > 4 * stats.sem(excess)


def test_exact_retrieval_is_far_from_that_of_other_majors(sides):
    found = analyse(sides[EXACT], Controls(untrained=[sides["random"]], judge=True))
    assert found.statistics["KL to M1"].value == pytest.approx(0, abs=1e-12)
    assert found.nulls["M1 of other majors"]["KL to M1"].low > 0.1
    # Far from M1 and M2 alike, an untrained network has no say in which is closer.
    assert set(found.nulls[UNTRAINED]) == {"KL to M1"}
    assert found.nulls[UNTRAINED]["KL to M1"].low > 0.1
