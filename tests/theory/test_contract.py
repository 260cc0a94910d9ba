"""What every family of latent tasks promises, whatever its tasks and sequences are."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from scipy.special import logsumexp
from strategies import CASES, SMALL, batch_of, every_family, points_of, symbol_families

from theory import (
    FAMILIES,
    LatentTasks,
    Mixture,
    Pool,
    RegressionBatch,
    SymbolBatch,
    extrapolation,
    posterior,
    predicted_mean,
    prior_predictive,
    retrieval,
    stream,
)

EXACT = {"rtol": 1e-10, "atol": 1e-13}


def altered(batch, target):
    """The same sequences with another target t; its covariate stays."""
    if isinstance(batch, SymbolBatch):
        changed = batch.symbols.copy()
        changed[:, target] = (changed[:, target] + 1) % 2  # symbols 0 and 1 exist in every family
        return SymbolBatch(batch.tasks, changed)
    changed = batch.y.copy()
    changed[:, target] += 10
    return RegressionBatch(batch.tasks, batch.x, changed)


def cut(batch, n_targets):
    """The first targets of each sequence."""
    if isinstance(batch, SymbolBatch):
        return SymbolBatch(batch.tasks, batch.symbols[:, :n_targets])
    return RegressionBatch(batch.tasks, batch.x[:, :n_targets], batch.y[:, :n_targets])


def bayesian_arrays(case):
    """Everything a family and the predictors say of a batch, by name; each is (B, T, ...)."""
    family, pool, weights, batch = case
    mixture = Mixture(family, pool)
    arrays = {
        "log_likelihood": family.log_likelihood(pool, batch),
        "task_mean": family.task_mean(pool, batch),
        "log_evidence": family.log_evidence(batch),
        "fresh_mean": family.fresh_mean(batch),
        "running_average": family.running_average(batch),
        "current": family.current(batch),
        "posterior": posterior(family.log_likelihood(pool, batch), weights),
    }
    for predictor in (retrieval, extrapolation):
        prediction = predictor(mixture, batch)
        arrays |= {f"{predictor.__name__} weights": prediction.weights, f"{predictor.__name__} mean": prediction.mean}
    return arrays


@every_family
def test_meets_the_protocol_under_its_name(kind):
    assert isinstance(SMALL[kind], LatentTasks)
    assert type(SMALL[kind]) is FAMILIES[kind]
    assert SMALL[kind].name == kind


def test_every_family_is_tested_and_has_a_title_of_its_own():
    assert set(FAMILIES) == set(CASES) == set(SMALL)
    assert len({family.title for family in FAMILIES.values()}) == len(FAMILIES)


@every_family
@given(data=st.data())
def test_the_sizes_a_family_states_are_those_of_its_arrays(kind, data):
    family, _, _, batch = data.draw(CASES[kind])
    inputs = family.encode(batch).inputs
    assert inputs.shape[1] == family.n_positions
    assert family.targets(batch).shape[2] == family.n_outputs
    if family.target_kind == "symbol":
        assert inputs.max() < family.n_inputs
    else:
        assert inputs.shape[2] == family.n_inputs


@symbol_families
@given(data=st.data())
def test_a_settable_symbol_before_a_target_leaves_the_sequence_possible(kind, data):
    family, _, _, batch = data.draw(CASES[kind])
    target = data.draw(st.integers(1, batch.symbols.shape[1] - 1))
    changed = batch.symbols[:, : target + 1].copy()
    changed[:, target - 1] = data.draw(st.integers(0, family.n_settable - 1))
    assert np.all(np.isfinite(family.log_evidence(SymbolBatch(batch.tasks, changed))))


@every_family
@given(data=st.data())
def test_a_state_is_what_the_family_says(kind, data):
    """Two sequences of one task and one current symbol: must a predictor that knows the task say the same of both?"""
    family, pool, _, batch = data.draw(CASES[kind])
    means, current = family.task_mean(pool, batch)[:, -1], family.current(batch)[:, -1]
    if family.state_is == "task and current":
        for a, b in combinations(range(len(batch)), 2):
            assert np.array_equal(means[a], means[b]) or not np.array_equal(current[a], current[b])


def test_a_path_is_not_summarised_by_task_and_current_symbol():
    family = SMALL["dyck"]
    pool, batch = family.make_pool([[1, -1, 1, 1, -1, -1]]), batch_of([[family.background, 1, 0], [0, 1, 0]])
    means = family.task_mean(pool, batch)[:, 2, 0]
    assert family.state_is == "prefix"
    assert not np.array_equal(*means)


@every_family
@given(data=st.data())
def test_entries_use_only_what_was_seen_before(kind, data):
    case = data.draw(CASES[kind])
    whole = bayesian_arrays(case)
    n_targets = data.draw(st.integers(1, case.family.targets(case.batch).shape[1]))
    # The last of them is another, and no entry may tell: none has seen it.
    unseen = altered(cut(case.batch, n_targets), n_targets - 1)
    for name, part in bayesian_arrays(case._replace(batch=unseen)).items():
        np.testing.assert_allclose(part, whole[name][:, :n_targets], **EXACT, err_msg=name)


@every_family
@given(data=st.data())
def test_nothing_is_seen_before_the_first_target(kind, data):
    case = data.draw(CASES[kind])
    arrays = bayesian_arrays(case)
    assert not arrays["log_likelihood"][:, 0].any()
    assert not arrays["log_evidence"][:, 0].any()
    np.testing.assert_allclose(arrays["posterior"][:, 0], np.tile(case.weights, (len(case.batch), 1)), **EXACT)


@every_family
@given(data=st.data())
def test_weights_are_probability_laws(kind, data):
    case = data.draw(CASES[kind])
    arrays = bayesian_arrays(case)
    for name in ("posterior", "retrieval weights", "extrapolation weights"):
        assert np.all(arrays[name] >= 0)
        np.testing.assert_allclose(arrays[name].sum(axis=-1), 1, rtol=1e-12, err_msg=name)


@symbol_families
@given(data=st.data())
def test_predictions_of_symbols_are_probability_laws(kind, data):
    case = data.draw(CASES[kind])
    arrays = bayesian_arrays(case)
    for name in ("task_mean", "fresh_mean", "retrieval mean", "extrapolation mean", "running_average"):
        laws = arrays[name].reshape(-1, case.family.n_symbols)  # a running average may be a table of several laws
        assert np.all(laws >= 0)
        np.testing.assert_allclose(laws.sum(axis=-1), 1, rtol=1e-12, err_msg=name)


@symbol_families
@given(data=st.data())
def test_task_mean_is_the_increment_of_the_log_likelihood(kind, data):
    family, pool, _, batch = data.draw(CASES[kind])
    observed = np.take_along_axis(family.task_mean(pool, batch), batch.symbols[..., None, None], axis=-1)[..., 0]
    log_likelihood = family.log_likelihood(pool, batch)
    # Where a path is already excluded its next law is a convention.
    possible = np.isfinite(log_likelihood[:, :-1])
    gained = np.exp(log_likelihood[:, 1:][possible] - log_likelihood[:, :-1][possible])
    np.testing.assert_allclose(gained, observed[:, :-1][possible], **EXACT)
    assert np.all(log_likelihood[:, 1:][~possible] == -np.inf)


@symbol_families
@given(data=st.data())
def test_evidence_is_the_product_of_fresh_predictions(kind, data):
    family, _, _, batch = data.draw(CASES[kind])
    observed = np.take_along_axis(family.fresh_mean(batch), batch.symbols[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(np.diff(family.log_evidence(batch), axis=1), np.log(observed[:, :-1]), **EXACT)


@every_family
@given(data=st.data())
def test_mixed_mean_is_the_weighted_sum_of_task_means(kind, data):
    family, pool, weights, batch = data.draw(CASES[kind])
    alpha = posterior(family.log_likelihood(pool, batch), weights)
    expected = (alpha[..., None] * family.task_mean(pool, batch)).sum(axis=2)
    np.testing.assert_allclose(family.mixed_mean(pool, batch, alpha), expected, **EXACT)


@every_family
@given(data=st.data(), minor_mass=st.floats(0, 0.99))
def test_extrapolation_lies_between_the_majors_and_the_prior_predictive(kind, data, minor_mass):
    """Where on that segment: at the posterior weight of the fresh task."""
    case = data.draw(CASES[kind])
    mixture = Mixture(case.family, case.pool, minor_mass=minor_mass)
    between, known = extrapolation(mixture, case.batch), retrieval(mixture, case.batch).mean
    share = between.weights[..., -1:]
    expected = (1 - share) * known + share * prior_predictive(case.family, case.batch).mean
    np.testing.assert_allclose(between.mean, expected, rtol=1e-9, atol=1e-12)


@every_family
@given(data=st.data())
def test_relabelling_tasks_relabels_the_posterior_and_changes_no_prediction(kind, data):
    case = data.draw(CASES[kind])
    order = np.array(data.draw(st.permutations(range(len(case.pool)))))
    before = bayesian_arrays(case)
    after = bayesian_arrays(case._replace(pool=Pool(case.pool.parameters[order]), weights=case.weights[order]))
    for name in ("log_likelihood", "posterior", "retrieval weights", "task_mean"):
        np.testing.assert_allclose(after[name], before[name][:, :, order], **EXACT, err_msg=name)
    for name in ("retrieval mean", "extrapolation mean"):
        np.testing.assert_allclose(after[name], before[name], **EXACT, err_msg=name)


@every_family
@given(data=st.data())
def test_duplicate_tasks_predict_like_one(kind, data):
    case = data.draw(CASES[kind])
    thrice = case.family.make_pool(np.concatenate([case.pool.parameters] * 3))
    for predictor in (retrieval, extrapolation):
        once = predictor(Mixture(case.family, case.pool), case.batch)
        many = predictor(Mixture(case.family, thrice), case.batch)
        np.testing.assert_allclose(many.mean, once.mean, **EXACT)
        shared = sum(np.split(many.weights[..., : len(thrice)], 3, axis=-1))
        np.testing.assert_allclose(shared, once.weights[..., : len(case.pool)], **EXACT)


@every_family
def test_a_pool_of_one_task_is_always_believed(kind):
    family, rng = SMALL[kind], stream(0, "one")
    mixture = Mixture(family, family.sample_pool(rng, 1))
    batch = mixture.sample(rng, 3)
    prediction = retrieval(mixture, batch)
    assert np.all(prediction.weights == 1)
    np.testing.assert_allclose(prediction.mean, family.task_mean(mixture.pool, batch)[:, :, 0], **EXACT)


@every_family
@given(data=st.data())
def test_each_sequence_is_treated_alone(kind, data):
    case = data.draw(CASES[kind])
    rows = np.array(data.draw(st.lists(st.integers(0, len(case.batch) - 1), min_size=1, max_size=4)))
    whole = bayesian_arrays(case)
    for name, part in bayesian_arrays(case._replace(batch=case.batch[rows])).items():
        np.testing.assert_allclose(part, whole[name][rows], **EXACT, err_msg=name)


@every_family
@given(data=st.data())
def test_each_state_has_read_the_targets_before_its_own_and_not_its_own(kind, data):
    family, _, _, batch = data.draw(CASES[kind])
    inputs, targets, positions = family.encode(batch)
    assert positions.shape == targets.shape[1:]
    assert np.all(np.diff(positions) > 0)
    every_target = family.targets(batch)
    wanted = batch.symbols if isinstance(batch, SymbolBatch) else every_target[..., 0].astype(np.float32)
    first = every_target.shape[1] - len(positions)
    assert np.array_equal(targets, wanted[:, first:])
    for state, target in zip(positions, range(first, every_target.shape[1]), strict=True):
        read = slice(0, state + 1)
        assert np.array_equal(family.encode(altered(batch, target)).inputs[:, read], inputs[:, read])
        if target:
            assert not np.array_equal(family.encode(altered(batch, target - 1)).inputs[:, read], inputs[:, read])


@every_family
def test_samples_follow_their_task(kind):
    """What is left of a target after its task's own prediction averages to 0, within five standard errors."""
    family, rng = SMALL[kind], stream(0, "samples")
    pool = family.sample_pool(rng, 3)
    batch = family.sample(rng, pool, 6000)
    own = np.take_along_axis(family.task_mean(pool, batch), batch.tasks[:, None, None, None], axis=2)[:, :, 0]
    left = family.targets(batch) - own
    for task in range(3):
        mine = left[batch.tasks == task]
        standard_error = mine.std(axis=0, ddof=1) / np.sqrt(len(mine))
        assert np.all(np.abs(mine.mean(axis=0)) <= 5 * standard_error)
        assert np.any(standard_error > 0)


