"""The smallest experiment that goes through the whole line."""

from theory import Mixture, stream
from validate.experiment import Experiment, build_family, load_preset, parse_experiment
from validate.measure import Setting

TOML = """
name = "tiny"

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


def tiny_experiment() -> Experiment:
    return parse_experiment(TOML, "tiny")


def dice_setting(cell_sequences: int = 40) -> Setting:
    """Return the setting of the quick preset with fewer sequences."""
    plan = load_preset("quick").families["dice"]
    family = build_family("dice", plan.tasks)
    sizes = plan.measurement.model_copy(
        update={"cell_sequences": cell_sequences, "fresh_sequences": 8, "mode_sequences": 64, "replicates": 100}
    )
    return Setting("dice", family, family.sample_pool(stream(0, "dice/majors"), plan.majors), 0, sizes)


def mixtures(setting: Setting, n_minors: int = 32) -> tuple[Mixture, Mixture]:
    """Return the majors-only and a diverse mixture of a setting."""
    minors = setting.family.sample_pool(stream(0, "minors"), n_minors)
    return Mixture(setting.family, setting.majors), Mixture(setting.family, setting.majors, minors)
