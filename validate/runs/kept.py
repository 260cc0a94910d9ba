"""What was measured of a seed, kept in the run folder and never used when stale.

The key is a hash of every source file of `theory`, `model` and `validate`, of the plan, and of the trained parameters:
whatever of them changes, the seed is measured again.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

import model
import theory
import validate
from model import Transformer
from validate.experiment.folder import write_text
from validate.experiment.seed_plan import SeedPlan
from validate.judging.examination import Examination

_READER = TypeAdapter(Examination)


@cache
def source_fingerprint() -> str:
    """Return a hash of all source files a number depends on."""
    digest = hashlib.sha256()
    for package in (theory, model, validate):
        folder = Path(str(package.__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{package.__name__}/{path.relative_to(folder)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def measurement_key(part: SeedPlan, networks: Mapping[str, Transformer]) -> str:
    """Return the hash a measurement is kept under."""
    digest = hashlib.sha256(source_fingerprint().encode())
    digest.update(f"{part.name}\0{part.plan.model_dump_json()}".encode())
    for design, network in networks.items():
        digest.update(f"\0{design}\0".encode())
        digest.update(np.ascontiguousarray(network.buffer).tobytes())
    return digest.hexdigest()


def kept(
    folder: Path, part: SeedPlan, networks: Mapping[str, Transformer], examine: Callable[[], Examination]
) -> Examination:
    """Return what was measured of a seed, from the run folder if it is still true, else by measuring."""
    path = folder / "measured" / f"{part.name}.json"
    key = measurement_key(part, networks)
    if path.exists():
        try:
            first, _, rest = path.read_text("utf-8").partition("\n")
            if first == key:
                return _READER.validate_python(json.loads(rest))
        except ValueError:  # damaged: it costs a measurement
            pass
    examination = examine()
    path.parent.mkdir(exist_ok=True)
    write_text(path, key + "\n" + json.dumps(asdict(examination)))
    return examination
