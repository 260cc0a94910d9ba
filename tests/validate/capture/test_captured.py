"""States of one source: on which sequences, where they are centred, and what resampling draws anew."""

from dataclasses import replace

import numpy as np
import pytest
from tiny import dice_setting

from model import Transformer, TransformerConfig
from validate.capture.captured import Captured
from validate.capture.sources import NetworkSource

SITE = "post_mlp.1"


@pytest.fixture(scope="module")
def setting():
    return dice_setting(cell_sequences=12)


@pytest.fixture(scope="module")
def source(setting):
    config = TransformerConfig(inputs=6, outputs=6, layers=2, width=16, heads=2, hidden=32, length=31)
    return NetworkSource(Transformer(config, seed=1, backend="numpy"), setting.family)


@pytest.fixture(scope="module")
def captured(setting, source):
    return Captured.of(source, setting)


def test_all_sources_are_captured_on_the_same_sequences(setting, source, captured):
    again = Captured.of(source, setting)
    for site in source.sites:
        np.testing.assert_array_equal(again.labelled[site].states, captured.labelled[site].states)
        for part in ("fit", "score", "fresh"):
            np.testing.assert_array_equal(getattr(again, part)[site], getattr(captured, part)[site])
    assert not np.array_equal(captured.fit[SITE], captured.score[SITE][: len(captured.fit[SITE])])


def test_states_do_not_depend_on_how_many_sequences_are_captured_at_once(setting, source, captured, monkeypatch):
    monkeypatch.setattr("validate.capture.sources.CHUNK", 7)
    np.testing.assert_allclose(source.states(setting.score)[SITE], captured.score[SITE], atol=1e-5)


def test_fresh_states_are_centred_by_the_majors_last_mean(setting, captured):
    np.testing.assert_allclose(captured.centre(SITE), captured.fit[SITE][:, -1].mean(axis=0))
    averaged = captured.averaged().fresh[SITE]
    assert averaged.shape[:2] == (setting.sizes.fresh_tasks, 1)
    np.testing.assert_allclose(averaged[:, 0], captured.fresh[SITE].mean(axis=1))


def test_vectors_are_those_of_the_late_positions(setting, captured):
    n_early = len(setting.scored) - len(setting.late)
    late = captured.labelled[SITE].at(range(n_early, len(setting.scored)))
    np.testing.assert_array_equal(captured.late(SITE).states, late.states)
    np.testing.assert_array_equal(captured.main_effects(SITE).task, late.main_effects().task)


def test_a_resampled_model_has_other_cells_and_sequences_and_as_many_of_each_task(setting, captured):
    rng = np.random.default_rng(0)
    one_hot = np.eye(len(setting.majors))[setting.fit.tasks][:, None].repeat(setting.n_positions, axis=1)
    labelled = replace(captured, fit={SITE: np.pad(one_hot, ((0, 0), (0, 0), (0, 13)))})
    np.testing.assert_allclose(labelled.additive_model(SITE, resample=rng).means[:, :3], 1 / 3)
    once, again = (captured.additive_model(SITE, resample=resample) for resample in (None, rng))
    assert np.abs(again.effects.task - once.effects.task).max() > 1e-6
    assert np.abs(again.means - once.means).max() > 1e-6


def test_a_model_of_some_positions_is_that_of_all_at_these(setting, captured):
    columns = setting.judged
    some, every = captured.additive_model(SITE, columns), captured.additive_model(SITE)
    np.testing.assert_allclose(some.intercepts, every.intercepts[columns])
    np.testing.assert_array_equal(some.effects.task, every.effects.task)


def test_fit_sequences_are_drawn_again_within_their_task(setting, captured):
    rows = captured.fit_rows(np.random.default_rng(0))
    np.testing.assert_array_equal(setting.fit.tasks[rows], setting.fit.tasks)
    assert len(np.unique(rows)) < len(rows)
