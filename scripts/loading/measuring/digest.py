"""An order-free digest of a set of images, by which any two ways of loading are compared."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np


def digest(paths: Sequence[str], pixels: Iterable[np.ndarray], delivered: np.ndarray) -> str:
    """32 hex digits over the multiset of (path, pixels).

    Args:
        paths: the images' ids, n of them.
        pixels: n images, uint8 (h, w, 3), in the order of `paths`; one at a time is held.
        delivered: int (n,), how often each image came; one that never came is not in the multiset.

    The sum, mod 2**128, of a BLAKE2 hash of each image times how often it came. Order changes nothing; a lost, repeated
    or altered image does.
    """
    total = 0
    for path, image, times in zip(paths, pixels, delivered, strict=True):
        one = hashlib.blake2b(path.encode() + b"\0" + image.tobytes(), digest_size=16)
        total += int(times) * int.from_bytes(one.digest(), "big")
    return f"{total % 2**128:032x}"
