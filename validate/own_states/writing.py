"""From a network to a states file: the other half of judging elsewhere what was captured here."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from validate.own_states.errors import StatesError
from validate.own_states.files import save_states
from validate.own_states.held import Held
from validate.own_states.network import Read, outside


@dataclass(frozen=True, eq=False)
class WrittenGroup:
    """A group as a sequences file holds it."""

    inputs: np.ndarray
    positions: np.ndarray


def write_states(source: Read, sequences: Path | str, out: Path | str, design: str | None = None) -> None:
    """Let a network read a sequences file and write its states file.

    Parameters
    ----------
    source : callable
        As `judge` takes it.
    sequences, out : Path or str
        The file that `python -m validate sequences` wrote, and the file to write.
    design : str, optional
        What the network was trained on, such as minors=0; untrained networks have none.

    Raises
    ------
    StatesError
        If the sequences cannot be read, the answers have another form, or the file cannot be written.
    """
    try:
        with safe_open(sequences, framework="np") as file:
            metadata = file.metadata() or {}
            names = [name.removesuffix(".inputs") for name in file.keys() if name.endswith(".inputs")]  # noqa: SIM118
            groups = {
                name: WrittenGroup(*(file.get_tensor(f"{name}.{part}") for part in ("inputs", "positions")))
                for name in sorted(names)
            }
    except (OSError, SafetensorError) as error:
        raise StatesError(f"{sequences} cannot be read as a sequences file: {error}") from error
    if not groups or "sequences" not in metadata:
        raise StatesError(f"{sequences} holds no sequences; write it with `python -m validate sequences`")
    whole = max(groups.values(), key=lambda group: (len(group.positions), group.inputs.shape[1]))
    network = outside("the network", source, whole.positions, whole.inputs[:2])
    save_states(Path(out), Held.of(network, groups), groups, metadata, design)
