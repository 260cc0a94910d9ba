"""Less or more of an experiment: some of its families, other seeds.

A selection is an experiment of its own, with a name of its own and so with a run folder of its own:

    minimal  ->  minimal.dice.seeds-0-1

The part that names families or seeds is left out where the selection changes nothing.
"""

from collections.abc import Collection, Iterable, Sequence

from validate.experiment.schema import E, ExperimentError, FamilyPlan


def parse_seeds(texts: Iterable[str]) -> list[int]:
    """Read seeds written as numbers with commas between them, each named once, in ascending order.

    Raises
    ------
    ExperimentError
        If a part is not a whole number from 0 to 2^31 - 1.
    """
    parts = [part.strip() for text in texts for part in text.split(",")]
    for part in parts:
        if not (part.isascii() and part.isdigit() and int(part) < 2**31):
            raise ExperimentError(f"seeds must be whole numbers from 0 to 2^31 - 1, such as 0,1,2; got {part!r}")
    return sorted({int(part) for part in parts})


def select(experiment: E, families: Sequence[str] = (), seeds: Sequence[int] = ()) -> E:
    """Return the experiment with some of its families, each with the seeds given.

    Parameters
    ----------
    families : sequence of str
        All unless given; they keep the experiment's order.
    seeds : sequence of int
        The plans' own unless given; seeds the plans do not have do more.

    Raises
    ------
    ExperimentError
        If the experiment does not have a family.
    """
    require_known("family", families, experiment.families)
    plans = {kind: plan for kind, plan in experiment.families.items() if not families or kind in families}
    changed = any(plan.seeds != list(seeds) for plan in plans.values()) if seeds else False
    parts = [experiment.name]
    if len(plans) < len(experiment.families):
        parts.append("-".join(plans))
    if changed:
        parts.append("-".join(map(str, ("seeds", *seeds))))
        plans = {kind: _with_seeds(plan, list(seeds)) for kind, plan in plans.items()}
    return experiment.model_copy(update={"name": ".".join(parts), "families": plans})


def _with_seeds(plan: FamilyPlan, seeds: list[int]) -> FamilyPlan:
    """Return a plan with other seeds; its arms keep those of them that they had."""
    kept = [(arm, [seed for seed in arm.seeds if seed in seeds]) for arm in plan.arms]
    arms = [arm.model_copy(update={"seeds": own}) for arm, own in kept if own]
    return plan.model_copy(update={"seeds": seeds, "arms": arms})


def require_known(what: str, names: Iterable[str], known: Collection[str]) -> None:
    """Refuse a name that is not among those there are."""
    for name in names:
        if name not in known:
            raise ExperimentError(f"{what} must be one of {', '.join(known)}; got {name!r}")
