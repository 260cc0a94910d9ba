"""What is measured and judged, as typed models: written to results.json, read by figures and report.

An `Examination` is all that is kept of one seed of one family; `Results` is a run. Undefined numbers are written as
null and read back as nan.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    SerializeAsAny,
    ValidationError,
    field_validator,
    model_validator,
)

from validate.claims.base import Shown, Statistics
from validate.claims.rule import Direction, Verdict, bound_text
from validate.experiment.folder import RunFolderError, to_json
from validate.experiment.schema import Experiment, require_family
from validate.experiment.scopes import Scope
from validate.experiment.seal import SealError, seal, unsealed
from validate.experiment.text import key, one_line
from validate.statistics.intervals import Estimate, Number

S = TypeVar("S", bound=Shown)
M = TypeVar("M", bound=BaseModel)

ByScope = dict[Scope, Statistics]


Standing = Literal["holds", "fails", "open"]
"""How a primary claim stands."""

ENOUGH_SEEDS = 5
"""Fewer seeds say something of these networks only."""


Family = Annotated[str, AfterValidator(require_family)]
"""A name that files are called after: only those of families are read."""


class Model(BaseModel):
    """A part of the results: no key is ignored but a seal, which those meet who parse a file by themselves."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_seal(cls, content: Any) -> Any:
        return {k: v for k, v in content.items() if k != "sha256"} if isinstance(content, dict) else content


class Outcome(Model):
    """What one seed of one family gave, everything by scope.

    Attributes
    ----------
    ladder : dict
        Statistics by rung.
    trained : dict
        Statistics of the trained networks; a scope is missing if the experiment trains no network for it.
    nulls, beside : dict
        Statistics by null, and of what is shown beside the nulls and judges nothing.
    predicted : dict
        What theory predicts, for statistics that no rung can have.
    reasons : dict
        Why a statistic is undefined.
    sites, layers : dict
        Where each scope is judged, and the last candidate under "last"; and the numbers of their layers.
    """

    seed: int
    ladder: dict[str, ByScope]
    trained: ByScope
    nulls: dict[Scope, dict[str, Statistics]]
    beside: dict[Scope, dict[str, Statistics]] = {}
    predicted: dict[Scope, dict[str, Number]]
    sites: dict[str, str]
    reasons: dict[Scope, dict[str, str]] = {}
    layers: dict[str, int]


class NetworkResult(Model):
    """What is shown of one network.

    Attributes
    ----------
    design, arm : str
        What it was trained on, or "untrained"; the arm, empty for the first.
    skill : float
        `capture.skill`, nan where it was not asked.
    site : str
        Where it is judged.
    sites : list of str
    shown : dict
        By question.
    """

    family: Family
    seed: int
    design: str
    arm: str = ""
    skill: Number = float("nan")
    site: str
    sites: list[str]
    shown: dict[str, SerializeAsAny[Shown]]

    @field_validator("shown", mode="before")
    @classmethod
    def _of_its_question(cls, tables: Any) -> Any:
        """Read each table as the model its question shows; tables of questions that are no more are left out."""
        if not isinstance(tables, dict):
            return tables
        models = {model.question: model for model in Shown.__subclasses__()}
        return {
            name: table if isinstance(table, Shown) else models[name].model_validate(table)
            for name, table in tables.items()
            if name in models
        }

    def show(self, model: type[S]) -> S | None:
        """Return what a question shows of this network, if it was asked and had something to show."""
        found = self.shown.get(model.question)
        return found if isinstance(found, model) else None


class Examination(Model):
    """All that is found in the networks of a seed."""

    outcome: Outcome
    networks: list[NetworkResult]
    untrained: list[NetworkResult]


class CriterionRow(Model):
    """One criterion of a claim, over the seeds.

    Attributes
    ----------
    by_seed : list of float
        The seeds' own values.
    null, decided_by : float, str or None
        Value and name of the null or rival that the verdict hangs on (`claims.rule.deciding_null`).
    beside : dict of Estimate
        What is shown beside the nulls and judges nothing.
    met, met_share : int, tuple of float
        How many networks meet the tolerance by themselves, and the interval of their share.
    reason : str
        Why it is not tested, where there is more to say than the rule does.
    p_value : float or None
        One-sided, that the mean over seeds meets the tolerance; None where it is not defined, as of one seed.
    """

    statistic: str
    label: str
    predicted: Number
    measured: Number
    by_seed: list[Number]
    interval: tuple[Number, Number]
    null: Number
    decided_by: str | None
    nulls: dict[str, Estimate]
    beside: dict[str, Estimate] = {}
    tolerance: float
    direction: Direction
    calibrated: bool
    met: int
    met_share: tuple[float, float]
    p_value: float | None
    verdict: Verdict
    reason: str = ""

    def bound(self) -> str:
        """Return the tolerance as text."""
        return bound_text(self.direction, self.tolerance)


