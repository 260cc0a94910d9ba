"""The smallest map that goes through the whole line: tens of updates, a few sequences."""

TINY = """
name = "tiny-map"
diversities = [1, 4]
mixtures = ["minors", "pool"]
looks = 3

[families.dice]
majors = 2
minor_mass = 0.3
seeds = [0, 1]
tasks = { faces = 3, length = 10, concentration = 1.0 }
network = { layers = 2, width = 8, heads = 1, hidden = 8 }
designs = [{ minors = 4, steps = 20 }]

[families.dice.training]
batch = 4
peak_rate = 1e-2
weight_decay = 0.0
record_every = 5
checkpoint_every = 5
evaluation_sequences = 4

[families.dice.measurement]
cell_sequences = 6
fresh_tasks = 4
fresh_sequences = 2
mode_sequences = 8
untrained = 2
replicates = 100
"""

ARM = """
[[families.dice.arms]]
name = "muon"
seeds = [0]
training = { optimizer = "muon" }
designs = [{ minors = 4, steps = 10 }]
"""

AXES = """
[axes]
overlap = [0.0, 0.5]
minor_mass = [0.3, 0.6]
"""
