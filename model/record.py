"""What is kept of a training run."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class StepRecord:
    """One step as it was seen.

    Attributes
    ----------
    step : int
        Number of the batch, from 0; the loss is that of the model before the update with it.
    loss : float
        Mean loss on the batch: nats per target, or squared error.
    bayes_loss : float or None
        Loss of the Bayes predictor on the same batch, if the caller gave one.
    rate : float
        Learning rate of the update.
    gradient_norm : float
        Global norm of the gradient before clipping.
    seconds : float
        Time spent training since step 0, over all sessions.
    """

    step: int
    loss: float
    bayes_loss: float | None
    rate: float
    gradient_norm: float
    seconds: float


@dataclass
class Run:
    """A training run.

    Attributes
    ----------
    step : int
        Number of updates made.
    records : list of StepRecord
        In order of steps, those of earlier sessions included.
    seconds : float
        Time spent training, over all sessions.
    resumed_from : int
        The number of updates found in the checkpoint; 0 for a fresh run.
    """

    step: int = 0
    records: list[StepRecord] = field(default_factory=list)
    seconds: float = 0.0
    resumed_from: int = 0
