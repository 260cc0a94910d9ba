"""The one measuring pipeline: questions are put to the sources of one family and seed.

The sources are networks of a run, states captured elsewhere, networks of a sweep, or a recorder that only wants to know
what will be asked. Every source is judged at its own task site; untrained ones come along with the mixture of each
trained one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from validate.capture.candidates import Arenas
from validate.capture.sources import StateSource, candidates
from validate.claims.base import UNTRAINED, Controls, Findings, Needs, Observed, Question, Side, Statistics
from validate.claims.catalogue import QUESTIONS, questions_for
from validate.claims.skill import SKILL
from validate.experiment.scopes import BOTH, DIVERSE, MAJORS_ONLY, Scope
from validate.experiment.seed_plan import SeedPlan
from validate.judging.controls import Company, Placed
from validate.judging.ladder import climb
from validate.judging.layer import layer_of, task_site
from validate.judging.results import ByScope, Examination, NetworkResult, Outcome

OFFERS: dict[Needs, tuple[Needs, ...]] = {
    "states": ("states",),
    "predictions": ("states", "predictions"),
    "network": ("states", "predictions", "network"),
}
"""The needs of the questions that can be put to a source, by the most it has."""


@dataclass(frozen=True, eq=False)
class Subjects:
    """The sources of one family and seed.

    Attributes
    ----------
    trained : mapping of str to StateSource
        By the name of the design it was trained on.
    company : Company
        What they are judged against.
    has : {"states", "predictions", "network"}
        The most that all of them have.
    """

    seed_plan: SeedPlan
    trained: Mapping[str, StateSource]
    company: Company = field(default_factory=Company)
    has: Needs = "network"

    @property
    def scopes(self) -> dict[Scope, str]:
        """The scopes that can be judged, and the design each stands for."""
        designs = self.seed_plan.designs
        have = {scope: name for scope, name in designs.items() if name in self.trained}
        return have | ({BOTH: designs[BOTH]} if have.keys() >= {MAJORS_ONLY, DIVERSE} else {})


@dataclass(frozen=True, eq=False)
class Gathered:
    """What the answers say, by scope."""

    measured: ByScope = field(default_factory=dict)
    nulls: dict[Scope, dict[str, Statistics]] = field(default_factory=dict)
    beside: dict[Scope, dict[str, Statistics]] = field(default_factory=dict)
    predicted: dict[Scope, dict[str, float]] = field(default_factory=dict)
    reasons: dict[Scope, dict[str, str]] = field(default_factory=dict)

    def add(self, question: Question, scope: Scope, findings: Findings) -> None:
        """Take in one answer; ValueError if it holds a statistic that the question does not name."""
        for table in (findings.statistics, *findings.nulls.values(), *findings.beside.values(), findings.predicted):
            if unnamed := table.keys() - set(question.statistics):
                raise ValueError(f"{question.name} names no statistic {sorted(unnamed)}")
        self.measured.setdefault(scope, {}).update(findings.statistics)
        self.predicted.setdefault(scope, {}).update(findings.predicted)
        self.reasons.setdefault(scope, {}).update(findings.reasons)
        for kept, found in ((self.nulls, findings.nulls), (self.beside, findings.beside)):
            for name, table in found.items():
                kept.setdefault(scope, {}).setdefault(name, {}).update(table)


def examine(
    subjects: Subjects,
    questions: Iterable[Question] = QUESTIONS,
    rungs: Collection[str] | None = None,
    judge: bool = True,
) -> Examination:
    """Put every question that can be answered to the sources of one family and seed.

    Parameters
    ----------
    questions : iterable of Question
        Asked in their order.
    rungs : collection of str, optional
        The rungs of the ladder that are climbed; all unless given.
    judge : bool
        Whether nulls and the ladder are wanted; statistics alone otherwise.
    """
    plan, gathered = subjects.seed_plan, Gathered()
    asked = questions_for(plan.family.name, questions)
    ladder = climb(plan, [question for question in asked if question.asked_of_rungs], rungs) if judge else {}
    asked = [question for question in asked if question.needs in OFFERS[subjects.has]]
    arenas = {design: Arenas(mixture, plan.setting) for design, mixture in plan.mixtures.items()}
    scope_of = {design: scope for scope, design in subjects.scopes.items()}
    sites = {design: task_site(source, plan.setting) for design, source in subjects.trained.items()}
    company = Placed(subjects.company, plan.setting, [sites[design] for design in scope_of if design in sites])
    sides: dict[Scope, Side] = {}
    networks = []
    # Some questions about the diverse network look back at the majors-only one.
    for design in sorted(subjects.trained, key=lambda name: scope_of.get(name) != MAJORS_ONLY):
        source, scope = subjects.trained[design], scope_of.get(design)
        side = Side(Observed(source, plan.setting, sites[design]), arenas[design])
        if scope:
            sides[scope] = side
            controls = company.beside(side, design, sides.get(MAJORS_ONLY), judge, judge)
        else:
            controls = Controls(plain=sides.get(MAJORS_ONLY), show=judge)
        answers = _ask(asked, side, controls, scope or side.scope)
        networks.append(_result(plan, design, side, answers))
        if scope:
            for question, findings in answers:
                gathered.add(question, scope, findings)
            if scope == DIVERSE and MAJORS_ONLY in sides:
                both = subjects.scopes
                controls = company.beside_both(
                    side, sides[MAJORS_ONLY], (both[MAJORS_ONLY], both[DIVERSE]), judge, judge
                )
                for question, findings in _ask(asked, side, controls, BOTH):
                    gathered.add(question, BOTH, findings)
    if judge:
        ladder[UNTRAINED] = {scope: dict(table.get(UNTRAINED, {})) for scope, table in gathered.nulls.items()}
    return Examination(
        outcome=Outcome(
            seed=plan.seed,
            ladder=ladder,
            trained=gathered.measured,
            nulls=gathered.nulls,
            beside=gathered.beside,
            predicted=gathered.predicted,
            sites=_sites(sides),
            reasons=gathered.reasons,
            layers=_layers(sides),
        ),
        networks=networks,
        untrained=_shown_untrained(subjects, company, sides, asked),
    )


def _ask(
    questions: Sequence[Question], side: Side, controls: Controls, scope: Scope
) -> list[tuple[Question, Findings]]:
    return [(question, question.analyse(side, controls)) for question in questions if scope in question.scopes]


def _shown_untrained(
    subjects: Subjects,
    company: Placed,
    sides: Mapping[Scope, Side],
    questions: Sequence[Question],
) -> list[NetworkResult]:
    """Describe an untrained network beside the mixture with the most minors; causal tests of it are nulls alone."""
    beside = sides.get(DIVERSE) or sides.get(MAJORS_ONLY)
    if beside is None or not subjects.company.untrained:
        return []
    plan, source = subjects.seed_plan, subjects.company.untrained[0]
    shown = [question for question in questions if question.needs != "network" or not question.claims]
    side = Side(Observed(source, plan.setting, company.site_of_untrained(beside.site)), beside.arenas)
    return [_result(plan, "untrained", side, _ask(shown, side, Controls(show=True), side.scope))]


def _result(plan: SeedPlan, design: str, side: Side, answers: Sequence[tuple[Question, Findings]]) -> NetworkResult:
    return NetworkResult(
        family=plan.section,
        seed=plan.seed,
        design=design,
        arm="" if plan.arm is None else plan.arm.name,
        skill=next((f.statistics[SKILL].value for _, f in answers if SKILL in f.statistics), float("nan")),
        site=side.site,
        sites=list(side.source.sites),
        shown={question.name: findings.shown for question, findings in answers if findings.shown is not None},
    )


def _sites(sides: Mapping[Scope, Side]) -> dict[str, str]:
    """Return the site of each scope, and the last that may be judged."""
    found: dict[str, str] = {scope: side.site for scope, side in sides.items()}
    if MAJORS_ONLY in sides:
        found[BOTH] = sides[MAJORS_ONLY].site
    for side in sides.values():
        found["last"] = candidates(side.source.sites)[-1]
    return found


def _layers(sides: Mapping[Scope, Side]) -> dict[str, int]:
    """Return the numbers of their layers."""
    every = next((side.source.sites for side in sides.values()), ())
    return {scope: layer_of(site, every) for scope, site in _sites(sides).items()}
