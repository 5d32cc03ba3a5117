"""Boxes cut out of square images, by random numbers."""

import numpy as np


def boxes(drawn: np.ndarray, edge: int, scale: tuple[float, ...], ratio: tuple[float, ...]) -> np.ndarray:
    """Boxes, int64 (n, 4) of top, left, height and width; their shares are even, and the logarithms of their ratios.

    An edge that would be longer than the image's is cut to it.

    Args:
        drawn: (n, 4) of [0, 1): share, ratio, and where.
        scale: least and greatest share of the image's area.
        ratio: least and greatest width over height.
    """
    area = edge**2 * (scale[0] + (scale[1] - scale[0]) * drawn[:, 0])
    low, high = np.log(ratio[0]), np.log(ratio[1])
    aspect = np.exp(low + (high - low) * drawn[:, 1])
    height, width = (
        np.clip(np.rint(np.sqrt(found)), 1, edge).astype(np.int64) for found in (area / aspect, area * aspect)
    )
    top, left = (
        np.floor((edge - length + 1) * drawn[:, place]).astype(np.int64) for place, length in ((2, height), (3, width))
    )
    return np.stack((top, left, height, width), axis=1)
