"""What the causal tests are run with, fixed in the experiment file before any network is looked at."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Causal(BaseModel):
    """Sample sizes and the budget of the search for V."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sequences: Annotated[int, Field(ge=16, le=100_000)]
    """Sequences of each population (majors, minors, fresh tasks), once to fit and find, once to evaluate."""
    rank: Annotated[int, Field(ge=1, le=2)] = 2
    """Directions of V."""
    steps: Annotated[int, Field(ge=1, le=10_000)] = 40
    """Steps of each ascent."""
    step_size: Annotated[float, Field(gt=0, le=1.5)] = 0.3
    """Angle in radians by which the first step turns V; later ones turn it less, the last by almost nothing."""
    restarts: Annotated[int, Field(ge=1, le=64)] = 3
    """Starts of the ascent; the one with the largest loss on the sequences of the search is kept."""
    directions: Annotated[int, Field(ge=5, le=1000)] = 20
    """Random subspaces, and random simplices, of each null."""
    grid: Annotated[int, Field(ge=2, le=17)] = 5
    """Points on a side of the grid of the simplex."""
    replicates: Annotated[int, Field(ge=100, le=100_000)] = 1000
    """Bootstrap replicates of every interval."""
