"""What resuming networks keep has a bounded size and changes no number."""

import gc

import numpy as np
import pytest

from model import Transformer, TransformerConfig
from validate.capture.resuming import Memory, ResumingNetwork

CONFIG = TransformerConfig(layers=2, width=8, heads=2, hidden=16, inputs=5, outputs=5, length=12, input_kind="tokens")


def test_what_was_not_asked_for_the_longest_is_forgotten_first():
    memory = Memory(most_bytes=100)
    for name in ("a", "b"):
        memory.keep(name, name.upper(), 40)
    assert memory.get("a") == "A"
    memory.keep("c", "C", 40)
    assert (memory.get("a"), memory.get("b"), memory.get("c")) == ("A", None, "C")
    memory.keep("d", "D", 1000)  # larger than all there is room for: kept, and nothing beside it
    assert (memory.get("d"), memory.get("a"), memory.n_bytes) == ("D", None, 1000)
    memory.keep("d", "E", 10)
    assert (memory.get("d"), memory.n_bytes) == ("E", 10)


@pytest.mark.parametrize("most_bytes", [1, 1 << 30])
def test_memory_changes_no_bit(most_bytes):
    network, memory = Transformer(CONFIG, seed=0, threads=1), Memory(most_bytes)
    rng = np.random.default_rng(0)
    resuming = [ResumingNetwork(network, memory) for _ in range(2)]
    batches = [rng.integers(5, size=(3, 12)) for _ in range(3)]
    for _ in range(2):
        for inputs in batches:
            for one in resuming:
                edit = {"post_mlp.0": lambda states: 2 * states}
                assert np.array_equal(one.forward(inputs, edit=edit)[0], network.forward(inputs, edit=edit)[0])
                state = rng.standard_normal((3, 8)).astype(np.float32)
                first = one.replaced(inputs, 7, "post_attention.1", state)
                assert np.array_equal(first, one.replaced(inputs, 7, "post_attention.1", state))
    assert memory.n_bytes <= max(most_bytes, 3 * 12 * 8 * 4 * 4)


def test_a_network_that_is_gone_keeps_nothing():
    memory = Memory()
    resuming = ResumingNetwork(Transformer(CONFIG, seed=0, threads=1), memory)
    resuming.replaced(np.zeros((3, 12), int), 7, "post_mlp.0", np.zeros((3, 8), np.float32))
    resuming.forward(np.zeros((3, 12), int), capture=("post_mlp.0",))
    assert memory.n_bytes > 0
    del resuming
    gc.collect()
    assert memory.n_bytes == 0
