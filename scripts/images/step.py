"""What a preprocessing step is, and whether a chain of steps can work, told before any image is read.

To add a step, add a file to scripts/images/steps/ with a class `Step(ImageStep)`: its fields are its settings.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from scripts.images.picture import Pixels

STEPS = "scripts.images.steps"  # the package of the steps, one module each
Space = Literal["rgb", "gray", "hsv", "lab"]


class ImageStep(BaseModel, ABC):
    """A step and its settings, checked; unknown keys are refused. Picklable.

    cv2 and numpy are imported inside `__call__`, since the Snakefile checks settings while it builds the DAG.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    resizes: ClassVar[bool] = False  # the result is (size, size, 3)
    needs_rgb: ClassVar[bool] = False  # the three channels must be red, green and blue; equal ones are gray

    @property
    def leaves(self) -> Space | None:
        """The colour space of the result; None: that of the input."""
        return None

    @abstractmethod
    def __call__(self, image: Pixels, size: int) -> Pixels:
        """The image after the step; `image` itself is not changed.

        Args:
            image: uint8 (h, w, 3), both edges at least 1 pixel; need not be contiguous.
            size: edge of the images that the chain makes, pixels.

        Returns:
            uint8 (h, w, 3), or (size, size, 3) of a step that resizes.
        """


def check_chain(steps: Sequence[tuple[str, ImageStep]]) -> None:
    """Check that `steps`, in order and with their names, turn any RGB image into one of (size, size, 3).

    Raises:
        ValueError: no step resizes, or one that needs RGB gets another colour space.
    """
    space: Space = "rgb"
    left_by = ""
    for name, step in steps:
        if step.needs_rgb and space not in {"rgb", "gray"}:
            raise ValueError(f"{name} needs RGB, but it stands after {left_by}, which leaves {space}: move it before")
        if step.leaves is not None:
            space, left_by = step.leaves, name
    if not any(step.resizes for _, step in steps):
        raise ValueError("no step makes all images the same size: add `resize`")
