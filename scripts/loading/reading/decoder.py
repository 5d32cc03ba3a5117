"""What a decoder of another library is: the bytes of a raw file to pixels, before the steps of the study.

The study's own decoder (scripts/images/decode.py) scales a JPEG while it decodes; these do so where their library can.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Decoder(ABC):
    """One library's way; made in the process that decodes, where it imports its library."""

    package: ClassVar[str]  # distribution whose version is of its work
    module: ClassVar[str]  # that must be there to import
    scales: ClassVar[bool] = False  # it scales a JPEG down while it decodes

    def __init__(self, size: int) -> None:
        """`size`: least edge of what it gives where it scales, pixels; 0: it decodes in full."""
        self.size = size

    @abstractmethod
    def __call__(self, data: bytes) -> Pixels:
        """uint8 RGB (h, w, 3), with both edges of at least `size`, where the picture's are."""


def scale(width: int, height: int, size: int) -> int:
    """The greatest of 1, 2, 4 and 8 by which both edges can be divided and stay at least `size`; 1 where that is 0."""
    return max(by for by in (1, 2, 4, 8) if by == 1 or (size and min(width, height) >= by * size))
