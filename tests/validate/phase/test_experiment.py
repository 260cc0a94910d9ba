"""What a map varies, and what its columns share."""

import numpy as np
import pytest
from tiny_map import ARM, AXES, TINY

from validate.experiment.schema import ExperimentError
from validate.phase import load_map, parse_map
from validate.phase.experiment import PRESETS
from validate.training.snapshots import spaced_steps


@pytest.fixture(scope="module")
def full():
    return parse_map(TINY + ARM + AXES, "full")


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_read_back_and_have_three_seeds_unless_quick(preset):
    shipped = load_map(preset)
    assert parse_map(shipped.to_toml(), "again") == shipped
    if preset != "quick":
        assert all(len(plan.seeds) >= 3 for plan in shipped.families.values())
    if preset in ("minimal", "paper"):
        assert shipped.diversities == [2**power for power in range(13 if preset == "paper" else 11)]


def test_columns_of_a_seed_have_the_first_of_the_same_tasks(full):
    columns = [c for c in full.columns() if (c.seed, c.variant) == (0, "base")]
    few, many = (c.plan.mixture for c in columns if c.mixture == "minors")
    np.testing.assert_array_equal(few.majors.parameters, many.majors.parameters)
    np.testing.assert_array_equal(few.minors.parameters, many.minors.parameters[:1])
    assert (few.n_minors, many.n_minors) == (1, 4)
    one, four = (c.plan.mixture for c in columns if c.mixture == "pool")
    assert one.minors is None
    assert four.n_minors == 0
    np.testing.assert_array_equal(one.majors.parameters, four.majors.parameters[:1])
    np.testing.assert_allclose(four.weights, 1 / 4)
    assert len({c.plan.file_name for c in columns}) == len(columns)


def test_weights_of_an_unequal_pool_are_those_of_a_smaller_one_shared_with_the_rest(full):
    """Same tasks as the uniform pool; beside each other two tasks weigh the same in a pool of any size."""
    columns = [c for c in full.of_mixtures(["pool", "unequal"]).columns() if (c.seed, c.variant) == (0, "base")]
    (_, four), (one, unequal) = ([c.plan.mixture for c in columns if c.mixture == m] for m in ("pool", "unequal"))
    np.testing.assert_array_equal(unequal.pool.parameters, four.pool.parameters)
    assert len(set(unequal.weights)) == 4
    assert unequal.weights.sum() == pytest.approx(1)
    np.testing.assert_array_equal(one.weights, [1])
    wider = parse_map(TINY.replace("[1, 4]", "[1, 2, 4]"), "wider").of_mixtures(["unequal"])
    two = next(c.plan.mixture for c in wider.columns() if (c.seed, c.diversity) == (0, 2))
    np.testing.assert_allclose(unequal.weights[:2] / unequal.weights[:2].sum(), two.weights)
    assert len({c.plan.file_name for c in columns}) == len(columns)


def test_a_family_may_have_mixtures_of_its_own():
    text = TINY.replace('"pool"]', '"pool"]\nmixtures_of = { dice = ["unequal"] }')
    own = parse_map(text, "own")
    assert {c.mixture for c in own.columns()} == {"unequal"}
    assert {c.mixture for c in own.of_mixtures(["pool"]).columns()} == {"pool"}
    assert {c.mixture for c in own.joined(parse_map(TINY, "plain")).columns()} == {"minors", "pool", "unequal"}
    with pytest.raises(ExperimentError, match=r"mixtures_of must be of families of the map, dice; got \['markov'\]"):
        parse_map(text.replace("{ dice", "{ markov"), "strange")


def test_arms_and_points_are_columns_too(full):
    variants = {(c.variant, c.mixture) for c in full.columns()}
    assert variants == {
        *((name, kind) for name in ("base", "muon") for kind in ("minors", "pool")),
        ("overlap=0.5", "minors"),
        ("minor_mass=0.6", "minors"),
    }
    muon = next(c for c in full.columns() if c.variant == "muon")
    assert muon.plan.training.optimizer == "muon"
    assert (muon.looked_at[-1], muon.seed) == (10, 0)
    near = next(c for c in full.columns() if c.variant == "overlap=0.5" and c.seed == 0)
    base = full.columns()[0]
    majors = base.plan.mixture.majors.parameters
    np.testing.assert_allclose(near.plan.mixture.majors.parameters, (majors + majors.mean(axis=0)) / 2)
    heavy = [c for c in full.columns() if c.variant == "minor_mass=0.6"][-1]
    assert heavy.plan.mixture.weights[-1] == pytest.approx(0.6 / 4)


