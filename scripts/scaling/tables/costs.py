"""What a launch takes from others: core-hours, GPU-hours, the price of both, energy where it was measured."""

from collections.abc import Sequence
from typing import Any, Protocol

from scripts.scaling.tables.analysis import median
from scripts.spec import Spec


class Prices(Spec):
    """As the config's `scaling.prices`."""

    core_hour: float | None = None
    gpu_hour: float | None = None
    currency: str = ""

    def cost(self, core_hours: float, gpu_hours: float | None) -> float | None:
        """Of a launch, in the currency; None where nothing that it used has a price, or a GPU that it used has none."""
        if (self.core_hour is None and not gpu_hours) or (gpu_hours and self.gpu_hour is None):
            return None
        return core_hours * (self.core_hour or 0.0) + (gpu_hours or 0.0) * (self.gpu_hour or 0.0)


class Metered(Protocol):
    """A launch whose energy may have been measured."""

    @property
    def package_joules(self) -> float | None: ...
    @property
    def gpu_joules(self) -> float | None: ...


def cost_columns(
    good: Sequence[Metered], seconds: float | None, cores: int, gpus: int, prices: Prices
) -> dict[str, Any]:
    """Of the launches that count, whose work took `seconds`; None of no launch."""
    core_hours = gpu_hours = cost = None
    if seconds is not None:
        core_hours, gpu_hours = seconds * cores / 3600, seconds * gpus / 3600 if gpus else None
        cost = prices.cost(core_hours, gpu_hours)
    return {
        "core_hours": core_hours,
        "gpu_hours": gpu_hours,
        "cost": cost,
        "currency": None if cost is None else prices.currency,
        "package_joules": median([one.package_joules for one in good]),
        "gpu_joules": median([one.gpu_joules for one in good]),
    }
