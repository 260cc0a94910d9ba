"""The states of one source on the sequences of a setting, and the vectors they are written in.

Task vectors and vectors of what is current are estimated at the late positions of the labelled states, intercepts from
the fit sequences (`statistics.interpolation`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from validate.capture.labelled import LabelledStates, capture_labelled
from validate.capture.packed import Packed
from validate.capture.sources import StateSource
from validate.experiment.setting import Setting
from validate.statistics.interpolation import AdditiveFit, AdditiveModel, MainEffects

N_AGAIN = 10
"""How often vectors are estimated anew from resampled sequences, to tell their noise."""


@dataclass(frozen=True, eq=False)
class Captured:
    """States of one source, by site: labelled by task, and as they come.

    Attributes
    ----------
    setting : Setting
        Where the sequences are from; every source sees the same ones.
    labelled : dict of LabelledStates
        At the scored positions.
    fit, score : mapping of ndarray, shapes (F, P, W) and (B, P, W)
    fresh : mapping of ndarray, shape (N, m, W)
        Last states of the fresh tasks' sequences: N tasks, m sequences each.
    """

    setting: Setting
    labelled: dict[str, LabelledStates]
    fit: Mapping[str, Float[np.ndarray, "F P W"]]
    score: Mapping[str, Float[np.ndarray, "B P W"]]
    fresh: Mapping[str, Float[np.ndarray, "N m W"]]

    @classmethod
    def of(cls, source: StateSource, setting: Setting) -> "Captured":
        """Capture a source's states."""
        rng, n = setting.stream("balanced"), setting.sizes.cell_sequences
        labelled = capture_labelled(source, setting.family, setting.majors, setting.scored, n, rng)
        grid = (setting.sizes.fresh_tasks, setting.sizes.fresh_sequences, -1)
        fresh = {site: states.reshape(grid) for site, states in source.states(setting.fresh, last=True).items()}
        fit, score = (Packed(source.states(batch)) for batch in (setting.fit, setting.score))
        return cls(setting, labelled, fit, score, Packed(fresh))

    def averaged(self) -> "Captured":
        """Return the same states with those of each fresh task averaged over its sequences."""
        return replace(self, fresh={site: states.mean(axis=1, keepdims=True) for site, states in self.fresh.items()})

    def without_current(self) -> "Captured":
        """Return the last fit and fresh states with the vector of what is current removed.

        An average over sequences does not remove it: it leaves sum_a p_a nu_a, which is a function of the task.
        """
        setting = self.setting
        fit = setting.current(setting.fit)[:, -1:]
        fresh = setting.current(setting.fresh)[:, -1]
        known = {site: self.main_effects(site).current for site in self.fresh}
        return replace(
            self,
            fit={site: states[:, -1:] - fit @ known[site] for site, states in self.fit.items()},
            fresh={site: states - (fresh @ known[site]).reshape(states.shape) for site, states in self.fresh.items()},
        )

    def fit_rows(self, rng: np.random.Generator) -> Int[np.ndarray, " F"]:
        """Draw the fit sequences again with replacement, within their task."""
        n_each = self.setting.sizes.cell_sequences
        first = np.arange(0, len(self.setting.fit), n_each)
        return np.repeat(first, n_each) + rng.integers(n_each, size=n_each * len(first))

    def centre(self, site: str) -> Float[np.ndarray, " W"]:
        """Return the majors' mean state at the last position."""
        return self.fit[site][:, -1].mean(axis=0)

    def late(self, site: str) -> LabelledStates:
        """Return the labelled states of a site at the late positions."""
        n_scored, n_late = len(self.setting.scored), len(self.setting.late)
        return self.labelled[site].at(range(n_scored - n_late, n_scored))

    def main_effects(self, site: str) -> MainEffects:
        """Estimate the vectors of the tasks and of what is current at the late positions."""
        return self.late(site).main_effects()

    def additive_model(
        self,
        site: str,
        columns: np.ndarray | slice = slice(None),
        resample: np.random.Generator | None = None,
    ) -> AdditiveModel:
        """Estimate the additive model of a site at some positions, from the labelled states and the fit sequences.

        With `resample`, both samples are drawn again with replacement, the fit sequences within their task.
        """
        late, setting = self.late(site), self.setting
        states, current = self.fit[site][:, columns], setting.current(setting.fit)[:, columns]
        if resample is not None:
            late, rows = late.resampled(resample), self.fit_rows(resample)
            states, current = states[rows], current[rows]
        return AdditiveModel.of(late.main_effects(), states, current)

    def additive_fit(self, site: str) -> AdditiveFit:
        """Fit the additive model to the scored sequences' states at a site."""
        return self.additive_model(site).fit(self.score[site], self.setting.current(self.setting.score))
