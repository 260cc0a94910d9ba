"""Where states of fresh tasks go: into the span of the task vectors, into that of the minors, or elsewhere.

States are those of the last position, less the majors' mean state. S = span{theta_k}, of rank K - 1.

    R2_OOD ratio, fall    share of the squares of single fresh states inside S (`statistics.subspace`): diverse /
                          majors only, and majors only - diverse, at the site chosen in the majors-only network
    smallest angle        the smallest principal angle, in degrees, between S and the K - 1 leading directions of the
                          fresh tasks' averaged states: that of the diverse network less that of the majors-only one
    OOD in minors' span   share of the fresh tasks' squares inside the three leading directions of the minors

Starred, the same of states from which the vector of what is current is removed, h - nu'c. An average over sequences
does not remove it: it leaves sum_a p_a nu_a, which is another for each task, and where the current fills most of the
states, as in untrained networks, the plain shares measure that. The tolerances are the same. The angle's starred form
is not judged: of exact-Bayes states without the current one direction outside S fills nearly all of the variation, and
the second one may lie in S.

Directions are estimated from one set of tasks and judged on another: S from the majors, the minors' directions from
the minors. Nulls: untrained networks, in pairs where two networks are compared; random subspaces in the place of S and
of the minors' directions. In many dimensions two subspaces of low rank are far apart whatever they are, so angles are
compared between networks.

Intervals resample tasks, and the sequences that task vectors, the current's and the majors' mean state are estimated
from. The tolerances, a ratio of .5 and a share of .5, are the paper's values rounded against the
claim. Source: the paper, section on near-orthogonality; angles are this project's.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from jaxtyping import Float, Int

from validate.capture.captured import Captured
from validate.claims.base import MARKOV_GIVEN_TASK, Claim, Controls, Findings, Observed, Question, Side, Statistics
from validate.claims.rule import Criterion
from validate.claims.task_states import Reference, TaskStates, task_states
from validate.experiment.scopes import BOTH, DIVERSE
from validate.experiment.setting import Setting
from validate.statistics.intervals import Estimate, widened_by_scatter
from validate.statistics.subspace import (
    N_SUBSPACES,
    chance_moments,
    compare_shares,
    leading_directions,
    principal_angles,
    random_basis,
    span_basis,
    subspace_moments,
)

N_LEADING = 3
"""Leading directions of the minors in which fresh tasks are looked for."""

N_REPLICATES = 100
"""Resampled sets of tasks over which intervals run; each needs a singular value decomposition."""

ANGLES = ("smallest angle", "smallest angle*")
SPANS = ("OOD in minors' span", "OOD in minors' span*")
"""Statistics of the states, and of the states with what is current removed."""

Moments = dict[str, Float[np.ndarray, "N 2"]]
"""Moments of R2_OOD by site and fresh task."""
Rows = Int[np.ndarray, " N"]


def moments_on_span(captured: Captured) -> Moments:
    """Return the moments of the fresh states' R2_OOD on the span of each site's task vectors."""
    return {
        site: subspace_moments(states, captured.centre(site), span_basis(captured.main_effects(site).task))
        for site, states in captured.fresh.items()
    }


def moments_at_random(captured: Captured) -> Moments:
    """Return the same moments on random subspaces of the task span's rank."""
    setting = captured.setting
    rank = len(setting.majors) - 1
    return {
        site: chance_moments(states, captured.centre(site), rank, setting.stream("random subspaces"))
        for site, states in captured.fresh.items()
    }


def fresh_moments(observed: Observed) -> Moments:
    """Return the single-sequence moments of R2_OOD."""
    return moments_on_span(observed.captured)


def rest_moments(observed: Observed) -> Moments:
    """Return those of R2_OOD*, with what is current removed."""
    return moments_on_span(observed.captured.without_current())


def random_moments(observed: Observed) -> Moments:
    """Return the moments of R2_OOD on random subspaces."""
    return moments_at_random(observed.captured)


def random_rest_moments(observed: Observed) -> Moments:
    """Return those of R2_OOD*."""
    return moments_at_random(observed.captured.without_current())


def fall(plain: Moments, diverse: Moments, site: str, setting: Setting, star: str = "") -> Statistics:
    """Estimate the ratio and the fall of R2_OOD between two networks at a site."""
    rng = setting.stream("bootstrap/subspace")
    quotient, difference = compare_shares(plain[site], diverse[site], rng, setting.sizes.replicates)
    return {f"R2_OOD{star} ratio": quotient, f"R2_OOD{star} fall": difference}


def falls(plain: Observed, diverse: Observed, site: str, at_random: bool = False) -> Statistics:
    """Estimate both ratios and falls, plain and starred, on the task span or on random subspaces."""
    whole, rest = (random_moments, random_rest_moments) if at_random else (fresh_moments, rest_moments)
    setting = diverse.setting
    return fall(plain.once(whole), diverse.once(whole), site, setting) | fall(
        plain.once(rest), diverse.once(rest), site, setting, "*"
    )


