"""Public functions called with hostile arguments: each call must be refused by a sentence, or answer rightly.

A hostile call is one that has no right answer: shapes that only broadcast, kinds that do not exist, NaN, sizes of 2.5.
So whatever it returns is wrong.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from tally import Tally

import theory as th
from model import Transformer, TransformerConfig
from theory import convex, diversity, exponents, exposure, packing, rates, regret
from validate.experiment.schema import load_experiment, load_preset
from validate.experiment.selection import parse_seeds

Call = tuple[str, Callable[[], Any]]

FAMILIES = {
    "dice": (th.BiasedDice, {"faces": 3, "length": 5}),
    "markov": (th.MarkovChains, {"states": 3, "length": 5}),
    "regression": (th.NoisyLinearRegression, {"dimension": 2, "points": 5}),
    "dyck": (th.PlantedDyck, {"pairs": 2, "background": 2, "length": 5}),
}
REALS = {"concentration", "noise", "task_scale", "density"}
NO_SIZES = (2.5, float("nan"), float("inf"), -1, 0, True, None, "3", np.float64(3), [3], 10**400, 10**30, 1e300, 2 + 1j)
NO_NUMBERS = (float("nan"), float("inf"), -float("inf"), -1.0, -1e-300, None, "1", [1.0], 1j, 10**400, True, 0)
rng = np.random.default_rng
LAW = np.array([0.2, 0.3, 0.5])
NAN, INF = float("nan"), float("inf")


def small(kind: str) -> Any:
    """Return a small family."""
    make, sizes = FAMILIES[kind]
    return make(**sizes)


def parts(kind: str) -> tuple[Any, Any, Any, Any]:
    """Return a family with a pool of 3, a mixture and a batch of 4."""
    family = small(kind)
    pool = family.sample_pool(np.random.default_rng(1000), 3)
    mixture = th.Mixture(family, pool)
    return family, pool, mixture, mixture.sample(np.random.default_rng(1001), 4)


def of_families() -> Iterator[Call]:
    """Sizes that are none, pools of other shapes, sequences that are none."""
    for kind, (make, sizes) in FAMILIES.items():
        for name in (*sizes, *(REALS & set(make.__dataclass_fields__))):
            for value in NO_NUMBERS if name in REALS else NO_SIZES:
                yield f"{kind}({name}={value!r:.20})", lambda m=make, s=sizes, n=name, v=value: m(**{**s, n: v})
        yield f"{kind}(layout)", lambda m=make, s=sizes: m(**s, layout="banana")
        family, pool, mixture, batch = parts(kind)
        for value in (-1, 2.5, NAN, None, "3"):
            yield f"{kind}.sample_pool({value!r})", lambda f=family, v=value: f.sample_pool(rng(0), v)
            yield f"{kind}.sample({value!r})", lambda f=family, p=pool, v=value: f.sample(rng(0), p, v)
            yield f"{kind} mixture.sample({value!r})", lambda m=mixture, v=value: m.sample(rng(0), v)
        bad_rows = pool.parameters[:, :-1], pool.parameters * NAN, pool.parameters[:0], pool.parameters[None], 7.0
        for index, rows in enumerate(bad_rows):
            yield f"{kind}.make_pool #{index}", lambda f=family, r=rows: f.make_pool(r)
        for name, tasks in {
            "0.5": np.full(4, 0.5),
            "3": np.full(4, 3),
            "-1": np.full(4, -1),
            "one": np.zeros(1, int),
        }.items():
            yield f"{kind}.sample(tasks {name})", lambda f=family, p=pool, t=tasks: f.sample(rng(0), p, 4, t)
        other = FAMILIES["regression" if kind != "regression" else "dice"][0]()
        strange = other.sample(rng(0), other.sample_pool(rng(0), 2), 2)
        for method in ("targets", "encode", "log_evidence", "fresh_mean", "current", "running_average"):
            yield f"{kind}.{method}(another family's)", lambda f=family, m=method, b=strange: getattr(f, m)(b)
        few = th.Pool(pool.parameters[:, :-1])
        for method in ("log_likelihood", "task_mean"):
            yield f"{kind}.{method}(narrow pool)", lambda f=family, m=method, p=few, b=batch: getattr(f, m)(p, b)
        for shape in ((1, 1, 3), (4, 5, 1), (3,), (4, 5, 2)):
            weights = np.ones(shape)
            yield f"{kind}.mixed_mean{shape}", lambda f=family, p=pool, b=batch, w=weights: f.mixed_mean(p, b, w)
        for q in (NAN, 1.0, -0.1, "1", None, 1j, True):
            yield f"{kind} mixture({q!r})", lambda f=family, p=pool, v=q: th.Mixture(f, p, p, v)
        for value in (NAN, -0.1, 1.1, "1", None):
            yield f"{kind} overlapping({value!r})", lambda p=pool, v=value: th.overlapping(p, v)
        for value in (1, 0, 2.5, NAN, -3, None):
            yield f"{kind} bayes_risk({value!r})", lambda m=mixture, v=value: th.bayes_risk(m, th.retrieval, rng(0), v)


def of_predictions() -> Iterator[Call]:
    """Shapes that broadcast, kinds, NaN, negative probabilities."""
    good = np.full((2, 3, 2), 0.5)
    shapes = [np.full(shape, 0.5) for shape in ((1, 1, 1), (1, 1, 2), (2, 3, 1), (2, 1, 2), (3, 2), (2,), (2, 3, 2, 1))]
    for function in (th.divergence, th.target_loss):
        for kind, other in itertools.product(("symbol", "real"), shapes):
            yield f"{function.__name__}({kind}, {other.shape})", lambda f=function, k=kind, o=other: f(k, good, o)
            yield f"{function.__name__}({kind}, {other.shape}, good)", lambda f=function, k=kind, o=other: f(k, o, good)
        for kind in ("banana", "", None, 1, "Symbol"):
            yield f"{function.__name__}({kind!r})", lambda f=function, k=kind: f(k, good, good)
        for value in (NAN, INF, -INF):
            yield f"{function.__name__}(real {value})", lambda f=function, v=value: f("real", good * v, good)
            yield f"{function.__name__}(symbol {value})", lambda f=function, v=value: f("symbol", good, good * v)
        yield f"{function.__name__}(negative)", lambda f=function: f("symbol", -good, good)
        yield f"{function.__name__}(text)", lambda f=function: f("real", good.astype(str), good.astype(str))
    likelihood = np.zeros((2, 3, 2))
    priors = ([1.0], [1.0, NAN], [0, 0], [-1, 2], [[0.5, 0.5]], [0.5, 0.5, 0], [INF, 1], ["a", "b"], [1j, 1])
    for prior in priors:
        yield f"posterior({prior})", lambda w=prior: th.posterior(likelihood, np.array(w))
    for value in (NAN, INF):
        yield f"posterior({value})", lambda v=value: th.posterior(likelihood + v, np.ones(2))


def of_geometry() -> Iterator[Call]:
    """Points of other dimensions, NaN, none at all; weights that are none."""
    points, vertices = np.zeros((4, 2)), np.eye(3)[:, :2]
    for function in (th.barycentric, th.hull_coordinates):
        for bad in (points[:, :1], points * NAN, points.astype(str), points * 1j, np.zeros(3), np.zeros((4, 3))):
            yield f"{function.__name__}({bad.dtype}{bad.shape})", lambda f=function, b=bad: f(b, vertices)
        for bad in (vertices[:0], vertices[0], vertices * NAN, vertices[None], vertices[:, :1]):
            yield f"{function.__name__}(vertices {bad.shape})", lambda f=function, b=bad: f(points, b)
    yield "hull_coordinates(far)", lambda: th.hull_coordinates(points + 1e200, vertices)
    yield "hull_coordinates(9)", lambda: th.hull_coordinates(points, np.zeros((9, 2)))
    for bad in (np.zeros(0), np.array([NAN]), np.array([INF, 0]), np.array(["a"]), np.array([1j]), np.array(1.0)):
        yield f"simplex_projection({bad})", lambda b=bad: th.simplex_projection(b)
    for tolerance in (NAN, -1.0, INF, "1", True):
        yield f"convex_rank(tolerance={tolerance})", lambda t=tolerance: th.convex_rank(vertices, t)
    for bad in (vertices[:0], vertices[0], vertices * NAN, [[1, 2]], None):
        yield f"convex_rank({bad!s:.20})", lambda b=bad: th.convex_rank(b)
        yield f"task_geometry({bad!s:.20})", lambda b=bad: convex.task_geometry(b)
    table = np.ones((2, 3, 2))
    for bad in (table * NAN, table[0], table[:0], table * INF, table.astype(str)):
        yield f"interaction_share({bad.dtype}{bad.shape})", lambda b=bad: convex.interaction_share(b)
    laws = np.tile(LAW, (2, 1))
    for weights in ([0.5, NAN], [1.0], [0.5, 0.6], [-0.5, 1.5], [[0.5, 0.5]], [0.5, 0.25, 0.25]):
        yield f"geometric_gap({weights})", lambda w=weights: convex.geometric_gap(np.array(w), laws)
    for bad in (laws * 2, laws * NAN, laws - 1, laws[0], laws[:1]):
        yield f"geometric_gap(laws {bad.shape})", lambda b=bad: convex.geometric_gap(np.full(2, 0.5), b)
    for gram in (np.eye(3), np.ones((1, 1)), np.eye(2) * NAN, np.ones(2)):
        yield f"state_distances(gram {gram.shape})", lambda g=gram: convex.state_distances(np.eye(2), g)
    for bad in (NAN, 0.0, -1.0, INF, "1", None):
        yield f"greedy_packing({bad})", lambda b=bad: packing.greedy_packing(vertices, b)
    for bad in (vertices * NAN, vertices[0], vertices.astype(str)):
        yield f"greedy_packing({bad.dtype}{bad.shape})", lambda b=bad: packing.greedy_packing(b, 0.5)
        yield f"softmax_lipschitz({bad.dtype}{bad.shape})", lambda b=bad: packing.softmax_lipschitz(b)


def of_bounds() -> Iterator[Call]:
    """Numbers out of range in the packing bound, rates, regret and diversity."""
    good = {"subspace_dimension": 2, "lipschitz": 1.0, "error": 0.1, "separation": 1.0, "radius": 1.0}
    for first, function in (("task_bits", packing.packing_bound), ("distance", packing.task_bits_to_leave)):
        right = {first: 1.0, **good}
        for name in right:
            for value in (NAN, INF, -1.0, None, "1", 1j, *((2.5,) if name == "subspace_dimension" else ())):
                yield (
                    f"{function.__name__}({name}={value!r})",
                    lambda f=function, r=right, n=name, v=value: f(**{**r, n: v}),
                )
        yield f"{function.__name__}(lipschitz=0)", lambda f=function, r=right: f(**{**r, "lipschitz": 0})
    typical = np.full((4, 2), 0.5)
    for value in (NAN, 0, 1, -1, 2, None, "0.5"):
        yield f"settling_position({value!r})", lambda v=value: rates.settling_position(typical, v)
    for bad in (typical * NAN, typical - 1, typical * 4, typical[0], typical[:0]):
        yield f"settling_position({bad.shape})", lambda b=bad: rates.settling_position(b, 0.5)
    for bad in (typical * NAN, typical[0], -typical):
        yield f"misspecified_limit({bad.shape})", lambda b=bad: rates.misspecified_limit(b)
    yield "misspecified_limit(NaN)", lambda: rates.misspecified_limit(np.array([[NAN, 1.0]]))
    for kind in FAMILIES:
        family, pool, mixture, _ = parts(kind)
        narrow, undefined = th.Pool(pool.parameters[:, :-1]), th.Pool(pool.parameters * NAN)
        for bad in (narrow, undefined):
            yield f"{kind} divergence_rate", lambda f=family, p=pool, b=bad: rates.divergence_rate(f, b, p)
            yield f"{kind} divergence_rate pool", lambda f=family, p=pool, b=bad: rates.divergence_rate(f, p, b)
            yield f"{kind} expected_log_odds", lambda f=family, b=bad: rates.expected_log_odds(f, b)
            yield f"{kind} error_exponent", lambda f=family, b=bad: exponents.error_exponent(f, b)
            yield f"{kind} regret", lambda f=family, b=bad: regret.regret(f, b, rng(0), 2)
            if kind != "dyck":
                yield f"{kind} read_out_table", lambda f=family, b=bad: convex.read_out_table(f, b)
        for weights in (np.ones(1), np.ones(2), np.array([1, 1, NAN]), np.array([1, 1, 0.0]), np.ones((1, 3))):
            yield f"{kind} typical_posterior", lambda f=family, p=pool, w=weights: rates.typical_posterior(f, p, w)
        for value in (1, 0, 2.5, NAN, None):
            yield f"{kind} gain_bounds({value!r})", lambda f=family, v=value: diversity.gain_bounds(f, [2], rng(0), v)
            yield f"{kind} paying({value!r})", lambda f=family, v=value: diversity.paying_diversity(f, rng(0), v)
            yield f"{kind} losses({value!r})", lambda m=mixture, v=value: diversity.predicted_losses(m, rng(0), v)
            yield (
                f"{kind} prior_packing({value!r})",
                lambda f=family, v=value and value - 1: packing.prior_packing(f, rng(0), v, np.ones(1)),
            )
        for counts in ([0], [-1], [2.5], [NAN], []):
            yield f"{kind} gain_bounds({counts})", lambda f=family, c=counts: diversity.gain_bounds(f, c, rng(0), 2)
        for counts in ([-1], [2.5], [NAN], []):
            yield f"{kind} divergence({counts})", lambda f=family, c=counts: diversity.expected_divergence(f, c, rng(0))
        for gain in (NAN, 0, -1.0, INF, None):
            yield f"{kind} paying(gain={gain})", lambda f=family, g=gain: diversity.paying_diversity(f, rng(0), 4, g)
    for chains in (np.full((1, 2, 2), NAN), np.ones((1, 2, 2)), np.full((1, 2, 3), 1 / 3), LAW):
        yield f"long_run_occupancy({chains.shape})", lambda c=chains: exposure.long_run_occupancy(c)
    for seed in (-1, 2.5, NAN, None, "0", True):
        yield f"stream({seed!r})", lambda s=seed: th.stream(s, "x")
        yield f"stream(step={seed!r})", lambda s=seed: th.stream(0, "x", s)


def of_networks() -> Iterator[Call]:
    """Sizes, inputs and states of a transformer that are none."""
    sizes = {"inputs": 3, "outputs": 3, "layers": 1, "width": 4, "heads": 1, "hidden": 4, "length": 5}
    for name, value in itertools.product(sizes, (2.5, NAN, 0, -1, "4", None, True)):
        yield f"TransformerConfig({name}={value!r})", lambda n=name, v=value: TransformerConfig(**{**sizes, n: v})
    symbols = Transformer(TransformerConfig(**sizes), backend="numpy")
    vectors = Transformer(
        TransformerConfig(**{**sizes, "outputs": 1}, input_kind="vectors", loss="squared"), backend="numpy"
    )
    good = np.zeros((2, 5), dtype=np.int64)
    for bad in (
        good + 3,
        good - 1,
        good.astype(float),
        good[0],
        good[:0],
        np.zeros((2, 6), int),
        good.astype(str),
        good * 1j,
    ):
        yield f"forward({bad.dtype}{bad.shape})", lambda b=bad: symbols.forward(b)
    points = np.zeros((2, 5, 3))
    for bad in (
        points * NAN,
        points + INF,
        points + 1e300,
        points[0],
        points[..., :2],
        points * 1j,
        points.astype(str),
    ):
        yield f"forward({bad.dtype}{bad.shape})", lambda b=bad: vectors.forward(b)
    targets, positions = np.zeros((2, 5)), np.arange(5)
    for bad in (targets * NAN, targets + 1e300, targets[:1], targets[0]):
        arrays = th.ModelArrays(points, bad, positions)
        yield f"loss(targets {bad.shape})", lambda a=arrays: vectors.loss_and_gradients(a)
    for bad in (positions[::-1], positions + 1, positions * 0.5, positions[:0]):
        arrays = th.ModelArrays(points, targets[:, : len(bad)], bad)
        yield f"loss(positions {bad})", lambda a=arrays: vectors.loss_and_gradients(a)
    for site in ("post_mlp.1", "banana", "post_mlp.-1", "", "post_mlp.²"):
        yield f"forward(capture={site!r})", lambda s=site: symbols.forward(good, capture=(s,))
    yield "forward(edit)", lambda: symbols.forward(good, edit={"post_mlp.0": lambda states: states[:, :1]})
    for path in ("no such file.toml", "/", "a\0b", "/dev/zero"):
        yield f"load_experiment({path!r})", lambda p=path: load_experiment(p)
    for name in ("huge", "", "../quick", "\x1b[31m", None):
        yield f"load_preset({name!r})", lambda n=name: load_preset(n)
    for text in ("-1", "1.5", "x", "²", "9" * 5000, "", "1,,2"):
        yield f"parse_seeds({text:.10})", lambda t=text: parse_seeds([t])


def calls() -> list[Call]:
    """Return every hostile call there is."""
    return [*of_families(), *of_predictions(), *of_geometry(), *of_bounds(), *of_networks()]


def is_sentence(error: BaseException) -> bool:
    """Return whether an error says in one line what was wanted."""
    text = str(error)
    return isinstance(error, ValueError | TypeError) and text.isprintable() and 10 < len(text) < 500


def campaign(least: int) -> Tally:
    """Make every call, at least so many: each must be refused by a sentence."""
    tally = Tally("hostile calls")
    for name, call in calls():
        try:
            answer = call()
        except Exception as error:
            if is_sentence(error):
                tally.refused(name, error)
            else:
                tally.wrong.append(f"{name}: {type(error).__name__}: {str(error)[:100]!r}")
        else:
            tally.wrong.append(f"{name} returned {answer!r:.60}")
    if tally.tried < least:
        raise AssertionError(f"there are only {tally.tried} calls")
    return tally
