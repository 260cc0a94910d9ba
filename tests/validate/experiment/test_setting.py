"""Where each statistic is read: positions, held-out sequences, and what may change what."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from tiny import dice_setting, mixtures
from validate.claims.portrait import QUANTILES, alignment

from theory import BiasedDice, stream
from validate.capture.candidates import Arenas
from validate.claims.base import predictions
from validate.claims.properties import Captured, Setting, properties
from validate.judging.ladder import EXACT, rungs

SITE = "features"


@pytest.fixture(scope="module")
def setting():
    return dice_setting()


@pytest.fixture(scope="module")
def source(setting):
    return rungs(setting)[EXACT](mixtures(setting)[0])


@pytest.fixture(scope="module")
def captured(setting, source):
    return Captured.of(source, setting)


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


def changed(captured, part, where):
    """Return the captured states with noise added to some of one part."""
    held = getattr(captured, part)[SITE]
    states = (held.states if part == "design" else held).copy()
    states[where] += stream(1, "noise").normal(size=states[where].shape)
    return replace(captured, **{part: {SITE: replace(held, states=states) if part == "design" else states}})


def test_only_late_cells_only_judged_positions_and_both_samples_count(setting, captured):
    before = properties(captured, setting, SITE)
    n_early = len(setting.scored) - len(setting.late)
    unread = np.setdiff1d(np.arange(setting.n_positions), setting.judged)
    for same in (
        changed(captured, "design", slice(0, n_early)),
        changed(captured, "score", np.s_[:, unread]),
        changed(captured, "fit", np.s_[:, unread]),
    ):
        assert properties(same, setting, SITE) == before
    vectors = properties(changed(captured, "design", slice(n_early, n_early + 1)), setting, SITE)
    assert vectors["P2"] != before["P2"]
    assert vectors["P0"] == before["P0"]
    for part in ("fit", "score"):
        other = properties(changed(captured, part, np.s_[:, -1]), setting, SITE)
        assert other["P2"] != before["P2"]
        assert other["P2*"] == before["P2*"]


def test_fresh_states_are_centred_by_the_majors_last_mean(setting, captured):
    np.testing.assert_allclose(captured.centre(SITE), captured.fit[SITE][:, -1].mean(axis=0))
    averaged = captured.averaged().fresh[SITE]
    assert averaged.shape[:2] == (setting.sizes.fresh_tasks, 1)
    np.testing.assert_allclose(averaged[:, 0], captured.fresh[SITE].mean(axis=1))


def test_distances_are_from_the_model_to_the_reference(setting):
    """KL(model || reference), by SciPy's entropy, with the two predictions told apart."""
    plain, _ = mixtures(setting)
    arenas = Arenas(plain, setting)
    averaging = rungs(setting)["averaging"](plain)
    batch = arenas.batches["training"]
    model = averaging.mean(batch)
    exact = rungs(setting)[EXACT](plain).mean(batch)
    expected = stats.entropy(model, exact, axis=-1).mean()
    assert predictions(averaging, arenas)["KL to M1"].value == pytest.approx(expected)
    assert stats.entropy(exact, model, axis=-1).mean() != pytest.approx(expected, rel=1e-3)
    risk = -np.log(np.take_along_axis(model, batch.symbols[:, 1:, None], axis=-1)).mean()
    bayes = -np.log(np.take_along_axis(exact, batch.symbols[:, 1:, None], axis=-1)).mean()
    assert predictions(averaging, arenas)["risk gap"].value == pytest.approx(risk - bayes)


def test_portrait_follows_the_true_task(setting, captured):
    quantiles = {name: np.array(value) for name, value in alignment(captured, setting, SITE).items()}
    assert quantiles["posterior"].shape == (len(QUANTILES), setting.n_positions)
    assert quantiles["posterior"][QUANTILES.index(0.5), -1] > 0.9
    np.testing.assert_allclose(quantiles["states"][:, -1], quantiles["posterior"][:, -1], atol=0.1)


def test_intervals_of_correlation_and_distance_hold_what_other_sequences_give():
    """Redraw every sequence of a noisy source: a 95 percent interval should rarely miss the mean of all redraws."""
    runs = []
    for seed in range(24):
        setting = replace(dice_setting(cell_sequences=24), seed=seed)
        source = rungs(setting)["averaging"](mixtures(setting)[0])
        source._embeddings.update(features=FIXED["features"], current=FIXED["current"])
        runs.append(properties(Captured.of(source, setting), setting, SITE))
    for name in ("P3 r", "P3 TV", "P3* TV", "P2*"):
        centre = np.mean([run[name].value for run in runs])
        covered = sum(run[name].low <= centre <= run[name].high for run in runs)
        assert covered >= stats.binom.ppf(0.005, len(runs), 0.92), (name, covered)


FIXED = {
    name: stream(0, f"fixed {name}").standard_normal((rows, 64)) / 8 for name, rows in (("features", 3), ("current", 6))
}
