"""The time an experiment has left, said before it starts and while its networks train.

    left = pace * (expected seconds of the steps left) + allowance for measuring,
    pace = seconds spent training / expected seconds of the steps made

The expected seconds are those of `training.estimate`; the pace corrects them once there is something to tell it from.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from validate.experiment.schema import Experiment
from validate.training.estimate import BUDGET, Job, jobs, measuring_seconds, seconds_per_step, training_seconds

SPOKEN_EVERY = 60.0
"""Seconds between two sentences about the time left."""

SETTLED = 10.0
"""Seconds of training before its pace counts."""


UNITS = (("second", 1.0), ("minute", 60.0), ("hour", 3600.0), ("day", 86400.0))


def duration(seconds: float) -> str:
    """Write a time as a person would say it, in the largest unit of which there are at least one and a half."""
    unit, size = next(((u, s) for u, s in reversed(UNITS) if seconds >= 1.5 * s), UNITS[0])
    digits = 1 if size > 1 and seconds < 10 * size else 0
    amount = f"{max(1.0, seconds / size):.{digits}f}"
    return f"{amount} {unit}" if amount == "1" else f"{amount} {unit}s"


@dataclass
class Outlook:
    """The time an experiment has left.

    Attributes
    ----------
    jobs : sequence of Job
        In the order of training.
    expected : sequence of float
        Seconds each was expected to take when this run began.
    measuring : float
        The allowance for measuring, in seconds.
    announce : callable
        Told a sentence when a network begins and, every `every` seconds, while it trains; `every` None: never.
    """

    jobs: Sequence[Job]
    expected: Sequence[float]
    measuring: float
    announce: Callable[[str], None]
    every: float | None = SPOKEN_EVERY
    clock: Callable[[], float] = time.monotonic
    _at: int = field(default=0, init=False)
    _started: float | None = field(default=None, init=False)
    _spoken: float = field(default=0.0, init=False)

    @classmethod
    def of(
        cls,
        experiment: Experiment,
        folder: Path,
        announce: Callable[[str], None],
        every: float | None = SPOKEN_EVERY,
        measure: bool = True,
        budget: float = BUDGET,
    ) -> "Outlook":
        """Time every shape of network that has steps left, within about `budget` seconds in all.

        Parameters
        ----------
        measure : bool
            Whether the networks are to be measured too.
        """
        todo = jobs(experiment, folder)
        by_shape = {job.shape: job for job in todo if job.left}
        steps = {shape: seconds_per_step(job, budget / len(by_shape)) for shape, job in by_shape.items()}
        expected = [training_seconds(job, steps[job.shape]) if job.left else 0.0 for job in todo]
        unmeasured = {job.part.name: job.part for job in todo if job.left or not job.measured(folder)}
        measuring = sum(measuring_seconds(part) for part in unmeasured.values()) if measure else 0.0
        return cls(todo, expected, measuring, announce, every)

    def sentence(self) -> str:
        """Return the estimate for all of it."""
        training, networks = sum(self.expected), sum(job.left > 0 for job in self.jobs)
        what = []
        if networks:
            what.append(f"{duration(training)} to train {networks} network{'s' * (networks > 1)}")
        if self.measuring:
            what.append(f"an allowance of {duration(self.measuring)} to measure")
        if not what:
            return "Everything asked for is done already."
        return f"This will take about {duration(training + self.measuring)} on this machine: {' and '.join(what)}."

    def begin(self, kind: str, design: str, seed: int) -> None:
        """Take note of the network that comes next, and say which of how many it is if it has steps left."""
        now, name = self.clock(), f"{kind} {design} seed {seed}"
        self._at = [job.name for job in self.jobs].index(name)
        self._started = now if self._started is None else self._started
        self._spoken = now
        if steps := self.jobs[self._at].left:
            place = f"Network {self._at + 1} of {len(self.jobs)}: {name}, {steps} steps"
            self.announce(f"{place}; about {duration(self.left(0))} left in all.")

    def reached(self, step: int) -> None:
        """Take note of the steps the network has made, and say now and then how much time is left."""
        now, job = self.clock(), self.jobs[self._at]
        if self.every is not None and now - self._spoken >= self.every:
            self._spoken = now
            left = duration(self.left(step - job.done))
            self.announce(f"{job.name}: {100 * step / job.design.steps:.0f} % trained; about {left} left in all.")

    def left(self, steps: int) -> float:
        """Return the seconds left when this run has made `steps` steps of the present network."""
        job, expected = self.jobs[self._at], self.expected[self._at]
        done = sum(self.expected[: self._at]) + (expected * steps / job.left if job.left else 0.0)
        spent = 0.0 if self._started is None else self.clock() - self._started
        pace = spent / done if spent >= SETTLED and done > 0 else 1.0
        return pace * (sum(self.expected) - done) + self.measuring
