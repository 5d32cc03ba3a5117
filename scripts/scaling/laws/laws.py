"""Scaling laws: how a rate should grow with the workers, each a sum of terms with coefficients that are never negative.

Written as seconds of work for an image (Gustafson's as images/s), every law is linear in its coefficients. So a fit is
one linear least squares with bounds (scipy's `lsq_linear`), on relative errors, and has no start value to choose.

    linear         t(N) = c / N
    amdahl         t(N) = t(1) (s + (1 - s) / N)                                Amdahl, AFIPS 1967
    gustafson      X(N) = X(1) (N - s (N - 1))                                  Gustafson, CACM 31(5), 1988
    usl            X(N) = X(1) N / (1 + sigma (N - 1) + kappa N (N - 1))        Gunther, arXiv:0808.1431
    communication  step = compute / N + alpha 2 (N - 1) + (bytes / bandwidth) 2 (N - 1) / N: a ring's all-reduce,
                   Patarasuk and Yuan, JPDC 69(2), 2009

At an equal global batch the last two are one curve with two readings: usl counts losses, communication seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """Where a law is asked: worker counts, with what a step is at each."""

    workers: Floats  # (k,)
    global_batch: Floats  # (k,) images of a step
    gradient_bytes: float | None = None  # that a step averages over ranks; None: not known


@dataclass(frozen=True)
class Law:
    """One law; `losses` are the parameters without which it would be a simpler one."""

    name: str
    formula: str
    scaling: tuple[Literal["strong", "weak"], ...]  # where it applies
    terms: Callable[[Axis], Floats]  # -> (k, terms), of seconds for an image
    parameters: Callable[[Floats], dict[str, float]]  # of the coefficients
    losses: tuple[str, ...]
    of_rate: bool = False  # the sum gives images/s
    needs_bytes: bool = False

    def most(self, parameter: str) -> float:
        """The largest value that a parameter can have."""
        return 1.0 if parameter in {"serial_fraction", "sigma"} else np.inf

    @property
    def coefficients(self) -> int:
        """How many, the scale among them; as many worker counts and one more can contradict the law."""
        return len(self.terms(Axis(np.ones(1), np.ones(1), 1.0))[0])

    def fit(self, axis: Axis, rates: Floats, weights: Floats, bounded: bool) -> Floats:
        """Coefficients of least squares on relative errors.

        Args:
            rates: (k,) images/s, positive.
            weights: (k,) how much each counts, positive.
            bounded: no coefficient below 0. Without bounds the fit tells how sure the bounded one is: at a bound it
                would not move with the data.
        """
        observed = rates if self.of_rate else 1 / rates
        weight = np.sqrt(weights)
        matrix = self.terms(axis) / observed[:, None] * weight[:, None]
        scale = np.linalg.norm(matrix, axis=0)  # terms differ by powers of ten
        if bounded:
            found = lsq_linear(matrix / scale, weight, bounds=(0, np.inf), method="bvls").x
        else:
            found = np.linalg.lstsq(matrix / scale, weight, rcond=None)[0]
        return np.asarray(found / scale, float)

    def rates(self, axis: Axis, coefficients: Floats) -> Floats:
        """(k,) images/s; infinite or negative where coefficients below 0 make no sense there."""
        sums = self.terms(axis) @ coefficients
        with np.errstate(divide="ignore"):
            return sums if self.of_rate else 1 / sums


def _columns(*columns: Floats) -> Floats:
    return np.column_stack(columns)


LINEAR = Law(
    "linear",
    "t(N) = c / N",
    ("strong", "weak"),
    lambda at: _columns(1 / at.workers),
    lambda _: {},
    losses=(),
)
AMDAHL = Law(
    "amdahl",
    "t(N) = t(1) (s + (1 - s) / N)",
    ("strong",),
    lambda at: _columns(np.ones_like(at.workers), 1 / at.workers),
    lambda c: {"serial_fraction": float(c[0] / (c[0] + c[1]))},
    losses=("serial_fraction",),
)
GUSTAFSON = Law(
    "gustafson",
    "X(N) = X(1) (N - s (N - 1))",
    ("weak",),
    lambda at: _columns(np.ones_like(at.workers), at.workers),
    lambda c: {"serial_fraction": float(c[0] / (c[0] + c[1]))},
    losses=("serial_fraction",),
    of_rate=True,
)
USL = Law(
    "usl",
    "X(N) = X(1) N / (1 + sigma (N - 1) + kappa N (N - 1))",
    ("strong", "weak"),
    lambda at: _columns(np.ones_like(at.workers), 1 / at.workers, at.workers - 1),
    lambda c: {"sigma": float(c[0] / (c[0] + c[1])), "kappa": float(c[2] / (c[0] + c[1]))},
    losses=("kappa",),
)
COMMUNICATION = Law(
    "communication",
    "step(N) = compute / N + alpha 2 (N - 1) + bytes x seconds_per_byte 2 (N - 1) / N",
    ("strong", "weak"),
    lambda at: _columns(
        1 / at.workers,
        2 * (at.workers - 1) / at.global_batch,
        2 * (at.workers - 1) / at.workers * (at.gradient_bytes or np.nan) / at.global_batch,
    ),
    lambda c: {
        "seconds_per_image": float(c[0]),
        "alpha_seconds": float(c[1]),
        "seconds_per_byte": float(c[2]),
    },
    losses=("alpha_seconds", "seconds_per_byte"),
    needs_bytes=True,
)

# The simplest first: where two are as likely, it is the answer.
LAWS = {law.name: law for law in (LINEAR, AMDAHL, GUSTAFSON, USL, COMMUNICATION)}
