"""Profiles whose numbers are known."""

from scripts.scaling.profiles.pairs import Pair
from scripts.training.loop.step_profile import StepProfile


def profile(name: str, workers: int, **fields: object) -> StepProfile:
    common = {
        "point_id": name,
        "workers": workers,
        "threads": 1,
        "cores": workers,
        "steps": 5,
        "rank_phases": [{"data": 0.1, "forward": 1.0, "backward": 2.0, "optimizer": 0.3}] * workers,
        "alone_seconds": None,
        "alone_one_thread_seconds": None,
        "unreduced_steps": None,
        "stage_seconds": None,
        "gradient_bytes": 0,
        "all_reduce_seconds": None,
        "ideal_bubble": None,
        "operations": {},
    }
    return StepProfile.model_validate(common | fields)


SERIAL = profile("serial-1", 1, alone_seconds=3.0, alone_one_thread_seconds=3.0, unreduced_steps=[[3.0, 3.0, 3.0]])
DDP = profile(
    "ddp-2",
    2,
    rank_phases=[{"data": 0.06, "forward": 0.6, "backward": 1.6, "optimizer": 0.3}] * 2,
    alone_seconds=1.6,
    alone_one_thread_seconds=1.6,
    unreduced_steps=[[1.7, 1.8, 1.7], [1.9, 1.9, 1.8]],
    gradient_bytes=100,
    all_reduce_seconds=0.5,
)


def beside(one: StepProfile, base: StepProfile, images: float = 1.0) -> Pair:
    """Both in one block; the point's step has so many times the baseline's images."""
    return Pair(one, base, round(32 * images), 32)
