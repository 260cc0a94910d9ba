"""Predicting the next response of a linear regression whose coefficients are unknown, one point after the other.

    w ~ N(0, tau^2 I),  y_j = w . x_j + sigma e_j,  e_j ~ N(0, 1)
    w | points before t  ~  N(m_t, S_t S_t'),   m_0 = 0,  S_0 = tau I
    y_t | points before t, x_t  ~  N(m_t . x_t, v_t),   f = S_t' x_t,  v_t = sigma^2 + |f|^2
    m_{t+1} = m_t + S_t f (y_t - m_t . x_t) / v_t
    S_{t+1} = S_t (I - g f f'),  g = 1 / (v_t + sigma sqrt(v_t))

This is the Kalman filter of a state that does not move. The covariance is carried as its factor S (Potter's square
root): S S' can lose neither symmetry nor positivity, and twice the digits survive when sigma << tau. That the factor
is right takes two lines: (I - g f f')^2 = I - f f' / v needs 2 g - g^2 |f|^2 = 1 / v. With s = sqrt(v),
|f|^2 = (s - sigma)(s + sigma) and g = 1 / (s (s + sigma)) the left side is (2 s - (s - sigma)) / (s^2 (s + sigma)),
which is 1 / s^2.

m_t is the ridge estimate (X'X + sigma^2/tau^2 I)^-1 X'y, and the product of the densities of y_t is the evidence.
Source: Bierman, Factorization Methods for Discrete Sequential Estimation (1977), chapters II and V.
"""

import numpy as np
from jaxtyping import Float


def next_response(
    x: Float[np.ndarray, "B T d"], y: Float[np.ndarray, "B T"], noise: float, task_scale: float
) -> tuple[Float[np.ndarray, "B T"], Float[np.ndarray, "B T"]]:
    """Return mean and variance of each y_t given the points before t and x_t.

    Parameters
    ----------
    x, y : ndarray, shapes (B, T, d) and (B, T)
        Covariates and responses; the last response is not used.
    noise, task_scale : float
        Standard deviations sigma of the noise and tau of each coefficient, in units of y and of y / x.
    """
    n_sequences, n_targets, dimension = x.shape
    mean, variance = np.empty(y.shape), np.empty(y.shape)
    estimate = np.zeros((n_sequences, dimension, 1))
    factor = np.tile(task_scale * np.eye(dimension), (n_sequences, 1, 1))
    for target in range(n_targets):
        row = x[:, target, None]
        projected = row @ factor
        expected = (row @ estimate)[:, 0, 0]
        total = noise**2 + np.square(projected).sum(axis=(1, 2))
        mean[:, target], variance[:, target] = expected, total
        gain = factor @ projected.swapaxes(1, 2)
        estimate += gain * ((y[:, target] - expected) / total)[:, None, None]
        factor -= gain @ projected / (total + noise * np.sqrt(total))[:, None, None]
    return mean, variance
