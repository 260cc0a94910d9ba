"""Worlds of fresh tasks whose states leave the span of the task vectors by a known angle.

    h = m + (cos(phi) Q + sin(phi) R) a + nu_s + noise,     a normal by task; Q a basis of S, R one of other directions

so that all principal angles are phi, and cos^2(phi) of the squares lie in S, but for noise and what is current. The
minors of the diverse network lie in the same plane, or in one of their own. True values are those of `N_TRUE` tasks
with the true S and centre.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from theory import stream
from validate.capture.captured import Captured
from validate.capture.labelled import CellStates
from validate.claims.base import Statistics
from validate.claims.geometry import (
    ANGLES,
    N_LEADING,
    SPANS,
    angles,
    fall,
    falls_of_vectors_again,
    inside_minors,
    moments_on_span,
    random_level,
    share,
    turn_of,
)
from validate.claims.task_states import Reference, TaskStates
from validate.experiment.setting import Setting
from validate.judging.calibration.cells import noise_of
from validate.judging.calibration.interpolating import FAMILY, N_MAJORS, SITE, WIDTH, Vectors, setting_of
from validate.judging.calibration.rows import World
from validate.statistics.intervals import Estimate, widened_by_scatter
from validate.statistics.subspace import leading_directions, share_inside, span_basis, subspace_moments

WITHIN, N_TRUE, PLAIN = 0.1, 20_000, 0.9
"""Mean square of the noise, tasks of the truth, and the majors-only network's share inside S."""

INSIDE = {"as before": (0.9, False), "a quarter": (0.25, True)}
"""The diverse network's share of the fresh tasks' squares in S, and whether its minors are elsewhere."""


@dataclass(frozen=True, eq=False)
class Network:
    """One network: its vectors, and the planes in which its fresh tasks and its minors vary."""

    vectors: Vectors
    fresh: Float[np.ndarray, "W r"]
    minors: Float[np.ndarray, "W r"]

    def captured(self, setting: Setting, rng: np.random.Generator) -> Captured:
        """Draw the states of a setting's sequences: cells, majors and fresh tasks."""
        v = self.vectors
        shape = (len(setting.scored), N_MAJORS, FAMILY.faces, setting.sizes.cell_sequences)
        cells = (v.task[:, None] + v.current)[:, :, None] + noise_of(rng, shape, WITHIN, WIDTH)
        current = setting.current(setting.fit)[:, -1:] @ v.current
        fit = v.task[setting.fit.tasks][:, None] + current
        fit = fit + noise_of(rng, fit.shape[:2], WITHIN, WIDTH)
        fresh = self.states(rng, self.fresh, by_task(setting))
        return Captured(setting, {SITE: CellStates(cells)}, {SITE: fit}, {SITE: fit}, {SITE: fresh})

    def states(
        self, rng: np.random.Generator, plane: Float[np.ndarray, "W r"], current: Float[np.ndarray, "N m F"]
    ) -> Float[np.ndarray, "N m W"]:
        """Return states of tasks drawn anew from a plane, with what is current in each; their own mean square is 1."""
        content = rng.standard_normal((len(current), plane.shape[1])) @ plane.T / np.sqrt(plane.shape[1])
        noise = noise_of(rng, current.shape[:2], WITHIN, WIDTH)
        return content[:, None] + current @ self.vectors.current + noise

    def task_states(self, captured: Captured, rng: np.random.Generator) -> TaskStates:
        """Return what is kept of the states, minors among them."""
        now, majors = by_task(captured.setting), captured.fit[SITE]
        states = {"majors": majors, "fresh": captured.fresh[SITE], "minors": self.states(rng, self.minors, now)}
        majors_now = captured.setting.current(captured.setting.fit)[:, -1:]
        current = {"majors": majors_now, "fresh": now, "minors": now}
        again = Reference.resampled(captured, SITE)
        return TaskStates.of(Reference.of(captured, SITE), states, current, again)


def by_task(setting: Setting) -> Float[np.ndarray, "N m F"]:
    """Return what is current last in each sequence of the fresh tasks."""
    return setting.current(setting.fresh)[:, -1].reshape(setting.sizes.fresh_tasks, -1, FAMILY.faces)


