"""P2c* and P3c*: the simplex whose corners are given what is current.

P2* and P3* ask for two things at once: that states interpolate between tasks, and that task and current add up. For
Markov chains theory excludes the second in front of the read-out, and a failure may be its alone. Here corners are the
tasks' mean states given what is current (`statistics.given_current`), at late positions as for P2*, so that only the
first is asked. Everything else is as there: undecided positions, held-out sequences, tolerances, and the contest.

    P2c* R2        share of what mean states of the current leave that the simplex explains
    P3c* TV        total variation between its coordinates and the exact posterior
    P3c* contest   TV to the running average - TV to the posterior
    P3c TV         at the last position, by site, shown and not judged

Nulls: networks that never saw these majors, and permuted task labels.
"""

import numpy as np
from jaxtyping import Float, Int

from validate.capture.captured import N_AGAIN, Captured
from validate.capture.labelled import LabelledStates
from validate.claims.base import (
    MARKOV_GIVEN_TASK,
    Claim,
    Controls,
    Findings,
    Observed,
    Question,
    Shown,
    Side,
    Statistics,
)
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.statistics.alignment import pooled_mean, total_variation, undecided
from validate.statistics.given_current import ConditionalModel
from validate.statistics.intervals import Estimate, Statistic, bootstrap, explained_share

N_PERMUTED = 19
"""Permutations of task labels."""

STATISTICS: dict[str, Statistic] = {
    "P2c*": explained_share,
    "P3c* TV": pooled_mean,
    "P3c* contest": pooled_mean,
    "P3c TV": pooled_mean,
}
"""By name, the function of the sequences' mean moments."""

JUDGED = ("P2c*", "P3c* TV", "P3c* contest")

CLAIMS = (
    Claim(
        "P2c*",
        "While the posterior is undecided, the simplex of the tasks' states given what is current explains the state.",
        (Criterion("P2c*", "R² given the current", "at least", 0.65),),
    ),
    Claim(
        "P3c*",
        "While the posterior is undecided, the weights given what is current follow it, and not a running average.",
        (
            Criterion("P3c* TV", "total variation given the current", "at most", 0.15),
            Criterion(
                "P3c* contest",
                "TV to averaging − TV to posterior, given the current",
                "at least",
                0.0,
                sign=True,
                rivals=("random", "averaging"),
            ),
        ),
    ),
)


class ConditionalShown(Shown):
    """By site, the values of the statistics."""

    question = "conditional simplex"
    sites: dict[str, dict[str, Estimate]]


class Scored:
    """The scored sequences' states that are undecided, and the last ones, with what theory says of them."""

    def __init__(self, captured: Captured) -> None:
        setting, self.columns = captured.setting, captured.setting.judged
        alpha, gamma = (part[:, self.columns] for part in (setting.posterior, setting.averaging))
        open_states = undecided(alpha)
        open_states[:, -1] = False
        self.n_open = int(open_states.sum())
        last = np.zeros_like(open_states)
        last[:, -1] = True
        self.rows, self.places = (
            np.concatenate(part) for part in zip(np.nonzero(open_states), np.nonzero(last), strict=True)
        )
        self.alpha, self.gamma = alpha[self.rows, self.places], gamma[self.rows, self.places]
        self.current = setting.current(setting.score)[:, self.columns][self.rows, self.places]
        self.n_sequences = len(alpha)

    def moments(self, captured: Captured, site: str, model: ConditionalModel) -> dict[str, Float[np.ndarray, "B 2"]]:
        """Return each sequence's moments by statistic."""
        states = captured.score[site][self.rows, self.columns[self.places]]
        fit = model.fit(states, self.current, self.places)
        to_posterior = total_variation(fit.coordinates, self.alpha)
        to_average = total_variation(fit.coordinates, self.gamma)
        early, late = slice(0, self.n_open), slice(self.n_open, None)
        ones = np.ones(len(self.rows))

        def summed(part: slice, *values: np.ndarray) -> Float[np.ndarray, "B 2"]:
            return np.stack([np.bincount(self.rows[part], v[part], self.n_sequences) for v in values], axis=-1)

        return {
            "P2c*": summed(early, fit.error, fit.remainder),
            "P3c* TV": summed(early, to_posterior, ones),
            "P3c* contest": summed(early, to_average - to_posterior, ones),
            "P3c TV": summed(late, to_posterior, ones),
        }


