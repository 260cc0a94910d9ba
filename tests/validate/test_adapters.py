"""Adapters say what their networks hold, change it, and are judged; each is tried where its library is installed."""

import numpy as np
import pytest
from test_judge import DIVERSE, experiment_of

import validate
from validate.own_states.arrays import as_array
from validate.own_states.network import outside

torch = pytest.importorskip("torch")
SITES = ("blocks.0", "blocks.1", "blocks.2")


def small(seed, dtype=torch.float64):
    """Return a network of three layers: averages of what was read, a layer on top, added up."""

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(8, 8)

        def forward(self, x):
            average = x.cumsum(dim=1) / torch.arange(1, 1 + x.shape[1])[:, None]
            return x + self.layer(average).tanh(), None  # a tuple, as blocks of some libraries return

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.head = torch.nn.Embedding(3, 8), torch.nn.Linear(8, 3)
            self.blocks = torch.nn.ModuleList(Block() for _ in SITES)

        def forward(self, inputs):
            x = self.embed(inputs)
            for block in self.blocks:
                x = block(x)[0]
            return self.head(x)

    torch.manual_seed(seed)
    return Network().to(dtype)


def hooked(network):
    from validate.own_states.adapters.pytorch import Hooked

    return Hooked(network, dict(zip(SITES, network.blocks, strict=True)))


INPUTS = np.random.default_rng(0).integers(3, size=(5, 9))


def test_hooks_hold_and_change_what_the_modules_give():
    network, turn = small(0), np.random.default_rng(1).standard_normal((5, 9, 8))
    source = hooked(network)
    outputs, states = source(INPUTS)
    assert list(states) == list(SITES)
    with torch.no_grad():
        x = network.embed(torch.from_numpy(INPUTS))
        for site, block in zip(SITES, network.blocks, strict=True):
            x = block(x)[0]
            torch.testing.assert_close(states[site], x)
        torch.testing.assert_close(outputs, network.head(x))
        changed = source.run(INPUTS, {"blocks.1": lambda own: own + torch.from_numpy(turn)})[0]
        x = network.blocks[2](states["blocks.1"] + torch.from_numpy(turn))[0]
        torch.testing.assert_close(changed, network.head(x))
    again = source(INPUTS)[0]
    torch.testing.assert_close(again, outputs)  # no hook is left behind


def test_gradients_are_those_of_the_loss():
    experiment = experiment_of("dice")
    family = experiment.family("dice")
    rng = np.random.default_rng(3)
    arrays = family.encode(family.sample(rng, family.sample_pool(rng, 2), 5))
    network = outside("it", hooked(small(0)), arrays.positions, arrays.inputs)
    turn, step = rng.standard_normal((*arrays.inputs.shape, 8)), 1e-5
    _, gradient = network.gradient_at("blocks.1", arrays)
    up, down = (
        network.gradient_at("blocks.1", arrays, {"blocks.1": lambda own, side=side: own + side * step * turn})[0]
        for side in (1, -1)
    )
    assert (gradient * turn).sum() == pytest.approx((up - down) / (2 * step), rel=1e-6)


def test_a_network_in_pytorch_is_judged_in_every_way():
    trained = {design: hooked(small(seed)) for seed, design in enumerate(("minors=0", DIVERSE))}
    results = validate.judge(experiment_of("dice", causal=True), "dice", 0, trained, [hooked(small(2))])
    rows = {(row.claim, row.design): row for row in results.claims}
    for name in ("P0", "steering", "history", "V carries"):
        assert any(np.isfinite(row.measured) for (claim, _), row in rows.items() if claim == name), name
    assert not any("the network itself" in sentence for sentence in results.left_out)


def test_nnsight_holds_and_changes_the_same():
    nnsight = pytest.importorskip("nnsight")
    from validate.own_states.adapters.nnsight import Traced

    network = small(0)
    for block in network.blocks:  # a trace sees what a module returns, and this one is to return states alone
        block.forward = lambda x, own=block.forward: own(x)[0]
    network.forward = lambda inputs: network.head(
        network.blocks[2](network.blocks[1](network.blocks[0](network.embed(inputs))))
    )
    envoy = nnsight.NNsight(network)
    source = Traced(envoy, dict(zip(SITES, envoy.blocks, strict=True)))
    for edit in ({}, {"blocks.1": lambda own: 2 * own + 1}):
        mine, theirs = source.run(INPUTS, edit), hooked(network).run(INPUTS, edit)
        torch.testing.assert_close(mine[0], theirs[0])
        for site in SITES:
            torch.testing.assert_close(mine[1][site], theirs[1][site])


def test_transformer_lens_holds_and_changes_what_its_hook_points_see():
    sources = pytest.importorskip("transformer_lens.model_bridge.sources")
    from validate.own_states.adapters.transformer_lens import Cached

    sizes = {"n_layers": 3, "d_model": 8, "n_ctx": 12, "d_head": 4, "n_heads": 2, "d_mlp": 16, "d_vocab": 3}
    further = {"act_fn": "gelu", "normalization_type": "LN"}
    network = sources.boot_native({**sizes, **further})
    sites = [f"blocks.{layer}.hook_resid_post" for layer in range(3)]
    source = Cached(network, sites)
    outputs, states = source(INPUTS)
    with torch.no_grad():
        torch.testing.assert_close(outputs, network(torch.from_numpy(INPUTS)))
    assert [as_array(states[site]).shape for site in sites] == [(5, 9, 8)] * 3
    same, _ = source.run(INPUTS, {sites[1]: lambda own: own.clone()})
    torch.testing.assert_close(same, outputs)
    alike, _ = source.run(INPUTS, {sites[2]: lambda own: own[:1].expand_as(own)})
    torch.testing.assert_close(alike, outputs[:1].expand_as(outputs))
    results = validate.judge(
        experiment_of("dice", causal=True), "dice", 0, {"minors=0": source}, [hooked_like(sites, 4)]
    )
    assert any(np.isfinite(row.measured) for row in results.claims if row.claim == "steering")


def hooked_like(sites, seed):
    """Return another network whose sites have these names."""
    network = small(seed)
    source = hooked(network)
    source.sites = dict(zip(sites, network.blocks, strict=True))
    return source