@every_family
def test_the_evidence_is_the_average_likelihood_of_tasks_from_the_prior(kind):
    """And the prior predictive is the limit of M1 with a large pool: both within five standard errors."""
    family, rng, n_tasks = SMALL[kind], stream(0, "huge pool"), 20_000
    pool = family.sample_pool(rng, n_tasks)
    batch = family.sample(rng, family.sample_pool(rng, 3), 3)
    log_likelihood = family.log_likelihood(pool, batch)
    average = logsumexp(log_likelihood, axis=-1) - np.log(n_tasks)
    relative = np.exp(log_likelihood - average[..., None])
    allowed = 5 * relative.std(axis=-1) / np.sqrt(n_tasks) + 1e-12
    assert np.all(np.abs(np.exp(family.log_evidence(batch) - average) - 1) <= allowed)
    many, exact = retrieval(Mixture(family, pool), batch), prior_predictive(family, batch)
    tasks = family.task_mean(pool, batch)
    spread = np.sqrt(np.square(many.weights[..., None] * (tasks - many.mean[..., None, :])).sum(axis=2))
    assert np.all(np.abs(many.mean - exact.mean) <= 5 * spread + 1e-12)
    assert np.median(spread) < 0.05


@every_family
def test_the_posterior_averages_to_the_prior_over_sequences_of_the_mixture(kind):
    """The martingale, seen through the sampler: E[alpha_t] = pi at every position, within five standard errors."""
    family, rng = SMALL[kind], stream(0, "martingale")
    mixture = Mixture(family, family.sample_pool(rng, 3), family.sample_pool(rng, 5), minor_mass=0.4)
    alpha = retrieval(mixture, mixture.sample(rng, 4000)).weights[:, 1:]
    standard_error = alpha.std(axis=0, ddof=1) / np.sqrt(len(alpha))
    assert np.all(np.abs(alpha.mean(axis=0) - mixture.weights) <= 5 * standard_error + 1e-12)
    assert 0 < standard_error.max() < 0.01


