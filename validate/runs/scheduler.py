"""Work as tasks on Dask: what is to be done, after what, and by whom.

A task is a function of its arguments alone and leaves what it makes in the run folder, so any number of workers makes
the same bits. A worker that is killed costs its task what came after the last checkpoint: the scheduler gives the task
to another worker, which goes on from there. Workers of an existing scheduler must see the run folder under its path.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dask
from distributed import Client, Future, LocalCluster
from distributed.scheduler import KilledWorker

POLL = 0.25
"""Seconds between two looks at what is done."""


ALLOCATION = {"MALLOC_TRIM_THRESHOLD_": str(1 << 30), "MALLOC_MMAP_THRESHOLD_": str(32 << 20)}
"""For workers with glibc: large arrays that are freed are kept for the next ones.

Dask has memory given back at once, which suits clusters that many share; here it costs a worker that measures a third
of its time, spent on fetching the same pages again.
"""


class SchedulerError(OSError):
    """A scheduler that cannot be reached, or work that killed every worker it was given to; one sentence."""


Watch = Callable[[int, int], None]


@dataclass(frozen=True)
class Task:
    """A piece of work.

    Attributes
    ----------
    name : str
        Unlike every other task's.
    function, arguments : callable, tuple
        What is called, in a worker.
    after : tuple of str
        Names of the tasks that must be done before.
    urgent : bool
        Whether it goes before others that could be done now.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    after: tuple[str, ...] = ()
    urgent: bool = False


@contextmanager
def workers(address: str | None = None, count: int | None = None) -> Iterator[Client | None]:
    """Yield a client of an existing scheduler, or of a cluster made for the occasion.

    Parameters
    ----------
    address : str, optional
        Of the existing scheduler, such as ``tcp://127.0.0.1:8786``.
    count : int, optional
        Worker processes of the cluster, as many as processors unless given; 0 yields None: no cluster, and tasks are
        done in this process.

    Raises
    ------
    SchedulerError
        If there is no scheduler at the address.
    """
    if address is not None:
        try:
            client = Client(address, timeout=10)
        except (OSError, ValueError, TimeoutError) as error:
            raise SchedulerError(f"there is no Dask scheduler at {address} ({error})") from error
        with client:
            yield client
        return
    count = os.cpu_count() or 1 if count is None else count
    if not count:
        yield None
        return
    with dask.config.set({f"distributed.nanny.pre-spawn-environ.{name}": value for name, value in ALLOCATION.items()}):
        cluster = _local_cluster(count)
    with cluster, Client(cluster) as client:
        yield client


def _local_cluster(count: int) -> LocalCluster:
    return LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        memory_limit=0,
        # No dashboard; what Dask serves instead is kept to this machine, on any port that is free.
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        silence_logs=logging.CRITICAL,
    )


def n_workers(client: Client | None) -> int:
    """Return how many workers a client has; 1 for this process."""
    return 1 if client is None else max(1, len(client.scheduler_info(n_workers=-1)["workers"]))


def carry_out(tasks: Sequence[Task], client: Client | None, watch: Watch = lambda done, total: None) -> dict[str, Any]:
    """Do all tasks and return what they return, by name.

    Parameters
    ----------
    tasks : sequence of Task
        Each after those it waits for.
    client : Client or None
        None: in this process, in their order.
    watch : callable
        Called again and again meanwhile with the number of tasks done and in all.

    Raises
    ------
    SchedulerError
        If a task killed several workers one after the other.
    Exception
        What a task raised; the others are cancelled, and what they left in the folder stays.
    """
    if client is None:
        results = {}
        for task in tasks:
            results[task.name] = task.function(*task.arguments)
            watch(len(results), len(tasks))
        return results
    futures: dict[str, Future[Any]] = {}
    for task in tasks:
        futures[task.name] = client.submit(
            _after, task.function, task.arguments, [futures[name] for name in task.after],
            key=task.name, priority=int(task.urgent), pure=False,
        )  # fmt: skip
    pending = dict(futures)
    try:
        with _deaths_told():
            while pending:
                watch(len(tasks) - len(pending), len(tasks))
                time.sleep(POLL)
                for name in [name for name, future in pending.items() if future.done()]:
                    pending.pop(name).result()
            watch(len(tasks), len(tasks))
            return {name: future.result() for name, future in futures.items()}
    finally:
        client.cancel(list(pending.values()))


def mapped(client: Client | None) -> Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]:
    """Return `map`, in the workers of a client if there is one; `SchedulerError` if an item kills them."""
    if client is None:
        return map

    def gathered(function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        with _deaths_told():
            return list(client.gather(client.map(function, list(items), pure=False)))

    return gathered


@contextmanager
def _deaths_told() -> Iterator[None]:
    """Say in a sentence that work killed every worker it was given to."""
    try:
        yield
    except KilledWorker as error:
        raise SchedulerError(f"the workers that were given {error.task} died one after the other") from error


def _after(function: Callable[..., Any], arguments: tuple[Any, ...], done: list[Any]) -> Any:
    """Call a function once what it waits for is done; the scheduler sees that to it."""
    return function(*arguments)
