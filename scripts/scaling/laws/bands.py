"""How far may a curve be foretold? The band of what more workers would bring, or why nothing can be said.

A law that fits is one of many that do. So a band is of the sum of all costs that the catalogue knows (`mixed`), none of
them negative: it holds every speedup that some such sum could have while it explains the launches nearly as well as the
best one does. So truths that lie between the laws are within, and how sure one is of the law is in the width.

"Nearly as well" is F's quantile with two degrees of freedom above the least sum of squares. One, as of an interval
without bounds, covers too seldom: that is Burrus's conjecture (Rust and Burrus, Mathematical Programming and the
Numerical Solution of Linear Equations, 1972), refuted by Batlle et al., arXiv:2310.02461; tests/scaling/test_bands.py
simulates it here.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import special
from scipy.optimize import nnls

from scripts import format as show
from scripts.scaling.comparing.limits import FORETOLD
from scripts.scaling.laws.curve import Curve
from scripts.scaling.laws.fits import Estimate, Judged
from scripts.scaling.laws.laws import Law, norms

FREEDOM = 2  # of the F quantile that a band is made of
FURTHEST = 4.0  # log ratio from the best that the end of a band is looked for
FINE = 1e-4  # of the log of an end
FIRM = 1e5  # so heavy an observation is an equation


def foretell(judged: Judged, curve: Curve, workers: int, confidence: float) -> Estimate | str:
    """Rate at `workers` over that at the least worker count, with its band; a reason where it cannot be foretold."""
    able = [one for one in (judged.chosen, judged.mixed) if one is not None and not one.refused]
    if not able:
        return "no law fits"
    if curve.nodes_at(workers) > 1 and curve.most_nodes == 1:
        return "they need a second node, and none was measured with two"
    value = math.exp(curve.log_speedup(able[0].law, able[0].coefficients, workers))
    bands = [band(one.law, curve, workers, confidence) for one in able]
    low, high = min(value, *(one for one, _ in bands)), max(value, *(one for _, one in bands))
    if workers > curve.workers[-1] and high > low * FORETOLD:
        return f"all that fits gives {show.interval(low, high)} times, too wide a band"
    return Estimate(value, low, high)


def band(law: Law, curve: Curve, workers: int, confidence: float) -> tuple[float, float]:
    """Between which rates at `workers`, over that at the least count, these launches let the law lie."""
    levels = curve.known
    root = np.linalg.cholesky(levels.weights).T
    matrix, wanted = root @ law.relative(curve.axis(curve.workers), np.exp(levels.logs)), root.sum(axis=1)
    scale = norms(matrix)
    matrix = matrix / scale
    least, asked = law.terms(curve.axis([curve.workers[0], workers])) / scale
    allowed = float(nnls(matrix, wanted)[1]) ** 2
    allowed += FREEDOM * float(special.fdtri(FREEDOM, levels.freedom, confidence))

    def explains(log_speedup: float) -> bool:
        """Whether a sum of costs with this very speedup is near enough."""
        ratio = math.exp(log_speedup)
        tie = asked - ratio * least if law.of_rate else least - ratio * asked
        firm = FIRM / np.abs(tie).max() * tie
        return float(nnls(np.vstack([matrix, firm]), np.append(wanted, 0.0))[1]) ** 2 <= allowed

    best = curve.log_speedup(law, curve.fit(law), workers)
    below, above = (_reach(lambda step, way=way: explains(best + way * step)) for way in (-1, 1))  # type: ignore[misc]
    return math.exp(best - below), math.exp(best + above)


def _reach(holds: Callable[[float], bool]) -> float:
    """The least step, to `FINE`, at which it holds no longer."""
    inside, outside = 0.0, 0.02
    while outside < FURTHEST and holds(outside):
        inside, outside = outside, 2 * outside
    while outside - inside > FINE:
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return outside
