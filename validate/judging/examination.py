"""Everything that is measured on the networks of one seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from model import Transformer
from validate.capture.candidates import Arenas
from validate.capture.sources import NetworkSource
from validate.claims.base import Side, shuffled_labels
from validate.claims.catalogue import BOTH, DIVERSE, MAJORS_ONLY
from validate.claims.geometry import task_states
from validate.claims.portrait import network_portrait
from validate.claims.properties import Captured
from validate.claims.stability import stabilities
from validate.experiment.schema import network_config
from validate.experiment.seed_plan import SeedPlan
from validate.judging.analyses import Gathered, alone, interventions, packing, second, untrained_name
from validate.judging.ladder import calibration, climb
from validate.judging.layer import chosen_site
from validate.judging.verdicts import Outcome, estimates_as_dict
from validate.training.networks import Evaluation, untrained_networks


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


def examine(part: SeedPlan, trained: Mapping[str, Transformer]) -> Examination:
    """Measure the networks of one seed against each other, untrained ones and the ladder."""
    setting, gathered = part.setting, Gathered()
    arenas = {design: Arenas(mixture, setting) for design, mixture in part.mixtures.items()}
    scopes = {design: scope for scope, design in part.designs.items()}
    ladder = climb(part.plain, part.diverse, setting)

    bare, untrained_portraits = _untrained(part)
    sides, networks = {}, []
    for design, network in trained.items():
        source, scope = NetworkSource(network, part.family), scopes.get(design)
        site, captured = chosen_site(source, setting), Captured.of(source, setting)
        side = Side.of(source, captured, site, arenas[design])
        portrait = _portrait(part, design, source, captured, site)
        others = [_beside(other, side) for other in bare] if scope else []
        found = [*alone(side, others), packing(side)]
        if scope and part.plan.causal is not None:
            found.append(interventions(side, others, part.plan.causal))
        for analysis in found:
            portrait |= analysis.portrait
            if scope:
                gathered.add(analysis)
        if scope:
            sides[scope] = side
            gathered.nulls[scope]["shuffled task labels"] = shuffled_labels(captured, setting, site)
        networks.append(portrait)

    plain, diverse = sides.get(MAJORS_ONLY), sides.get(DIVERSE)
    if diverse is not None:
        for analysis in second(plain, diverse, [_beside(other, diverse) for other in bare]):
            gathered.add(analysis)

    first = {scope: table.get(untrained_name(0), {}) for scope, table in gathered.nulls.items()}
    ladder = ladder | {"untrained network": first}
    layers: dict[str, int] = {scope: layer_of(side.site) for scope, side in sides.items()}
    layers |= {BOTH: layers.get(MAJORS_ONLY, 0), "last": part.plan.network.layers - 1}
    outcome = Outcome(
        part.seed, ladder, calibration(ladder), gathered.measured, gathered.nulls, gathered.predicted, layers
    )
    return Examination(outcome, networks, untrained_portraits)


def _untrained(part: SeedPlan) -> tuple[list[Side], list[dict[str, Any]]]:
    """Measure untrained networks, each at the site it chooses, and describe the first."""
    setting, plan, arenas = part.setting, part.plan, Arenas(part.plain, part.setting)
    config = network_config(part.family, plan.network)
    sides: list[Side] = []
    portraits: list[dict[str, Any]] = []
    for model in untrained_networks(part.kind, config, plan.measurement.untrained, part.seed):
        source = NetworkSource(model, part.family)
        site, captured = chosen_site(source, setting), Captured.of(source, setting)
        side = Side.of(source, captured, site, arenas)
        if part.diverse is not None:
            side = replace(side, tasks=task_states(source, captured, part.diverse, setting))
        sides.append(side)
        if not portraits:
            portrait = _identity(part, "untrained") | {"chosen": site}
            portrait |= network_portrait(source, captured, part.plain, setting, site)
            for analysis in alone(side):
                portrait |= analysis.portrait
            portraits.append(portrait)
    return sides, portraits


def _beside(other: Side, side: Side) -> Side:
    """Return an untrained side with the mixture of a trained one."""
    return replace(other, arenas=side.arenas)


def _identity(part: SeedPlan, design: str) -> dict[str, Any]:
    return {"family": part.kind, "seed": part.seed, "design": design}


def _portrait(part: SeedPlan, design: str, source: NetworkSource, captured: Captured, site: str) -> dict[str, Any]:
    """Return what figures show of one trained network, before it is analysed further."""
    mixture = part.mixtures[design]
    return {
        **_identity(part, design),
        "chosen": site,
        "references": Evaluation(part.kind, mixture, part.seed, part.plan.training.evaluation_sequences).references,
        "stability": estimates_as_dict(stabilities(source, mixture, part.setting)),
        **network_portrait(source, captured, mixture, part.setting, site),
    }
