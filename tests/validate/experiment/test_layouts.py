"""Both layouts of a family beside each other: names, the same tasks and sequences, and rows that tell them apart."""

import numpy as np
import pytest
from tiny import TOML, tiny_subjects, tiny_toml

from theory import FAMILIES, kind_of, layout_of, name_with_layout, title_of
from validate.claims.catalogue import judged_claims, primary_claims, questions_for
from validate.experiment.network_plan import network_plans
from validate.experiment.schema import ExperimentError, load_preset, parse_experiment
from validate.experiment.seed_plan import SeedPlan
from validate.judging.examination import examine
from validate.judging.verdicts import claim_rows

BOTH = TOML + TOML.replace('name = "tiny"\n', "").replace("families.dice", "families.dice-separated")


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_name_says_family_and_layout(kind):
    for name, layout in ((kind, "plain"), (f"{kind}-separated", "separated")):
        assert (kind_of(name), layout_of(name)) == (kind, layout)
        assert name_with_layout(FAMILIES[kind](layout=layout)) == name
        assert title_of(name).startswith(FAMILIES[kind].title)
        assert [question.name for question in questions_for(name)] == [q.name for q in questions_for(kind)]
        assert primary_claims(name) == primary_claims(kind)
    assert title_of(kind) != title_of(f"{kind}-separated")


def test_an_unknown_family_is_refused_in_any_layout():
    for name in ("dize", "dize-separated", "dice-apart"):
        with pytest.raises(ExperimentError, match=r"families must be among .*dice.*; got"):
            parse_experiment(TOML.replace("families.dice", f"families.{name}"), "typo")


def test_both_layouts_are_of_the_same_tasks_and_sequences():
    experiment = parse_experiment(BOTH, "both")
    plain, separated = (SeedPlan.of(experiment, name, 0) for name in ("dice", "dice-separated"))
    assert (plain.section, separated.section) == ("dice", "dice-separated")
    np.testing.assert_array_equal(plain.setting.majors.parameters, separated.setting.majors.parameters)
    np.testing.assert_array_equal(plain.setting.score.symbols, separated.setting.score.symbols)
    np.testing.assert_array_equal(plain.setting.posterior, separated.setting.posterior)
    assert plain.family.encode(plain.setting.score).inputs.shape[1] * 2 == experiment.network("dice-separated").length
    names = [plan.file_name for plan in network_plans(experiment)]
    assert len(set(names)) == len(names)
    assert {plan.identity["family"] for plan in network_plans(experiment)} == {"dice", "dice-separated"}
    assert judged_claims(experiment) == judged_claims(parse_experiment(TOML, "plain"))


@pytest.mark.parametrize("kind", ["dice", "regression"])
def test_separated_states_are_measured_and_their_rows_say_so(kind):
    name = f"{kind}-separated"
    text = tiny_toml(kind).replace(f"families.{kind}", f"families.{name}")
    plan = SeedPlan.of(parse_experiment(text, "separated"), name, 0)
    found = examine(tiny_subjects(plan))
    assert {network.family for network in (*found.networks, *found.untrained)} == {name}
    rows = claim_rows(name, [found.outcome], plan.designs, plan.setting.late[-1])
    assert {row.family for row in rows} == {name}
    assert {row.claim for row in rows if row.primary} == {claim for claim, _ in primary_claims(kind)}
    assert all(np.isfinite(row.measured) for row in rows if row.claim in ("P0", "P0*", "P2"))


def test_minimal_has_dice_in_both_layouts():
    """The same but for the layout, with fewer seeds and without the second optimizer."""
    plain, separated = (load_preset("minimal").families[name].model_dump() for name in ("dice", "dice-separated"))
    assert separated.pop("arms") == []
    plain.pop("arms")
    assert len(separated["seeds"]) >= 3
    assert set(separated.pop("seeds")) <= set(plain.pop("seeds"))
    assert plain == separated
