"""The distribution that shares of mixed images are of."""

import numpy as np


def beta(alpha: float, drawn: np.ndarray) -> np.ndarray:
    """Numbers of Beta(alpha, alpha), float64, of even ones of [0, 1), by the inverse of its distribution function."""
    from scipy.special import betaincinv

    return np.asarray(betaincinv(alpha, alpha, drawn))
