"""Selections: smaller or other experiments, with names of their own, and unknown names listed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import TOML

from validate.experiment.schema import ExperimentError, parse_experiment
from validate.experiment.selection import parse_seeds, select

MARKOV = TOML.partition("[families.dice]")[2].replace("families.dice", "families.markov").replace("faces", "states")
BOTH = TOML + "[families.markov]" + MARKOV


@pytest.fixture(scope="module")
def experiment():
    return parse_experiment(BOTH, "both")


def test_a_selection_that_changes_nothing_is_the_experiment(experiment):
    assert select(experiment) == experiment
    assert select(experiment, ["markov", "dice"], [0]) == experiment


def test_a_selection_is_an_experiment_with_its_own_name(experiment):
    chosen = select(experiment, ["markov"], [0, 4])
    assert chosen.name == "tiny.markov.seeds-0-4"
    assert list(chosen.families) == ["markov"]
    assert chosen.families["markov"].seeds == [0, 4]
    assert parse_experiment(chosen.to_toml(), "again") == chosen
    assert select(experiment, ["dice"]).name == "tiny.dice"
    assert select(experiment, [], [1]).name == "tiny.seeds-1"
    assert select(experiment, ["dice"]).families["dice"] == experiment.families["dice"]


@given(st.sets(st.integers(0, 2**31 - 1), min_size=1, max_size=5), st.randoms())
def test_seeds_are_read_in_any_order_and_grouping(seeds, random):
    written = [str(seed) for seed in [*seeds, *seeds]]
    random.shuffle(written)
    cut = random.randint(0, len(written) - 1)
    texts = [",".join(part) for part in (written[:cut], written[cut:]) if part]
    assert parse_seeds(texts) == sorted(seeds)


@pytest.mark.parametrize("text", ["", "a", "1,", "-1", "1.5", "2147483648", "1-3", "²"])
def test_other_seeds_are_refused(text):
    with pytest.raises(ExperimentError, match="seeds must be whole numbers"):
        parse_seeds([text])


def test_unknown_names_are_answered_with_what_there_is(experiment):
    with pytest.raises(ExperimentError, match=r"family must be one of dice, markov; got 'die'"):
        select(experiment, ["dice", "die"])