def model_of(
    captured: Captured, site: str, late: LabelledStates, resample: np.random.Generator | None = None
) -> ConditionalModel:
    """Estimate the simplex given what is current from labelled states of late positions, and the fit sequences."""
    setting, columns = captured.setting, captured.setting.judged
    states, current = captured.fit[site][:, columns], setting.current(setting.fit)[:, columns]
    tasks: Int[np.ndarray, " B"] = setting.fit.tasks
    if resample is not None:
        late, rows = late.resampled(resample), captured.fit_rows(resample)
        states, current, tasks = states[rows], current[rows], tasks[rows]
    return ConditionalModel.of(late.models(), states, current, tasks)


def scored(observed: Observed) -> Scored:
    """Return the scored states of a source."""
    return Scored(observed.captured)


def conditional(captured: Captured, chosen: Scored, site: str, n_replicates: int) -> Statistics:
    """Estimate the statistics at a site; without intervals for 0 replicates."""
    setting, late = captured.setting, captured.late(site)
    own = chosen.moments(captured, site, model_of(captured, site, late))
    resampled = [
        chosen.moments(captured, site, model_of(captured, site, late, again))
        for again in setting.streams("bootstrap/corners", N_AGAIN if n_replicates else 0)
    ]
    rng = setting.stream("bootstrap/given current")
    return {
        name: bootstrap(
            own[name], statistic, rng, n_replicates, np.stack([one[name] for one in resampled]) if resampled else None
        )
        for name, statistic in STATISTICS.items()
    }


def judged(captured: Captured, chosen: Scored, site: str, n_replicates: int) -> Statistics:
    """Estimate those of them that are judged."""
    found = conditional(captured, chosen, site, n_replicates)
    return {name: found[name] for name in JUDGED}


def at_site(observed: Observed) -> Statistics:
    """Estimate the statistics where the source is judged."""
    replicates = observed.setting.sizes.replicates
    return judged(observed.captured, observed.once(scored), observed.site, replicates)


def values_at_site(observed: Observed) -> Statistics:
    """Return the values of the statistics where the source is judged."""
    return judged(observed.captured, observed.once(scored), observed.site, 0)


def permuted_labels(observed: Observed) -> Statistics:
    """Return what the statistics are if labels tell nothing: mean and range over permutations.

    Not of the contest: corners of permuted labels place states at random, and what they are closer to is the toss of a
    coin.
    """
    captured, setting, chosen = observed.captured, observed.setting, observed.once(scored)
    late, rng = captured.late(observed.site), setting.stream("permuted labels")
    found: dict[str, list[float]] = {name: [] for name in ("P2c*", "P3c* TV")}
    for _ in range(N_PERMUTED):
        model = model_of(captured, observed.site, late.shuffled(rng))
        moments = chosen.moments(captured, observed.site, model)
        for name, values in found.items():
            values.append(STATISTICS[name](moments[name].mean(axis=0, keepdims=True)).item())
    return {name: Estimate.of_range(np.array(values)) for name, values in found.items()}


def analyse(side: Side, controls: Controls) -> Findings:
    """Estimate P2c* and P3c* where a side is judged."""
    nulls = controls.of_strangers(lambda other: other.observed.once(values_at_site))
    if controls.judge:
        nulls["permuted task labels"] = permuted_labels(side.observed)
    shown = None
    if controls.show:
        known = side.observed.captured, side.observed.once(scored)
        shown = ConditionalShown(sites={site: conditional(*known, site, 0) for site in side.source.sites})
    return Findings(side.observed.once(at_site), nulls, shown=shown)


QUESTION = Question(
    name="conditional simplex",
    claims=CLAIMS,
    families=MARKOV_GIVEN_TASK,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="states",
    statistics=JUDGED,
    analyse=analyse,
    shown=ConditionalShown,
)
