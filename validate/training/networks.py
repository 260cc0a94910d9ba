"""The networks of an experiment: their data and their training.

Data of step n are a function of (seed, purpose, n) alone, so a resumed run sees what an uninterrupted one saw.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import model
from model import StepRecord, TrainingConfig, Transformer, TransformerConfig, train
from theory import Batch, LatentTasks, Mixture, ModelArrays, divergence, stream, target_loss
from validate.capture.candidates import REFERENCES, phase_ratio, reference_mean
from validate.capture.finite import floored
from validate.capture.sources import NetworkSource, predicted
from validate.experiment.schema import Design, FamilyPlan, network_config
from validate.training.metrics import Metrics
from validate.training.span_course import SpanCourse, is_looked_at


def untrained_networks(kind: str, config: TransformerConfig, n_networks: int, seed: int) -> list[Transformer]:
    """Return freshly initialised networks, each with its own seed from the stream of `seed`."""
    draws = stream(seed, f"{kind}/untrained").integers(2**31, size=n_networks)
    return [Transformer(config, seed=int(draw)) for draw in draws]


def build_mixture(kind: str, family: LatentTasks, plan: FamilyPlan, design: Design, seed: int) -> Mixture:
    """Return the training mixture of a design; the majors are the same in every design of a seed."""
    majors = family.sample_pool(stream(seed, f"{kind}/majors"), plan.majors)
    minors = family.sample_pool(stream(seed, f"{kind}/minors"), design.minors) if design.minors else None
    return Mixture(family, majors, minors, plan.minor_mass)


@cache
def code_fingerprint() -> str:
    """Return a hash of the source of `model`: the code that trains."""
    digest, folder = hashlib.sha256(), Path(str(model.__file__)).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def data_fingerprint(mixture: Mixture, draw: Callable[[int], Batch]) -> str:
    """Return a hash of what a network is trained on: the tasks, their weights, and the first two batches.

    Whatever code draws them, a change that shows in them makes another fingerprint.
    """
    digest = hashlib.sha256()
    first, second = (mixture.family.encode(draw(step)) for step in (0, 1))
    for part in (mixture.pool.parameters, mixture.weights, *first, *second):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


class Evaluation:
    """A network beside the Bayes predictors on fixed held-out sequences, for the curves by training step.

    Attributes
    ----------
    batches : dict
        Sequences of the training mixture, and of fresh tasks, another for each sequence.
    references : dict
        By population, the mean loss of each Bayes predictor (nats, or squared units).
    """

    def __init__(self, kind: str, mixture: Mixture, seed: int, n_sequences: int) -> None:
        family = mixture.family
        rng = stream(seed, f"{kind}/evaluation")
        fresh = family.sample_pool(rng, n_sequences)
        self.family = family
        self.batches = {
            "training": mixture.sample(rng, n_sequences),
            "fresh": family.sample(rng, fresh, n_sequences, tasks=np.arange(n_sequences)),
        }
        self._n_positions = len(family.encode(self.batches["training"][:1]).positions)
        self._means = {
            population: {name: self._reference(name, mixture, batch) for name in REFERENCES}
            for population, batch in self.batches.items()
        }
        self.references = {
            population: {name: self.loss(mean, self.batches[population]) for name, mean in means.items()}
            for population, means in self._means.items()
        }

    def _reference(self, name: str, mixture: Mixture, batch: Batch) -> np.ndarray:
        mean = predicted(reference_mean(name, mixture, batch), self._n_positions)
        return floored(self.family.target_kind, mean)

    def loss(self, mean: np.ndarray, batch: Batch) -> float:
        """Return the mean loss of a prediction over the positions a transformer predicts."""
        targets = predicted(self.family.targets(batch), self._n_positions)
        return float(target_loss(self.family.target_kind, predicted(mean, self._n_positions), targets).mean())

    def __call__(self, network: Transformer) -> dict[str, dict[str, Any]]:
        """Return what a record says of a network, by population.

        Returns
        -------
        dict
            ``held_out``: mean loss. ``distance``: mean distance to each Bayes predictor. ``phase``: log10 of the ratio
            of the distances to M1 and to M2. Losses and distances in nats, or squared units.
        """
        source, kind = NetworkSource(network, self.family), self.family.target_kind
        held_out, distance = {}, {}
        for population, batch in self.batches.items():
            mean, references = source.mean(batch), self._means[population]
            held_out[population] = self.loss(mean, batch)
            distance[population] = {name: float(divergence(kind, mean, m).mean()) for name, m in references.items()}
        phase = {population: phase_ratio(to["M1"], to["M2"]) for population, to in distance.items()}
        return {"held_out": held_out, "distance": distance, "phase": phase}


def batch_drawer(kind: str, mixture: Mixture, batch_size: int, seed: int) -> Callable[[int], Batch]:
    """Return the training batch of each step."""
    return lambda step: mixture.sample(stream(seed, f"{kind}/training", step), batch_size)


def train_network(
    kind: str, plan: FamilyPlan, design: Design, mixture: Mixture, seed: int, folder: Path, progress: bool
) -> Transformer:
    """Train (or resume, or load) the network of one design and seed.

    Writes ``checkpoints/<family>.<design>.seed-<seed>.safetensors`` and appends to ``metrics.jsonl`` one row per
    record: step, batch loss, the Bayes predictor's loss on the same batch, what `Evaluation` says of the network, and
    at some of them ``inside``, R2_OOD by site (`training.span_course`).
    """
    family = mixture.family
    draw = batch_drawer(kind, mixture, plan.training.batch, seed)
    evaluation = Evaluation(kind, mixture, seed, plan.training.evaluation_sequences)
    course = SpanCourse(kind, mixture, seed, plan.measurement)
    identity = {"family": kind, "design": design.name, "seed": seed}

    def arrays(step: int) -> ModelArrays:
        return family.encode(draw(step))

    def bayes_loss(step: int) -> float:
        batch = draw(step)
        return evaluation.loss(reference_mean("M1", mixture, batch), batch)

    network = Transformer(network_config(family, plan.network), seed=seed)
    checkpoint = folder / "checkpoints" / f"{kind}.{design.name}.seed-{seed}.safetensors"
    metrics = Metrics(folder / "metrics.jsonl")
    observed: list[int] = []

    def observe(record: StepRecord) -> None:
        if not observed:
            metrics.rewind(identity, record.step)
        observed.append(record.step)
        looked_at = is_looked_at(record.step // plan.training.record_every) or record.step == design.steps - 1
        inside = {"inside": course(network)} if looked_at else {}
        metrics.append(identity | asdict(record) | evaluation(network) | inside)

    settings = plan.training.model_dump(exclude={"batch", "evaluation_sequences"})
    train(
        network,
        arrays,
        TrainingConfig(steps=design.steps, **settings),
        checkpoint=checkpoint,
        bayes_loss=bayes_loss,
        observe=observe,
        progress=progress,
        description=f"{kind} {design.name} seed {seed}",
        fingerprint={"code": code_fingerprint(), "data": data_fingerprint(mixture, draw)},
    )
    return network
