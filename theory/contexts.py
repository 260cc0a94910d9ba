"""Tasks that share a context: the law of the next symbol depends on the past through one small number.

    m_{t,k}          = L[c_t, k]                     the law of target t for task k
    log p(s_<t | k)  = sum_{j<t} log L[c_j, k, s_j]
    sum_k w_k m_{t,k} = sum_k w_k L[c_t, k]          one matrix product for each context

c_t is a function of s_<t alone and the same for all tasks. Markov chains: the current state. Planted Dyck paths: how
many steps of the path were shown. The table L is (C, K, V), C contexts: small, where m itself would be (B, T, K, V).
"""

import numpy as np
from jaxtyping import Float, Int


def log_likelihood_in_context(
    laws: Float[np.ndarray, "C K V"], contexts: Int[np.ndarray, "B T"], symbols: Int[np.ndarray, "B T"]
) -> Float[np.ndarray, "B T K"]:
    """Return log p(seen before target t | task k) in nats, -inf where task k cannot have produced it."""
    with np.errstate(divide="ignore"):
        log_laws = np.log(np.ascontiguousarray(laws.swapaxes(1, 2)))
    log_likelihood = np.zeros((*symbols.shape, laws.shape[1]))
    for target in range(symbols.shape[1] - 1):
        gained = log_laws[contexts[:, target], symbols[:, target]]
        np.add(log_likelihood[:, target], gained, out=log_likelihood[:, target + 1])
    return log_likelihood


def mean_in_context(
    laws: Float[np.ndarray, "C K V"], contexts: Int[np.ndarray, "B T"], weights: Float[np.ndarray, "B T K"]
) -> Float[np.ndarray, "B T V"]:
    """Return sum_k weights_{t,k} L[c_t, k]."""
    mean = np.empty((*contexts.shape, laws.shape[2]))
    for context, table in enumerate(laws):
        here = contexts == context
        mean[here] = weights[here] @ table
    return mean


def log_evidence_from(fresh: Float[np.ndarray, "B T V"], symbols: Int[np.ndarray, "B T"]) -> Float[np.ndarray, "B T"]:
    """Chain predictions to the log probability of what was seen before target t: sum_{j<t} log fresh_j[s_j].

    The sum runs in extended precision where the machine has it, so that long contexts lose no digits.
    """
    observed = np.take_along_axis(fresh, symbols[..., None], axis=-1)[..., 0]
    log_evidence = np.zeros(symbols.shape)
    log_evidence[:, 1:] = np.cumsum(np.log(observed[:, :-1]), axis=1, dtype=np.longdouble)
    return log_evidence
