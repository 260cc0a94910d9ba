"""Linear worlds (`validate.judging.calibration.linear_world`) as sides that are asked the causal questions."""

from collections.abc import Collection
from dataclasses import dataclass, field

from theory import Mixture, stream
from validate.capture.sources import NetworkSource
from validate.claims.base import Controls, Shown, Side, Statistics
from validate.claims.causal.subject import Subject
from validate.experiment.schema import Causal, load_preset
from validate.experiment.setting import Setting
from validate.judging.calibration import linear_world
from validate.judging.calibration.linear_world import WORLDS, LinearWorld, WorldSource, subject_in
from validate.judging.calibration.networks import QUESTIONS

N_INTERCEPT = 120
"""Sequences from which mu is estimated."""


def world_subject(mixture: Mixture, name: str, kind: str, seed: int) -> Subject:
    """Return a world as a subject; kind and seed name the random streams, also that of its directions."""
    directions = stream(seed, f"{kind}/causal/world {name}")
    return subject_in(LinearWorld(mixture, WORLDS[name], directions), kind, seed, N_INTERCEPT)


def side_of(subject: Subject, settings: Causal | None) -> Side:
    """Return the side of a world or of a transformer."""
    mixture, sizes = subject.mixture, load_preset("quick").families["dice"].measurement
    setting = Setting(subject.kind, mixture.family, mixture.majors, subject.seed, sizes, causal=settings)
    world = isinstance(subject.network, LinearWorld)
    source = WorldSource(subject.network) if world else NetworkSource(subject.network, mixture.family)
    return linear_world.side_of(subject, source, setting)


@dataclass(frozen=True)
class Answers:
    """What all causal questions find."""

    statistics: Statistics = field(default_factory=dict)
    nulls: dict[str, Statistics] = field(default_factory=dict)
    predicted: dict[str, float] = field(default_factory=dict)
    shown: dict[str, Shown] = field(default_factory=dict)


def answers(subject: Subject, settings: Causal | None, untrained: Collection[Subject] = ()) -> Answers:
    """Put every causal question to a subject."""
    side, found = side_of(subject, settings), Answers()
    controls = Controls([side_of(other, settings) for other in untrained], judge=True, show=True)
    for question in QUESTIONS:
        own = question.analyse(side, controls)
        found.statistics.update(own.statistics)
        found.predicted.update(own.predicted)
        for name, table in own.nulls.items():
            found.nulls.setdefault(name, {}).update(table)
        if own.shown is not None:
            found.shown[question.name] = own.shown
    return found