def beside(captured: Captured, site: str, reference: Reference) -> tuple[Moments, Moments]:
    """Return the moments of R2_OOD and R2_OOD* of a site's fresh states, beside a reference."""
    states, setting = captured.fresh[site], captured.setting
    current = (setting.current(setting.fresh)[:, -1] @ reference.current).reshape(states.shape)
    whole = subspace_moments(states, reference.centre, reference.span)
    rest = subspace_moments(states - current, reference.centre - reference.level, reference.span)
    return {site: whole}, {site: rest}


def falls_of_vectors_again(plain: Captured, diverse: Captured, site: str) -> list[Statistics]:
    """Return the values of ratios and falls beside references of sequences drawn again, alike for both."""
    alone, found = diverse.setting.without_intervals, []
    references = (Reference.resampled(one, site) for one in (plain, diverse))
    for before, after in zip(*references, strict=True):
        both = zip(beside(plain, site, before), beside(diverse, site, after), strict=True)
        (whole, rest) = (fall(*pair, site, alone, star) for pair, star in zip(both, ("", "*"), strict=True))
        found.append(whole | rest)
    return found


def analyse_fall(side: Side, controls: Controls) -> Findings:
    """Judge whether R2_OOD falls from the majors-only network to the diverse one."""
    if controls.plain is None:
        return Findings()
    plain, diverse = controls.plain.observed, side.observed
    nulls = controls.of_untrained_pairs(lambda first, second: falls(second.observed, first.observed, second.site))
    if controls.judge:
        nulls["random subspace"] = falls(plain, diverse, plain.site, at_random=True)
    again = falls_of_vectors_again(plain.captured, diverse.captured, plain.site)
    return Findings(widened_by_scatter(falls(plain, diverse, plain.site), again), nulls)


def turn_of(plain: TaskStates, diverse: TaskStates, setting: Setting) -> Statistics:
    """Estimate by how much more fresh tasks turn away from S in one network than in another."""

    def rise(before: TaskStates, after: TaskStates, rows: Rows | slice) -> list[float]:
        pairs = ((before.averaged, after.averaged), (before.rest, after.rest))
        return [angles(b["fresh"][rows], after.span)[0] - angles(a["fresh"][rows], before.span)[0] for a, b in pairs]

    estimates = resampled(partial(rise, plain, diverse), [len(diverse.means["fresh"])], setting)
    again = zip(plain.beside_again(), diverse.beside_again(), strict=True)
    return _named(ANGLES, estimates, [rise(*pair, slice(None)) for pair in again])


def analyse_angle(side: Side, controls: Controls) -> Findings:
    """Judge whether the fresh tasks' directions turn away from S, at the site chosen in the majors-only network."""
    if controls.plain is None:
        return Findings()
    site, setting = controls.plain.site, side.setting
    plain, diverse = controls.plain.once(task_states)[site], side.once(task_states)[site]
    nulls: dict[str, Statistics] = {}
    if controls.judge:
        pairs = [(plain.averaged["fresh"], diverse.averaged["fresh"]), (plain.rest["fresh"], diverse.rest["fresh"])]

        def rise(basis: Float[np.ndarray, "W r"]) -> list[float]:
            return [angles(after, basis)[0] - angles(before, basis)[0] for before, after in pairs]

        width, rank = diverse.span.shape
        levels = random_level(width, rank, rise, setting)
        nulls["random subspace"] = dict(zip(ANGLES, levels, strict=True))
        elsewhere = controls.untrained[0].site if controls.untrained else site

        def turn(first: Side, second: Side) -> Statistics:
            return turn_of(first.once(task_states)[elsewhere], second.once(task_states)[elsewhere], setting)

        nulls |= controls.of_untrained_pairs(turn)
    return Findings(turn_of(plain, diverse, setting), nulls)


def inside_minors(states: TaskStates, setting: Setting) -> Statistics:
    """Estimate the share of the fresh tasks' squares in the leading directions of the minors."""

    def inside(one: TaskStates, rows: Rows | slice, others: Rows | slice) -> list[float]:
        both = one.averaged, one.rest
        return [share(part["fresh"][rows], leading_directions(part["minors"][others], N_LEADING)) for part in both]

    sizes = [len(states.means[name]) for name in ("fresh", "minors")]
    again = [inside(one, slice(None), slice(None)) for one in states.beside_again()]
    return _named(SPANS, resampled(partial(inside, states), sizes, setting), again)


