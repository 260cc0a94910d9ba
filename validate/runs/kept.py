"""What was measured of a seed, kept in a folder and never used when stale.

The key is a hash of the code that measures, of the questions, of the plan, of what else numbers depend on, and of the
parameters of trained and untrained networks; words, figures and reports play no part in it. Beside the key stands a
hash of what follows:

    <key> <hash of the second line>
    <what was measured, as JSON>

So a file in which one digit was changed is not believed: it costs a measurement, which makes the same bits again.
"""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from model import Transformer
from validate.claims.base import Question
from validate.claims.catalogue import QUESTIONS
from validate.experiment.fingerprints import measuring_code
from validate.experiment.folder import write_text
from validate.experiment.seed_plan import SeedPlan
from validate.judging.results import Examination
from validate.training.networks import untrained_networks


def measurement_key(
    seed_plan: SeedPlan, networks: Mapping[str, Transformer], questions: Iterable[Question] = QUESTIONS
) -> str:
    """Return the hash a measurement is kept under; questions may stand in other rooms than those of the run."""
    asked = list(questions)
    folders = frozenset(Path(inspect.getfile(question.analyse)).parent for question in asked)
    digest = hashlib.sha256(measuring_code(folders).encode())
    digest.update(repr([(question.name, question.families, question.scopes) for question in asked]).encode())
    digest.update(f"{seed_plan.name}\0{seed_plan.plan.model_dump_json()}".encode())
    digest.update(np.ascontiguousarray(seed_plan.setting.majors.parameters).tobytes())
    untrained = {f"untrained {index}": network for index, network in enumerate(untrained_networks(seed_plan))}
    for name, network in (*networks.items(), *untrained.items()):
        digest.update(f"\0{name}\0".encode())
        digest.update(np.ascontiguousarray(network.buffer).tobytes())
    return digest.hexdigest()


def kept_path(folder: Path, seed_plan: SeedPlan) -> Path:
    """Return where what was measured of a seed is kept."""
    return folder / "measured" / f"{seed_plan.name}.json"


def kept(path: Path, key: str, examine: Callable[[], Examination]) -> Examination:
    """Return what was measured, from the file if it is whole and still true, else by measuring."""
    if path.is_file():
        try:
            first, _, rest = path.read_text("utf-8").partition("\n")
            if first == heading(key, rest):
                return Examination.model_validate(json.loads(rest))
        except (ValueError, ValidationError):  # damaged: it costs a measurement
            pass
    examination = examine()
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps(examination.model_dump())
    write_text(path, f"{heading(key, content)}\n{content}")
    return examination


def heading(key: str, content: str) -> str:
    """Return the line that stands over what is kept: its key, and the hash of its content."""
    return f"{key} {hashlib.sha256(content.encode()).hexdigest()}"
