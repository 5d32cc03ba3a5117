"""Remove noise by averaging pixels whose neighbourhoods look alike, wherever they are in a search window.

Source of the method: Buades, Coll and Morel, A non-local algorithm for image denoising, CVPR 2005,
doi:10.1109/CVPR.2005.38; OpenCV manual, denoising, `fastNlMeansDenoisingColored`, which takes lightness and colour of
CIELAB apart. The slowest of the steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from scripts.images.step import ImageStep

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Step(ImageStep):
    """Settings of the step."""

    needs_rgb: ClassVar[bool] = True

    strength: float = Field(3.0, gt=0, le=50, description="how much noise of lightness is removed (OpenCV's `h`)")
    colour_strength: float = Field(3.0, gt=0, le=50, description="how much noise of colour (OpenCV's `hColor`)")
    patch_radius: int = Field(3, ge=1, le=7, description="of the neighbourhoods that are compared, pixels")
    search_radius: int = Field(10, ge=1, le=20, description="of the window that is searched, pixels")

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """RGB uint8 (h, w, 3) to the same shape."""
        import cv2

        bgr = cv2.fastNlMeansDenoisingColored(
            cv2.cvtColor(image, cv2.COLOR_RGB2BGR),
            None,
            self.strength,
            self.colour_strength,
            2 * self.patch_radius + 1,
            2 * self.search_radius + 1,
        )
        return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]
