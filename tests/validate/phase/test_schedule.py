"""How busy workers are: a schedule simulated from processor times that were measured.

Dask gives the next task that is ready, urgent ones first and otherwise in their order, to a worker as it gets free.
"""

import heapq
from itertools import count
from pathlib import Path

import pytest

from validate.phase import load_map
from validate.phase.run import tasks_of_map

SECONDS = {"train": 21.0, "look": 7.0}
"""Processor seconds of a column of the map `minimal` with dice: 2500 updates, and 20 looks."""


@pytest.fixture(scope="module")
def tasks():
    return tasks_of_map(load_map("minimal").columns(), Path("map"))[0]


def duration(task):
    if task.urgent:
        return SECONDS["look"]
    plan, _, _ = task.arguments
    return SECONDS["train"] * plan.steps / 2500


def makespan(tasks, n_workers):
    """Return the time at which the last task ends."""
    order, waiting, ready, running, done, now = count(), list(tasks), [], [], set(), 0.0
    while waiting or ready or running:
        for task in [task for task in waiting if done.issuperset(task.after)]:
            waiting.remove(task)
            heapq.heappush(ready, (not task.urgent, next(order), task))
        while ready and len(running) < n_workers:
            task = heapq.heappop(ready)[-1]
            heapq.heappush(running, (now + duration(task), task.name))
        now, name = heapq.heappop(running)
        done.add(name)
    return now


@pytest.mark.parametrize(("n_workers", "least"), [(1, 1.0), (2, 0.97), (64, 0.85)])
def test_workers_are_busy(tasks, n_workers, least):
    work = sum(map(duration, tasks))
    assert work / (n_workers * makespan(tasks, n_workers)) >= least - 1e-9


def test_the_dearest_networks_come_first(tasks):
    costs = [duration(task) for task in tasks if not task.urgent]
    assert costs == sorted(costs, reverse=True)
