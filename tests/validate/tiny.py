"""The smallest experiments that go through the whole line, and settings small enough for the ladder."""

from model import Transformer
from theory import Mixture, stream
from validate.capture.sources import NetworkSource
from validate.experiment.schema import Design, Experiment, build_family, network_config, parse_experiment
from validate.experiment.seed_plan import SeedPlan
from validate.experiment.setting import Setting
from validate.judging.controls import Company
from validate.judging.examination import Subjects

FAMILY_TOML = """
[families.dice]
majors = 3
minor_mass = 0.1
seeds = [0]
tasks = { faces = 3, length = 10, concentration = 1.0 }
network = { layers = 1, width = 4, heads = 1, hidden = 4 }
designs = [{ minors = 0, steps = 5 }, { minors = 2, steps = 4 }]

[families.dice.training]
batch = 4
peak_rate = 1e-2
weight_decay = 0.0
record_every = 2
checkpoint_every = 3
evaluation_sequences = 4

[families.dice.measurement]
cell_sequences = 6
fresh_tasks = 3
fresh_sequences = 2
mode_sequences = 4
untrained = 2
replicates = 100
"""

TOML = 'name = "tiny"\n' + FAMILY_TOML
"""Biased dice alone."""

TASKS = {
    "dice": "faces = 3, length = 10, concentration = 1.0",
    "regression": "dimension = 2, points = 8",
    "markov": "states = 2, length = 12",
    "dyck": "pairs = 2, background = 2, density = 0.5, length = 12",
}
"""The smallest tasks of each family."""


def tiny_toml(*kinds: str) -> str:
    """Return an experiment of the given families: two layers to choose from, two majors, minors for one group."""
    parts = [
        FAMILY_TOML.replace("families.dice", f"families.{kind}").replace(TASKS["dice"], TASKS[kind]) for kind in kinds
    ]
    text = "".join(parts).replace("layers = 1", "layers = 2").replace("majors = 3", "majors = 2")
    return 'name = "tiny-families"\n' + text


def tiny_experiment() -> Experiment:
    return parse_experiment(TOML, "tiny")


LADDER = {
    "dice": (40, {"faces": 6, "length": 32}),
    "regression": (40, {"dimension": 4, "points": 32}),
    "markov": (40, {"states": 4, "length": 64}),
    "dyck": (32, {"pairs": 4, "background": 3, "density": 0.25, "length": 48}),
}
"""Sequences a cell, and tasks, with which the ladder tells its rungs apart in a few seconds."""


def family_setting(kind: str, cell_sequences: int | None = None, seed: int = 0) -> Setting:
    """Return a setting with three majors in which statistics mean something."""
    n, tasks = LADDER[kind]
    family = build_family(kind, tasks)
    sizes = (
        tiny_experiment()
        .families["dice"]
        .measurement.model_copy(
            update={
                "cell_sequences": n if cell_sequences is None else cell_sequences,
                "fresh_tasks": 64,
                "fresh_sequences": 8,
                "mode_sequences": 64,
                "replicates": 100,
            }
        )
    )
    return Setting(kind, family, family.sample_pool(stream(seed, f"{kind}/majors"), 3), seed, sizes)


def dice_setting(cell_sequences: int = 40) -> Setting:
    return family_setting("dice", cell_sequences)


def mixtures(setting: Setting, n_minors: int = 32) -> tuple[Mixture, Mixture]:
    """Return the majors-only and a diverse mixture of a setting."""
    minors = setting.family.sample_pool(stream(0, "minors"), n_minors)
    return Mixture(setting.family, setting.majors), Mixture(setting.family, setting.majors, minors)


def ladder_plan(kind: str, cell_sequences: int | None = None) -> SeedPlan:
    """Return the seed plan of such a setting, with a majors-only and a diverse design of as many minors."""
    setting = family_setting(kind, cell_sequences)
    plain, diverse = mixtures(setting)
    designs = [Design(minors=mixture.n_minors, steps=5) for mixture in (plain, diverse)]
    plan = tiny_experiment().families["dice"].model_copy(update={"designs": designs, "measurement": setting.sizes})
    made = {design.name: mixture for design, mixture in zip(designs, (plain, diverse), strict=True)}
    return SeedPlan(setting.family, plan, setting.seed, made, setting)


def tiny_networks(plan: SeedPlan) -> dict[str, Transformer]:
    """Return an untrained network for each design: what they were trained on does not matter here."""
    config = network_config(plan.family, plan.plan.network)
    return {
        design.name: Transformer(config, seed=index, backend="numpy") for index, design in enumerate(plan.plan.designs)
    }


def tiny_subjects(plan: SeedPlan) -> Subjects:
    """Return these as the trained networks of a seed plan."""
    config = network_config(plan.family, plan.plan.network)
    trained = {name: NetworkSource(network, plan.family) for name, network in tiny_networks(plan).items()}
    bare = [NetworkSource(Transformer(config, seed=seed, backend="numpy"), plan.family) for seed in (7, 8)]
    return Subjects(plan, trained, Company(bare))
