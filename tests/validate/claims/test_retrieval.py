"""Loss and distance of predictions beside M1's, by SciPy."""

import numpy as np
import pytest
from scipy import stats
from tiny import dice_setting, mixtures

from validate.capture.candidates import Arenas
from validate.capture.rungs import EXACT, rungs
from validate.claims.base import Controls, Observed, Side
from validate.claims.retrieval import analyse


@pytest.fixture(scope="module")
def sides():
    """The rungs of the majors-only mixture, by name."""
    setting = dice_setting()
    plain, _ = mixtures(setting)
    arenas = Arenas(plain, setting)
    return {name: Side(Observed(make(plain), setting, "features"), arenas) for name, make in rungs(setting, {}).items()}


def test_distances_are_from_the_model_to_the_reference(sides):
    """KL(model || reference), by SciPy's entropy, with the two predictions told apart."""
    batch = sides["averaging"].arenas.batches["training"]
    model, exact = (sides[name].source.mean(batch) for name in ("averaging", EXACT))
    found = analyse(sides["averaging"], Controls()).statistics
    expected = stats.entropy(model, exact, axis=-1).mean()
    assert found["KL to M1"].value == pytest.approx(expected)
    assert stats.entropy(exact, model, axis=-1).mean() != pytest.approx(expected, rel=1e-3)
    risk, bayes = (-np.log(np.take_along_axis(m, batch.symbols[:, 1:, None], axis=-1)).mean() for m in (model, exact))
    assert found["risk gap"].value == pytest.approx(risk - bayes)


def test_exact_retrieval_is_far_from_that_of_other_majors(sides):
    found = analyse(sides[EXACT], Controls(untrained=[sides["random"]], judge=True))
    assert found.statistics["KL to M1"].value == pytest.approx(0, abs=1e-12)
    assert found.nulls["M1 of other majors"]["KL to M1"].low > 0.1
    # Far from M1 and M2 alike, an untrained network has no say in which is closer.
    assert set(found.nulls["untrained network 1"]) == {"risk gap", "KL to M1"}
    assert found.nulls["untrained network 1"]["KL to M1"].low > 0.1
