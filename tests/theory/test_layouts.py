"""Layouts: the arrays hold the batch and nothing else, and each target is predicted from what is seen before it."""

from dataclasses import fields, replace

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import CASES, SMALL, every_family

from theory import RegressionBatch, SymbolBatch, stream

LAYOUTS = ("plain", "separated")
every_layout = pytest.mark.parametrize("layout", LAYOUTS)


def draw_case(data, kind, layout):
    """A family in a layout and a batch of it; numbers are float32, which is what a transformer reads."""
    case = data.draw(CASES[kind])
    return replace(case.family, layout=layout), case.batch


def read(family, inputs):
    """What one row of inputs says, item by item: ("symbol", s), ("x", x), ("y", y) or ("separator",)."""
    if family.target_kind == "symbol":
        return [("symbol", int(item)) if item < family.n_symbols else ("separator",) for item in inputs]
    items, names = [], ("x", "y") if family.layout == "plain" else ("x", "separator", "y")
    for position, vector in enumerate(inputs):
        name = names[position % len(names)]
        y, x, rest = vector[0], vector[1 : family.dimension + 1], vector[family.dimension + 1 :]
        assert name == "y" or y == 0
        assert name == "x" or not x.any()
        assert rest.tolist() == ([] if family.layout == "plain" else [float(name == "separator")])
        items.append({"x": ("x", *x.tolist()), "y": ("y", float(y)), "separator": ("separator",)}[name])
    return items


def before(family, batch, sequence, target):
    """What is seen before a target, as items, the separator last."""
    separator = [("separator",)] if family.layout == "separated" else []
    if isinstance(batch, SymbolBatch):
        return [item for s in batch.symbols[sequence, :target] for item in [("symbol", int(s)), *separator]]
    items = []
    for x, y in zip(batch.x[sequence, : target + 1], batch.y[sequence, : target + 1], strict=True):
        items += [("x", *x.tolist()), *separator, ("y", float(y))]
    return items[:-1]


@every_layout
@every_family
@given(data=st.data())
def test_inputs_up_to_a_position_are_what_is_seen_before_its_target(kind, layout, data):
    family, batch = draw_case(data, kind, layout)
    inputs, targets, positions = family.encode(batch)
    n_targets = family.targets(batch).shape[1]
    outcomes = batch.symbols if isinstance(batch, SymbolBatch) else batch.y
    assert len(targets) == len(batch)
    assert targets.shape[1] == len(positions)
    for i, position in enumerate(positions):
        target = n_targets - len(positions) + i
        np.testing.assert_array_equal(targets[:, i], outcomes[:, target])
        for sequence in range(len(batch)):
            assert read(family, inputs[sequence, : position + 1]) == before(family, batch, sequence, target)


@every_layout
@every_family
@given(data=st.data())
def test_arrays_decode_to_the_batch(kind, layout, data):
    family, batch = draw_case(data, kind, layout)
    inputs, targets, _ = family.encode(batch)
    for sequence in range(len(batch)):
        items = [item for item in read(family, inputs[sequence]) if item != ("separator",)]
        if isinstance(batch, SymbolBatch):
            decoded = [symbol for _, symbol in items] + [int(targets[sequence, -1])]
            assert decoded == batch.symbols[sequence].tolist()
        else:
            assert [list(item[1:]) for item in items[::2]] == batch.x[sequence].tolist()
            assert [y for _, y in items[1::2]] == batch.y[sequence].tolist() == targets[sequence].tolist()


@every_layout
@every_family
@given(data=st.data())
def test_a_predictor_that_reads_up_to_a_position_predicts_the_target(kind, layout, data):
    """An exact predictor on the decoded prefix says what the family says of the whole batch."""
    family, batch = draw_case(data, kind, layout)
    inputs, _, positions = family.encode(batch)
    whole, task = family.fresh_mean(batch)[0], np.zeros(1, np.int64)
    for i, position in enumerate(positions):
        items = [item for item in read(family, inputs[0, : position + 1]) if item != ("separator",)]
        if isinstance(batch, SymbolBatch):
            # A target is not seen, whatever it is.
            prefix = SymbolBatch(task, np.array([[symbol for _, symbol in items] + [0]]))
        else:
            x, y = [list(item[1:]) for item in items[::2]], [item[1] for item in items[1::2]] + [0.0]
            prefix = RegressionBatch(task, np.array([x]), np.array([y]))
        expected = whole[len(whole) - len(positions) + i]
        np.testing.assert_allclose(family.fresh_mean(prefix)[0, -1], expected, rtol=1e-10, atol=1e-12)


@every_layout
@every_family
@given(data=st.data())
def test_shorter_sequences_are_the_first_part_of_longer_ones(kind, layout, data):
    family, batch = draw_case(data, kind, layout)
    whole = family.encode(batch)
    n_targets = data.draw(st.integers(1, family.targets(batch).shape[1]))
    seen = {field.name: getattr(batch, field.name)[:, :n_targets] for field in fields(batch) if field.name != "tasks"}
    part = family.encode(type(batch)(batch.tasks, **seen))
    np.testing.assert_array_equal(part.inputs, whole.inputs[:, : part.inputs.shape[1]])
    np.testing.assert_array_equal(part.targets, whole.targets[:, : part.targets.shape[1]])
    np.testing.assert_array_equal(part.positions, whole.positions[: len(part.positions)])


@every_layout
@every_family
def test_a_whole_sequence_has_the_stated_size(kind, layout):
    family, rng = replace(SMALL[kind], layout=layout), stream(0, "sizes")
    inputs, _, positions = family.encode(family.sample(rng, family.sample_pool(rng, 2), 50))
    assert inputs.shape[1] == family.n_positions > positions[-1]
    stated = inputs.max() + 1 if family.target_kind == "symbol" else inputs.shape[2]
    assert family.n_inputs == stated


@every_family
@given(data=st.data())
def test_nothing_bayesian_depends_on_the_layout(kind, data):
    plain, batch = draw_case(data, kind, "plain")
    separated, pool = replace(plain, layout="separated"), plain.sample_pool(stream(0, "pool"), 3)
    for name in ("fresh_mean", "log_evidence", "current", "running_average", "running_statistics", "targets"):
        np.testing.assert_array_equal(getattr(plain, name)(batch), getattr(separated, name)(batch))
    np.testing.assert_array_equal(plain.log_likelihood(pool, batch), separated.log_likelihood(pool, batch))


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="where annotations are checked they refuse another type first")
@every_family
def test_no_other_layout_exists(kind):
    with pytest.raises(ValueError, match="layout must be 'plain' or 'separated'; got 'dense'"):
        replace(SMALL[kind], layout="dense")
