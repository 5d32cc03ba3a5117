"""Does a law fit at all? What it leaves, against what no law could explain.

Launches of one worker count have one expected rate (in one block): they tell the noise without any law, its pure error.
What levels of worker counts differ from a law by beyond that is lack of fit; F compares the two (Draper and Smith,
Applied Regression Analysis, 3rd ed., 1998, section 2.1). Only coefficients above 0 were fitted: the others are bounds,
and count no degree of freedom (Bartholomew, Biometrika 46, 1959, of means under order: given which are bounds).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from scripts.scaling.laws.curve import Curve
from scripts.scaling.laws.laws import Floats, Law, norms


@dataclass(frozen=True)
class LackOfFit:
    """How far a law is from what was measured."""

    p: float  # chance of as great a lack of fit, if the law holds; 1 where nothing could contradict it
    at: int  # worker count that it misses most
    by: float  # measured / law - 1 there


def lack_of_fit(law: Law, curve: Curve, coefficients: Floats) -> LackOfFit:
    """Of a law fitted with bounds to a curve that can be compared."""
    levels = curve.known
    axis = curve.axis(curve.workers)
    misses = levels.logs - np.log(law.rates(axis, coefficients))
    misses = misses - misses @ levels.information.diagonal() / np.trace(levels.information)
    worst = int(np.argmax(np.abs(misses)))
    matrix = law.relative(axis, np.exp(levels.logs))[:, coefficients > 0]
    freedom = len(misses) - int(np.linalg.matrix_rank(matrix / norms(matrix)))
    p = 1.0
    if freedom > 0 and levels.freedom > 0:
        f = float(misses @ levels.information @ misses) / freedom
        p = float(special.fdtrc(freedom, levels.freedom, f))
    return LackOfFit(p, curve.workers[worst], math.expm1(misses[worst]))
