"""Made timings whose truth is known: what the statistics of the scaling stage are tested on. No clock is read."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from scripts.scaling.laws.curve import Curve

Noise = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
Truth = Callable[[int], float]  # worker count -> speedup against one worker

# Log noise of a launch, of a standard deviation of 1: symmetric; or skewed, as where now and then something comes in
# between (mean 0).
NOISES: dict[str, Noise] = {
    "log-normal": lambda rng, shape: rng.normal(0, 1, shape),
    "skewed": lambda rng, shape: rng.exponential(1, shape) - 1,
}
GRADIENT_BYTES = 45e6


def drawn(
    rng: np.random.Generator,
    speedup: Truth,
    workers: Sequence[int],
    blocks: int,
    noise: str = "log-normal",
    weak: bool = False,
    scatter: float | Sequence[float] = 0.03,
    node_holds: int | None = None,
) -> Curve:
    """A curve whose blocks drift by 20 % and whose launches scatter by 3 %, or each count's by a number of its own."""
    drift = rng.normal(0, 0.2, blocks)
    spread = np.broadcast_to(scatter, len(workers))
    off = NOISES[noise](rng, (len(workers), blocks)) * spread[:, None]
    return Curve(
        {
            n: {b + 1: float(100 * speedup(n) * np.exp(drift[b] - off[i, b])) for b in range(blocks)}
            for i, n in enumerate(workers)
        },
        {n: 64 * n if weak else 64 for n in workers},
        GRADIENT_BYTES,
        {n: math.ceil(n / node_holds) for n in workers} if node_holds else {},
        node_holds,
    )


def linear(n: int) -> float:
    return float(n)


def amdahl(serial_fraction: float) -> Truth:
    return lambda n: 1 / (serial_fraction + (1 - serial_fraction) / n)


def gustafson(serial_fraction: float) -> Truth:
    return lambda n: n - serial_fraction * (n - 1)


def usl(sigma: float, kappa: float) -> Truth:
    return lambda n: n / (1 + sigma * (n - 1) + kappa * n * (n - 1))


def tree(latency: float, transfer: float = 0.0) -> Truth:
    """All-reduces whose steps grow with log2 of the workers; times relative to a step of one worker."""
    return lambda n: 1 / (1 / n + latency * math.log2(n) + transfer * (n - 1) / n)


def ring(latency: float, transfer: float) -> Truth:
    return lambda n: 1 / (1 / n + latency * 2 * (n - 1) + transfer * 2 * (n - 1) / n)


def cliff(inside: Truth, node_holds: int, share: float) -> Truth:
    """From the second node on, `share` of the rate that it would have on one."""
    return lambda n: inside(n) * (share if n > node_holds else 1)


def edge(inside: Truth, node_holds: int, seconds: float) -> Truth:
    """From the second node on, each step takes so much longer, relative to a step of one worker."""
    return lambda n: 1 / (1 / inside(n) + (seconds if n > node_holds else 0))


def odd(inside: Truth, at: int, share: float) -> Truth:
    """At one count, `share` of the rate."""
    return lambda n: inside(n) * (share if n == at else 1)


def cached(inside: Truth, most: int, share: float) -> Truth:
    """From 2 workers to `most`, whose caches hold what one's do not, so many times the rate; beyond, half of that."""
    return lambda n: inside(n) * (1 if n == 1 else share if n <= most else (1 + share) / 2)
