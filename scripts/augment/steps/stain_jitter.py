"""More or less of each stain of H&E histology: amounts of haematoxylin, eosin and a third are scaled and shifted.

Sources: Ruifrok and Johnston, "Quantification of Histochemical Staining by Color Deconvolution", Anal. Quant. Cytol.
Histol. 23 (2001), for the optical densities of the stains; Tellez et al., "Whole-Slide Mitosis Detection in H&E Breast
Histology Using PHH3 as a Reference to Train Distilled Stain-Invariant Convolutional Networks", IEEE TMI 37 (2018), for
the jitter: an amount s becomes a * s + b, with a of 1 - sigma to 1 + sigma and b of -sigma to sigma.
Optical density is -ln((I + 1) / 256) of each channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from scripts.augment.step import ImageStep

if TYPE_CHECKING:
    import numpy as np
    import torch

# Of R, G, B; the third is DAB's, as there.
STAINS = ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78))
DENSITY = 512  # parts of an optical density of 1
DENSEST = 4095  # that levels are told from, in such parts: 8, where no light is left


class Step(ImageStep):
    """Settings of the step."""

    sigma: float = Field(
        0.05, ge=0, le=0.5, description="how far amounts are scaled and shifted: 0.05 a little, 0.2 much"
    )

    @property
    def numbers(self) -> int:
        return 6

    def __call__(self, images: torch.Tensor, drawn: np.ndarray) -> torch.Tensor:
        import numpy as np

        from scripts.augment.pixels import ONE, look_up, mix_channels, whole

        stains = np.array(STAINS)
        stains /= np.linalg.norm(stains, axis=1, keepdims=True)
        scale, shift = np.split(self.sigma * (2 * drawn - 1), 2, axis=1)
        # Densities are rows: amounts = densities @ inv(stains).
        change = np.linalg.inv(stains) @ ((1 + scale)[:, :, None] * stains)
        densities = look_up(np.rint(-DENSITY * np.log((np.arange(256) + 1) / 256)).astype(np.int16), images)
        matrix, offset = whole(ONE * change.transpose(0, 2, 1), images), whole(ONE * DENSITY * shift @ stains, images)
        found = mix_channels(densities, matrix, offset).clamp_(0, DENSEST)
        levels = np.rint(256 * np.exp(-np.arange(DENSEST + 1) / DENSITY) - 1).clip(0, 255).astype(np.uint8)
        return look_up(levels, found)
