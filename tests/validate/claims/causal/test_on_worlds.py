"""The causal tests on worlds whose causal structure is known: each must pass where it should, and fail elsewhere."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from worlds import answers, side_of, world_subject

from theory import BiasedDice, MarkovChains, Mixture, NoisyLinearRegression, stream
from validate.claims.base import FRESH_ONLY, Controls
from validate.claims.causal import steering, tested
from validate.claims.causal.ascent import search
from validate.claims.causal.reading import Context, Reading
from validate.claims.causal.removal import Removal
from validate.claims.causal.samples import FRESH, MAJORS, Samples
from validate.claims.causal.steered import Steering
from validate.claims.causal.subject import subject_of
from validate.claims.causal.v_tests import v_tests
from validate.claims.rule import judge
from validate.experiment.schema import Causal
from validate.judging.calibration.linear_world import TESTED, WORLDS, LinearWorld, subjects_in
from validate.statistics.intervals import explained_share
from validate.statistics.subspace import span_basis

FAMILIES = {
    "dice": BiasedDice(faces=3, length=40),
    "regression": NoisyLinearRegression(dimension=2, points=24),
    "markov": MarkovChains(states=3, length=48),
}
MAJOR_TASKS = {
    "dice": [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]],
    "regression": [[1.5, 0.5], [-0.5, 1.5], [-0.3, -1.0]],
    "markov": [np.roll([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], shift, axis=1) for shift in range(3)],
}
SEQUENCES = {"dice": 60, "regression": 60, "markov": 150}
"""Losses of Markov chains have long tails: of fewer sequences the intervals of rises are wide."""
SETTINGS = {
    kind: Causal(sequences=n, rank=2, steps=40, restarts=1, directions=6, grid=3, replicates=100)
    for kind, n in SEQUENCES.items()
}
DISSOCIATIONS = ("theta specificity", "V specificity", "V dissociation", "V minors")


def mixture(kind):
    family = FAMILIES[kind]
    return Mixture(family, family.make_pool(MAJOR_TASKS[kind]), family.sample_pool(stream(4, "minors"), 64))


@cache
def subject(kind, world):
    return world_subject(mixture(kind), world, kind, 0)


@cache
def findings(kind, world):
    return answers(subject(kind, world), SETTINGS[kind])


def beyond_nulls(found, name):
    nulls = [table[name].high for table in found.nulls.values() if name in table]
    return found.statistics[name].low > max([0.0, *nulls])


@pytest.mark.parametrize("kind", FAMILIES)
def test_exact_bayes_passes_every_test(kind):
    found = findings(kind, "exact Bayes")
    assert found.statistics["steering"].low > 0.8
    assert all(table["steering"].value < 0.5 for table in found.nulls.values() if "steering" in table)
    for name in (*DISSOCIATIONS, "V control", "V contest", "history"):
        assert beyond_nulls(found, name), name
    # With so few faces a fresh die is much like a major, and M2 gives majors weight on it.
    equivalent = found.predicted["theta dissociation"] > 0
    assert (found.statistics["theta dissociation"].value > 0) == equivalent == (kind != "dice")
    assert beyond_nulls(found, "theta dissociation") == (kind == "markov")
    for name in ("V carries", "filtered removal"):
        assert found.statistics[name].low > 0.5, name
        assert found.nulls["statistics of other sequences"][name].value < 0.25, name


def test_rises_without_theta_are_those_of_m2_without_its_shares_among_majors():
    found = findings("regression", "exact Bayes")
    for name, predicted in found.predicted.items():
        assert found.statistics[name].value == pytest.approx(predicted, rel=0.03), name


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_world_without_a_second_mode_has_none(kind):
    found = findings(kind, "retrieval")
    assert beyond_nulls(found, "theta specificity")
    scale = found.statistics["theta specificity"].value
    for name in ("V specificity", "V dissociation", "V minors", "V control"):
        assert abs(found.statistics[name].value) < 0.05 * scale, name
    assert found.statistics["V carries"].value < 0.1


@pytest.mark.parametrize("kind", FAMILIES)
def test_random_states_pass_nothing(kind):
    found = findings(kind, "random")
    assert found.statistics["steering"].high < 0.3
    assert not any(beyond_nulls(found, name) for name in ("theta specificity", "theta dissociation", "history"))
    assert found.statistics["V carries"].value < 0.1
    assert found.statistics["V contest"].value < 0.1


@pytest.mark.parametrize("kind", FAMILIES)
@pytest.mark.parametrize(("world", "wins"), [("exact Bayes", True), ("averaging", False)])
def test_content_that_is_an_average_carries_much_and_loses_the_contest(kind, world, wins):
    tested = subject(kind, world)
    batches = [Samples.of(tested, 60).fit[FRESH], Samples.of(tested, 60).evaluation[FRESH]]
    basis = span_basis(tested.network.directions[2])

    def r2(contexts):
        return explained_share(Reading.fit(contexts[0], basis).moments(contexts[1]).mean(axis=0, keepdims=True)).item()

    running = r2([Context.of(tested, batch) for batch in batches])
    average = r2([Context.of(tested, batch).with_averages(tested, batch) for batch in batches])
    assert running > 0.5
    assert (running > average + 0.1) if wins else (average > running + 0.1)


def test_a_trap_for_projections_is_seen_by_the_control_and_by_the_same_search_on_majors():
    found = findings("regression", "unread V")
    exact = findings("regression", "exact Bayes")
    assert found.statistics["V specificity"].low > 0.3
    assert not beyond_nulls(found, "V specificity")
    assert found.statistics["V carries"].low > 0.9
    assert abs(found.statistics["V control"].value) < 0.01 * exact.statistics["V control"].value


@pytest.mark.parametrize("kind", FAMILIES)
def test_steered_predictions_are_the_geometric_mixture_of_theory(kind):
    world = subject(kind, "retrieval")
    steering = Steering.of(world, Samples.of(world, 60).evaluation[MAJORS], 4)
    gap, share = steering.ideal()
    after = steering.distance(steering.steered(world.task)).mean(axis=1)
    np.testing.assert_allclose(after, gap, atol=0.03 * steering.before().mean())
    assert findings(kind, "retrieval").statistics["steering"].value == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("kind", ["dice", "regression"])
def test_a_network_of_fresh_tasks_only_is_no_support_for_steering(kind):
    """Means of its states by task lead the prediction far, though no task was ever learned: beside another it is
    nothing special, and a network that holds the posterior is led further.
    """
    fresh, other = (found_side(kind, "fresh only", seed) for seed in (0, 1))
    exact = found_side(kind, "retrieval", 0)
    [criterion] = steering.QUESTION.criteria

    def judged(side):
        found = steering.analyse(side, Controls(strangers={FRESH_ONLY: [other]}, judge=True))
        measured, nulls = found.statistics["steering"], {name: table["steering"] for name, table in found.nulls.items()}
        return measured, nulls, judge(criterion, measured, nulls, calibrated=True)

    measured, nulls, verdict = judged(fresh)
    assert measured.value > 0.5
    assert verdict != "supported"
    assert criterion.passes_as(measured, nulls[FRESH_ONLY])
    measured, nulls, verdict = judged(exact)
    assert criterion.beyond(measured, nulls[FRESH_ONLY])


def found_side(kind, world, seed):
    """Return the side of a world whose vectors are estimated from its states, as those of any network."""
    planted = side_of(world_subject(mixture(kind), world, kind, seed), None)
    return replace(planted, observed=replace(planted.observed, setting=replace(planted.setting, causal=SETTINGS[kind])))


def test_the_same_search_on_the_loss_of_majors_finds_no_second_mode():
    """Majors need nothing of the complement in an exact network. Where the complement holds a trap for projections,
    the search finds it on majors as on fresh tasks.
    """

    def found(kind, world):
        tests = side_of(subject(kind, world), SETTINGS[kind]).once(v_tests)
        return tests.contrasts_of_matched_search(), tests.contrasts()

    for kind in FAMILIES:
        matched, own = found(kind, "exact Bayes")
        assert matched.keys() == {"V specificity", "V dissociation", "V control"}
        for name, null in matched.items():
            assert own[name].low > null.high, (kind, name)
    trapped, own = found("regression", "unread V")
    assert trapped["V specificity"].value > own["V specificity"].value > 0.3


def test_steered_predictions_land_where_they_are_sent():
    world = subject("regression", "retrieval")
    steering = Steering.of(world, Samples.of(world, 60).evaluation[MAJORS], 4)
    reached = np.stack([steering.located(mean) for mean in steering.steered(world.task)])
    np.testing.assert_allclose(reached, steering.grid, atol=0.05)
    start = steering.located(steering.unsteered, steering.batch.tasks == 1)
    assert start[1] > 0.8


@pytest.mark.parametrize("kind", FAMILIES)
def test_the_ascent_finds_a_planted_direction_and_none_does_more_harm(kind):
    world = subject(kind, "exact Bayes")
    samples = Samples.of(world, 60)
    batch, settings = samples.fit[FRESH], SETTINGS[kind].model_copy(update={"rank": 1, "restarts": 3})
    found = search(world, batch, samples.mean, settings)
    task, _, content = world.network.directions
    planted = np.concatenate([content, task.mean(axis=0, keepdims=True)]).T
    assert np.sin(subspace_angles(planted, found.basis)).max() < 0.1
    np.testing.assert_allclose(
        found.basis.T @ np.concatenate([world.task_basis, world.current.T], axis=1), 0, atol=1e-9
    )
    anywhere = [Removal(one, samples.mean) for one in world.random_directions(1, 12, "anywhere")]
    assert found.trace[0] > np.mean([world.loss(batch[:15], removal).mean() for removal in anywhere])
    rng = stream(0, "rivals")
    for _ in range(30):
        rival = span_basis((planted @ rng.standard_normal(planted.shape[1]))[None])
        assert world.loss(batch, Removal(rival, samples.mean)).mean() <= max(found.losses) + 1e-3


@pytest.mark.parametrize("kind", FAMILIES)
@pytest.mark.parametrize("world", ["exact Bayes", "retrieval"])
def test_history_is_needed_at_the_first_site_alone(kind, world):
    history = findings(kind, world).shown["history"].history
    assert all(history[site].value == 0 for site in ("post_mlp.1", "post_mlp.2"))
    assert history["post_mlp.0"].low > 0


@pytest.mark.parametrize("kind", FAMILIES)
def test_vectors_estimated_from_states_are_those_planted(kind):
    """What the other tests are told, a run has to find: theta, nu, and with them the span that is removed."""
    planted = subject(kind, "retrieval")
    found = subject_of(side_of(planted, None))
    assert (found.site, found.kind, found.seed) == (TESTED, kind, 0)
    assert np.sin(subspace_angles(found.task_basis, planted.task_basis)).max() < 0.1
    for one, other in ((found.task, planted.task), (found.current, planted.current)):
        centred = [vectors - vectors.mean(axis=0) for vectors in (one, other)]
        assert np.linalg.norm(centred[0] - centred[1]) < 0.15 * np.linalg.norm(centred[1])


def test_the_interval_of_steering_covers_the_intercepts_it_was_measured_with():
    """With vectors known, the noise of mu_t is what resampled ones add."""
    majors = mixture("dice")
    world = LinearWorld(majors, WORLDS["exact Bayes"], stream(5, "again"))
    own, *again = subjects_in(world, "again", 5, 4 * majors.n_majors, 10)
    many = SETTINGS["dice"].model_copy(update={"sequences": 1200})
    known = steering.Steered(tested.Tested.of(own, many))
    alone, whole = (known.statistics(others)["steering"] for others in ((), again))
    assert alone.value == whole.value == known.value()["steering"].value
    assert whole.high - whole.low > 1.1 * (alone.high - alone.low)
    assert len({one.intercepts.tobytes() for one in (own, *again)}) == 11
