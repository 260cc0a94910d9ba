"""Checkpoints: one safetensors file that holds all a run needs to go on, written atomically.

Tensors: every parameter under its own name, and the optimizer's state, each array under `optimizer.` and its name. The
metadata holds one JSON text, `checkpoint` (format, model and training configuration,
step, which is also the position in the stream of batches, records, fingerprint), and `sha256`, the digest of that text
and the tensors.

A file is replaced whole or not at all (`model.files`).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as parse
from safetensors.numpy import save as serialise

from model import parameters
from model.config import TransformerConfig
from model.engine import Backend
from model.files import write_atomically
from model.optimizers import OPTIMIZERS
from model.record import StepRecord
from model.schedule import TrainingConfig
from model.transformer import Transformer

FORMAT = "dual-modes checkpoint 2"
_STATE = "optimizer."


class CheckpointError(Exception):
    """A checkpoint that cannot be used; the message is one sentence."""


@dataclass(frozen=True)
class Checkpoint:
    """A model in the middle or at the end of its training.

    Attributes
    ----------
    config : TransformerConfig
    buffer : ndarray, shape (N,)
        The parameters (`model.parameters.views` names them).
    backend : {"numba", "numpy"}
        The backend it was trained with.
    step : int
        Number of updates made, and of the next batch to draw.
    training : TrainingConfig or None
        None for a model that was saved outside of training.
    state : mapping of str to ndarray
        The optimizer's, by name; empty for a model that was saved outside of training.
    seconds : float
        Time spent training so far.
    records : tuple of StepRecord
    fingerprint : mapping of str to str
        What the caller wants to be the same when training goes on.
    """

    config: TransformerConfig
    buffer: Float[np.ndarray, " N"]
    backend: Backend = "numba"
    step: int = 0
    training: TrainingConfig | None = None
    state: Mapping[str, Float[np.ndarray, "..."]] = field(default_factory=dict)
    seconds: float = 0.0
    records: tuple[StepRecord, ...] = ()
    fingerprint: Mapping[str, str] = field(default_factory=dict)

    def model(self, backend: Backend | None = None, threads: int | None = None) -> Transformer:
        """Return the transformer, by default with the backend it was trained with."""
        model = Transformer(self.config, backend=backend or self.backend, dtype=self.buffer.dtype, threads=threads)
        model.buffer[:] = self.buffer
        return model


def save_checkpoint(path: Path | str, checkpoint: Checkpoint) -> None:
    """Write `checkpoint` to `path`, atomically.

    Raises
    ------
    OSError
        If the folder cannot be written; what was at `path` is still there.
    """
    path = Path(path)
    tensors = parameters.views(checkpoint.config, checkpoint.buffer)
    tensors |= {f"{_STATE}{name}": array for name, array in checkpoint.state.items()}
    tensors = {name: np.ascontiguousarray(array) for name, array in tensors.items()}  # strides are not written
    text = json.dumps(_description(checkpoint))
    metadata = {"checkpoint": text, "sha256": digest(text, tensors)}
    write_atomically(path, serialise(tensors, metadata))


def _description(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "model": asdict(checkpoint.config),
        "backend": checkpoint.backend,
        "training": None if checkpoint.training is None else asdict(checkpoint.training),
        "step": checkpoint.step,
        "seconds": checkpoint.seconds,
        "records": [asdict(record) for record in checkpoint.records],
        "fingerprint": dict(checkpoint.fingerprint),
    }


def load_checkpoint(path: Path | str) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    CheckpointError
        If the file is not a checkpoint of this package, is cut short or changed, or contradicts itself.
    FileNotFoundError
        If there is no file.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise CheckpointError(f"{path} is not a file")
    data = path.read_bytes()
    try:
        tensors = parse(data)
        text, signature = _metadata(data)
        description = json.loads(text)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path} is not a complete safetensors checkpoint of this package") from error
    if signature != digest(text, tensors):
        raise CheckpointError(f"{path} was changed or damaged: its contents do not match their checksum")
    try:
        return _checkpoint(_Description.model_validate(description), tensors)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise CheckpointError(f"{path} contradicts itself: {_printable(place)}: {first['msg']}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} contradicts itself: {_printable(str(error))}") from error


def _printable(text: str) -> str:
    """Return text of a file as one line of at most 300 characters."""
    return "".join(c if c.isprintable() else "?" for c in text[:300])


def _metadata(data: bytes) -> tuple[str, str]:
    """Return description and checksum: 8 bytes give the length of the header, whose `__metadata__` holds them."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    metadata = header["__metadata__"]
    return str(metadata["checkpoint"]), str(metadata["sha256"])


