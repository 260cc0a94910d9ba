"""States made of known features: what each statistic of the prefix must and must not take them for."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from tiny import dice_setting

from model import Transformer
from theory import Mixture, PlantedDyck, stream
from theory.prefix import Cells, judged_position, posterior_by_steps, predicted_residuals, prefix_index
from validate.capture.candidates import Arenas
from validate.capture.rungs import NOISE, RUNGS, FeatureSource, RandomSource
from validate.capture.sources import NetworkSource
from validate.claims.base import UNTRAINED, Controls, Observed, Side, ranging
from validate.claims.prefix.probe import probe, ridge
from validate.claims.prefix.question import analyse, at_site, shuffled_prefixes
from validate.claims.prefix.rungs import PREFIX_RUNGS
from validate.claims.prefix.sample import PrefixSample
from validate.claims.prefix.shown import PrefixShown, prefix_shown
from validate.claims.prefix.statistics import PREFIX_STATISTICS, READ, RESIDUALS, estimates, prefix_moments
from validate.experiment.schema import Measurement, Network, network_config
from validate.experiment.setting import Setting

FAMILY = PlantedDyck(pairs=3, background=4, density=0.3, length=24)
# Paths that part at once, so that there is little doubt about the task where claims are judged.
MAJORS = FAMILY.make_pool([[1, 1, 1, -1, -1, -1], [1, -1, 1, 1, -1, -1], [1, 1, -1, -1, 1, -1]])
SIZES = Measurement(cell_sequences=40, fresh_tasks=2, fresh_sequences=2, mode_sequences=2, untrained=2, replicates=100)
SETTING = Setting("dyck", FAMILY, MAJORS, 0, SIZES)
MIXTURE = Mixture(FAMILY, MAJORS)
FEATURES = {name: PREFIX_RUNGS.get(name) or RUNGS[name] for name in ("prefix", "exact Bayes", "symbol counts")}
EVERY = {*RESIDUALS, *PREFIX_STATISTICS}


def source_of(name, setting=SETTING):
    """Return a rung whose embeddings are the same in every setting; its noise is the setting's."""
    if name == "random":
        return RandomSource(FAMILY, setting.stream)

    def fixed(purpose):
        return (SETTING if purpose.startswith("embedding/") else setting).stream(f"{name}/{purpose}")

    return FeatureSource(FAMILY, partial(FEATURES[name], MIXTURE), fixed)


def observed(source, setting=SETTING, site=None):
    return Observed(source, setting, site or source.sites[-1])


@pytest.fixture(autouse=True, scope="module")
def few_fits():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("validate.claims.prefix.statistics.N_FITS", 6)
        yield


@pytest.fixture(scope="module")
def ladder(few_fits):
    return {name: at_site(observed(source_of(name))) for name in (*FEATURES, "random")}


@pytest.fixture(scope="module")
def sample():
    return PrefixSample.at(SETTING)


@pytest.mark.parametrize(
    ("statistic", "rung", "low", "high"),
    [
        ("Dyck residual", "prefix", 0.1, 1),
        ("Dyck residual", "exact Bayes", 0, 0.1),
        ("Dyck residual*", "prefix", 0.1, 1),
        ("Dyck residual given prefix", "prefix", -0.05, 0.05),
        ("Dyck residual given prefix", "random", 0.9, 2),
        ("prefix effect", "prefix", 0.35, 1),
        ("prefix effect", "exact Bayes", -1, 0.35),
        ("prefix effect", "symbol counts", -1, 0.35),
        ("prefix effect", "random", -1, 0.1),
        ("prefix R2", "prefix", 0.9, 1.1),
        ("prefix R2 beyond task", "prefix", 0.5, 1.1),
        ("prefix R2 beyond task", "exact Bayes", -1, 0.5),
        ("prefix R2 beyond task", "random", -1, 0.2),
        ("prefix R2 beyond counts", "prefix", 0.5, 1.1),
        ("prefix R2 beyond counts", "exact Bayes", -1, 0.5),
        ("prefix R2 beyond counts", "symbol counts", -1, 0.1),
        ("prefix accuracy", "prefix", 0.95, 1.1),
        ("prefix accuracy", "exact Bayes", 0, 0.6),
    ],
)
def test_rungs_fall_where_they_must(ladder, statistic, rung, low, high):
    estimate = ladder[rung][statistic]
    assert low < estimate.low <= estimate.value <= estimate.high < high, estimate


def test_counts_tell_steps_without_having_learnt_a_thing(ladder):
    """Why there is a form beyond counts: an average of symbols passes for the prefix."""
    assert ladder["symbol counts"]["prefix R2 beyond task"].low > 0.9
    assert ladder["symbol counts"]["Dyck residual"].high < 0.1


