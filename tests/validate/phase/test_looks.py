"""What a look says of predictions whose place between the poles is known."""

import numpy as np
import pytest
from tiny import TASKS
from tiny_map import TINY

from model import Transformer
from validate.phase import parse_map
from validate.phase.looks import GRID, Scene

KINDS = {kind: TASKS[kind] for kind in ("dice", "markov", "regression")}


def scene_of(kind, mixture):
    text = TINY.replace("families.dice", f"families.{kind}").replace(TASKS["dice"], KINDS[kind])
    columns = parse_map(text, kind).of_mixtures([mixture]).columns()
    return Scene(next(c for c in columns if (c.mixture, c.diversity) == (mixture, 4)))


@pytest.mark.parametrize("mixture", ["minors", "pool", "unequal"])
@pytest.mark.parametrize("kind", KINDS)
def test_mixes_of_the_poles_are_placed_where_they_are(kind, mixture):
    scene = scene_of(kind, mixture)
    for population in ("training", "fresh"):
        first, second = scene.pair(population)
        for weight in (0.0, 0.3, 1.0):
            found = scene.mix((1 - weight) * first + weight * second, population)
            assert found.weight == pytest.approx(weight, abs=1e-3)
            assert found.distance == pytest.approx(0, abs=1e-8)
            place = round(10 * weight)
            assert found.grid[place] == pytest.approx(0, abs=1e-12)
            assert np.argmin(found.grid) == place
            assert scene.poles(population).relative[place] == pytest.approx(found.relative)
        assert scene.relative(first, population) == pytest.approx(1)
        assert scene.relative(second, population) == pytest.approx(0)
        assert scene.poles(population).apart == pytest.approx(scene.mix(second, population).grid[0])
    best = scene.loss(scene.pair("training")[0], "training").mean()
    assert best < scene.loss(scene.pair("training")[1], "training").mean() + 0.5
    assert len(GRID) == 11


def test_orders_are_those_of_markov_chains_alone():
    chains, dice = scene_of("markov", "pool"), scene_of("dice", "pool")
    assert dice.orders == {}
    assert list(chains.orders) == ["unigram retrieval", "unigram inference", "bigram retrieval", "bigram inference"]
    arena = chains.arenas["training"]
    symbols = arena.batch.symbols
    counts = np.stack([np.cumsum(symbols == v, axis=1) for v in range(2)], axis=-1)[:, :-1]
    np.testing.assert_allclose(chains.orders["unigram inference"], (counts + 1) / (counts.sum(-1, keepdims=True) + 2))


def test_a_look_at_a_network_holds_every_number():
    scene = scene_of("markov", "minors")
    network = Transformer(scene.column.plan.config, seed=1, threads=1)
    look = scene.look(network, 7)
    assert look.step == 7
    assert set(look.phase) == set(look.loss) == {"training", "majors", "minors", "fresh"}
    for population, to in look.distance.items():
        assert look.phase[population] == pytest.approx(np.log10(to["M1"] / to["M2"]))
    assert np.mean(look.fresh_halves) == pytest.approx(look.loss["fresh"])
    assert list(look.inside) == list(look.inside_starred)
    assert {"post_mlp.0", "post_mlp.1"} <= set(look.inside)
    assert all(0 <= value <= 1 for value in (*look.inside.values(), *look.inside_starred.values()))
    assert look.orders["bigram retrieval"] == pytest.approx(look.distance["training"]["M1"])
    assert look.skill < 1


def test_a_pool_of_one_task_has_no_skill():
    columns = parse_map(TINY, "dice").columns()
    scene = Scene(next(c for c in columns if (c.mixture, c.diversity) == ("pool", 1)))
    assert np.isnan(scene.skill(scene.pair("training")[0]))
