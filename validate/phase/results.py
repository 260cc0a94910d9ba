"""What a phase map gives, as typed models: written to ``phase.json``, read by figures and page."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from validate.judging.results import Model, read_model
from validate.phase.experiment import Kind, PhaseExperiment
from validate.phase.found import ColumnResult
from validate.statistics.intervals import Estimate, Number, Numbers


class Threshold(BaseModel):
    """The diversity at which a network changes from the first pole to the second, log2 N; by seed, and over seeds."""

    family: str
    mixture: Kind
    variant: str
    population: str
    seeds: Numbers
    censored: list[str]
    """By seed: empty, or "below" or "above" the grid, where the end of the grid stands for it."""
    estimate: Estimate


class Score(Model):
    """How a prediction did on seeds it was not fitted to (`phase.predictions`).

    Attributes
    ----------
    divergence : float
        KL(mix of the predicted weight || network), nats a target.
    at_end, along : float
        Distance from the measured threshold in log2 N: at the end of training, and over the steps that have one.
    thresholds : list of float
        The predicted ones by look, log2 N, inside the grid.
    """

    prediction: str
    population: str
    divergence: Number
    at_end: Number
    along: Number
    thresholds: Numbers


class Transience(Model):
    """Late rises of the loss on fresh tasks, by diversity, and the verdict (`phase.transience`)."""

    diversities: list[int]
    rises: list[Estimate]
    verdict: Literal["supported", "refuted", "inconclusive"]


class Judged(Model):
    """What is said of one family, mixture and variant."""

    family: str
    mixture: Kind
    variant: str
    scores: list[Score]
    transience: Transience


class NeighbourRow(Model):
    """A number of a neighbouring paper beside ours (`phase.neighbours`)."""

    source: str
    number: str
    theirs: Number
    ours: Estimate
    verdict: str
    reason: str


class PhaseResults(Model):
    """A map: what phase.json holds."""

    experiment: PhaseExperiment
    environment: dict[str, Any]
    code: str
    columns: list[ColumnResult]
    thresholds: list[Threshold]
    judged: list[Judged]
    neighbours: list[NeighbourRow]
    seconds: float
    peak_memory_bytes: int


def read_map(folder: Path) -> PhaseResults:
    """Read the numbers of a finished map; a `RunFolderError` if there are none."""
    return read_model(folder / "phase.json", PhaseResults, "map")
