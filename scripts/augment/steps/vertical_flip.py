"""Show some images top for bottom.

Source: Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012.
"""

from typing import ClassVar

from scripts.augment.steps import horizontal_flip


class Step(horizontal_flip.Step):
    """Settings of the step."""

    axis: ClassVar[int] = 1
