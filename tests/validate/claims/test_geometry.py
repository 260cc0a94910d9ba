"""States with known directions: angles, shares and distances come out as built."""

from dataclasses import replace

import numpy as np
import pytest

from model import Transformer
from theory import Mixture, stream
from validate.capture.candidates import Arenas
from validate.capture.labelled import CellStates
from validate.capture.sources import NetworkSource
from validate.claims.base import UNTRAINED, Controls, Observed, Side, ranging
from validate.claims.fresh_states import FreshStatesShown, directions
from validate.claims.fresh_states import analyse as describe
from validate.claims.geometry import (
    N_LEADING,
    analyse_angle,
    analyse_directions,
    analyse_fall,
    beside,
    fall,
    fresh_moments,
    moments_on_span,
    random_moments,
    random_rest_moments,
    rest_moments,
)
from validate.claims.task_states import Reference, TaskStates, task_states
from validate.experiment.schema import Network, build_family, load_preset, network_config
from validate.experiment.setting import Setting
from validate.statistics.subspace import random_basis, share_inside, span_basis

WIDTH, N_NEW, N_EACH = 24, 60, 4
SIZES = {
    "dice": {"faces": 4, "length": 12},
    "markov": {"states": 3, "length": 12},
    "regression": {"dimension": 2, "points": 6},
}


def setting_of(kind):
    family = build_family(kind, SIZES[kind])
    sizes = load_preset("quick").families["dice"].measurement
    sizes = sizes.model_copy(update={"cell_sequences": 8, "fresh_tasks": 12, "fresh_sequences": 4})
    return Setting(kind, family, family.sample_pool(stream(0, "majors"), 3), 0, sizes)


def side_of(setting, n_minors=0, seed=0):
    """Return the side of an untrained network."""
    config = network_config(setting.family, Network(layers=2, width=16, heads=2, hidden=16))
    source = NetworkSource(Transformer(config, seed=seed, backend="numpy"), setting.family)
    minors = setting.family.sample_pool(stream(0, "minors"), n_minors) if n_minors else None
    observed = Observed(source, setting, source.sites[-1])
    return Side(observed, Arenas(Mixture(setting.family, setting.majors, minors), setting))


def side_of_built(setting, states):
    """Return a side whose last states are these, at its site."""
    side = side_of(setting, n_minors=20)
    return replace(side, _found={task_states: {side.site: states}})


def built(degrees, minors_share=1.0, seed=0):
    """States of fresh tasks in a plane at an angle to the task span, and of minors partly in the same plane."""
    rng = stream(seed, "built")
    axes = random_basis(WIDTH, 8, stream(7, "axes"))
    task_vectors = rng.normal(size=(3, 2)) @ axes[:, :2].T
    task_vectors -= task_vectors.mean(axis=0)
    turned = np.cos(np.radians(degrees)) * axes[:, :2] + np.sin(np.radians(degrees)) * axes[:, 2:4]
    centre = rng.normal(size=WIDTH)

    def states(n_tasks, basis):
        within = 1e-3 * rng.normal(size=(n_tasks, N_EACH, WIDTH))
        return centre + (rng.normal(size=(n_tasks, basis.shape[1])) @ basis.T)[:, None] + within

    other = np.sqrt(minors_share) * turned + np.sqrt(1 - minors_share) * axes[:, 4:6]
    populations = {"majors": states(3, axes[:, :2]), "fresh": states(N_NEW, turned), "minors": states(N_NEW, other)}
    nothing = {name: np.zeros((*part.shape[:2], 1)) for name, part in populations.items()}
    reference = Reference(span_basis(task_vectors), np.zeros((1, WIDTH)), centre, np.zeros(WIDTH))
    return TaskStates.of(reference, populations, nothing)


@pytest.fixture(scope="module")
def setting():
    return setting_of("dice")


def test_angles_and_shares_are_those_built(setting):
    plain, diverse = side_of_built(setting, built(20)), side_of_built(setting, built(75))
    controls = Controls(untrained=[plain, plain], plain=plain, judge=True)
    angle, minors = analyse_angle(diverse, controls), analyse_directions(diverse, controls)
    rise = angle.statistics["smallest angle"]
    assert rise.value == pytest.approx(55, abs=0.1)
    assert rise.low > 54
    assert minors.statistics["OOD in minors' span"].value == pytest.approx(1, abs=1e-4)
    assert angle.nulls[UNTRAINED]["smallest angle*"].value == 0
    level = minors.nulls["random subspace"]["OOD in minors' span"]
    assert level.value == pytest.approx(N_LEADING / WIDTH, abs=0.05)
    assert (
        angle.nulls["random subspace"]["smallest angle"].low < 0 < angle.nulls["random subspace"]["smallest angle"].high
    )


def test_what_is_shown_of_built_states(setting):
    shown = directions(built(75), setting)
    assert shown.angles["fresh"].largest.value == pytest.approx(75, abs=0.1)
    assert shown.shares["fresh"]["task span"] == pytest.approx(np.cos(np.radians(75)) ** 2, abs=1e-3)
    assert shown.dimension["fresh"].averaged == pytest.approx(2, abs=0.2)
    assert shown.distance.largest > shown.distance.rms > shown.distance.radius / 4


def test_fresh_tasks_elsewhere_than_the_minors_are_seen(setting):
    diverse = side_of_built(setting, built(90, minors_share=0.1))
    found = analyse_directions(diverse, Controls()).statistics
    assert set(found) == {"OOD in minors' span", "OOD in minors' span*"}
    assert found["OOD in minors' span"].high < 0.5


def test_without_the_majors_only_network_nothing_is_compared(setting):
    alone = side_of(setting, n_minors=20)
    for analyse in (analyse_fall, analyse_angle):
        findings = analyse(alone, Controls(judge=True))
        assert (findings.statistics, findings.nulls) == ({}, {})


