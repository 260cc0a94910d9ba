"""What a person sees while a model trains: a bar on a terminal, a few plain lines anywhere else."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

_LINES = 10  # plain lines per run


@runtime_checkable
class Show(Protocol):
    """Called after every step."""

    def __call__(self, step: int, loss: float, gap: float | None) -> None:
        """Show that `step` updates are made, the last record's loss, and its gap to the Bayes predictor's loss."""
        ...


def announce_compilation() -> None:
    """Say what the first step waits for, if it has to."""
    from model import kernels

    if not kernels.on_disk():
        print("compiling the kernels, once for this machine: about ten seconds", flush=True)


@contextmanager
def display(enabled: bool, description: str, steps: int, start: int) -> Iterator[Show]:
    """Yield the function that shows progress."""
    if not enabled:
        yield lambda step, loss, gap: None
    elif sys.stdout.isatty():
        with _bar(description, steps, start) as show:
            yield show
    else:
        yield _lines(description, steps, start)


def _text(loss: float, gap: float | None) -> str:
    return f"loss {loss:.4f}" if gap is None else f"loss {loss:.4f}, {gap:+.4f} from the Bayes risk"


@contextmanager
def _bar(description: str, steps: int, start: int) -> Iterator[Show]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[text]}"))
    with Progress(*columns, TimeRemainingColumn(), refresh_per_second=4) as progress:
        task = progress.add_task(description, total=steps, completed=start, text="")

        def show(step: int, loss: float, gap: float | None) -> None:
            progress.update(task, completed=step, text=_text(loss, gap))

        yield show


def _lines(description: str, steps: int, start: int) -> Show:
    every = max(1, steps // _LINES)

    def show(step: int, loss: float, gap: float | None) -> None:
        if step % every == 0 or step == steps:
            print(f"{description} {step}/{steps}: {_text(loss, gap)}".lstrip(), flush=True)

    return show
