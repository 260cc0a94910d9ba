"""An experiment is a TOML file: what to train and what to measure, fixed before anything is run.

Every key has a meaning and no key is ignored: an unknown key or a value out of range is one clear sentence.
"""

from collections.abc import Mapping
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tomli_w
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from model import TrainingConfig, TransformerConfig
from theory import FAMILIES, LatentTasks, kind_of, layout_of
from theory.checks import quoted
from validate.experiment import text

ARCHITECTURE: Mapping[str, Mapping[str, Any]] = {
    "symbol": {"input_kind": "tokens", "loss": "categorical"},
    "real": {
        "input_kind": "vectors",
        "loss": "squared",
        "activation": "gelu",
        "final_norm": True,
        "attention_bias": True,
    },
}
"""What the paper's transformers for symbols and for numbers differ in (`docs/transformer.md`)."""

PRESETS = ("quick", "minimal", "paper")

NonNegative = Annotated[int, Field(ge=0, lt=2**31)]
Steps = Annotated[int, Field(gt=0, le=10_000_000)]
Width = Annotated[int, Field(gt=0, le=16_384)]
Few = Annotated[int, Field(gt=0, le=64)]
Sample = Annotated[int, Field(ge=2, le=1_000_000)]
Rate = Annotated[float, Field(ge=1e-30, le=1e30)]
"""Learning rates and norms: ordinary numbers in float32."""


LEAST_MASS = 1e-9
"""Least mass of the minors, if they have one, and of the majors: below, a posterior is made of rounding."""


def _mass(value: float) -> float:
    if value and not LEAST_MASS <= value <= 1 - LEAST_MASS:
        raise ValueError(f"must be 0, or between {LEAST_MASS:g} and 1 - {LEAST_MASS:g}")
    return value


class ExperimentError(ValueError):
    """An experiment that cannot be read, or not run as asked."""


T = TypeVar("T")


def _given(value: T | None, what: str) -> T:
    """Return what an experiment says, if it does."""
    if value is None:
        raise ExperimentError(f"{what} must be given for networks to be trained")
    return value


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, serialize_by_alias=True)


class Network(_Table):
    """Shape of the transformer."""

    layers: Few
    width: Width
    heads: Few
    hidden: Width


class Training(_Table):
    """Optimisation (`model.TrainingConfig`)."""

    batch: Annotated[int, Field(gt=0, le=65_536)]
    peak_rate: Rate
    weight_decay: Annotated[float, Field(ge=0, le=1e30)]
    optimizer: str = "adamw"
    beta2: Annotated[float, Field(ge=0, le=0.999999)] = 0.999
    warmup: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of a design's steps in which the rate rises to the peak."""
    cooldown: Annotated[float, Field(ge=0, le=1)] | None = None
    """Share of the steps, the last, in which the rate falls to zero; all that the warm-up leaves unless given."""
    clip_norm: Rate | None = None
    """Largest norm of a gradient; longer ones are scaled down to it."""
    record_every: Steps = 50
    checkpoint_every: Steps = 500
    evaluation_sequences: Sample = 256
    """Held-out sequences of each population on which every record evaluates the network."""

    @model_validator(mode="after")
    def _as_the_model_wants_it(self) -> "Training":
        self.config(steps=1)
        return self

    def config(self, steps: int) -> TrainingConfig:
        """Return these settings as the model's own, for a number of steps."""
        return TrainingConfig(steps=steps, **self.model_dump(exclude={"batch", "evaluation_sequences"}))


class Design(_Table):
    """One training mixture: how many minor tasks, and how long to train on it."""

    minors: Annotated[int, Field(ge=0, le=1_000_000)]
    training_steps: Annotated[Steps | None, Field(alias="steps")] = None
    """Not needed where networks were trained elsewhere."""

    @property
    def steps(self) -> int:
        """How long to train; an `ExperimentError` where nothing is said of it."""
        return _given(self.training_steps, "steps of designs")

    @property
    def name(self) -> str:
        """The design's name in results."""
        return f"minors={self.minors}"


class Measurement(_Table):
    """Sample sizes of the statistics."""

    cell_sequences: Annotated[int, Field(ge=4, le=1_000_000)]
    """Sequences in each (task, current symbol) cell of the balanced design, and of each task in the natural one."""
    fresh_tasks: Sample
    fresh_sequences: Sample
    """Sequences of each fresh (out-of-distribution) task."""
    mode_sequences: Sample
    """Sequences of each population on which predictions are compared."""
    untrained: Annotated[int, Field(ge=2, le=64)]
    """Untrained networks of the same shape that serve as a null."""
    replicates: Annotated[int, Field(ge=100, le=100_000)]
    """Bootstrap replicates of every interval."""