@pytest.mark.parametrize("rung", ["prefix", "exact Bayes"])
def test_residual_is_what_theory_predicts_of_the_features(rung, sample):
    """Exact sums over the cells' laws of the very embeddings and noise of the source."""
    source = source_of(rung)
    [states] = sample.states(source).values()
    position = judged_position(FAMILY, MAJORS)
    features = posterior_by_steps(MAJORS, MIXTURE.weights)
    if rung == "prefix":
        index = prefix_index(MAJORS)
        features = np.concatenate([features, np.eye(index.max() + 1)[index]], axis=-1)
    task, symbol = features @ source._embedding("features", features.shape[-1]), source._embedding("current", 6)
    exact, cells = task[:, None] + symbol[:, None], Cells.at(FAMILY, MAJORS, position)
    mean = (cells.steps[..., None] * exact).sum(axis=2)
    total = (cells.steps * np.square(exact - mean.mean(axis=(0, 1))).sum(axis=-1)).sum() / mean[..., 0].size
    predicted = (cells.residual(exact) * total + NOISE**2) / (total + NOISE**2)
    found = estimates(states, sample, SETTING.without_intervals)["Dyck residual"].value
    assert found == pytest.approx(predicted, rel=0.08, abs=0.004)


@pytest.mark.parametrize("rung", ["prefix", "symbol counts", "exact Bayes"])
def test_shares_of_prefixes_are_ratios_of_variances_within(rung, sample):
    """Here group by group with NumPy's variances; a group of one sequence has none."""
    [states] = sample.states(source_of(rung)).values()

    def within(*labels):
        found = [states[np.all(np.stack(labels) == key[:, None], axis=0)] for key in np.unique(labels, axis=1).T]
        groups = [group for group in found if len(group) > 1]
        variances = [np.var(group, axis=0, ddof=1).sum() for group in groups]
        return np.average(variances, weights=[len(group) for group in groups])

    ones, cell = np.zeros(len(states)), (sample.tasks, sample.symbols)
    prefix, grand = within(*cell, sample.steps), within(ones)
    found = {name: e.value for name, e in estimates(states, sample, SETTING.without_intervals).items()}
    assert found["Dyck residual given prefix"] == pytest.approx(prefix / grand, rel=1e-9)
    effect = (within(*cell) - prefix) / within(sample.symbols)
    assert found["prefix effect"] == pytest.approx(effect, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("rung", ["prefix", "exact Bayes"])
def test_shuffled_prefixes_tell_nothing(ladder, rung):
    shuffled = shuffled_prefixes(observed(source_of(rung)))
    assert set(shuffled) == set(PREFIX_STATISTICS)
    for name in ("prefix effect", "prefix R2 beyond task", "prefix R2 beyond counts"):
        assert shuffled[name].value < 0.05, name
    before = ladder[rung]["Dyck residual"]
    assert shuffled["Dyck residual given prefix"].value == pytest.approx(before.value, rel=0.3)


def test_untrained_networks_are_measured_by_the_same_call():
    config = network_config(FAMILY, Network(layers=2, width=16, heads=2, hidden=32))
    source = NetworkSource(Transformer(config, seed=1, backend="numpy"), FAMILY)
    arenas, found = Arenas(MIXTURE, SETTING), {}
    for site in source.sites:
        side = Side(observed(source, site=site), arenas)
        found[site] = analyse(side, Controls(untrained=[side])).statistics
        assert set(found[site]) == EVERY
        assert found[site]["prefix effect"].high < 0.25
        assert found[site]["prefix R2 beyond counts"].high < 0.5
    assert found[source.sites[0]] != found[source.sites[1]]


def test_nulls_are_untrained_networks_and_shuffled_prefixes():
    arenas = Arenas(MIXTURE, SETTING)
    side, bare = (Side(observed(source_of(name)), arenas) for name in ("prefix", "random"))
    found = analyse(side, Controls(untrained=[bare], judge=True))
    assert found.nulls[UNTRAINED] == ranging({UNTRAINED: [analyse(bare, Controls()).statistics]})[UNTRAINED]
    assert found.nulls["shuffled prefixes"] == shuffled_prefixes(side.observed)
    assert found.shown is None


def test_sequences_of_the_sample(sample):
    position = judged_position(FAMILY, MAJORS)
    symbols = sample.batch.symbols[:, : position + 1]
    assert np.array_equal(symbols[:, -1], sample.symbols)
    assert np.array_equal((symbols >= 4).sum(axis=1), sample.steps)
    for row in range(0, len(symbols), 37):
        shown = np.where(symbols[row][symbols[row] >= 4] == 4, 1, -1)
        task, steps = sample.tasks[row], sample.steps[row]
        assert np.array_equal(shown, MAJORS.parameters[task, :steps])
        ups = (shown > 0).sum()
        expected = np.zeros(6)
        expected[[task, 3 + task]] = ups, steps - ups
        assert np.array_equal(sample.counts[row], expected)
    shuffled = sample.shuffled(stream(0, "shuffle"))
    assert not np.array_equal(shuffled.steps, sample.steps)
    for cell in range(18):
        here = sample.cells == cell
        assert len(set(zip(sample.tasks[here], sample.symbols[here], strict=True))) == 1
        assert np.array_equal(np.sort(shuffled.steps[here]), np.sort(sample.steps[here]))


def test_no_sequence_is_scored_by_what_it_was_fitted_on(sample):
    """A changed sequence leaves the scores of the others of its half alone, and not those it is fitted for."""
    [states] = sample.states(source_of("prefix")).values()
    first, second = sample.halves
    moved, row = states.copy(), second[7]
    moved[row] += 1
    steps = sample.steps.copy()
    steps[row] = (steps[row] + 1) % 7
    before, after = prefix_moments(states, sample), prefix_moments(moved, replace(sample, steps=steps))
    others = second[second != row]
    for name in READ:
        np.testing.assert_allclose(after[name][others], before[name][others], rtol=1e-9, atol=1e-12, err_msg=name)
        if "accuracy" not in name:
            assert not np.allclose(after[name][first], before[name][first], rtol=1e-9), name


def test_ridge_against_the_textbook():
    """Coefficients by the normal equations, the penalty by the leave-one-out shortcut's average, computed from hats."""
    rng = stream(0, "ridge")
    states = rng.normal(size=(60, 5)) * [3, 1, 0.3, 0.1, 0.01]
    target = states @ rng.normal(size=(5, 2)) + 0.5 * rng.normal(size=(60, 2))
    scores = {}
    for penalty in np.linalg.eigvalsh(states.T @ states).max() * np.logspace(1, -8, 19):
        inverse = np.linalg.inv(states.T @ states + penalty * np.eye(5))
        hat = states @ inverse @ states.T
        error = np.square(target - hat @ target).sum()
        scores[error / (60 - 4 - np.trace(hat)) ** 2] = inverse @ states.T @ target
    np.testing.assert_allclose(ridge(states, target, 4), scores[min(scores)], rtol=1e-8)
    assert not ridge(np.zeros((60, 5)), target, 4).any()
    few = ridge(states[:9], target[:9], 3)  # no penalty leaves freedom enough: the strongest is taken
    assert np.abs(few).max() < 0.1 * np.abs(scores[min(scores)]).max()


def test_a_probe_counts_only_what_the_baseline_leaves(sample):
    cells = (sample.cells[:, None] == np.arange(18)).astype(float)
    target, noise = sample.steps[:, None].astype(float), stream(0, "noise").normal(size=(len(cells), 3))
    fit, test = sample.halves
    with_states, alone = probe(np.hstack([cells, noise]), target, cells, fit)
    assert np.square(target - with_states)[test].sum() > 0.97 * np.square(target - alone)[test].sum()
    with_states, _ = probe(np.hstack([target + 5 * cells[:, :1], noise]), target, cells, fit)
    np.testing.assert_allclose(with_states[test], target[test], atol=1e-3)


def test_intervals_hold_what_other_sequences_give():
    """Redraw every sequence: a 95 percent interval should rarely miss the mean of all redraws."""
    runs = []
    for seed in range(8):
        setting = replace(SETTING, seed=seed, sizes=SIZES.model_copy(update={"cell_sequences": 24}))
        runs.append(at_site(observed(source_of("symbol counts", setting), setting)))
    for name in ("Dyck residual", "Dyck residual given prefix", "prefix effect", "prefix R2 beyond task"):
        centre = np.mean([run[name].value for run in runs])
        assert sum(run[name].low <= centre <= run[name].high for run in runs) >= 6, name


def test_what_is_shown():
    shown = prefix_shown(source_of("prefix"), SETTING)
    column = shown.positions.index(shown.judged)
    expected = predicted_residuals(FAMILY, MAJORS, shown.judged)
    assert {name: values[column] for name, values in shown.predicted.items()} == expected
    assert shown.sites["features"]["Dyck residual"][column] > 0.1
    assert all(len(values) == len(shown.positions) for values in shown.sites["features"].values())
    assert PrefixShown.model_validate_json(shown.model_dump_json()) == shown
    counts = prefix_shown(source_of("symbol counts"), SETTING).map
    assert abs(np.corrcoef(np.array(counts.points)[:, 0], counts.steps)[0, 1]) > 0.5


def test_families_without_paths_are_refused():
    with pytest.raises(TypeError, match="prefixes need planted Dyck paths; got BiasedDice"):
        at_site(observed(source_of("random"), dice_setting()))
    short = Setting("dyck", PlantedDyck(pairs=3, background=2, length=4), MAJORS, 0, SIZES)
    with pytest.raises(ValueError, match="at no position of PlantedDyck"):
        at_site(observed(source_of("random"), short))