def test_the_fall_is_of_two_networks_at_the_site_of_the_plain_one(setting):
    plain, diverse, *bare = (side_of(setting, n, seed) for n, seed in ((0, 0), (20, 1), (20, 2), (20, 3)))
    diverse = replace(diverse, observed=replace(diverse.observed, site="post_mlp.0"))
    found = analyse_fall(diverse, Controls(bare, plain=plain, judge=True))
    assert set(found.statistics) == {"R2_OOD ratio", "R2_OOD fall", "R2_OOD* ratio", "R2_OOD* fall"}
    for star, moments, at_random in (("", fresh_moments, random_moments), ("*", rest_moments, random_rest_moments)):
        names = (f"R2_OOD{star} ratio", f"R2_OOD{star} fall")

        def of(one, other, moments=moments, star=star):
            return fall(moments(one.observed), moments(other.observed), "post_mlp.1", setting, star)

        def kept(table, names=names):
            return {name: table[name] for name in names}

        for name, estimate in of(plain, diverse).items():
            wider = found.statistics[name]
            assert wider.value == estimate.value
            assert wider.low < estimate.low <= estimate.high < wider.high
        assert kept(found.nulls["random subspace"]) == of(plain, diverse, at_random)
        assert found.nulls["random subspace"][names[0]].value == pytest.approx(1, abs=0.3)
        pairs = [of(*bare), of(*bare[::-1])]
        assert kept(found.nulls[UNTRAINED]) == ranging({UNTRAINED: pairs})[UNTRAINED]


def test_an_untrained_network_keeps_fresh_tasks_in_the_span_once_the_symbol_is_removed():
    """Dice, width 64, last layer: the symbol fills the states, and without it the average of symbols does."""
    plan = load_preset("minimal").families["dice"]
    wide = plan.network.model_copy(update={"width": 64, "hidden": 256})
    family = build_family("dice", plan.tasks)
    sizes = plan.measurement.model_copy(update={"cell_sequences": 24, "fresh_tasks": 64, "fresh_sequences": 8})
    setting = Setting("dice", family, family.sample_pool(stream(1000, "majors"), 3), 1000, sizes)
    network = Transformer(network_config(family, wide), seed=1000, backend="numpy")
    source = NetworkSource(network, family)
    observed = Observed(source, setting, source.sites[-1])
    plain, rest = (share_inside(of(observed)[observed.site].mean(axis=0)) for of in (fresh_moments, rest_moments))
    assert plain < 0.15
    assert 0.45 < rest < 0.65


def test_removing_the_current_takes_out_what_was_put_in():
    """States that hold nothing but the current symbol have nothing left; others keep all they had."""
    setting = setting_of("dice")
    rng = np.random.default_rng(0)
    captured = side_of(setting).observed.captured
    [site, *_] = captured.fresh
    vectors = rng.normal(size=(4, 16))
    vectors -= vectors.mean(axis=0)
    cells = np.broadcast_to(vectors[:, None], (len(setting.scored), 3, 4, 8, 16))
    fit = setting.current(setting.fit) @ vectors
    fresh = (setting.current(setting.fresh)[:, -1] @ vectors).reshape(captured.fresh[site].shape)
    content = rng.normal(size=fresh.shape)
    built = replace(
        captured, labelled={site: CellStates(cells)}, fit={site: fit}, fresh={site: fresh + content}
    ).without_current()
    np.testing.assert_allclose(built.fresh[site], content, atol=1e-12)
    np.testing.assert_allclose(built.fit[site], 0, atol=1e-12)


@pytest.mark.parametrize("kind", list(SIZES))
def test_every_family_goes_through(kind):
    setting = setting_of(kind)
    sites = task_states(side_of(setting, n_minors=20))
    assert list(sites) == ["post_attention.0", "post_mlp.0", "post_attention.1", "post_mlp.1"]
    states = sites["post_mlp.1"]
    assert {name: len(mean) for name, mean in states.averaged.items()} == {"majors": 3, "fresh": 12, "minors": 12}
    np.testing.assert_allclose(states.averaged["majors"].mean(axis=0), 0, atol=1e-6)
    plain = side_of(setting)
    assert set(task_states(plain)["post_mlp.0"].single) == {"majors", "fresh"}
    shown = describe(plain, Controls(show=True)).shown
    assert set(shown.directions) == set(shown.subspace) == set(sites)
    assert FreshStatesShown.model_validate_json(shown.model_dump_json()) == shown
    assert describe(plain, Controls()).shown is None


def test_references_of_resampled_sequences_scatter_about_the_own_one(setting):
    captured = side_of(setting).observed.captured
    site = list(captured.fresh)[-1]
    own, again = Reference.of(captured, site), Reference.resampled(captured, site)
    centres = np.stack([one.centre for one in again])
    error = captured.fit[site][:, -1].std(axis=0) / np.sqrt(len(setting.fit))
    assert len(again) == 10
    assert (np.abs(centres - own.centre) < 6 * error).all()
    assert (centres.std(axis=0) > 0.2 * error).all()
    assert [np.array_equal(one.span, own.span) for one in again] == [False] * 10
    assert Reference.resampled(replace(captured, setting=setting.without_intervals), site) == []


def test_beside_the_own_reference_shares_are_those_of_the_captured_states(setting):
    captured = side_of(setting).observed.captured
    site = list(captured.fresh)[-1]
    whole, rest = beside(captured, site, Reference.of(captured, site))
    np.testing.assert_allclose(whole[site], moments_on_span(captured)[site], rtol=1e-9)
    np.testing.assert_allclose(rest[site], moments_on_span(captured.without_current())[site], rtol=1e-9)
