"""Tasks are done after those they wait for, here or by workers, and several runs share a machine."""

import os
import warnings

import numpy as np
import pytest

from validate.runs.environment import peak_memory_bytes
from validate.runs.scheduler import ALLOCATION, SchedulerError, Task, carry_out, n_workers, workers


def doubled(value):
    return 2 * value


def failing(value):
    raise ValueError(f"no {value}")


def tasks(function=doubled):
    return [Task("one", function, (1,)), Task("two", doubled, (2,), after=("one",), urgent=True)]


def test_two_runs_at_a_time_do_the_same_as_this_process():
    """Warnings are errors: a cluster beside another says nothing of ports."""
    with warnings.catch_warnings(), workers(count=1) as client, workers(count=1) as other:
        warnings.simplefilter("error")
        assert n_workers(client) == n_workers(other) == 1
        assert (
            carry_out(tasks(), client) == carry_out(tasks(), other) == carry_out(tasks(), None) == {"one": 2, "two": 4}
        )
        for where in (client, None):
            with pytest.raises(ValueError, match="no 1"):
                carry_out(tasks(failing), where)


def test_without_workers_there_is_no_cluster():
    with workers(count=0) as client:
        assert client is None
        assert n_workers(client) == 1


def test_a_scheduler_that_is_not_there_is_one_sentence():
    with (
        pytest.raises(SchedulerError, match=r"^there is no Dask scheduler at gopher://here:1"),
        workers("gopher://here:1"),
    ):
        pass


def test_workers_keep_freed_memory():
    """Dask's default gives large arrays back at once, and measuring then spends a third of its time on pages."""
    with workers(count=1) as client:
        seen = client.run(lambda: {name: os.environ.get(name) for name in ALLOCATION})
    assert list(seen.values()) == [ALLOCATION]


def fill(megabytes):
    return np.ones(megabytes << 20, dtype=np.uint8).nbytes


def test_the_largest_process_may_be_a_worker():
    with workers(count=1) as client:
        [before] = client.run(peak_memory_bytes).values()
        filled = client.submit(fill, 64 + (before >> 20)).result()  # what a process is born with counts as its own
        [after] = client.run(peak_memory_bytes).values()
        assert after > filled > before
        assert peak_memory_bytes(client) == max(peak_memory_bytes(), after)
