"""Arenas, and networks that predict as known mixtures of candidates do."""

from dataclasses import dataclass

from theory import BiasedDice, MarkovChains, Mixture, NoisyLinearRegression, PlantedDyck, stream
from validate.capture.candidates import Arenas, reference_mean
from validate.capture.finite import floored
from validate.claims.base import Observed, Side
from validate.experiment.sampling import predicted
from validate.experiment.schema import load_preset
from validate.experiment.setting import Setting

FAMILIES = {
    "dice": BiasedDice(faces=4, length=24),
    "markov": MarkovChains(states=3, length=32),
    "regression": NoisyLinearRegression(dimension=3, points=16),
    "dyck": PlantedDyck(pairs=3, background=2, density=0.5, length=24),
}


def arenas_of(kind, n_minors=12, n_sequences=96):
    family = FAMILIES[kind]
    sizes = load_preset("quick").families["dice"].measurement
    sizes = sizes.model_copy(update={"mode_sequences": n_sequences, "replicates": 100})
    majors = family.sample_pool(stream(1, f"{kind}/majors"), 3)
    minors = family.sample_pool(stream(1, f"{kind}/minors"), n_minors) if n_minors else None
    return Arenas(Mixture(family, majors, minors), Setting(kind, family, majors, 0, sizes))


@dataclass(frozen=True)
class Candidate:
    """A network that predicts as a mixture of references and rivals does."""

    mixture: Mixture
    weights: dict[str, float]
    sites = ("features",)

    def states(self, batch, last=False):
        raise AssertionError("no states are asked for")

    def mean(self, batch):
        family = self.mixture.family
        own = family.rivals(batch)
        parts = [
            weight * (own[name] if name in own else reference_mean(name, self.mixture, batch))
            for name, weight in self.weights.items()
        ]
        # Like any network it excludes no symbol.
        return floored(family.target_kind, predicted(sum(parts), len(family.encode(batch[:1]).positions)))


def side_of(arenas: Arenas, weights: dict[str, float], mixture: Mixture | None = None) -> Side:
    """Return the side of a network that predicts so; the candidates are those of the arenas, unless told."""
    source = Candidate(mixture or arenas.mixture, weights)
    return Side(Observed(source, arenas.setting, "features"), arenas)
