"""Change how light an RGB image is and keep its colours: what histogram methods on one channel share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


def change_lightness(image: Pixels, change: Callable[[Any], Any]) -> Pixels:
    """Apply `change`, uint8 (h, w) to the same, to CIELAB L* (0-100 scaled to 0-255) of RGB uint8 (h, w, 3).

    OpenCV manual, color conversions, RGB <-> CIE L*a*b*. Colours outside RGB's gamut are clipped.
    """
    import cv2

    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    lab[..., 0] = change(lab[..., 0])
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)  # type: ignore[return-value]
