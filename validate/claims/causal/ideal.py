"""What theory says of the dissociation: M2 without its weights on the majors.

Removing span{theta} from states that hold M2's weights linearly leaves the majors their common weight and takes away
how it is shared: w_k -> (w_1 + ... + w_K) / K for every major k, the fresh task as before. The rise of the loss is
exact for a network that mixes predictions; it is large on majors and small on fresh tasks, where M2 gives majors
little weight. How V holds the fresh task's prediction theory does not say, so there is no such number for V.
"""

import numpy as np
from jaxtyping import Float

from theory import Batch, Mixture, extrapolation, nats_per_loss, prediction_loss
from validate.claims.causal.rises import CONTRASTS
from validate.claims.causal.samples import FRESH, MAJORS


def rise_without_task(mixture: Mixture, batch: Batch, n_positions: int) -> Float[np.ndarray, " B"]:
    """Return the rise of each sequence's loss, nats, when M2 forgets how its weight is shared among the majors."""
    family, exact = mixture.family, extrapolation(mixture, batch)
    weights = exact.weights.copy()
    weights[..., :-1] = weights[..., :-1].mean(axis=-1, keepdims=True)
    mean = family.mixed_mean(mixture.majors, batch, weights[..., :-1]) + weights[..., -1:] * family.fresh_mean(batch)
    rise = prediction_loss(family, mean, batch) - prediction_loss(family, exact.mean, batch)
    return nats_per_loss(family) * rise[:, rise.shape[1] - n_positions :].mean(axis=1)


def ideal_dissociation(mixture: Mixture, populations: dict[str, Batch], n_positions: int) -> dict[str, float]:
    """Return the contrasts of theta's removal for M2."""
    rises = {name: rise_without_task(mixture, populations[name], n_positions) for name in (MAJORS, FRESH)}
    return {name: float(CONTRASTS[name].of(rises).mean()) for name in ("theta specificity", "theta dissociation")}
