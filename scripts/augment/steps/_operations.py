"""The operations of RandAugment, on uint8 images (n, edge, edge, 3).

With the strength of each image, float64 (n,) of -1 to 1: those that know no two directions take it without its sign.
"""

from collections.abc import Callable

import numpy as np
import torch

from scripts.augment.pixels import ONE, as_levels, grey_mean, look_up_each, mix_channels, whole
from scripts.augment.steps.colour_jitter import saturated

Operation = Callable[[torch.Tensor, np.ndarray], torch.Tensor]
FRACTION = 16  # bits of a pixel, in which places are told


def _same(images: torch.Tensor, _: np.ndarray) -> torch.Tensor:
    return images


def _moved(images: torch.Tensor, matrix: np.ndarray, shift: np.ndarray) -> torch.Tensor:
    """Each new pixel is the nearest to its place: matrix (n, 2, 2) times (x, y) from the middle, plus shift (n, 2)."""
    count, edge = images.shape[:2]
    parts = whole(matrix * (1 << FRACTION), images)
    # Twice the place, so that the middle of an even edge is whole.
    twice = whole((2 * shift + edge - 1) * (1 << FRACTION), images) + (1 << FRACTION)
    line = 2 * torch.arange(edge, dtype=torch.int32, device=images.device) - (edge - 1)
    x, y = line[None, None, :], line[None, :, None]

    def place(row: int) -> torch.Tensor:
        along, across = (parts[:, row, column][:, None, None] for column in range(2))
        return (along * x + across * y + twice[:, row][:, None, None]) >> FRACTION + 1

    column, row = place(0), place(1)
    outside = (column < 0) | (column >= edge) | (row < 0) | (row >= edge)
    first = torch.arange(count, dtype=torch.int32, device=images.device)[:, None, None] * edge**2
    at = first + row.clamp(0, edge - 1) * edge + column.clamp(0, edge - 1)
    found = images.view(-1, 3).index_select(0, at.flatten()).view(images.shape)
    return found.masked_fill_(outside[..., None], 0)


def _sheared(axis: int) -> Operation:
    def operation(images: torch.Tensor, strength: np.ndarray) -> torch.Tensor:
        matrix = np.tile(np.eye(2), (len(images), 1, 1))
        matrix[:, axis, 1 - axis] = 0.3 * strength
        return _moved(images, matrix, np.zeros((len(images), 2)))

    return operation


def _shifted(axis: int) -> Operation:
    def operation(images: torch.Tensor, strength: np.ndarray) -> torch.Tensor:
        shift = np.zeros((len(images), 2))
        shift[:, axis] = 150 / 331 * images.shape[1] * strength
        return _moved(images, np.tile(np.eye(2), (len(images), 1, 1)), np.rint(shift))

    return operation


def _rotated(images: torch.Tensor, strength: np.ndarray) -> torch.Tensor:
    angle = np.deg2rad(30) * strength
    matrix = np.stack((np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)), axis=1).reshape(-1, 2, 2)
    return _moved(images, matrix, np.zeros((len(images), 2)))


def _brighter(images: torch.Tensor, strength: np.ndarray) -> torch.Tensor:
    factor = whole(ONE * (1 + 0.9 * strength), images)[:, None, None, None]
    return as_levels((images * factor + ONE // 2) // ONE)


def _contrasted(images: torch.Tensor, strength: np.ndarray) -> torch.Tensor:
    factor = whole(ONE * (1 + 0.9 * strength), images)[:, None, None, None]
    offset = grey_mean(images)[:, None, None, None] * (ONE - factor)
    return as_levels((images * factor + offset + ONE // 2) // ONE)


def _coloured(images: torch.Tensor, strength: np.ndarray) -> torch.Tensor:
    matrix = whole(ONE * saturated(1 + 0.9 * strength), images)
    return as_levels(mix_channels(images, matrix, torch.zeros_like(matrix[:, 0])))


def _sharpened(images: torch.Tensor, strength: np.ndarray) -> torch.Tensor:
    factor = whole(ONE * (1 + 0.9 * strength), images)[:, None, None, None]
    levels = images.to(torch.int32)
    rows = levels[:, :-2] + levels[:, 1:-1] + levels[:, 2:]
    smooth = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:] + 4 * levels[:, 1:-1, 1:-1]
    smooth = (smooth + 6) // 13
    found = levels.clone()  # the outermost pixels have no neighbours, and stay
    found[:, 1:-1, 1:-1] = (levels[:, 1:-1, 1:-1] * factor + smooth * (ONE - factor) + ONE // 2) // ONE
    return as_levels(found)


def _posterized(images: torch.Tensor, strength: np.ndarray) -> torch.Tensor:
    dropped = np.rint(4 * np.abs(strength)).astype(np.uint8)
    mask = torch.from_numpy((0xFF << dropped.astype(np.int64) & 0xFF).astype(np.uint8)).to(images.device)
    return images & mask[:, None, None, None]


def _solarized(images: torch.Tensor, strength: np.ndarray) -> torch.Tensor:
    threshold = whole(255 * (1 - np.abs(strength)), images)[:, None, None, None]
    return torch.where(images >= threshold, 255 - images, images)


def _stretched(images: torch.Tensor, _: np.ndarray) -> torch.Tensor:
    low, high = (one.to(torch.int32)[..., None] for one in (images.amin((1, 2)), images.amax((1, 2))))
    levels = torch.arange(256, dtype=torch.int32, device=images.device)
    width = high - low
    table = ((levels - low) * 510 + width) // (2 * width).clamp(min=1)
    return look_up_each(as_levels(torch.where(width > 0, table, levels)), images)


def _equalized(images: torch.Tensor, _: np.ndarray) -> torch.Tensor:
    kinds = torch.arange(3 * len(images), device=images.device).view(-1, 1, 1, 3)
    counts = (images + 256 * kinds).flatten().bincount(minlength=256 * kinds.numel()).view(-1, 3, 256)
    sums = counts.cumsum(2)
    last = counts.gather(2, images.amax((1, 2)).long()[..., None])
    step = (sums[..., -1:] - last) // 255
    before = sums - counts
    levels = torch.arange(256, device=images.device).expand(before.shape)
    table = torch.where(step > 0, (before + step // 2) // step.clamp(min=1), levels)
    return look_up_each(as_levels(table), images)


OPERATIONS: tuple[Operation, ...] = (
    *(_same, _sheared(0), _sheared(1), _shifted(0), _shifted(1), _rotated, _brighter, _coloured, _contrasted),
    *(_sharpened, _posterized, _solarized, _stretched, _equalized),
)