@every_family
@given(data=st.data())
def test_running_average_starts_at_the_mean_task(kind, data):
    """A large pool of the prior has the mean that nothing seen stands for."""
    case = data.draw(CASES[kind])
    first = case.family.running_average(case.batch)[:, 0]
    vertices = case.family.average_vertices(case.family.sample_pool(stream(0, "mean"), 20_000))
    assert np.all(np.abs(first - vertices.mean(axis=0)) <= 5 * vertices.std(axis=0) / np.sqrt(20_000) + 1e-12)


@every_family
def test_running_average_approaches_its_vertex(kind):
    length = {"points" if kind == "regression" else "length": 20_000}
    family, rng = type(SMALL[kind])(**length), stream(0, "average")
    pool = family.sample_pool(rng, 2)
    batch = family.sample(rng, pool, 2, tasks=np.array([1, 0]))
    last, vertices = family.running_average(batch)[:, -1], family.average_vertices(pool)
    assert vertices.shape == (2, last.shape[1])
    assert np.abs(last - vertices[[1, 0]]).max() < 0.1
    assert np.sqrt(np.square(last - vertices[[1, 0]]).mean()) < 0.03


@every_family
def test_same_stream_same_samples_and_given_tasks_are_kept(kind):
    family, tasks = SMALL[kind], np.array([2, 0, 2, 1])
    pool, other = (family.sample_pool(stream(0, "pool"), 3) for _ in range(2))
    assert np.array_equal(pool.parameters, other.parameters)
    first, again = (family.sample(stream(0, "sequences"), pool, 4, tasks) for _ in range(2))
    assert np.array_equal(first.tasks, tasks)
    assert np.array_equal(family.targets(first), family.targets(again))
    assert len(first) == 4
    assert np.array_equal(np.unique(family.sample(stream(0, "uniform"), pool, 100).tasks), [0, 1, 2])