def analyse_directions(side: Side, controls: Controls) -> Findings:
    """Judge whether three directions of the minors hold the fresh tasks."""
    site, setting = controls.plain.site if controls.plain is not None else side.site, side.setting
    states, nulls = side.once(task_states)[site], {}
    if controls.judge:
        both = states.averaged["fresh"], states.rest["fresh"]
        levels = random_level(
            len(states.reference.centre), N_LEADING, lambda basis: [share(fresh, basis) for fresh in both], setting
        )
        nulls["random subspace"] = dict(zip(SPANS, levels, strict=True))
        elsewhere = controls.untrained[0].site if controls.untrained else site
        nulls |= controls.of_untrained(lambda other: inside_minors(other.once(task_states)[elsewhere], setting))
    return Findings(inside_minors(states, setting), nulls)


def angles(centred: Float[np.ndarray, "N W"], basis: Float[np.ndarray, "W r"]) -> list[float]:
    """Return the smallest and largest principal angle between a subspace and as many leading directions of states."""
    found = principal_angles(leading_directions(centred, basis.shape[1]), basis)
    return [float(found[0]), float(found[-1])]


def share(centred: Float[np.ndarray, "N W"], basis: Float[np.ndarray, "W r"]) -> float:
    """Return the share of centred states' squares inside a subspace."""
    return float(np.square(centred @ basis).sum() / np.square(centred).sum())


def _named(names: Sequence[str], estimates: Sequence[Estimate], again: Sequence[Sequence[float]]) -> Statistics:
    """Name some estimates, and add to their intervals the scatter of values beside other references."""
    values = [dict(zip(names, map(Estimate.of_value, one), strict=True)) for one in again]
    return widened_by_scatter(dict(zip(names, estimates, strict=True)), values)


def resampled(statistic: Callable[..., list[float]], sizes: Sequence[int], setting: Setting) -> list[Estimate]:
    """Estimate functions of some tasks' rows, with intervals over resampled tasks of each set."""
    rng, n = setting.stream("bootstrap/directions"), N_REPLICATES if setting.sizes.replicates else 0
    drawn = np.array([statistic(*(rng.integers(n, size=n) for n in sizes)) for _ in range(n)])
    values = statistic(*(np.arange(n) for n in sizes))
    return [Estimate.of_replicates(value, drawn[:, index] if n else drawn) for index, value in enumerate(values)]


def random_level(
    width: int, rank: int, statistic: Callable[[Float[np.ndarray, "W r"]], list[float]], setting: Setting
) -> list[Estimate]:
    """Return the mean of functions of a random subspace, and where 95 percent of the subspaces lie."""
    rng = setting.stream("random directions")
    values = np.array([statistic(random_basis(width, rank, rng)) for _ in range(N_SUBSPACES)])
    return [Estimate.of_spread(column) for column in values.T]


NEAR_ORTHOGONALITY = Question(
    name="near-orthogonality",
    claims=(
        Claim(
            "near-orthogonality",
            "With many minors, states of fresh tasks leave the span of the task vectors.",
            (
                Criterion("R2_OOD ratio", "R²_OOD, diverse / majors only", "at most", 0.5),
                Criterion("R2_OOD fall", "R²_OOD, majors only − diverse", "at least", 0.0, sign=True),
            ),
        ),
        Claim(
            "near-orthogonality*",
            "So they do once the vector of what is current is removed from the states.",
            (
                Criterion("R2_OOD* ratio", "R²_OOD without the current, diverse / majors only", "at most", 0.5),
                Criterion(
                    "R2_OOD* fall", "R²_OOD without the current, majors only − diverse", "at least", 0.0, sign=True
                ),
            ),
        ),
    ),
    families=MARKOV_GIVEN_TASK,
    scopes=(BOTH,),
    needs="states",
    statistics=("R2_OOD ratio", "R2_OOD fall", "R2_OOD* ratio", "R2_OOD* fall"),
    analyse=analyse_fall,
)

ANGLE = Question(
    name="angle",
    claims=(
        Claim(
            "angle",
            "With many minors, the directions of fresh tasks turn away from the task vectors.",
            (
                Criterion(
                    "smallest angle", "principal angle, diverse − majors only, degrees", "at least", 0.0, sign=True
                ),
            ),
        ),
    ),
    families=MARKOV_GIVEN_TASK,
    scopes=(BOTH,),
    needs="states",
    statistics=ANGLES,
    unjudged=ANGLES[1:],
    analyse=analyse_angle,
)

DIRECTIONS = Question(
    name="directions of minors",
    claims=(
        Claim(
            "directions of minors",
            "Three directions of the minors hold most of the states of fresh tasks.",
            (Criterion("OOD in minors' span", "share of squares in three directions", "at least", 0.5),),
        ),
        Claim(
            "directions of minors*",
            "So they do once the vector of what is current is removed from all states.",
            (Criterion("OOD in minors' span*", "share without the current in three directions", "at least", 0.5),),
        ),
    ),
    families=MARKOV_GIVEN_TASK,
    scopes=(DIVERSE,),
    needs="states",
    statistics=SPANS,
    analyse=analyse_directions,
)
