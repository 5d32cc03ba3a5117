"""Arithmetic on batches of uint8 images (n, h, w, 3), in whole numbers, on any device."""

import numpy as np
import torch

SHIFT = 10
ONE = 1 << SHIFT  # that stands for 1 in a matrix of channels
GREY = np.array([306, 601, 117]) / ONE  # luma of ITU-R BT.601, in such parts


def whole(values: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    """int32 on the device of `like`, rounded."""
    return torch.from_numpy(np.rint(values).astype(np.int32)).to(like.device)


def where(chosen: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    """The places of the images that are chosen, bool (n,)."""
    return torch.from_numpy(chosen.nonzero()[0]).to(like.device)


def mix_channels(values: torch.Tensor, matrix: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
    """int32 (n, h, w, 3): each channel a sum of the channels of `values`, (n, h, w, 3) below 2**12.

    Args:
        matrix: int32 (n, 3, 3), row k for the new channel k, in parts of ONE.
        offset: int32 (n, 3) in parts of ONE.
    """
    channels = [values[..., place].to(torch.int32) for place in range(3)]
    found = torch.empty(values.shape, dtype=torch.int32, device=values.device)
    for new in range(3):
        total = (offset[:, new] + ONE // 2)[:, None, None]
        for channel, factor in zip(channels, matrix[:, new].unbind(1), strict=True):
            total = total + channel * factor[:, None, None]
        found[..., new] = total >> SHIFT
    return found


def as_levels(values: torch.Tensor) -> torch.Tensor:
    """int32 as uint8, clipped."""
    return values.clamp_(0, 255).to(torch.uint8)


def look_up(table: np.ndarray, values: torch.Tensor) -> torch.Tensor:
    """table[values], of the table's dtype; all values are below its length."""
    given = torch.from_numpy(table).to(values.device)
    return given.index_select(0, values.flatten().to(torch.int32)).view(values.shape)


def look_up_each(tables: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """Each channel of each image by a table of its own: uint8 (n, 3, 256)."""
    first = 256 * torch.arange(3 * len(images), dtype=torch.int32, device=images.device).view(-1, 1, 1, 3)
    return tables.flatten().index_select(0, (images + first).flatten()).view(images.shape)


def channel_sums(images: torch.Tensor) -> torch.Tensor:
    """int64 (n, 3)."""
    return images.sum((1, 2), dtype=torch.int64)


def grey_mean(images: torch.Tensor) -> torch.Tensor:
    """The mean luma of each image, a level, int32 (n,)."""
    weights = torch.tensor([306, 601, 117], device=images.device)
    pixels = images.shape[1] * images.shape[2]
    return ((channel_sums(images) * weights).sum(1) // (pixels * ONE)).to(torch.int32)


def inside(box: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Whether each pixel lies in its image's box, bool (n, height, width, 1).

    `box`: int32 (n, 4) of top, left, bottom and right, the latter two outside.
    """
    rows, columns = (torch.arange(edge, dtype=torch.int32, device=box.device) for edge in (height, width))
    top, left, bottom, right = (one[:, None] for one in box.unbind(1))
    high, wide = (rows >= top) & (rows < bottom), (columns >= left) & (columns < right)
    return (high[:, :, None] & wide[:, None, :])[..., None]


def centre(images: torch.Tensor, edge: int) -> torch.Tensor:
    """A view, (n, edge, edge, 3), of the middle of images that are as large at least."""
    top, left = ((found - edge) // 2 for found in images.shape[1:3])
    return images[:, top : top + edge, left : left + edge]
