"""Tests measure as a run does: with one BLAS thread. Their small matrices are only slowed down by more."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="module")
def _one_blas_thread():
    with threadpool_limits(1, user_api="blas"):
        yield
