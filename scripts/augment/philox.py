"""Random numbers that are a function of a key and a counter: whoever asks, in whatever order, gets the same.

Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011; philox4x32 of ten rounds.
"""

import numpy as np

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
WEYL = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
ROUNDS = 10


def philox(key: tuple[int, int], counter: np.ndarray) -> np.ndarray:
    """Four words, uint32 (n, 4), for each counter, (n, 4) of words below 2**32."""
    words = [counter[:, place].astype(np.uint64) for place in range(4)]
    keys = [np.uint64(one) for one in key]
    for _ in range(ROUNDS):
        first, second = words[0] * MULTIPLIERS[0], words[2] * MULTIPLIERS[1]
        words = [
            (second >> HALF) ^ words[1] ^ keys[0],
            second & LOW,
            (first >> HALF) ^ words[3] ^ keys[1],
            first & LOW,
        ]
        keys = [(one + more) & LOW for one, more in zip(keys, WEYL, strict=True)]
    return np.stack(words, axis=1).astype(np.uint32)


def uniform(seed: int, epoch: int, step: int, ids: np.ndarray, count: int) -> np.ndarray:
    """Numbers of [0, 1), float64 (n, count), for each of `ids`, int64 (n,) below 2**32.

    Args:
        seed: below 2**64.
        epoch, step: below 2**32.
    """
    key = (seed & 0xFFFFFFFF, seed >> 32)
    blocks = []
    for block in range(-(-count // 4)):
        counter = np.empty((len(ids), 4), np.uint64)
        counter[:, 0] = ids
        counter[:, 1:] = (epoch, step, block)
        blocks.append(philox(key, counter))
    found = np.concatenate(blocks, axis=1) if blocks else np.empty((len(ids), 0))
    return found[:, :count] / 2.0**32