class Causal(_Table):
    """Sample sizes and the budget of the search for V."""

    sequences: Annotated[int, Field(ge=16, le=100_000)]
    """Sequences of each population (majors, minors, fresh tasks), once to fit and find, once to evaluate."""
    rank: Annotated[int, Field(ge=1, le=2)] = 2
    """Directions of V."""
    steps: Annotated[int, Field(ge=1, le=10_000)] = 40
    """Steps of each ascent."""
    step_size: Annotated[float, Field(gt=0, le=1.5)] = 0.3
    """Angle in radians by which the first step turns V; later ones turn it less, the last by almost nothing."""
    restarts: Annotated[int, Field(ge=1, le=64)] = 3
    """Starts of the ascent; the one with the largest loss on the sequences of the search is kept."""
    directions: Annotated[int, Field(ge=5, le=1000)] = 20
    """Random subspaces, and random simplices, of each null."""
    controls: Annotated[int, Field(ge=1, le=64)] = 2
    """Networks of each kind that serve as nulls where V is looked for or histories are swapped, the first ones."""
    grid: Annotated[int, Field(ge=2, le=17)] = 5
    """Points on a side of the grid of the simplex."""
    replicates: Annotated[int, Field(ge=100, le=100_000)] = 1000
    """Bootstrap replicates of every interval."""


class Arm(_Table):
    """The same tasks trained in another way, to be shown beside the first."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
    seeds: Annotated[list[NonNegative], Field(min_length=1)]
    training: dict[str, Any] = {}
    """Settings of `Training` that differ."""
    designs: list[Design] | None = None
    """Its own numbers of steps, for the same mixtures or the first of them."""
    initialisation: Annotated[int, Field(ge=0, lt=1000)] = 0
    """Which initial parameters: 0 those of the seed itself, others drawn anew."""


class FreshTasks(_Table):
    """A network trained on a new task in every sequence, of the first seed."""

    steps: Steps


class FamilyPlan(_Table):
    """Everything done with one latent-task distribution."""

    tasks: dict[str, Any]
    majors: Annotated[int, Field(ge=2, le=8)]
    minor_mass: Annotated[float, Field(ge=0, lt=1), AfterValidator(_mass)]
    seeds: Annotated[list[NonNegative], Field(min_length=1)]
    shape: Annotated[Network | None, Field(alias="network")] = None
    optimisation: Annotated[Training | None, Field(alias="training")] = None
    """Neither is needed where networks were trained elsewhere."""
    designs: Annotated[list[Design], Field(min_length=1)]
    measurement: Measurement
    causal: Causal | None = None
    """Causal tests; none are run unless this is given."""
    arms: list[Arm] = []
    fresh: FreshTasks | None = None

    @property
    def network(self) -> Network:
        """The shape of its transformers; an `ExperimentError` where nothing is said of it."""
        return _given(self.shape, "network")

    @property
    def training(self) -> Training:
        """How they are trained; an `ExperimentError` where nothing is said of it."""
        return _given(self.optimisation, "training")

    @model_validator(mode="after")
    def _minors_have_mass(self) -> "FamilyPlan":
        if self.minor_mass == 0 and any(design.minors for design in self.designs):
            raise ValueError("minor_mass must be above 0 where a design has minors; got 0")
        return self

    @model_validator(mode="after")
    def _no_repeats(self) -> "FamilyPlan":
        minors, names = [d.minors for d in self.designs], [arm.name for arm in self.arms]
        for what, items in (("seeds", self.seeds), ("minors of designs", minors), ("names of arms", names)):
            if len(set(items)) != len(items):
                raise ValueError(f"{what} must differ from each other; got {items}")
        for arm in self.arms:
            self.of_arm(arm)
        return self

    def of_arm(self, arm: Arm) -> "FamilyPlan":
        """Return the plan of an arm; ValueError if it changes what there is not, or trains other mixtures."""
        if unknown := arm.training.keys() - Training.model_fields.keys():
            raise ValueError(f"arms.{arm.name}.training has no {', '.join(sorted(unknown))}")
        training = Training.model_validate(self.training.model_dump() | arm.training)
        designs = self.designs if arm.designs is None else arm.designs
        minors, own = [d.minors for d in designs], [d.minors for d in self.designs]
        if not minors or minors != own[: len(minors)]:
            raise ValueError(
                f"arms.{arm.name}.designs must have the minors of the family's own, or of the first of them"
            )
        return self.model_copy(update={"optimisation": training, "designs": designs, "seeds": arm.seeds})


class Experiment(_Table):
    """A named set of family plans."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    families: Annotated[dict[str, FamilyPlan], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_families(self) -> "Experiment":
        """Refuse names that are no families, from wherever an experiment is read: files are named after them."""
        for kind in self.families:
            require_family(kind)
        return self

    def family(self, kind: str) -> LatentTasks:
        """Build the latent-task distribution of one plan."""
        return build_family(kind, self.families[kind].tasks)

    def network(self, kind: str) -> TransformerConfig:
        """Return the shape of one plan's transformers; sizes that do not fit together are an `ExperimentError`."""
        try:
            return network_config(self.family(kind), self.families[kind].network)
        except ExperimentError:
            raise
        except ValueError as error:
            raise ExperimentError(f"families.{kind}.network: {error}") from error

    def require_trainable(self) -> None:
        """Refuse an experiment that says nothing of how networks are trained; an `ExperimentError`."""
        for kind, plan in self.families.items():
            try:
                _ = plan.network, plan.training, [design.steps for design in plan.designs]
            except ExperimentError as error:
                raise ExperimentError(f"families.{kind}: {error}") from error

    def to_toml(self) -> str:
        """Write the experiment, defaults spelled out, as TOML that reads back to the same experiment."""
        return tomli_w.dumps(self.model_dump(exclude_none=True))


