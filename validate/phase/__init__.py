"""Phase maps: which mode a network is in, over training and task diversity, and what predicts where it changes.

Columns are networks of other diversity (`phase.experiment`), each looked at along its training (`phase.looks`);
thresholds, predictions of them scored on other seeds, transience; figures and one page. See `docs/phase.md`.
"""

from validate.phase.experiment import PhaseExperiment, load_map, parse_map
from validate.phase.run import run_map

__all__ = ["PhaseExperiment", "load_map", "parse_map", "run_map"]
