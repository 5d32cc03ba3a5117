"""Points compared along the blocks that they share: log rate = level of the point + level of the block + noise.

Least squares of a two-way classification, gaps allowed (Searle, Linear Models, 1971, chapter 7): two points that were
measured in different blocks are compared through points that both have a block with. Points that no such chain joins
share no scale, and are never compared. Without gaps the difference of two points is the mean of their paired ones.

The noise of a launch may differ from point to point; three launches tell it badly, all launches together well, so each
point's variance is drawn towards that of all as far as these agree (scripts/scaling/comparing/moderated.py).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from scripts.scaling.comparing.moderated import moderated

K = TypeVar("K")
Rates = Mapping[K, Mapping[int, float]]  # point -> block -> images/s
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Difference:
    """Of the levels of two points: the log of their ratio."""

    value: float
    error: float  # its standard error
    freedom: float  # degrees of freedom of that: those of the point whose noise is known less


@dataclass(frozen=True)
class TwoWay(Generic[K]):
    """The model fitted to the launches of some points."""

    points: list[K]
    levels: Floats  # (p,) of the points; only differences within a part mean anything
    parts: Integers  # (p,) points of one part are joined by shared blocks
    weights: Floats  # (p, m): levels = weights @ log rates
    point_of: Integers  # (m,) of the launches
    residual_sums: Floats  # (p,) squares, over the launches of a point
    freedoms: Floats  # (p,) degrees of freedom of those sums; they add up to the model's

    @cached_property
    def noise(self) -> tuple[Floats, Floats]:
        """(p,) variances of a launch of each point, and their degrees of freedom."""
        return moderated(self.residual_sums, self.freedoms)

    def joined(self, one: K, other: K) -> bool:
        """Whether a chain of shared blocks joins two points."""
        return bool(self.parts[self.points.index(one)] == self.parts[self.points.index(other)])

    def difference(self, one: K, other: K) -> Difference:
        """Of the levels of two points that are joined."""
        i, j = self.points.index(one), self.points.index(other)
        variances, freedoms = self.noise
        squares = np.bincount(self.point_of, (self.weights[i] - self.weights[j]) ** 2, len(self.points))
        return Difference(
            value=float(self.levels[i] - self.levels[j]),
            error=math.sqrt(float(squares @ variances)),
            freedom=float(min(freedoms[i], freedoms[j])),
        )


def fit(rates: Rates[K]) -> TwoWay[K]:
    """The model of some launches.

    Args:
        rates: positive; of each point one block or more.
    """
    points, blocks = list(rates), sorted({block for mine in rates.values() for block in mine})
    seen = [(i, blocks.index(block), math.log(rate)) for i, p in enumerate(points) for block, rate in rates[p].items()]
    of, at, logs = (np.array(column) for column in zip(*seen, strict=True))
    design = np.zeros((len(seen), len(points) + len(blocks)))
    design[np.arange(len(seen)), of] = 1
    design[np.arange(len(seen)), len(points) + at] = 1
    inverse = np.linalg.pinv(design)
    solution = inverse @ logs
    left = 1 - np.einsum("ij,ji->i", design, inverse)  # what a launch has for the noise to be seen in
    left[left < 1e-9] = 0  # of one that is alone in its block, but for rounding
    residuals = np.where(left > 0, logs - design @ solution, 0.0)
    count = len(points)
    return TwoWay(
        points=points,
        levels=solution[:count],
        parts=_parts(of, at, count),
        weights=inverse[:count].astype(np.float64),
        point_of=of,
        residual_sums=np.bincount(of, residuals**2, count).astype(np.float64),
        freedoms=np.bincount(of, left, count).astype(np.float64),
    )


def _parts(of: Integers, at: Integers, points: int) -> Integers:
    """(p,) number of the part that each point belongs to."""
    parts = np.arange(points)
    for block in range(at.max() + 1):
        joined = parts[of[at == block]]
        is_joined = np.zeros(points, bool)
        is_joined[joined] = True
        parts[is_joined[parts]] = joined.min()
    return parts
