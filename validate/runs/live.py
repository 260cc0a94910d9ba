"""One view of all networks of a run while they are trained and measured: step, skill, time left.

What is shown is read from the run folder (training logs and kept measurements), so it is the same wherever the work is
done. On a terminal a table is redrawn in place; elsewhere a sentence is printed now and then.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from validate.experiment.network_plan import NetworkPlan
from validate.experiment.seed_plan import SeedPlan
from validate.runs.kept import kept_path
from validate.training.metrics import MetricsRow, last_row
from validate.training.time_left import duration

LOOK_EVERY = 2.0
"""Seconds between two looks at the folder."""

SPEAK_EVERY = 60.0
"""Seconds between two sentences where there is no terminal."""

AT_WORK = 12
"""Networks shown at most: those at work, then the last that were finished."""


@dataclass
class View:
    """What is known of a run.

    Attributes
    ----------
    networks : sequence of NetworkPlan
    seeds : sequence of SeedPlan
        Those that are to be measured.
    """

    console: Console
    folder: Path
    networks: Sequence[NetworkPlan]
    seeds: Sequence[SeedPlan]
    quiet: bool = False
    _started: float = field(default_factory=time.monotonic)
    _looked: float = -1e9
    _spoken: float = field(default_factory=time.monotonic)
    _rows: dict[str, MetricsRow] = field(default_factory=dict)
    _first: dict[str, int] = field(default_factory=dict)
    _live: Live | None = None

    @contextmanager
    def shown(self) -> Iterator["View"]:
        """Show the view while the block runs."""
        if self.quiet or not self.console.is_terminal:
            yield self
            return
        with Live(console=self.console, get_renderable=self.table, refresh_per_second=1, transient=True) as self._live:
            yield self

    def look(self, done: int, total: int) -> None:
        """Read the folder, if it was not read just now, and say how far the run is if that is due."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY:
            return
        self._looked = now
        for plan in self.networks:
            if self._step(plan) < plan.steps and (row := last_row(plan.metrics(self.folder))):
                self._first.setdefault(plan.file_name, row.step + 1)
                self._rows[plan.file_name] = row
        if self._live is None and not self.quiet and now - self._spoken >= SPEAK_EVERY:
            self._spoken = now
            self.console.print(self.sentence(), highlight=False)

    def _step(self, plan: NetworkPlan) -> int:
        row = self._rows.get(plan.file_name)
        return 0 if row is None else row.step + 1

    def trained(self) -> int:
        """Return how many networks are trained."""
        return sum(self._step(plan) >= plan.steps for plan in self.networks)

    def measured(self) -> int:
        """Return how many seeds are measured."""
        return sum(kept_path(self.folder, plan).exists() for plan in self.seeds)

    def seconds_left(self) -> float | None:
        """Return the seconds left of training at the pace so far; None before there is one.

        The first record of a network follows its first step, after kernels were compiled: that is no pace.
        """
        total = sum(plan.steps for plan in self.networks)
        done = sum(min(self._step(plan), plan.steps) for plan in self.networks)
        progress = done - sum(self._first.values())
        spent = time.monotonic() - self._started
        return spent * (total - done) / progress if progress else None

    def sentence(self) -> str:
        """Say how far the run is."""
        parts = [f"{self.trained()} of {len(self.networks)} networks trained"]
        if self.seeds:
            parts.append(f"{self.measured()} of {len(self.seeds)} seeds measured")
        left = self.seconds_left()
        if left:
            parts.append(f"about {duration(left)} of training left")
        return ", ".join(parts) + "."

    def table(self) -> Table:
        """Return the networks at work, and the last that were finished."""
        table = Table(title=self.sentence(), title_justify="left", box=None)
        for heading, justify in (("network", "left"), ("step", "right"), ("of", "right"), ("skill", "right")):
            table.add_column(heading, justify=justify)  # type: ignore[arg-type]
        begun = [plan for plan in self.networks if plan.file_name in self._rows]
        at_work = [plan for plan in begun if self._step(plan) < plan.steps]
        finished = deque((plan for plan in begun if self._step(plan) >= plan.steps), maxlen=AT_WORK - len(at_work) or 1)
        for plan in (*finished, *at_work):
            skill = self._rows[plan.file_name].skill
            table.add_row(plan.name, str(self._step(plan)), str(plan.steps), f"{skill:.3f}")
        return table
