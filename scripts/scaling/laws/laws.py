"""Scaling laws: how a rate should grow with the workers, each a sum of costs with coefficients that are never negative.

Written as seconds of work for an image (Gustafson's as images/s), every law is linear in its coefficients. So a fit is
one least squares without negative coefficients (Lawson and Hanson, 1974), on relative errors, and has no start value.

    linear         t(N) = c / N
    amdahl         t(N) = t(1) (s + (1 - s) / N)                                Amdahl, AFIPS 1967
    gustafson      X(N) = X(1) (N - s (N - 1))                                  Gustafson, CACM 31(5), 1988
    usl            X(N) = X(1) N / (1 + sigma (N - 1) + kappa N (N - 1))        Gunther, arXiv:0808.1431
    communication  step = compute / N + alpha 2 (N - 1) + (bytes / bandwidth) 2 (N - 1) / N: a ring's all-reduce,
                   Patarasuk and Yuan, JPDC 69(2), 2009
    tree           step = compute / N + alpha 2 log2 N + transfer 2 (N - 1) / N: halving and doubling,
                   Thakur, Rabenseifner and Gropp, IJHPCA 19(1), 2005
    node_edge      step = compute / N + transfer 2 (N - 1) / N, and from the second node on some seconds more
    hierarchical   tree with log2 of the nodes: inside a node an all-reduce has no latency to speak of
    mixed          all these costs at once: any law but Gustafson's is a case of it. It is no answer: bands are of it

At an equal global batch usl and communication are one curve with two readings: usl counts losses, communication
seconds. Laws of nodes apply where some counts are spread over several.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from scripts.scaling.answers.laws import ALL_COSTS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """Where a law is asked: worker counts, with what a step is at each."""

    workers: Floats  # (k,)
    global_batch: Floats  # (k,) images of a step
    gradient_bytes: float | None = None  # that a step averages over ranks; None: not known
    nodes: Floats | None = None  # (k,) that the workers are spread over; None: one

    @property
    def all_nodes(self) -> Floats:
        """(k,) nodes at each count."""
        return np.ones_like(self.workers) if self.nodes is None else self.nodes


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
    needs_nodes: bool = False

    def most(self, parameter: str) -> float:
        """The largest value that a parameter can have."""
        return 1.0 if parameter in {"serial_fraction", "sigma"} else np.inf

    @property
    def coefficients(self) -> int:
        """How many, the scale among them; as many worker counts and one more can contradict the law."""
        return len(self.terms(Axis(np.ones(1), np.ones(1), 1.0))[0])

    def relative(self, axis: Axis, rates: Floats) -> Floats:
        """(k, terms) each term as a share of what was observed: where a law holds, coefficients add them up to 1."""
        return self.terms(axis) / (rates if self.of_rate else 1 / rates)[:, None]

    def fit(self, axis: Axis, rates: Floats, weights: Floats, bounded: bool) -> Floats:
        """Coefficients of least squares on relative errors.

        Args:
            rates: (k,) images/s, positive.
            weights: (k, k) how much the errors count, each with each; positive definite.
            bounded: no coefficient below 0. Without bounds the fit tells how sure the bounded one is: at a bound it
                would not move with the data.
        """
        root = np.linalg.cholesky(weights).T
        matrix, wanted = root @ self.relative(axis, rates), root.sum(axis=1)
        scale = norms(matrix)
        solve = nnls if bounded else np.linalg.lstsq
        return np.asarray(solve(matrix / scale, wanted)[0] / scale, float)

    def rates(self, axis: Axis, coefficients: Floats) -> Floats:
        """(k,) images/s; infinite or negative where coefficients below 0 make no sense there."""
        sums = self.terms(axis) @ coefficients
        with np.errstate(divide="ignore"):
            return sums if self.of_rate else 1 / sums


def norms(matrix: Floats) -> Floats:
    """(terms,) lengths of the columns, which differ by powers of ten; 1 of a column of zeros."""
    found = np.linalg.norm(matrix, axis=0)
    return np.where(found > 0, found, 1.0)


def _columns(*columns: Floats) -> Floats:
    return np.column_stack(columns)


def _transfer(at: Axis) -> Floats:
    """Seconds for an image, of a step that moves each gradient twice: 2 (N - 1) / N of them over each link."""
    return 2 * (at.workers - 1) / at.workers / at.global_batch


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
        _transfer(at) * (at.gradient_bytes or np.nan),
    ),
    lambda c: {
        "seconds_per_image": float(c[0]),
        "alpha_seconds": float(c[1]),
        "seconds_per_byte": float(c[2]),
    },
    losses=("alpha_seconds", "seconds_per_byte"),
    needs_bytes=True,
)

TREE = Law(
    "tree",
    "step(N) = compute / N + alpha 2 log2 N + transfer 2 (N - 1) / N",
    ("strong", "weak"),
    lambda at: _columns(1 / at.workers, _transfer(at), 2 * np.log2(at.workers) / at.global_batch),
    lambda c: {"seconds_per_image": float(c[0]), "transfer_seconds": float(c[1]), "alpha_seconds": float(c[2])},
    losses=("alpha_seconds",),
)
NODE_EDGE = Law(
    "node_edge",
    "step(N) = compute / N + transfer 2 (N - 1) / N + edge, from the second node on",
    ("strong", "weak"),
    lambda at: _columns(1 / at.workers, _transfer(at), (at.all_nodes > 1) / at.global_batch),
    lambda c: {"seconds_per_image": float(c[0]), "transfer_seconds": float(c[1]), "edge_seconds": float(c[2])},
    losses=("edge_seconds",),
    needs_nodes=True,
)
HIERARCHICAL = Law(
    "hierarchical",
    "step(N) = compute / N + alpha 2 log2 nodes + transfer 2 (N - 1) / N",
    ("strong", "weak"),
    lambda at: _columns(1 / at.workers, _transfer(at), 2 * np.log2(at.all_nodes) / at.global_batch),
    TREE.parameters,
    losses=("alpha_seconds",),
    needs_nodes=True,
)
MIXED = Law(
    ALL_COSTS,
    "t(N) = the costs of all other laws, and from the second node on another compute and seconds for each node",
    ("strong", "weak"),
    lambda at: _columns(
        1 / at.workers,
        _transfer(at),
        2 * np.log2(at.workers) / at.global_batch,
        2 * (at.workers - 1) / at.global_batch,
        at.workers - 1,
        (at.all_nodes > 1) / at.workers,
        (at.all_nodes > 1) / at.global_batch,
        2 * np.log2(at.all_nodes) / at.global_batch,
        2 * (at.all_nodes - 1) / at.global_batch,
    ),
    lambda _: {},
    losses=(),
)

# The simplest first: where two are as likely, it is the answer.
LAWS = {law.name: law for law in (LINEAR, AMDAHL, GUSTAFSON, USL, COMMUNICATION, TREE, NODE_EDGE, HIERARCHICAL)}
