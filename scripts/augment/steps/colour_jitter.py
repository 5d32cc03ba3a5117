"""Another brightness, contrast, saturation and hue for each image: one linear map of its colours, clipped once.

Source: Howard, "Some Improvements on Deep Convolutional Neural Network Based Image Classification", ICLR 2014 workshop.
What differs from torchvision: the four always come in this order, nothing is clipped between them, and the hue is
turned about the grey axis of YIQ, not in HSV.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from scripts.augment.step import ImageStep

if TYPE_CHECKING:
    import numpy as np
    import torch

# Of NTSC: luma, and the two axes of colour, of R, G, B.
YIQ = ((0.299, 0.587, 0.114), (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))


class Step(ImageStep):
    """Settings of the step."""

    brightness: float = Field(0.4, ge=0, le=1, description="its factor is of 1 - this to 1 + this")
    contrast: float = Field(0.4, ge=0, le=1, description="as brightness, about the mean of the image")
    saturation: float = Field(0.4, ge=0, le=1, description="as brightness, about the grey of each pixel")
    hue: float = Field(0.1, ge=0, le=0.5, description="turns of the circle of colours, at most, either way")

    @property
    def numbers(self) -> int:
        return 4

    def __call__(self, images: torch.Tensor, drawn: np.ndarray) -> torch.Tensor:
        import numpy as np

        from scripts.augment.pixels import ONE, as_levels, grey_mean, mix_channels, whole

        ranges = np.array([self.brightness, self.contrast, self.saturation, self.hue])
        changes = ranges * (2 * drawn - 1)
        brightness, contrast, saturation = (1 + changes[:, place] for place in range(3))
        factors = (brightness * contrast)[:, None, None] * turned(2 * np.pi * changes[:, 3]) @ saturated(saturation)
        mean = grey_mean(images)
        # Grey stays grey where colours are turned or grow stronger.
        offset = mean * whole(ONE * (1 - contrast) * brightness, images)
        return as_levels(mix_channels(images, whole(ONE * factors, images), offset[:, None].expand(-1, 3)))


def saturated(factor: np.ndarray) -> np.ndarray:
    """Matrices of R, G, B, float64 (n, 3, 3), that move each pixel from its grey by a factor (n,)."""
    import numpy as np

    from scripts.augment.pixels import GREY

    grey = np.tile(GREY, (3, 1))
    return grey + factor[:, None, None] * (np.eye(3) - grey)


def turned(angle: np.ndarray) -> np.ndarray:
    """Matrices of R, G, B, float64 (n, 3, 3), that turn the plane of colours by an angle (n,), radians."""
    import numpy as np

    yiq = np.array(YIQ)
    turn = np.zeros((len(angle), 3, 3))
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = np.cos(angle)
    turn[:, 2, 1] = np.sin(angle)
    turn[:, 1, 2] = -np.sin(angle)
    return np.asarray(np.linalg.inv(yiq) @ turn @ yiq)
