"""A subject with the sequences it is tested on, shared by all causal questions."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from validate.claims.base import Side
from validate.claims.causal.samples import Samples
from validate.claims.causal.subject import Subject, subject_of
from validate.experiment.schema import Causal
from validate.statistics.intervals import Estimate, bootstrap_mean


@dataclass(frozen=True, eq=False)
class Tested:
    """One network with its sequences and the sizes of the tests."""

    subject: Subject
    settings: Causal
    samples: Samples

    @classmethod
    def of(cls, subject: Subject, settings: Causal) -> "Tested":
        """Draw the sequences."""
        return cls(subject, settings, Samples.of(subject, settings.sequences))

    def mean_rise(self, values: Float[np.ndarray, " B"]) -> Estimate:
        """Estimate a mean over sequences."""
        return bootstrap_mean(values, self.subject.stream("bootstrap/rises"), self.settings.replicates)


def tested(side: Side) -> Tested:
    """Return what a side's network is tested with; ValueError if its setting has no sizes of causal tests."""
    if side.setting.causal is None:
        raise ValueError("causal tests need their sizes; the experiment has no table [families.<family>.causal]")
    return Tested.of(subject_of(side), side.setting.causal)