class _Description(BaseModel):
    """What the JSON text of a checkpoint says; anything else is no checkpoint."""

    model_config = ConfigDict(extra="forbid", strict=True, protected_namespaces=())

    format: str
    model: dict[str, Any]
    backend: Literal["numba", "numpy"]
    training: dict[str, Any] | None
    step: Annotated[int, Field(ge=0, lt=2**53)]
    seconds: Annotated[float, Field(ge=0, lt=float("inf"))]
    records: list[dict[str, Any]]
    fingerprint: dict[str, str]


_RECORDS = TypeAdapter(list[StepRecord], config=ConfigDict(extra="forbid"))


def _checkpoint(metadata: _Description, tensors: dict[str, np.ndarray]) -> Checkpoint:
    if metadata.format != FORMAT:
        raise ValueError(f"its format is {metadata.format!r}, not {FORMAT!r}")
    config = TransformerConfig(**metadata.model)
    training = None if metadata.training is None else TrainingConfig(**metadata.training)
    records = _RECORDS.validate_json(json.dumps(metadata.records), strict=True)
    _require_order([record.step for record in records], metadata.step, training)
    if config.layers > len(tensors):
        raise ValueError(f"it has tensors for fewer than {config.layers} layers")
    weights = {name: tensor for name, tensor in tensors.items() if not name.startswith(_STATE)}
    state = {name.removeprefix(_STATE): tensor for name, tensor in tensors.items() if name.startswith(_STATE)}
    dtype = getattr(weights.get("output.weight"), "dtype", None)
    if dtype not in (np.float32, np.float64) and metadata.backend == "numba":
        raise ValueError(f"its numbers are {dtype}, which the numba backend does not have")
    _require(weights, {name: (shape, dtype) for name, shape in parameters.shapes(config).items()}, "")
    buffer = parameters.flatten(config, weights)
    wanted = {} if training is None else OPTIMIZERS[training.optimizer].init(config, buffer, training)
    _require(state, {name: (array.shape, array.dtype) for name, array in wanted.items()}, _STATE)
    return Checkpoint(
        config=config,
        buffer=buffer,
        backend=metadata.backend,
        step=metadata.step,
        training=training,
        state=state,
        seconds=metadata.seconds,
        records=tuple(records),
        fingerprint=metadata.fingerprint,
    )


def _require_order(records: list[int], step: int, training: TrainingConfig | None) -> None:
    """Raise unless records are of earlier steps in their order, and the step is one of the training."""
    if any(later <= earlier for earlier, later in pairwise([-1, *records, step])):
        raise ValueError(f"its records are not of steps before step {step}, one after the other")
    if training is not None and step > training.steps:
        raise ValueError(f"it is at step {step} of {training.steps}")


def _require(found: Mapping[str, np.ndarray], wanted: Mapping[str, tuple[Any, Any]], prefix: str) -> None:
    """Raise unless the tensors are those wanted, by name, shape and dtype, and hold finite numbers."""
    for name in sorted(found.keys() | wanted.keys()):
        if name not in found or (found[name].shape, found[name].dtype) != wanted.get(name):
            raise ValueError(f"its tensor {prefix}{name} does not fit its configuration")
        if not np.isfinite(found[name]).all():
            raise ValueError(f"its tensor {prefix}{name} holds numbers that are not finite")


def digest(text: str, tensors: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256, in hexadecimal, of a description and of tensors in the order of their names."""
    total = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        total.update(f"{name} {tensors[name].dtype} {tensors[name].shape} ".encode())
        total.update(np.ascontiguousarray(tensors[name]).data)
    return total.hexdigest()
