"""One family and one seed of an experiment: the unit that is trained, measured and kept."""

from dataclasses import dataclass
from functools import cached_property

from theory import LatentTasks, Mixture, name_with_layout, stream
from validate.experiment.schema import Arm, Design, Experiment, FamilyPlan
from validate.experiment.scopes import BOTH, DIVERSE, MAJORS_ONLY, Scope
from validate.experiment.setting import Setting


def build_mixture(family: LatentTasks, plan: FamilyPlan, design: Design, seed: int) -> Mixture:
    """Return the training mixture of a design; the majors are the same in every design of a seed."""
    majors = family.sample_pool(stream(seed, f"{family.name}/majors"), plan.majors)
    minors = family.sample_pool(stream(seed, f"{family.name}/minors"), design.minors) if design.minors else None
    return Mixture(family, majors, minors, plan.minor_mass)


@dataclass(frozen=True)
class SeedPlan:
    """Its mixtures by design, and the setting they share."""

    family: LatentTasks
    plan: FamilyPlan
    seed: int
    mixtures: dict[str, Mixture]
    setting: Setting
    arm: Arm | None = None

    @classmethod
    def of(cls, experiment: Experiment, kind: str, seed: int, arm: Arm | None = None) -> "SeedPlan":
        """Draw the tasks of a seed; an arm trains the same ones in another way."""
        plan, family = experiment.families[kind], experiment.family(kind)
        plan = plan if arm is None else plan.of_arm(arm)
        mixtures = {design.name: build_mixture(family, plan, design, seed) for design in plan.designs}
        majors = next(iter(mixtures.values())).majors
        setting = Setting(family.name, family, majors, seed, plan.measurement, causal=plan.causal)
        return cls(family, plan, seed, mixtures, setting, arm)

    @property
    def name(self) -> str:
        """How it is called in files and sentences."""
        return f"{self.section}{self.suffix}.seed-{self.seed}"

    @property
    def section(self) -> str:
        """The family's name in its layout: the section of the experiment it stands in, and `family` in every table."""
        return name_with_layout(self.family)

    @property
    def suffix(self) -> str:
        """What an arm adds to names."""
        return "" if self.arm is None else f".{self.arm.name}"

    @property
    def plain(self) -> Mixture:
        """The majors-only mixture, whether or not a network is trained on it."""
        return Mixture(self.family, self.setting.majors, None, self.plan.minor_mass)

    @cached_property
    def designs(self) -> dict[Scope, str]:
        """Name of the design each scope stands for, as far as the experiment has them."""
        least = min(self.plan.designs, key=lambda design: design.minors)
        most = max(self.plan.designs, key=lambda design: design.minors)
        names: dict[Scope, str] = {}
        if least.minors == 0:
            names[MAJORS_ONLY] = least.name
        if most.minors:
            names[DIVERSE] = most.name
        if len(names) == 2:
            names[BOTH] = f"{least.name} to {most.name}"
        return names

    @property
    def diverse(self) -> Mixture | None:
        """The mixture with the most minors, if any has minors."""
        return self.mixtures.get(self.designs.get(DIVERSE, ""))


def seed_plans(experiment: Experiment) -> list[SeedPlan]:
    """Return every family and seed of an experiment, without its arms."""
    return [SeedPlan.of(experiment, kind, seed) for kind, plan in experiment.families.items() for seed in plan.seeds]


def arm_plans(experiment: Experiment) -> list[SeedPlan]:
    """Return every family, arm and seed of an experiment."""
    return [
        SeedPlan.of(experiment, kind, seed, arm)
        for kind, plan in experiment.families.items()
        for arm in plan.arms
        for seed in arm.seeds
    ]
