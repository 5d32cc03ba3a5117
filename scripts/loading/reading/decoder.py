"""What a decoder of another library is: the bytes of a raw file to pixels, before the steps of the study.

The study's own decoder (scripts/images/decode.py) scales a JPEG while it decodes; these do so where their library can.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from scripts.images.picture import Pixels

DECODERS = "scripts.loading.reading.decoders"
OWN = "scalecard"  # the study's


class Decoder(ABC):
    """One library's way; made in the process that decodes, where it imports its library."""

    package: ClassVar[str]  # distribution whose version is of its work
    module: ClassVar[str]  # that must be there to import
    scales: ClassVar[bool] = False  # it scales a JPEG down while it decodes

    def __init__(self, size: int) -> None:
        """`size`: least edge of what it gives, pixels; it may be all that a library needs to know."""
        self.size = size

    @abstractmethod
    def __call__(self, data: bytes) -> Pixels:
        """uint8 RGB (h, w, 3), with both edges of at least `size`, where the picture's are."""


def scale(width: int, height: int, size: int) -> int:
    """The greatest of 1, 2, 4 and 8 by which both edges can be divided and stay at least `size`."""
    return max(by for by in (1, 2, 4, 8) if by == 1 or min(width, height) >= by * size)
