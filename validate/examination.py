"""Everything that is measured on the networks of one seed."""

from dataclasses import dataclass, field
from typing import Any

from model import Transformer
from validate.choice import chosen_site
from validate.claims import BOTH, DIVERSE, MAJORS_ONLY, SCOPES
from validate.experiment import network_config
from validate.ladder import calibration, climb
from validate.measure import Captured
from validate.networks import Evaluation, untrained_networks
from validate.portrait import network_portrait
from validate.seed_plan import SeedPlan
from validate.sources import NetworkSource
from validate.stability import stabilities
from validate.study import (
    Findings,
    Measured,
    Nulls,
    Side,
    fall,
    findings,
    other_majors,
    shuffled_labels,
    statistics,
    untrained_nulls,
)
from validate.verdicts import Outcome, estimates_as_dict


@dataclass
class Examination:
    """What was found in the networks of a seed: what verdicts need, and what figures show."""

    outcome: Outcome
    networks: list[dict[str, Any]] = field(default_factory=list)
    untrained: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ladder(self) -> dict[str, Any]:
        """The ladder as plain numbers."""
        return {"rungs": estimates_as_dict(self.outcome.ladder), "calibrated": self.outcome.calibrated}


def layer_of(site: str) -> int:
    """Return the number of the layer a site belongs to."""
    return int(site.rpartition(".")[2])


def examine(part: SeedPlan, trained: dict[str, Transformer]) -> Examination:
    """Measure the networks of one seed against each other, untrained ones and the ladder."""
    setting, plan = part.setting, part.plan
    ladder: dict[str, Measured] = climb(part.plain, part.diverse, setting)
    nulls: Nulls = {scope: {} for scope in SCOPES}
    networks: list[dict[str, Any]] = []
    untrained_portraits: list[dict[str, Any]] = []
    found: dict[str, Findings] = {}
    scope_of = {design: scope for scope, design in part.designs.items()}
    for design, network in trained.items():
        source = NetworkSource(network, part.family)
        site, captured = chosen_site(source, setting), Captured.of(source, setting)
        found[design] = findings(captured, setting, site)
        if design in scope_of:
            nulls[scope_of[design]]["shuffled task labels"] = shuffled_labels(captured, setting, site)
        networks.append(_portrait(part, design, source, captured, site))

    models = untrained_networks(
        part.kind, network_config(part.family, plan.network), plan.measurement.untrained, part.seed
    )
    sources = {f"untrained network {n + 1}": NetworkSource(model, part.family) for n, model in enumerate(models)}
    bare: dict[str, Findings] = {}
    for name, source in sources.items():
        site, captured = chosen_site(source, setting), Captured.of(source, setting)
        bare[name] = findings(captured, setting, site)
        if not untrained_portraits:
            portrait = network_portrait(source, captured, part.plain, setting, site)
            untrained_portraits.append(_identity(part, "untrained") | {"chosen": site} | portrait)

    sides = {
        scope: Side(NetworkSource(trained[design], part.family), part.mixtures[design], found[design])
        for scope, design in part.designs.items()
        if design in found
    }
    plain, diverse = sides.get(MAJORS_ONLY), sides.get(DIVERSE)
    for scope, table in untrained_nulls(bare, sources, part.plain, part.diverse, setting).items():
        nulls[scope] |= table
    if plain is not None:
        nulls[MAJORS_ONLY]["M1 of other majors"] = other_majors(plain.source, plain.mixture, setting)
    if plain is not None and diverse is not None:
        nulls[BOTH]["random subspace"] = fall(plain.found.chance, diverse.found.chance, plain.found.site, setting)
    measured = statistics(plain, diverse, setting)

    ladder = ladder | {"untrained network": {scope: nulls[scope]["untrained network 1"] for scope in measured}}
    layers: dict[str, int] = {scope: layer_of(side.found.site) for scope, side in sides.items()}
    layers |= {BOTH: layers.get(MAJORS_ONLY, 0), "last": plan.network.layers - 1}
    outcome = Outcome(part.seed, ladder, calibration(ladder), measured, nulls, layers)
    return Examination(outcome, networks, untrained_portraits)


def _identity(part: SeedPlan, design: str) -> dict[str, Any]:
    return {"family": part.kind, "seed": part.seed, "design": design}


def _portrait(part: SeedPlan, design: str, source: NetworkSource, captured: Captured, site: str) -> dict[str, Any]:
    """Return what figures show of one trained network."""
    mixture = part.mixtures[design]
    sequences = part.plan.training.evaluation_sequences
    references = Evaluation(part.kind, mixture, part.seed, sequences).references
    portrait = network_portrait(source, captured, mixture, part.setting, site)
    stable = estimates_as_dict(stabilities(source, mixture, part.setting))
    return _identity(part, design) | {"chosen": site, "references": references, "stability": stable} | portrait
