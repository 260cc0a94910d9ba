"""Results whose numbers are made up, for figures."""

import numpy as np
from tiny import tiny_experiment

from validate.claims.forced import Forced
from validate.claims.prefix.shown import PrefixMap, PrefixShown
from validate.claims.properties import PropertiesShown
from validate.claims.stability import StabilityShown
from validate.claims.trajectories import TrajectoriesShown
from validate.figures.group import Group
from validate.judging.results import LadderResult, NetworkResult
from validate.statistics.intervals import UNDEFINED, Estimate
from validate.training.metrics import MetricsRow

POSITIONS = [1, 3, 7, 12, 15]
PLAN = tiny_experiment().families["dice"]


def estimate(value, half=0.02):
    return Estimate(value, value - half, value + half)


def network(design="minors=0", layers=3, family="markov", minors=False, forced=0.4):
    """Return a network with numbers that fall from layer to layer."""
    rng = np.random.default_rng(layers)
    sites = [f"post_mlp.{layer}" for layer in range(layers)]
    falling = dict(zip(sites, np.linspace(0.9, 0.2, layers).tolist(), strict=True))
    four = ("P0", "P0*", "P1", "P1*")
    paths = rng.dirichlet(np.ones(3), size=(3, 16)).tolist()
    shown = (
        PropertiesShown(
            positions=POSITIONS,
            late=POSITIONS[3:],
            profile={
                site: {name: [share] * len(POSITIONS) for name in four} | {"P2": [share] * 16, "P3 TV": [share] * 16}
                for site, share in falling.items()
            },
            properties={site: {name: estimate(share) for name in four} for site, share in falling.items()},
        ),
        StabilityShown(
            stability={
                site: {"majors": estimate(share), "minors": estimate(share / 2) if minors else UNDEFINED}
                for site, share in falling.items()
            },
        ),
        TrajectoriesShown(
            alignment={
                name: np.sort(rng.random((5, 16)), axis=0).tolist() for name in ("posterior", "states", "averaging")
            },
            distance={name: np.sort(rng.random((5, 16)), axis=0).tolist() for name in ("posterior", "averaging")},
            trajectories={
                name: {"posterior": paths, "states": paths}
                for name in ("majors", "fresh tasks", *(["minors"] if minors else []))
            },
            forced=None if forced is None else Forced(forced, 2 * forced),
        ),
    )
    return NetworkResult(
        family=family,
        seed=0,
        design=design,
        site=sites[layers // 2],
        sites=sites,
        shown={model.question: model for model in shown},
    )


def group(trained, untrained=(), **parts):
    """Return networks as figures get them."""
    family = trained[0].family if trained else "dice"
    empty = LadderResult(family=family, seed=0, rungs={}, calibrated={})
    return Group(
        **{"family": family, "plan": PLAN, "trained": trained, "untrained": untrained, "ladder": empty} | parts
    )


def trio(layers=3, family="markov"):
    trained = [network(layers=layers, family=family), network("minors=64", layers, family, minors=True)]
    return group(trained, [network("untrained", layers, family)])


def dyck_paths(design):
    """Return a network of planted Dyck paths whose residuals are known."""
    measured = {"Dyck residual": [0.3, 0.4, 0.2], "Dyck residual given prefix": [0.1, np.nan, 0.1]}
    shown = PrefixShown(
        positions=[4, 8, 12],
        informative=(5, 11),
        judged=8,
        predicted={"read-out": [0.5, 0.6, 0.5], "posterior": [0.3, 0.2, 0.1]},
        sites={"post_mlp.0": measured, "post_mlp.1": measured},
        map=PrefixMap(site="post_mlp.1", points=[(0.0, 1.0), (1.0, 0.0), (2.0, 2.0)], steps=[2, 3, 5], tasks=[0, 1, 1]),
    )
    sites = list(shown.sites)
    return NetworkResult(family="dyck", seed=0, design=design, site=sites[0], sites=sites, shown={"prefix": shown})


def logged(design, step, **parts):
    populations = {"training": 1.0 / (1 + step), "fresh": 2.0 / (1 + step)}
    return MetricsRow(family="markov", design=design, seed=0, step=step, loss=1.0, held_out=populations, **parts)


def log(distances, *designs):
    """Return the training log of some networks, with or without what it says of distances."""
    distance = {population: {"M1": 0.1, "M2": 0.2, "prior predictive": 0.4} for population in ("training", "fresh")}
    parts = {"distance": distance, "phase": {"training": -0.3, "fresh": -0.3}} if distances else {}
    risks = {"M1": 0.125, "M2": 0.25, "prior predictive": np.inf}
    references = dict.fromkeys(("training", "fresh"), risks)
    return [
        logged(design, step, references={} if step else references, **parts)
        for design in designs
        for step in (0, 5, 10)
    ]


def ladder():
    good, bad = estimate(0.99, 0.001), estimate(0.3)
    return LadderResult(
        family="dice",
        seed=0,
        rungs={
            "exact Bayes": {"majors only": {"P0": good, "P1": good}, "both": {"R2_OOD ratio": bad}},
            "random": {"majors only": {"P0": bad, "P1": estimate(0.01, 0.001)}, "both": {"R2_OOD ratio": UNDEFINED}},
        },
        calibrated={"majors only": {"P0": True, "P1": False}, "both": {"R2_OOD ratio": False}},
    )