class ClaimRow(CriterionRow):
    """One claim of one family and scope: the numbers are those of its deciding criterion, all are under ``parts``.

    Attributes
    ----------
    layer : int or None
        Of the first seed; ``layers`` and ``sites`` of every seed. None if the claim is about predictions.
    position : int or None
        The last scored position.
    paper : float or None
        The paper's own value of the first criterion, where it is known.
    primary : bool
        Whether it is one of the few claims named beforehand.
    p_holm, p_holm_fails : float or None
        Of a primary claim, the adjusted p-values that it holds, and that it fails (`judging.primary`).
    standing : {"holds", "fails", "open"} or None
        Of a primary claim.
    expected_to_fail : str or None
        Why theory says beforehand that it fails.
    """

    claim: str
    family: Family
    design: str
    layer: int | None
    layers: list[int] | None
    sites: list[str] | None
    position: int | None
    seeds: list[int]
    statement: str
    paper: float | None
    parts: list[CriterionRow]
    primary: bool
    p_holm: float | None = None
    p_holm_fails: float | None = None
    standing: Standing | None = None
    expected_to_fail: str | None = None

    @property
    def these_only(self) -> bool:
        """Whether there are too few seeds to speak of any other network."""
        return len(self.seeds) < ENOUGH_SEEDS


class LadderResult(Model):
    """The ladder of one seed: statistics by rung and scope, and by scope whether each may judge."""

    family: Family
    seed: int
    rungs: dict[str, ByScope]
    calibrated: dict[Scope, dict[str, bool]]


class SkillRow(Model):
    """How well one network predicts, on held-out sequences such as it was trained on."""

    family: Family
    design: str
    arm: str
    seed: int
    steps: int
    skill: Number
    learned: bool


class ArmRow(Model):
    """One statistic of an arm beside the first: means over seeds, and the mean difference within a seed."""

    family: Family
    arm: str
    design: str
    statistic: str
    label: str
    seeds: list[int]
    first: Estimate
    second: Estimate
    difference: Estimate

    @property
    def has_interval(self) -> bool:
        """Whether there are seeds enough for an interval."""
        return len(self.seeds) > 1

    @property
    def differs(self) -> bool:
        """Whether the difference's interval over seeds excludes 0."""
        return self.has_interval and (self.difference.low > 0 or self.difference.high < 0)


class SpreadRow(Model):
    """One statistic's variance over networks of a design: between tasks, and between initial parameters."""

    family: Family
    design: str
    statistic: str
    label: str
    seeds: list[int]
    initialisations: int
    tasks: Number
    initialisation: Number

    @property
    def share(self) -> float:
        """The tasks' share of both; nan if nothing varies."""
        whole = self.tasks + self.initialisation
        return self.tasks / whole if whole > 0 else float("nan")


class Results(Model):
    """A run: what results.json holds."""

    experiment: Experiment
    environment: dict[str, Any]
    code: str
    claims: list[ClaimRow]
    ladder: list[LadderResult]
    networks: list[NetworkResult]
    untrained: list[NetworkResult]
    skills: list[SkillRow]
    arms: list[ArmRow]
    spreads: list[SpreadRow] = []
    training_seconds: float
    seconds: float
    peak_memory_bytes: int

    def of_family(self, family: str) -> list[ClaimRow]:
        """Return the rows of one family."""
        return [row for row in self.claims if row.family == family]


def as_json(results: BaseModel) -> str:
    """Return strict JSON, undefined numbers as null, sealed with a hash of itself (`experiment.seal`)."""
    return seal(to_json(results.model_dump()))


@contextmanager
def whole_results(folder: Path) -> Iterator[None]:
    """Turn what breaks while the results of a folder are shown into a sentence: they are not what a run wrote.

    Results are typed, but a file can be well typed and yet name a seed, a site or a claim that is nowhere.
    """
    try:
        yield
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        StopIteration,
        TypeError,
        ValueError,
    ) as error:
        what = one_line(f"{type(error).__name__}: {error}")
        raise RunFolderError(
            f"the results in {folder} contradict themselves ({what}); run `reproduce` again"
        ) from error


def read_results(folder: Path) -> Results:
    """Read a run's results.

    Raises
    ------
    RunFolderError
        If the folder holds no readable results.
    """
    return read_model(folder / "results.json", Results, "reproduce")


def read_model(path: Path, model: type[M], command: str) -> M:
    """Read a file of results; a `RunFolderError` that names the command that writes it if it cannot be read."""
    if path.exists() and not path.is_file():
        raise RunFolderError(f"{path} is not a file")
    try:
        return model.model_validate_json(unsealed(path.read_bytes()))
    except SealError as error:
        raise RunFolderError(f"{path} {error}; run `{command}` again") from error
    except OSError as error:
        raise RunFolderError(f"{path} cannot be read; run `{command}` first ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = key(first["loc"]) or "the file"
        what = one_line(first["msg"])
        raise RunFolderError(f"{path} holds no results ({place}: {what}); run `{command}` first") from error
