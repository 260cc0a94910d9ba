"""The networks of an experiment: untrained ones, and the training of the others.

Data of step n are a function of (seed, purpose, n) alone, so a resumed run sees what an uninterrupted one saw.
"""

from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path

from model import StepRecord, Transformer, train
from theory import ModelArrays, stream
from validate.capture.candidates import reference_mean
from validate.experiment.fingerprints import data_fingerprint, training_code
from validate.experiment.network_plan import NetworkPlan
from validate.experiment.schema import network_config
from validate.experiment.seed_plan import SeedPlan
from validate.training.evaluation import Evaluation
from validate.training.metrics import Metrics
from validate.training.snapshots import Snapshots
from validate.training.span_course import MOST_MAJORS, SpanCourse, is_looked_at

SCALE = 3.0
"""How much larger weights are initialised to see whether what untrained networks miss is a fact of their scale."""


def untrained_networks(seed_plan: SeedPlan) -> list[Transformer]:
    """Return freshly initialised networks, each with its own seed from the stream of the plan's."""
    family, plan = seed_plan.family, seed_plan.plan
    draws = stream(seed_plan.seed, f"{family.name}/untrained").integers(2**31, size=plan.measurement.untrained)
    return [Transformer(network_config(family, plan.network), seed=int(draw), threads=1) for draw in draws]


def scaled_networks(seed_plan: SeedPlan) -> list[Transformer]:
    """Return the first untrained network with every weight matrix times `SCALE`, biases and norms as they are."""
    network = untrained_networks(seed_plan)[0]
    for array in network.parameters.values():
        if array.ndim > 1:
            array *= SCALE
    return [network]


def train_network(plan: NetworkPlan, folder: Path, kept_at: Collection[int] = ()) -> Transformer:
    """Train (or resume, or load) one network; after the numbers of updates `kept_at` it is kept as it is then.

    Keeps its checkpoint and its training log (`NetworkPlan.checkpoint`, `NetworkPlan.metrics`), a row for each record:
    step, batch loss, the Bayes predictor's loss on the same batch, what `Evaluation` says of the network, and in some
    rows ``inside``, R2_OOD by site (`training.span_course`); the first row also holds the Bayes predictors' risks.
    """
    mixture, seed, family_plan = plan.mixture, plan.seed_plan.seed, plan.seed_plan.plan
    evaluation = Evaluation(plan)
    course = SpanCourse(mixture, seed, family_plan.measurement) if mixture.n_majors <= MOST_MAJORS else None
    metrics, settings = Metrics(plan.metrics(folder)), plan.training
    snapshots = Snapshots(plan, folder, kept_at)
    observed: list[int] = []

    def arrays(step: int) -> ModelArrays:
        snapshots.keep(network, step)  # batch number n is drawn after n updates
        return mixture.family.encode(plan.batch(step))

    def bayes_loss(step: int) -> float:
        batch = plan.batch(step)
        return evaluation.loss(reference_mean("prior predictive" if plan.is_fresh else "M1", mixture, batch), batch)

    network = Transformer(plan.config, seed=plan.initial_seed, threads=1)

    def observe(record: StepRecord) -> None:
        if not observed:
            metrics.rewind(record.step)
        observed.append(record.step)
        found = evaluation(network)  # first, because it refuses a network that predicts what is no number
        looked_at = is_looked_at(record.step // settings.record_every) or record.step == settings.steps - 1
        inside = {"inside": course(network)} if course is not None and looked_at else {}
        risks = {} if record.step else {"references": evaluation.references}
        metrics.append(plan.identity | asdict(record) | found | inside | risks)

    train(
        network,
        arrays,
        settings,
        checkpoint=plan.checkpoint(folder),
        bayes_loss=bayes_loss,
        observe=observe,
        fingerprint={"code": training_code(), "data": data_fingerprint(mixture, plan.batch)},
    )
    snapshots.keep(network, settings.steps)
    return network
