"""Where states are measured: positions, sequences of two halves, and the posterior beside them."""

import numpy as np
import pytest
from scipy import stats
from tiny import dice_setting

from theory import BiasedDice, stream
from validate.experiment.setting import Setting


@pytest.fixture(scope="module")
def setting():
    return dice_setting(cell_sequences=24)


def test_positions_of_the_minimal_preset(setting):
    family = BiasedDice(length=64)
    setting = Setting("dice", family, family.sample_pool(stream(0, "pool"), 3), 0, setting.sizes)
    assert setting.n_positions == 63
    assert setting.late == (50, 54, 58, 62)
    assert setting.scored == (1, 3, 7, 15, 31, 50, 54, 58, 62)
    assert setting.judged.tolist() == [*range(4, 33), 62]


def test_posterior_stands_beside_the_state_that_has_read_the_same_symbols(setting):
    """At state i the posterior is Bayes' rule on symbols 0 .. i, computed here by SciPy."""
    batch, rows = setting.score, setting.majors.parameters
    for position in (0, 3, setting.n_positions - 1):
        seen = batch.symbols[0, : position + 1]
        counts = np.bincount(seen, minlength=6)
        likelihood = np.array([stats.multinomial.pmf(counts, len(seen), row) for row in rows])
        np.testing.assert_allclose(setting.posterior[0, position], likelihood / likelihood.sum(), rtol=1e-9, atol=1e-15)
        assert setting.current(batch)[0, position].argmax() == seen[-1]


def test_the_halves_draw_from_other_streams(setting):
    for purpose in ("balanced", "natural/fit", "natural/score", "fresh tasks", "bootstrap/cells"):
        drawn = [half.stream(purpose).integers(2**62) for half in (setting, setting.choice)]
        assert drawn[0] != drawn[1], purpose
        # What is measured does not depend on whether a layer was chosen before.
        assert drawn[0] == stream(setting.seed, f"dice/{purpose}").integers(2**62)
    assert isinstance(setting.choice, Setting)
    assert setting.choice.sizes.cell_sequences == setting.sizes.cell_sequences // 2
    np.testing.assert_array_equal(setting.choice.majors.parameters, setting.majors.parameters)


def test_without_intervals_the_sequences_are_the_same(setting):
    alone = setting.without_intervals
    assert alone.sizes.replicates == 0
    for part in ("fit", "score", "fresh"):
        np.testing.assert_array_equal(getattr(alone, part).symbols, getattr(setting, part).symbols)
