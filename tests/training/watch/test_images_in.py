"""The images of a batch, whatever it is packed into."""

from collections import UserDict, namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from scripts.training.watch.scalecard_watch.batches import images_in

PIXELS, LABELS = torch.zeros(6, 3, 4, 4), torch.zeros(6)
Pair = namedtuple("Pair", ["pixels", "labels"])


@dataclass
class Batch:
    """As some libraries hand batches out."""

    name: str
    pixels: torch.Tensor


class Output:
    """As other libraries do."""

    def __init__(self) -> None:
        self.pixels = PIXELS


@pytest.mark.parametrize(
    ("batch", "images"),
    [
        (PIXELS, 6),
        ([PIXELS, LABELS], 6),
        (Pair(PIXELS, LABELS), 6),
        ({"names": ["a", "b"], "pixels": PIXELS}, 6),
        (UserDict(pixel_values=PIXELS), 6),
        (Batch("x", PIXELS), 6),
        (Output(), 6),
        ([np.zeros((5, 2)), LABELS], 5),
        ([PIXELS, PIXELS], 6),  # two views of each picture
        ([[{"deep": (None, PIXELS)}]], 6),
        ((torch.zeros(3, 8, 9), torch.zeros(3, 5, 7)), 2),  # pictures of unequal sizes
        (((torch.zeros(3, 8, 9), torch.zeros(3, 5, 7)), ({"boxes": LABELS}, {"boxes": LABELS})), 2),
        (torch.zeros(()), None),
        (["a.jpg", 3], None),
        (None, None),
    ],
)
def test_images_are_counted_by_the_first_tensor(batch: Any, images: int | None) -> None:
    assert images_in(batch, 16) == images


def test_sequences_of_as_many_as_a_batch_are_no_pictures() -> None:
    assert images_in([torch.zeros(3, 20, 8), torch.zeros(3, 20, 1)], 3) == 3


def test_a_batch_that_cannot_be_looked_at_is_no_error() -> None:
    class Closed(dict[str, Any]):
        def values(self) -> Any:
            raise RuntimeError

    assert images_in(Closed()) is None
