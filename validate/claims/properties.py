"""P0 to P3: is the state a function of task and symbol, additive, on a simplex, and is its place there the posterior?

Each property of the paper stands beside a specific form, its starred one, because an untrained network can meet the
paper's own statistic. P0 to P1* are shares of the variance of states labelled by task and by what is current
(`statistics.parts`); P2 to P3* are of the additive model with vectors from late positions
(`statistics.interpolation`, `statistics.alignment`), at the judged positions of held-out sequences.

Nulls: networks that never saw the majors (untrained, of fresh tasks only, of other majors), and the range over
`N_PERMUTATIONS` permutations of the task labels, both of the labelled states, from which vectors and shares come, and
of the scored sequences, with whose posterior the weights are compared. To permute the former alone is not enough: the
last state of an exact Bayesian is a corner, and of the K! ways in which noise may turn a simplex one gives every corner
its task. P1 and P1* ask how the task is written and not whether; states without a task have no such share and are no
null of theirs.

Tolerances of P0, P1, P2 and P3 are the paper's own values rounded against the claim; those of the starred forms (P0*
.95, P1* .02, P2* .65, P3* .15) were set after pilots with dice and before any run that is judged.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from theory import Batch
from validate.capture.captured import Captured
from validate.capture.labelled import draw_labelled
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
from validate.claims.paper import R2_CELL
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.experiment.setting import Setting
from validate.statistics.alignment import correlation_moments, fisher_z, pooled_mean, total_variation, undecided
from validate.statistics.interpolation import AdditiveFit
from validate.statistics.intervals import UNDEFINED, Estimate, Numbers, Statistic, bootstrap, explained_share
from validate.statistics.parts import SHARES

LEAST_UNDECIDED = 100
"""Sequences with undecided states without which nothing is said of these."""

OF_UNDECIDED = ("P2*", "P3* TV", "P3* contest")
"""Statistics of undecided states."""

N_MODELS = 25
"""Resampled additive models over which the intervals of P2 to P3* run."""

N_PERMUTATIONS = 19
"""Permutations of the task labels whose range is a null: of 20 orders that are alike, the true one lies beyond it by
chance once."""

OF_THE_EFFECT = {"P1", "P1*"}
"""Statistics that say how a task's effect is written, and nothing where there is none."""

SEQUENCE_STATISTICS: dict[str, tuple[Statistic, Callable[[float], float]]] = {
    "P2": (explained_share, float),
    "P2*": (explained_share, float),
    "P3 r": (fisher_z, np.tanh),
    "P3 TV": (pooled_mean, float),
    "P3* TV": (pooled_mean, float),
    "P3* contest": (pooled_mean, float),
}
"""By name, the function of the sequences' mean moments and the way back to the statistic's own scale."""

CLAIMS = (
    Claim(
        "P0",
        "At the last scored position the state is a function of the task and of what is current.",
        (Criterion("P0", "R² of task and current", "at least", 0.95),),
        paper={(name, DIVERSE): by_group["majors"] for name, by_group in R2_CELL.items()},
    ),
    Claim(
        "P0*",
        "Once the effect of what is current is removed, the task explains the state.",
        (Criterion("P0*", "share explained by the task", "at least", 0.95),),
        primary=(DIVERSE,),
    ),
    Claim(
        "P1",
        "Task and current add up: the share of their interaction is negligible.",
        (Criterion("P1", "η² of the interaction", "at most", 0.02),),
    ),
    Claim(
        "P1*",
        "The interaction is negligible beside the task's own effect.",
        (Criterion("P1*", "interaction / (interaction + task)", "at most", 0.02),),
        primary=(DIVERSE,),
    ),
    Claim(
        "P2",
        "Late vectors of task and current, the task's with weights in the simplex, reconstruct the state.",
        (Criterion("P2", "additive R²", "at least", 0.95),),
    ),
    Claim(
        "P2*",
        "While the posterior is undecided, the simplex of task vectors explains what the current leaves.",
        (Criterion("P2*", "additive R² without the current", "at least", 0.65),),
        primary=(DIVERSE,),
    ),
    Claim(
        "P3",
        "At the last scored position the simplex weights are the exact posterior.",
        (
            Criterion("P3 r", "Pearson r", "at least", 0.98),
            Criterion("P3 TV", "total variation", "at most", 0.05),
        ),
    ),
    Claim(
        "P3*",
        "While the posterior is undecided, the weights follow it, and not a running average.",
        (
            Criterion("P3* TV", "total variation", "at most", 0.15),
            Criterion(
                "P3* contest",
                "TV to averaging − TV to posterior",
                "at least",
                0.0,
                sign=True,
                rivals=("random", "averaging"),
            ),
        ),
        primary=(DIVERSE,),
    ),
)


