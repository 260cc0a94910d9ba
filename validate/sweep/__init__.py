"""How the training distribution shapes the geometry: small designed experiments, one axis at a time.

Mass of the minors, concentration of the prior, overlap and number of the majors (`validate.sweep.experiment`);
hypotheses fixed beforehand (`validate.sweep.hypotheses`); one figure and one table an axis. See
`docs/training_distribution.md`.
"""

from validate.sweep.experiment import SweepExperiment, load_sweep, parse_sweep
from validate.sweep.run import run_sweep

__all__ = ["SweepExperiment", "load_sweep", "parse_sweep", "run_sweep"]
