"""Rungs are functions of what they read, like any network, and their features are those of the theory."""

import numpy as np
import pytest
from tiny import LADDER, dice_setting, family_setting, mixtures

from theory import extrapolation, retrieval
from theory.categorical import centred_log_ratio
from validate.capture.rungs import EXACT, NOISE, PREDICTION, RANDOM, RUNGS, WIDTH, FeatureSource, rungs
from validate.claims.prefix.rungs import PREFIX_RUNGS
from validate.experiment.sampling import predicted


def made(kind, cell_sequences=4):
    """Return a setting, and every rung of its majors-only mixture by name."""
    setting = family_setting(kind, cell_sequences)
    further = PREFIX_RUNGS if kind == "dyck" else {}
    return setting, {name: make(mixtures(setting)[0]) for name, make in rungs(setting, further).items()}


@pytest.mark.parametrize("kind", LADDER)
def test_the_same_question_is_answered_the_same_way_twice(kind):
    """Whatever was asked before, and of whichever of two equal sources."""
    setting, sources = made(kind)
    _, others = made(kind)
    for name, source in sources.items():
        states, mean = source.states(setting.fit), source.mean(setting.fit)
        # Other sequences, other entries of the same ones, and the other kind of question in between.
        source.states(setting.score, last=True)
        source.mean(setting.fresh)
        source.states(setting.fit, last=True)
        for one in (source, others[name]):
            np.testing.assert_array_equal(one.mean(setting.fit), mean, err_msg=name)
            np.testing.assert_array_equal(one.states(setting.fit)["features"], states["features"], err_msg=name)


def test_rungs_mixtures_seeds_and_halves_have_noise_of_their_own():
    setting = dice_setting(4)
    drawn = {}
    for own in (setting, setting.choice, family_setting("dice", 4, seed=1)):
        for mixture in mixtures(setting):
            for name, make in rungs(own, {}).items():
                source = make(mixture)
                if isinstance(source, FeatureSource):
                    embedding = source._embedding("features", 3)
                    drawn[own.half, own.seed, mixture.n_minors, name] = embedding.tobytes()
                else:
                    drawn[own.half, own.seed, mixture.n_minors, name] = source.states(setting.fit)["features"].tobytes()
    assert len(drawn) == 3 * 2 * 5
    assert len(set(drawn.values())) == len(drawn)


def test_sequences_that_differ_have_other_noise():
    setting = dice_setting(4)
    source = rungs(setting, {})["current symbol"](mixtures(setting)[0])
    last = setting.current(setting.fit)[:, -1]
    states = source.states(setting.fit, last=True)["features"][:, 0]
    noise = states - last @ source._embedding("current", last.shape[1])
    assert np.sqrt(np.square(noise).sum(axis=1).mean()) == pytest.approx(NOISE, rel=0.1)
    assert len(np.unique(noise.round(12), axis=0)) == len(noise)
    other = source.states(setting.fit[1:], last=True)["features"][:, 0]
    assert np.all(np.any(other != states[1:], axis=1))


def test_the_last_state_is_the_same_alone_or_among_all_but_for_its_noise():
    setting, sources = made("dice")
    for name, source in sources.items():
        last = source.states(setting.fit, last=True)["features"]
        every = source.states(setting.fit)["features"]
        assert last.shape[1] == 1
        if name != RANDOM:
            assert np.abs(last[:, 0] - every[:, -1]).max() < 0.1 < np.abs(every).max()


@pytest.mark.parametrize("kind", LADDER)
def test_exact_bayes_is_m1_on_majors_and_m2_with_minors(kind):
    setting = family_setting(kind, cell_sequences=4)
    for mixture, predictor in zip(mixtures(setting), (retrieval, extrapolation), strict=True):
        found = rungs(setting, {})[EXACT](mixture).mean(setting.score)
        expected = predicted(predictor(mixture, setting.score).mean, setting.n_positions)
        np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.mark.parametrize("kind", LADDER)
def test_prediction_only_holds_the_exact_prediction_and_nothing_else(kind):
    """States of equal predictions differ by their noise, and a linear map of them gives the centred log-laws back."""
    setting, sources = made(kind)
    source, family = sources[PREDICTION], setting.family
    states = source.states(setting.fit)["features"].reshape(-1, WIDTH)
    np.testing.assert_array_equal(source.mean(setting.fit), sources[EXACT].mean(setting.fit))
    mean = source.mean(setting.fit).reshape(len(states), -1)
    content = centred_log_ratio(mean) if family.target_kind == "symbol" else mean
    left = states - content @ source._embedding("features", content.shape[1])
    assert np.sqrt(np.square(left).sum(axis=1).mean()) == pytest.approx(NOISE, rel=0.05)


def test_a_question_may_bring_rungs_and_every_family_has_its_own_five():
    setting = family_setting("dyck", 4)
    assert set(rungs(setting, {})) == {*RUNGS, RANDOM}
    assert set(rungs(setting, PREFIX_RUNGS)) == {*RUNGS, RANDOM, "prefix", "symbol counts"}