class PropertiesShown(Shown):
    """Every statistic by site, and by position.

    Attributes
    ----------
    positions, late : list of int
        Scored positions, and the late ones among them.
    profile : dict
        By site, values of P0 to P1* at each scored position, and of P2 and P3's TV at each position.
    properties : dict
        By site, the estimates.
    """

    question = "properties"
    positions: list[int]
    late: list[int]
    profile: dict[str, dict[str, Numbers]]
    properties: dict[str, dict[str, Estimate]]


def properties(captured: Captured, site: str) -> Statistics:
    """Estimate every statistic at one site.

    Returns
    -------
    dict
        Estimates by statistic: shares in [0, 1] (R2 may be negative), Pearson's r, total variation. Intervals of P2
        to P3* cover the scored sequences and, through `N_MODELS` resampled additive models, those the vectors were
        estimated from; the same models correct the values for the noise of the vectors. A setting without intervals
        gives uncorrected values alone. Statistics of undecided states are undefined with fewer than `LEAST_UNDECIDED`
        sequences that have any.
    """
    setting, n_replicates = captured.setting, captured.setting.sizes.replicates
    found = captured.late(site).estimate(intervals=n_replicates > 0)
    point = judged_moments(captured, site)
    resampled = [judged_moments(captured, site, again) for again in setting.streams("bootstrap/vectors", N_MODELS)]
    rng = setting.stream("bootstrap/sequences")
    for name, own in point.items():
        statistic, back = SEQUENCE_STATISTICS[name]
        variants = np.stack([one[name] for one in resampled]) if resampled else None
        found[name] = bootstrap(own, statistic, rng, n_replicates, variants, corrected=True).map(back)
    return found | (dict.fromkeys(OF_UNDECIDED, UNDEFINED) if n_replicates and too_decided(setting) else {})


def too_decided(setting: Setting) -> str | None:
    """Return why too few sequences have undecided states, or None if there are enough."""
    n = int(undecided(setting.posterior[:, setting.judged[:-1]]).any(axis=1).sum())
    return None if n >= LEAST_UNDECIDED else f"{n} sequences have undecided states, fewer than {LEAST_UNDECIDED}"


def judged_moments(
    captured: Captured, site: str, resample: np.random.Generator | None = None
) -> dict[str, Float[np.ndarray, "B M"]]:
    """Return each scored sequence's moments at the judged positions; `resample` draws the additive model anew."""
    setting, columns = captured.setting, captured.setting.judged
    model = captured.additive_model(site, columns, resample)
    fit = model.fit(captured.score[site][:, columns], setting.current(setting.score)[:, columns])
    return sequence_moments(fit, setting)


def sequence_moments(
    fit: AdditiveFit, setting: Setting, beside: Int[np.ndarray, " B"] | slice = slice(None)
) -> dict[str, Float[np.ndarray, "B M"]]:
    """Return, by statistic, each sequence's moments, from a fit at the judged positions.

    Posterior and running average are those of the sequences `beside`, its own unless told.
    """
    beta, columns = fit.coordinates, setting.judged
    alpha, gamma = (weights[beside][:, columns] for weights in (setting.posterior, setting.averaging))
    to_posterior, to_average = total_variation(beta, alpha), total_variation(beta, gamma)
    open_states = undecided(alpha)[:, :-1]

    def pooled(values: Float[np.ndarray, "B J"], others: Float[np.ndarray, "B J"]) -> Float[np.ndarray, "B 2"]:
        return np.stack([(part[:, :-1] * open_states).sum(axis=1) for part in (values, others)], axis=-1)

    ones = np.ones_like(to_posterior)
    return {
        "P2": np.stack([fit.error[:, -1], fit.centred[:, -1]], axis=-1),
        "P2*": pooled(fit.error, fit.remainder),
        "P3 r": correlation_moments(beta[:, -1], alpha[:, -1]),
        "P3 TV": np.stack([to_posterior[:, -1], ones[:, -1]], axis=-1),
        "P3* TV": pooled(to_posterior, ones),
        "P3* contest": pooled(to_average - to_posterior, ones),
    }