@every_family
def test_predicted_mean_equals_the_mean_of_the_whole_prediction(kind, monkeypatch):
    family, rng = SMALL[kind], stream(0, "streamed")
    mixture = Mixture(family, family.sample_pool(rng, 3), family.sample_pool(rng, 4))
    batch = mixture.sample(rng, 5)
    monkeypatch.setattr("theory.blocks.BLOCK_NUMBERS", 2 * 12 * len(mixture.pool))  # two sequences at a time
    for predictor in (retrieval, extrapolation):
        np.testing.assert_allclose(predicted_mean(predictor, mixture, batch), predictor(mixture, batch).mean, **EXACT)


@every_family
def test_a_made_pool_is_a_copy_and_pools_and_batches_can_be_compared(kind):
    family, rng = SMALL[kind], stream(0, "copies")
    table = family.sample_pool(rng, 2).parameters
    pool, before = family.make_pool(table), table.copy()
    table[:] = 0
    assert np.array_equal(pool.parameters, before)
    batch = family.sample(rng, pool, 2)
    assert pool == pool
    assert batch == batch
    assert pool != family.make_pool(before)
    assert batch != batch[:]


@every_family
def test_what_belongs_to_another_family_is_refused(kind):
    family, rng = SMALL[kind], stream(0, "misfits")
    pool = family.sample_pool(rng, 2)
    foreign = batch_of([[0, 1]]) if kind == "regression" else points_of([[[0.0, 0.0]]], [[0.0]])
    with pytest.raises(TypeError, match="Batch is needed; got "):
        family.log_likelihood(pool, foreign)
    batch = family.sample(rng, pool, 2)
    with pytest.raises(ValueError, match=r"a pool of .* shape \(K, .*; got \(2, 9\)"):
        family.log_likelihood(Pool(np.zeros((2, 9))), batch)
    with pytest.raises((ValueError, TypeCheckError), match=r"parameters must have shape \(K, .*; got \(2, 9\)"):
        family.make_pool(np.full((2, 9), 1 / 9))
    with pytest.raises(ValueError, match="empty pool"):
        family.sample(rng, family.sample_pool(rng, 0), 2)
    with pytest.raises(ValueError, match=r"tasks must be in 0 \.\. 1; got 0 \.\. 2"):
        family.sample(rng, pool, 2, np.array([0, 2]))
    with pytest.raises(ValueError, match=r"tasks must have shape \(3,\)"):
        family.sample(rng, pool, 3, np.array([0, 0]))


@every_family
@given(data=st.data())
def test_what_is_current_stands_at_the_position_that_predicts(kind, data):
    case = data.draw(CASES[kind])
    arrays, current = case.family.encode(case.batch), case.family.current(case.batch)
    read = arrays.inputs[:, arrays.positions]
    beside = current[:, current.shape[1] - read.shape[1] :]
    if isinstance(case.batch, SymbolBatch):
        np.testing.assert_array_equal(beside, np.eye(current.shape[-1])[read])
    else:
        np.testing.assert_allclose(beside, read[..., 1:], rtol=1e-6)
