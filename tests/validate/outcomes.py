"""Outcomes of seeds whose numbers are made up: good everywhere but for what is changed."""

from validate.claims.catalogue import CRITERIA
from validate.experiment.scopes import BOTH, DIVERSE, MAJORS_ONLY
from validate.judging.results import Outcome
from validate.judging.verdicts import claim_rows
from validate.statistics.intervals import Estimate

GOOD = {"at least": 1.5, "at most": -0.5}
BAD = {"at least": -0.5, "at most": 1.5}
SCOPES = (MAJORS_ONLY, DIVERSE, BOTH)
DESIGNS = {MAJORS_ONLY: "minors=0", DIVERSE: "minors=8", BOTH: "minors=0 to minors=8"}
LAYERS = {MAJORS_ONLY: 3, DIVERSE: 2, BOTH: 3, "last": 5}


def table(values, **changed):
    """Return an estimate for every statistic: far on the good or the bad side, unless changed."""
    estimates = {name: values[criterion.direction] for name, criterion in CRITERIA.items()} | changed
    return {name: Estimate(value, value - 0.01, value + 0.01) for name, value in estimates.items()}


def rung(name):
    """Return the statistics of a rung of the ladder: good where it is the one that must meet the criterion."""
    return {key: (GOOD if own.exact == name else BAD)[own.direction] for key, own in CRITERIA.items()}


RUNGS = sorted({name for own in CRITERIA.values() for name in (own.exact, *own.rivals)})


def outcome(seed=0, layers=LAYERS, scope=MAJORS_ONLY, **changed):
    """Return the outcome of a seed that is good everywhere, but for what is changed in one scope."""
    return Outcome(
        seed=seed,
        ladder={name: {other: table(GOOD, **rung(name)) for other in SCOPES} for name in RUNGS},
        trained={other: table(GOOD, **changed) if other == scope else table(GOOD) for other in SCOPES},
        nulls={other: {"untrained": table(BAD)} for other in SCOPES},
        predicted={other: dict.fromkeys(CRITERIA, 0.75) for other in SCOPES},
        sites={scope: f"post_mlp.{layer}" for scope, layer in layers.items()},
        layers=layers,
    )


def rows_of(*outcomes, kind="dice", designs=DESIGNS, wanted=None):
    """Return the rows of claims by claim and design."""
    rows = claim_rows(kind, outcomes, designs, 62, wanted)
    return {(row.claim, row.design): row for row in rows}


def with_skill(seed, plain, diverse, **changed):
    """Return an outcome whose networks have these skills."""
    found = outcome(seed, **changed)
    for scope, skill in ((MAJORS_ONLY, plain), (DIVERSE, diverse)):
        found.trained[scope]["skill"] = Estimate(skill, skill - 0.05, skill + 0.05)
    return found