def permuted_labels(observed: Observed) -> Statistics:
    """Return where the statistics of the same states range if task labels are given away at random."""
    captured, setting, site = observed.captured, observed.setting, observed.site
    late, columns, model = captured.late(site), setting.judged, captured.additive_model(site, setting.judged)
    states, current = captured.score[site][:, columns], setting.current(setting.score)[:, columns]
    found: dict[str, list[float]] = {}
    for index in range(N_PERMUTATIONS):
        rng = setting.stream("permuted labels", index)
        labelled = late.shuffled(rng)
        values = {name: estimate.value for name, estimate in labelled.estimate(intervals=False).items()}
        # Vectors of what is current stay what they are; the task's are those of the permuted labels.
        effects = replace(model.effects, task=labelled.main_effects().task)
        fit = replace(model, effects=effects).fit(states, current)
        for name, own in sequence_moments(fit, setting, rng.permutation(len(states))).items():
            statistic, back = SEQUENCE_STATISTICS[name]
            values[name] = back(statistic(own.mean(axis=0, keepdims=True)).item())
        for name, value in values.items():
            found.setdefault(name, []).append(value)
    return {name: Estimate.of_range(np.array(v)) for name, v in found.items() if name not in OF_THE_EFFECT}


def profile(captured: Captured) -> dict[str, dict[str, list[float]]]:
    """Return point values of P0-P1* at each scored position, and of P2 and P3's TV at each position, by site."""
    table: dict[str, dict[str, list[float]]] = {}
    for site, labelled in captured.labelled.items():
        fit = captured.additive_fit(site)
        distance = total_variation(fit.coordinates, captured.setting.posterior).mean(axis=0)
        additive = explained_share(np.stack([fit.error.mean(axis=0), fit.centred.mean(axis=0)], axis=-1))
        table[site] = labelled.shares() | {"P2": additive.tolist(), "P3 TV": distance.tolist()}
    return table


def site_sample(setting: Setting) -> Batch:
    """Draw sequences of the majors whose last states the task site is found by."""
    n, rng = setting.sizes.cell_sequences, setting.stream("task site")
    return draw_labelled(setting.family, setting.majors, setting.n_positions - 1, n, rng)


def _at_site(observed: Observed) -> Statistics:
    return properties(observed.captured, observed.site)


def _shown(observed: Observed) -> PropertiesShown:
    captured, setting = observed.captured, observed.setting
    own = {observed.site: observed.once(_at_site)}
    return PropertiesShown(
        positions=list(setting.scored),
        late=list(setting.late),
        profile=profile(captured),
        properties={site: own.get(site) or properties(captured, site) for site in observed.source.sites},
    )


def analyse(side: Side, controls: Controls) -> Findings:
    """Estimate P0 to P3* at the task site."""

    def of_other(other: Side) -> Statistics:
        return other.observed.once(_at_site)

    nulls = controls.of_strangers(of_other)
    if controls.judge:
        nulls["permuted task labels"] = permuted_labels(side.observed)
    shown = _shown(side.observed) if controls.show else None
    why = too_decided(side.setting)
    reasons = dict.fromkeys(OF_UNDECIDED, why) if why else {}
    beside = controls.of_scaled(of_other)
    return Findings(side.observed.once(_at_site), nulls, shown=shown, beside=beside, reasons=reasons)


QUESTION = Question(
    name="properties",
    claims=CLAIMS,
    families=MARKOV_GIVEN_TASK,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="states",
    statistics=(*SHARES, *SEQUENCE_STATISTICS),
    analyse=analyse,
    shown=PropertiesShown,
    site_sample=site_sample,
)
