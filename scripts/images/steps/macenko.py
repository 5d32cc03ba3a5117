"""Normalise the stains of H&E histology: find an image's own two stains and show them in reference colours.

Source of the method: Macenko et al., A method for normalizing histology slides for quantitative analysis, ISBI 2009,
doi:10.1109/ISBI.2009.5193250. In short, with optical density OD = -ln((I + 1) / light) of each channel:

1. tissue is where the mean OD of the channels is at least `min_density`;
2. the plane of the two largest singular vectors of the tissue's OD holds both stains;
3. the robust extremes (percentiles `alpha`, 100 - `alpha`) of the angle in that plane are the stain vectors;
4. OD is split into amounts of the two stains, whose 99th percentiles over tissue become the reference `maxima`.

The reference stains and maxima, the light of 240, alpha 1 and the threshold 0.15 were published with M. Veta's code of
2013 (github.com/mitkovetta/staining-normalization), and most packages took them over; they are for natural logarithms.
What differs from that code: the plane goes through the origin, as in the paper; maxima are of tissue alone, so that
glass beside it changes no colour; and tissue is judged by the mean, not by every channel: where it lets most blue light
through, as in LC25000, the latter finds 11 % of a tile, the mean 69 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from scripts.images.step import ImageStep, Space

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from scripts.images.picture import Pixels

Density = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(gt=0, le=10)]

MIN_ANGLE = 0.01
"""Radians; stains that are closer are one."""


class Step(ImageStep):
    """Settings of the step."""

    needs_rgb: ClassVar[bool] = True

    haematoxylin: tuple[Density, ...] = Field(
        (0.5626, 0.7201, 0.4062), min_length=3, max_length=3, description="reference OD of R, G, B, a unit vector"
    )
    eosin: tuple[Density, ...] = Field(
        (0.2159, 0.8012, 0.5581), min_length=3, max_length=3, description="reference OD of R, G, B, a unit vector"
    )
    maxima: tuple[Amount, ...] = Field(
        (1.9705, 1.0308), min_length=2, max_length=2, description="reference maxima of haematoxylin and eosin, OD"
    )
    alpha: float = Field(1.0, ge=0, lt=50, description="percentile of the angle that is taken as a stain, percent")
    min_density: float = Field(0.15, gt=0, le=2, description="mean OD of R, G, B from which a pixel is tissue")
    min_tissue: float = Field(
        0.01, gt=0, le=1, description="share of tissue below which an image is left as it is, its stains being unknown"
    )
    light: float = Field(240.0, ge=128, le=256, description="intensity that is seen through no tissue, levels of 0-255")

    @property
    def leaves(self) -> Space:
        """A gray image gets colours."""
        return "rgb"

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """RGB uint8 (h, w, 3) to the same shape; itself where two stains cannot be found."""
        import cv2
        import numpy as np

        of_level = -np.log((np.arange(256) + 1) / self.light)
        density = cv2.LUT(image, of_level.astype(np.float32))
        tissue = density[cv2.transform(density, np.full((1, 3), 1 / 3)) >= self.min_density]
        if len(tissue) < max(self.min_tissue * image.shape[0] * image.shape[1], 2):
            return image
        stains = _stains(tissue.astype(np.float64), self.alpha)
        if stains is None:
            return image
        split = np.linalg.pinv(stains)
        maxima = np.percentile(tissue @ split.T, 99, axis=0)
        reference = np.array([self.haematoxylin, self.eosin]).T
        normalise = reference * (np.array(self.maxima) / maxima) @ split
        normal = cv2.transform(density, normalise.astype(np.float32))
        # A density of -1 is brighter than 255 under any `light`; lower ones could overflow.
        levels = self.light * np.exp(-np.maximum(normal, -1)) - 1
        return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)


def _stains(tissue: npt.NDArray[np.float64], alpha: float) -> npt.NDArray[np.float64] | None:
    """Unit OD vectors of haematoxylin and eosin as columns (3, 2) from OD (n, 3); None: there is one colour only."""
    import numpy as np

    # The eigenvectors of the 3x3 Gram matrix are the singular vectors of the (n, 3) densities, found much faster.
    _, vectors = np.linalg.eigh(tissue.T @ tissue)
    plane = vectors[:, [2, 1]]
    plane[:, 0] *= np.sign(plane[:, 0].sum())  # its sign is arbitrary: this one turns angles about 0
    along, across = (tissue @ plane).T
    angles = np.percentile(np.arctan2(across, along), (alpha, 100 - alpha))
    if angles[1] - angles[0] < MIN_ANGLE:
        return None
    stains = plane @ np.stack((np.cos(angles), np.sin(angles)))
    # Haematoxylin, the blue one, is the one that takes more of the red light.
    return np.asarray(stains[:, np.argsort(-stains[0])], np.float64)
