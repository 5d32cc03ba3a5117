"""Whether a training learned anything: a speedup of one that did not is a speedup of nothing."""

import math
from collections.abc import Sequence

from scripts.record import Quality
from scripts.scaling.comparing.limits import CHANCE, LEAST_TEST_IMAGES


def learned_nothing(quality: Quality) -> list[str]:
    """Why what a training learned is nothing; empty where it learned, or where its test images are too few to tell."""
    for number, epoch in enumerate(quality.epochs, start=1):
        if not math.isfinite(epoch.loss):
            return [f"its training loss is {epoch.loss} in epoch {number}"]
    right, images, chance = agreement(quality.confusion)
    if images < LEAST_TEST_IMAGES or at_least(right, images, chance) <= CHANCE:
        return []
    # Where nearly all images are of one class, even a network without an error could be a guess.
    if at_least(images, images, sum((sum(row) / images) ** 2 for row in quality.confusion)) > CHANCE:
        return []
    return [f"it learned no more than guessing: {right} of {images} test images right, {chance * images:.0f} by chance"]


def agreement(confusion: Sequence[Sequence[int]]) -> tuple[int, int, float]:
    """How many predictions are right, of how many, and the share that would be if they were dealt to images at random.

    That share, sum over classes of (share of the images) x (share of the predictions), is the chance agreement of
    Cohen's kappa (1960). Of a network that names one class always it is that class's share, so that it never passes;
    with classes of equal size it is one over their number. Unlike the share of the largest class alone it lets a
    network pass that finds some of a rare class.
    """
    images, predicted = [sum(row) for row in confusion], [sum(column) for column in zip(*confusion, strict=True)]
    total = sum(images)
    chance = sum(i * p for i, p in zip(images, predicted, strict=True)) / total**2 if total else 1.0
    return sum(row[i] for i, row in enumerate(confusion)), total, chance


def at_least(right: int, images: int, chance: float) -> float:
    """How likely guessing is to have `right` or more of `images` right: upper tail of the binomial distribution."""
    if right <= 0 or chance >= 1:
        return 1.0
    if right > images * chance:
        return _tail(right, images, chance)
    return 1.0 - _tail(images - right + 1, images, 1 - chance)


def _tail(k: int, images: int, chance: float) -> float:
    """P(X >= k), with k above the mean: terms fall, so that a few thousand of any number of images are enough."""
    if chance <= 0 or k > images:
        return 0.0
    ways = math.lgamma(images + 1) - math.lgamma(k + 1) - math.lgamma(images - k + 1)
    term = math.exp(ways + k * math.log(chance) + (images - k) * math.log1p(-chance))
    total = 0.0
    while k <= images and term > 1e-12 * total:
        total += term
        term *= (images - k) / (k + 1) * chance / (1 - chance)
        k += 1
    return min(1.0, total)
