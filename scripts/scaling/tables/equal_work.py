"""Whether a training did the work of the one that it is divided by: as many images, and a like loss curve."""

import math

from scripts.record import Record
from scripts.scaling.comparing.learned import learned_nothing
from scripts.scaling.tables.analysis import loss_distance


def images_of_an_epoch(one: Record) -> float:
    """Images that an epoch of a training went through, warm-up included."""
    assert one.quality is not None, "the record of a training says what it learned"
    warmup = one.key.get("warmup_steps", 0) * one.point["global_batch"]
    return float((one.images + warmup) / len(one.quality.epochs))


def other_images(one: Record, other: Record) -> list[str]:
    """A sentence where an epoch is not of as many images as the other's.

    Whole global batches are trained on: an epoch leaves out less than one step.
    """
    if one.quality is None or other.quality is None:
        return []  # of a script of the user's own, whose steps were counted one by one
    mine, others = images_of_an_epoch(one), images_of_an_epoch(other)
    if abs(mine - others) < max(one.point["global_batch"], other.point["global_batch"]):
        return []
    return [f"no equal work: {mine:,.0f} images an epoch against {others:,.0f} of {other.point_id}"]


def other_curve(one: Record, other: Record, tolerance: float) -> list[str]:
    """A sentence where a training's loss curve is not near the other's at the same global batch.

    Args:
        tolerance: mean distance allowed, as a share of the loss of guessing.
    """
    if one.point["global_batch"] != other.point["global_batch"]:
        return []  # weak scaling: other steps, another curve
    if one.quality is not None and learned_nothing(one.quality):
        return []  # which is said already
    distance = loss_distance(one, other)
    if distance <= tolerance or math.isnan(distance):
        return []  # without a curve the row says so
    scale = "ln(classes)" if one.watched is None else "times the first loss"
    return [f"its loss curve is {distance:.2f} {scale} from {other.point_id}'s, over {tolerance:g}"]