def test_another_layout_reads_the_same_sequences():
    laid = parse_map(TINY.replace("looks = 3", 'looks = 3\nlayouts = ["separated"]'), "laid")
    one, other = (next(c for c in laid.columns() if c.variant == name) for name in ("base", "layout=separated"))
    np.testing.assert_array_equal(one.plan.batch(3).symbols, other.plan.batch(3).symbols)
    assert (one.plan.config.length, other.plan.config.length) == (9, 18)
    assert (one.home, other.home) == ("", "points/layout=separated")
    assert {c.mixture for c in laid.columns() if c.variant == "layout=separated"} == {"minors"}


def test_one_design_of_a_map_is_a_map(full):
    assert {c.mixture for c in full.of_mixtures(["pool"]).columns()} == {"pool"}
    assert full.of_mixtures(["pool"]).name == "tiny-map.pool"
    assert full.of_mixtures([]) == full.of_mixtures(["pool", "minors"]) == full
    with pytest.raises(ExperimentError, match="mixture must be one of minors, pool, unequal; got 'lake'"):
        full.of_mixtures(["lake"])


def test_steps_are_even_in_log_and_end_with_the_last():
    steps = spaced_steps(2500, 20)
    assert (steps[0], steps[-1], len(steps)) == (8, 2500, 20)
    ratios = np.diff(np.log(steps))
    assert np.ptp(ratios[5:]) < 0.05
    assert spaced_steps(4, 20)[-1] == 4


def test_a_map_grows_by_seeds_columns_arms_and_mixtures(full):
    plain = parse_map(TINY.replace('["minors", "pool"]', '["minors"]'), "plain")
    more = parse_map(
        TINY.replace("[0, 1]", "[1, 2]").replace("[1, 4]", "[1, 8]").replace("minors = 4", "minors = 8"), "m"
    )
    both = plain.joined(more)
    assert (both.diversities, both.mixtures) == ([1, 4, 8], ["minors", "pool"])
    assert both.families["dice"].seeds == [0, 1, 2]
    assert full.joined(full) == full
    assert plain.joined(full) == full.model_copy(update={"name": plain.name})
    names = {c.plan.file_name for c in both.columns()}
    assert {c.plan.file_name for c in (*plain.columns(), *more.columns())} <= names


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("steps = 20", "steps = 40", "steps is 20 in the folder, and asked for is 40"),
        ("looks = 3", "looks = 4", "tiny-map has 3 looks and tiny-map 4"),
        ("width = 8", "width = 4", "network is"),
    ],
)
def test_other_networks_are_no_part_of_a_map(old, new, sentence):
    with pytest.raises(ExperimentError, match=sentence):
        parse_map(TINY, "one").joined(parse_map(TINY.replace(old, new), "other"))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("diversities = [1, 4]", "diversities = [4, 1]", "diversities must be different numbers in ascending order"),
        (
            "diversities = [1, 4]",
            "diversities = [1, 8]",
            r"a map needs one design, with as many minors .* got minors \[4\]",
        ),
        ("looks = 3", "looks = 3\nfew = [1, 2]", r"few must be among the diversities \[1, 4\]; got \[1, 2\]"),
        ("looks = 3", "looks = 3\nfew = [4]", "few must be two or more diversities"),
        ("looks = 3", "look = 3", "look is not a key of an experiment"),
        ('"pool"]', '"lake"]', "mixtures.1: Input should be 'minors', 'pool' or 'unequal'"),
    ],
)
def test_what_is_wrong_is_one_sentence(old, new, sentence):
    with pytest.raises(ExperimentError, match=sentence) as caught:
        parse_map(TINY.replace(old, new), "file.toml")
    assert str(caught.value).startswith("file.toml")
    assert "\n" not in str(caught.value)


def test_minors_are_no_axis_of_a_map():
    with pytest.raises(ExperimentError, match="minors is not an axis of a map"):
        parse_map(TINY + "[axes]\nminors = [1, 2]\n", "file")
    with pytest.raises(ExperimentError, match="preset must be one of quick, minimal, paper, neighbours, axes"):
        load_map("large")
