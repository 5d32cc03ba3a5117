"""Cut out a random part of the image and bring it to `size`; validation and test see the centre of that size.

Source: Szegedy et al., "Going Deeper with Convolutions", CVPR 2015. What differs from torchvision: an edge that would
be longer than the image's is cut to it, and nothing is drawn a second time. Bilinear, to a 128th of a pixel, without
antialiasing: what is shrunk, is so by `images.size` over `size` at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, field_validator

from scripts.augment.step import ImageStep, in_order

if TYPE_CHECKING:
    import numpy as np
    import torch

Part = Annotated[float, Field(gt=0, le=1)]
Ratio = Annotated[float, Field(gt=0)]
FRACTION = 7  # bits of a weight between two pixels: with eight of a level, products fit into 16


class Step(ImageStep):
    """Settings of the step."""

    size: int | None = Field(None, ge=8, description="edge of what the network sees, pixels; null: `images.size`")
    scale: tuple[Part, ...] = Field(
        (0.08, 1.0), min_length=2, max_length=2, description="least and greatest share of the image's area"
    )
    ratio: tuple[Ratio, ...] = Field(
        (0.75, 1.333), min_length=2, max_length=2, description="least and greatest width over height of the part"
    )

    _in_order = field_validator("scale", "ratio")(in_order)

    @property
    def numbers(self) -> int:
        return 4

    def edge(self, edge: int) -> int:
        if self.size is not None and self.size > edge:
            raise ValueError(f"size: found {self.size}; expected at most {edge}")
        return self.size or edge

    def __call__(self, images: torch.Tensor, drawn: np.ndarray) -> torch.Tensor:
        from scripts.augment.steps._cropping import boxes

        size = self.edge(images.shape[1])
        box = boxes(drawn, images.shape[1], self.scale, self.ratio)
        rows = _resized(images, box[:, 0], box[:, 2], size)
        columns = _resized(rows.transpose(1, 2).contiguous(), box[:, 1], box[:, 3], size)
        return columns.transpose(1, 2).contiguous()


def _resized(images: torch.Tensor, first: np.ndarray, length: np.ndarray, size: int) -> torch.Tensor:
    """The rows from `first` on, `length` of them, as `size` rows."""
    import numpy as np
    import torch

    count, edge = images.shape[:2]
    # The middle of each new row among the old ones, in parts of a row.
    place = ((2 * np.arange(size) + 1) * (length[:, None] << FRACTION) // size - (1 << FRACTION)) >> 1
    place = place.clip(0, (length[:, None] - 1) << FRACTION)
    above, part = place >> FRACTION, place & ((1 << FRACTION) - 1)
    below = np.minimum(above + 1, length[:, None] - 1)
    start = (np.arange(count) * edge + first)[:, None]
    flat = images.view(count * edge, -1)

    def taken(rows: np.ndarray) -> torch.Tensor:
        found = flat.index_select(0, torch.from_numpy((start + rows).ravel()).to(images.device))
        return found.view(count, size, *images.shape[2:]).to(torch.int16)

    one, other = taken(above), taken(below)
    weight = torch.from_numpy(part.astype(np.int16)).to(images.device)[:, :, None, None]
    return (one + ((other - one) * weight + (1 << FRACTION - 1) >> FRACTION)).to(torch.uint8)
