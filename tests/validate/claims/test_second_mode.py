"""The second mode on networks that are known to be one mode or the other."""

import numpy as np
import pytest
from contestants import arenas_of, side_of

from theory import Mixture
from validate.claims import retrieval, second_mode
from validate.claims.base import UNTRAINED, Controls, ranging
from validate.claims.enough import LEAST_COMPARED
from validate.claims.second_mode import RESEEDED, analyse, analyse_loss
from validate.statistics.intervals import Estimate


def test_second_mode_of_exact_networks():
    arenas = arenas_of("dice", n_minors=64)
    # What plain and diverse predict is held against the same candidates.
    plain = side_of(arenas, {"M1": 1.0}, Mixture(arenas.mixture.family, arenas.mixture.majors))
    diverse = side_of(arenas, {"M2": 1.0})
    found = analyse(diverse, Controls()).statistics
    assert found["M2 mode"].low > 0.999
    assert found["M2 mode OOD"].low > 0.999
    assert found["majors do not suffer"].value == pytest.approx(0, abs=1e-12)
    retrieving = analyse(side_of(arenas, {"M1": 1.0}), Controls(untrained=[diverse]))
    assert retrieving.statistics["M2 mode"].high < -0.999
    assert retrieving.nulls == ranging({UNTRAINED: [found]})
    fallen = analyse_loss(diverse, Controls(plain=plain, reseeded=[(plain, plain), (diverse, plain)]))
    fall = fallen.statistics["OOD loss falls"]
    assert fall.low > 0.05
    # Whichever of two networks has the larger loss: how far seeds lie apart has no sign.
    assert fallen.nulls == {RESEEDED: {"OOD loss falls": Estimate(fall.value / 2, 0.0, fall.value)}}
    assert analyse_loss(diverse, Controls(plain=diverse)).statistics["OOD loss falls"].value == 0
    assert analyse_loss(diverse, Controls()).statistics == {}


def test_losses_of_numbers_are_told_in_nats():
    arenas = arenas_of("regression")
    found = analyse(side_of(arenas, {"M2": 0.5}), Controls()).statistics
    arena = arenas.populations["majors"]
    y, m = arena.targets, arena.candidates["M2"]
    log_density = [-np.square(y - mean) / (2 * arenas.mixture.family.noise**2) for mean in (m, m / 2)]
    assert found["majors do not suffer"].value == pytest.approx((log_density[0] - log_density[1]).mean())


@pytest.mark.parametrize("question", [retrieval, second_mode])
def test_with_few_compared_sequences_predictions_are_not_judged_and_the_reason_is_given(question):
    few, enough = (side_of(arenas_of("dice", n_sequences=n), {"M1": 1.0}) for n in (LEAST_COMPARED - 1, LEAST_COMPARED))
    found, judged = question.analyse(few, Controls()), question.analyse(enough, Controls())
    assert set(found.statistics) == set(judged.statistics) == set(found.reasons)
    assert all(np.isnan(estimate.value) for estimate in found.statistics.values())
    assert set(found.reasons.values()) == {"63 sequences are compared, fewer than 64"}
    assert not any(np.isnan(estimate.value) for estimate in judged.statistics.values())
    assert judged.reasons == {}