def require_family(kind: str) -> str:
    """Return the name of a family, with or without its layout; an `ExperimentError` if there is no such."""
    if kind_of(kind) not in FAMILIES:
        known = f"{sorted(FAMILIES)}, with -separated behind a name for that layout"
        raise ExperimentError(f"families must be among {known}; got {quoted(kind)}")
    return kind


def build_family(kind: str, sizes: Mapping[str, Any]) -> LatentTasks:
    """Build a latent-task distribution; an unknown family, key or value is an `ExperimentError`."""
    family = FAMILIES[kind_of(require_family(kind))]
    known = {field.name: field.type for field in fields(family) if field.type in (int, float)}
    for name, value in sizes.items():
        place = text.key(["families", kind, "tasks", name])
        if name not in known:
            raise ExperimentError(f"{place} is not a key of an experiment; {kind} has {sorted(known)}")
        wanted = (int,) if known[name] is int else (int, float)
        if not isinstance(value, wanted) or isinstance(value, bool):
            what = "an integer" if wanted == (int,) else "a number"
            raise ExperimentError(f"{place} must be {what}; got {quoted(value)}")
    try:
        return family(**sizes, layout=layout_of(kind))
    except ValueError as error:
        raise ExperimentError(f"families.{kind}.tasks: {error}") from error


def network_config(family: LatentTasks, network: Network) -> TransformerConfig:
    """Return the configuration of a transformer for a family."""
    return TransformerConfig(
        inputs=family.n_inputs,
        outputs=family.n_outputs,
        length=family.n_positions,
        **ARCHITECTURE[family.target_kind],
        **network.model_dump(),
    )


E = TypeVar("E", bound=Experiment)


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    place = text.key(first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{place} is not a key of an experiment"
    got = f"; got {quoted(first['input'])}" if not isinstance(first["input"], dict) else ""
    words = text.one_line(first["msg"].removeprefix("Value error, "))
    return f"{place}: {words}{got}" if place else words


def parse_experiment(toml: str, origin: str, kind: type[E] = Experiment) -> E:  # type: ignore[assignment]
    """Read an experiment from TOML text.

    Parameters
    ----------
    origin : str
        Where the text came from, named in errors.
    kind : type
        `Experiment`, or one of its kinds.

    Raises
    ------
    ExperimentError
        One sentence: malformed TOML, an unknown key, or a value out of range.
    """
    try:
        experiment = kind.model_validate(text.parse(toml))
        for family, plan in experiment.families.items():
            experiment.family(family)
            if plan.shape is not None:
                experiment.network(family)
    except text.TextError as error:
        raise ExperimentError(f"{origin} {error}") from error
    except ValidationError as error:
        raise ExperimentError(f"{origin}: {_sentence(error)}") from error
    except ExperimentError as error:
        raise ExperimentError(f"{origin}: {error}") from error
    return experiment


def load_preset(name: str) -> Experiment:
    """Read one of the experiments shipped with the package."""
    if name not in PRESETS:
        raise ExperimentError(f"preset must be one of {', '.join(PRESETS)}; got {quoted(name)}")
    return load_shipped(name, name)


def load_shipped(file: str, name: str, kind: type[E] = Experiment) -> E:  # type: ignore[assignment]
    """Read a file of the presets' folder; errors call it by the name a person gives."""
    toml = resources.files("validate.experiment").joinpath("presets", f"{file}.toml").read_text("utf-8")
    return parse_experiment(toml, f"preset {name}", kind)


def load_experiment(path: Path | str, kind: type[E] = Experiment) -> E:  # type: ignore[assignment]
    """Read an experiment file; an `ExperimentError` of one sentence if that cannot be done."""
    try:
        toml = text.read(Path(path))
    except text.TextError as error:
        raise ExperimentError(f"{text.one_line(str(path))} cannot be read as an experiment: {error}") from error
    return parse_experiment(toml, text.one_line(str(path)), kind)
