"""Rivals against counts and averages made by hand."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import CASES, regression_cases, symbol_families


@symbol_families
@given(data=st.data())
def test_symbol_rivals_count_what_was_seen(kind, data):
    case = data.draw(CASES[kind])
    rivals, n_symbols = case.family.rivals(case.batch), case.family.n_symbols
    assert list(rivals) == ["unigram", "bigram"]
    for sequence, row in enumerate(case.batch.symbols):
        symbols = row.tolist()
        for t in range(len(symbols)):
            seen = symbols[:t]
            after = [b for a, b in pairwise(seen) if a == symbols[t - 1]]
            for v in range(n_symbols):
                unigram, bigram = (rivals[name][sequence, t, v] for name in rivals)
                assert math.isclose(unigram, (seen.count(v) + 0.5) / (t + n_symbols / 2))
                assert math.isclose(bigram, (after.count(v) + 0.5) / (len(after) + n_symbols / 2))


@given(regression_cases())
def test_number_rivals_average_what_was_seen(case):
    rivals, (_, x, y) = case.family.rivals(case.batch), (case.batch.tasks, case.batch.x, case.batch.y)
    assert list(rivals) == ["running mean", "averaging"]
    for sequence in range(len(y)):
        assert not any(rivals[name][sequence, 0].any() for name in rivals)
        for t in range(1, y.shape[1]):
            seen = y[sequence, :t]
            assert rivals["running mean"][sequence, t, 0] == pytest.approx(sum(seen) / t, abs=1e-12)
            coefficients = sum(y_j * x_j for x_j, y_j in zip(x[sequence], seen, strict=False)) / t
            assert rivals["averaging"][sequence, t, 0] == pytest.approx(np.dot(coefficients, x[sequence, t]), abs=1e-11)
