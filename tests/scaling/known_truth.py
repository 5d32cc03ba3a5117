"""Made timings whose truth is known: what the statistics of the scaling stage are tested on. No clock is read."""

from collections.abc import Callable, Sequence

import numpy as np

from scripts.scaling.laws.fits import Curve

Noise = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

# Log noise of a launch: symmetric; or skewed, as where now and then something comes in between (mean 0).
NOISES: dict[str, Noise] = {
    "log-normal": lambda rng, shape: rng.normal(0, 0.03, shape),
    "skewed": lambda rng, shape: rng.exponential(0.03, shape) - 0.03,
}


def drawn(
    rng: np.random.Generator,
    speedup: Callable[[int], float],
    workers: Sequence[int],
    blocks: int,
    noise: str = "log-normal",
    weak: bool = False,
) -> Curve:
    """A curve whose blocks drift by 20 % and whose launches scatter by 3 %."""
    drift = rng.normal(0, 0.2, blocks)
    scatter = NOISES[noise](rng, (len(workers), blocks))
    return Curve(
        {
            n: {b + 1: float(100 * speedup(n) * np.exp(drift[b] - scatter[i, b])) for b in range(blocks)}
            for i, n in enumerate(workers)
        },
        {n: 64 * n if weak else 64 for n in workers},
    )


def amdahl(serial_fraction: float) -> Callable[[int], float]:
    return lambda n: 1 / (serial_fraction + (1 - serial_fraction) / n)


def gustafson(serial_fraction: float) -> Callable[[int], float]:
    return lambda n: n - serial_fraction * (n - 1)


def usl(sigma: float, kappa: float) -> Callable[[int], float]:
    return lambda n: n / (1 + sigma * (n - 1) + kappa * n * (n - 1))