def networks(seed: int, inside: float, elsewhere: bool) -> tuple[Network, Network]:
    """Return the majors-only and the diverse network of a world."""
    rng = stream(seed, "calibration/subspaces")
    vectors = Vectors.drawn(rng, 1)
    span = span_basis(vectors.task)
    rank = span.shape[1]
    axes = np.linalg.qr(np.hstack([span, rng.standard_normal((WIDTH, rank + N_LEADING))]))[0]
    beside, other = axes[:, rank : 2 * rank], axes[:, 2 * rank :]

    def plane(share: float) -> Float[np.ndarray, "W r"]:
        return np.sqrt(share) * span + np.sqrt(1 - share) * beside

    turned = plane(inside)
    return Network(vectors, plane(PLAIN), plane(PLAIN)), Network(vectors, turned, other if elsewhere else turned)


def measured(pair: tuple[Network, Network], setting: Setting) -> Statistics:
    """Put the states of two networks on one setting through what near-orthogonality, angle and directions measure."""
    rng = setting.stream("states")
    plain, diverse = (network.captured(setting, rng) for network in pair)
    found = fall(moments_on_span(plain), moments_on_span(diverse), SITE, setting)
    rest = moments_on_span(plain.without_current()), moments_on_span(diverse.without_current())
    found |= fall(*rest, SITE, setting, "*")
    found = widened_by_scatter(found, falls_of_vectors_again(plain, diverse, SITE))
    before, after = pair[0].task_states(plain, rng), pair[1].task_states(diverse, rng)
    return found | turn_of(before, after, setting) | inside_minors(after, setting)


@cache
def truth(seed: int, inside: float, elsewhere: bool) -> dict[str, float]:
    """Return the values of many tasks with the true vectors."""
    setting, rng = setting_of(seed, 4, 0, "calibration/subspaces"), stream(seed, "calibration/true subspaces")
    laws = FAMILY.sample_pool(rng, N_TRUE).parameters
    current = np.eye(FAMILY.faces)[[rng.choice(FAMILY.faces, size=setting.sizes.fresh_sequences, p=p) for p in laws]]
    majors, found = setting.majors.parameters.mean(axis=0), {}
    pair = networks(seed, inside, elsewhere)
    for star, share_name, angle_name in zip(("", "*"), SPANS, ANGLES, strict=True):
        shares, turns = [], []
        for network in pair:
            basis, nu = span_basis(network.vectors.task), network.vectors.current

            def centred(plane: np.ndarray, network: Network = network, nu: np.ndarray = nu) -> np.ndarray:
                states = network.states(rng, plane, current)
                return states - (current if star else majors) @ nu  # noqa: B023

            fresh, minors = centred(network.fresh), centred(network.minors).mean(axis=1)
            shares.append(float(share_inside(subspace_moments(fresh, np.zeros(WIDTH), basis).mean(axis=0))))
            turns.append(angles(fresh.mean(axis=1), basis)[0])
            found[share_name] = share(fresh.mean(axis=1), leading_directions(minors, N_LEADING))
        same = inside == PLAIN
        found[f"R2_OOD{star} ratio"] = 1.0 if same else shares[1] / shares[0]
        found[f"R2_OOD{star} fall"] = 0.0 if same else shares[0] - shares[1]
        found[angle_name] = 0.0 if same else turns[1] - turns[0]
    return found


def share_at_random(setting: Setting, n: int) -> Estimate:
    """Return the share of n tasks' squares in random directions."""
    fresh = noise_of(setting.stream("noise"), (n,), 1.0, WIDTH)

    def inside(basis: Float[np.ndarray, "W r"]) -> list[float]:
        return [share(fresh, basis)]

    return random_level(WIDTH, N_LEADING, inside, setting)[0]


def subspace_worlds(seed: int, n: int) -> Iterator[World]:
    """Yield worlds of n fresh tasks, with n sequences a cell."""
    for name, (inside, elsewhere) in INSIDE.items():
        pair = networks(seed, inside, elsewhere)

        def measure(index: int, pair: tuple[Network, Network] = pair, name: str = name) -> Statistics:
            return measured(pair, setting_of(seed, n, index, f"calibration/{name}/{n}"))

        setting = setting_of(seed, n, 0, f"calibration/no fall/{n}")
        null = measured((pair[0], pair[0]), setting)
        level = share_at_random(setting, n)
        true = truth(seed, inside, elsewhere)
        yield World(f"subspaces, {name}", n, true, measure, null | dict.fromkeys(SPANS, level))
