"""The contest recognises each candidate, and a rival never passes for a mode."""

import pytest
from contestants import FAMILIES, arenas_of, side_of

from validate.claims.base import UNTRAINED, Controls, ranging
from validate.claims.modes import ModesShown, analyse


@pytest.fixture(scope="module", params=list(FAMILIES))
def arenas(request):
    return arenas_of(request.param)


@pytest.mark.parametrize("weights", [{"M1": 1.0}, {"M2": 1.0}, {"M1": 0.5, "M2": 0.5}], ids=["M1", "M2", "both"])
def test_the_modes_are_recognised(arenas, weights):
    found = analyse(side_of(arenas, weights), Controls(judge=True, show=True))
    assert found.statistics["mode weight"].low > 0.95
    assert found.statistics["mode weight OOD"].value > 0.95
    shown = found.shown.populations
    if len(weights) == 1:
        assert found.statistics["two modes"].low > 1 - 1e-4
        (name,) = weights
        assert shown["training"].weights[name] > 0.95
        assert shown["training"].distance[name].mean.value == pytest.approx(0, abs=1e-5)
    assert shown["training"].mixture.value < 1e-4
    assert found.nulls["M1 and M2 of other tasks"]["two modes"].high < 0.5
    assert set(shown) == {"training", "majors", "minors", "fresh"}


def test_rivals_lose(arenas):
    for name in (*arenas.mixture.family.rivals(arenas.populations["training"].batch), "prior predictive"):
        found = analyse(side_of(arenas, {name: 1.0}), Controls())
        assert found.statistics["two modes"].value == pytest.approx(-1, abs=1e-4), name
        assert found.statistics["mode weight"].high < 0.05, name
        assert (found.nulls, found.shown) == ({}, None)


def test_untrained_networks_stand_before_the_same_candidates():
    arenas = arenas_of("dice")
    bare = [side_of(arenas, {"prior predictive": 1.0}), side_of(arenas, {"M1": 1.0})]
    found = analyse(side_of(arenas, {"M2": 1.0}), Controls(untrained=bare))
    assert found.nulls == ranging({UNTRAINED: [analyse(other, Controls()).statistics for other in bare]})


def test_what_is_shown_reads_back_equal():
    found = analyse(side_of(arenas_of("dice", n_sequences=16), {"M1": 1.0}), Controls(show=True)).shown
    assert ModesShown.model_validate_json(found.model_dump_json()) == found
    loss = found.populations["training"].loss
    assert loss["network"] == loss["M1"]
