"""What the statistics say of networks whose states were captured elsewhere.

Layer, statistics, ladder, nulls and verdicts are those of `judging.examination`. What cannot be measured of a file is
left out and said: predictions, unless every file holds them; what compares two designs, unless there are states of
both; whatever needs the network itself. Without untrained networks the verdicts stand on the other nulls.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from validate.capture.candidates import Arenas
from validate.claims.base import Side, shuffled_labels
from validate.claims.catalogue import BOTH, CLAIMS, DIVERSE, MAJORS_ONLY, Scope
from validate.claims.geometry import task_states
from validate.claims.portrait import subspace
from validate.claims.properties import Captured, profile, property_values
from validate.experiment.seed_plan import SeedPlan
from validate.judging.analyses import Gathered, alone, second
from validate.judging.ladder import calibration, climb
from validate.judging.layer import chosen_site
from validate.judging.verdicts import Outcome, claim_rows
from validate.own_states.source import StoredSource

PREDICTIONS = {criterion.statistic for claim in CLAIMS if claim.place == "none" for criterion in claim.criteria}
"""Statistics of predictions alone."""


@dataclass(frozen=True, eq=False)
class Subjects:
    """The sources of one family and seed: by design what was trained, and untrained networks."""

    part: SeedPlan
    trained: Mapping[str, StoredSource]
    untrained: Sequence[StoredSource] = ()

    @property
    def scopes(self) -> dict[Scope, str]:
        """The scopes that can be judged, and the design each stands for."""
        have = {scope: name for scope, name in self.part.designs.items() if name in self.trained}
        both = {BOTH: self.part.designs[BOTH]} if have.keys() >= {MAJORS_ONLY, DIVERSE} else {}
        return have | both

    @property
    def have_predictions(self) -> bool:
        """Whether every file holds predictions."""
        return all(source.file.has_predictions for source in (*self.trained.values(), *self.untrained))


def examine_states(subjects: Subjects, with_predictions: bool) -> tuple[Outcome, list[dict[str, Any]]]:
    """Measure the states of one family and seed, and the predictions if they are there to be measured.

    Returns
    -------
    Outcome
        What the verdicts need.
    list of dict
        For each trained network its numbers by site and position.
    """
    part, setting, gathered = subjects.part, subjects.part.setting, Gathered()
    ladder = climb(part.plain, part.diverse, setting)
    arenas = {design: Arenas(mixture, setting) for design, mixture in part.mixtures.items()}
    designs = {design: scope for scope, design in subjects.scopes.items()}
    bare = [_untrained(source, part) for source in subjects.untrained]
    sides: dict[Scope, Side] = {}
    networks = []
    for design, source in subjects.trained.items():
        site, captured = chosen_site(source, setting), Captured.of(source, setting)
        networks.append({"family": part.kind, "seed": part.seed, "design": design, "chosen": site})
        networks[-1] |= by_site(captured, subjects)
        if scope := designs.get(design):
            side = Side.of(source, captured, site, arenas[design])
            sides[scope] = side
            for analysis in alone(side, [replace(other, arenas=side.arenas) for other in bare]):
                gathered.add(analysis)
            gathered.nulls.setdefault(scope, {})["shuffled task labels"] = shuffled_labels(captured, setting, site)
    plain, diverse = sides.get(MAJORS_ONLY), sides.get(DIVERSE)
    if diverse is not None:
        for analysis in second(plain, diverse, [replace(other, arenas=diverse.arenas) for other in bare]):
            gathered.add(analysis)
    if not with_predictions:
        for table in (*gathered.measured.values(), *(t for nulls in gathered.nulls.values() for t in nulls.values())):
            for name in PREDICTIONS & table.keys():
                del table[name]
    layers = _layers(subjects, sides)
    outcome = Outcome(
        part.seed, ladder, calibration(ladder), gathered.measured, gathered.nulls, gathered.predicted, layers
    )
    return outcome, networks


def _untrained(source: StoredSource, part: SeedPlan) -> Side:
    setting = part.setting
    site, captured = chosen_site(source, setting), Captured.of(source, setting)
    side = Side.of(source, captured, site, Arenas(part.plain, setting))
    return side if part.diverse is None else replace(side, tasks=task_states(source, captured, part.diverse, setting))


def _layers(subjects: Subjects, sides: Mapping[Scope, Side]) -> dict[str, int]:
    """Return the place of the chosen sites, and of the last, among the sites of the files."""
    sites = next(iter(subjects.trained.values())).sites
    layers: dict[str, int] = {scope: sites.index(side.site) for scope, side in sides.items()}
    return layers | {BOTH: layers.get(MAJORS_ONLY, 0), "last": len(sites) - 1}


def by_site(captured: Captured, subjects: Subjects) -> dict[str, Any]:
    """Return the values of every statistic of states at each site, R2_OOD, and profiles over positions."""
    setting = subjects.part.setting
    return {
        "positions": list(setting.scored),
        "properties": {site: property_values(captured, setting, site) for site in captured.design},
        "subspace": subspace(captured, setting),
        "profile": profile(captured, setting),
    }


def judge_states(groups: Iterable[Subjects]) -> dict[str, Any]:
    """Measure and judge the states of several families and seeds.

    Returns
    -------
    dict
        ``claims``: rows as in results.json. ``left_out``: sentences. ``networks``: numbers by site.
    """
    by_family: dict[str, list[Subjects]] = {}
    for subjects in groups:
        by_family.setdefault(subjects.part.kind, []).append(subjects)
    results: dict[str, Any] = {"claims": [], "left_out": [], "networks": []}
    for kind, family in by_family.items():
        outcomes, with_predictions = [], all(subjects.have_predictions for subjects in family)
        for subjects in family:
            outcome, networks = examine_states(subjects, with_predictions)
            outcomes.append(outcome)
            results["networks"] += networks
        scopes, position = family[0].scopes, family[0].part.setting.late[-1]
        rows = claim_rows(kind, outcomes, scopes, position)
        names = {design: scope for scope, design in scopes.items()}
        for row in rows:
            measured = outcomes[0].trained[names[row["design"]]]
            results["claims"] += [row] * any(part["statistic"] in measured for part in row["parts"])
        judged = [row for row in results["claims"] if row["family"] == kind]
        results["left_out"] += left_out(kind, family, {row["claim"] for row in judged})
    return results


def left_out(kind: str, family: Sequence[Subjects], judged: set[str]) -> list[str]:
    """Return what was not judged of a family, and why, and which nulls there are not."""
    reasons: dict[str, list[str]] = {}
    for claim in CLAIMS:
        if kind not in claim.families or claim.name in judged:
            continue
        if not all(criterion.on_ladder for criterion in claim.criteria):
            reason = "the network itself is needed"
        elif not set(claim.scopes) & family[0].scopes.keys():
            reason = f"states of another design are needed ({', '.join(claim.scopes)})"
        else:
            reason = "not every file holds predictions"
        reasons.setdefault(reason, []).append(claim.name)
    sentences = [f"{kind}: not judged: {', '.join(names)}; {reason}." for reason, names in reasons.items()]
    if not all(subjects.untrained for subjects in family):
        sentences.append(
            f"{kind}: no untrained network was given for every seed (--untrained), so verdicts stand on the other"
            " nulls; an untrained network may meet the paper's own statistics."
        )
    return sentences
