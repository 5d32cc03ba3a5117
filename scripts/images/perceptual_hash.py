"""A hash of what a picture shows: re-encoded, resized, flipped and quarter-turned copies of it have nearly equal ones.

The idea is pHash (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions", thesis, its DCT
based hash): shrink the gray picture and keep of each low-frequency coefficient of its discrete cosine transform (DCT)
one bit. Here the bit is the sign, so that the square's symmetries can be read off the bits. The DCT-II of a row of N
pixels is X[v] = sum over x of p[x] cos(pi (2x + 1) v / 2N) (OpenCV manual, `dct`, up to scale). With N - 1 - x in place
of x the cosine of an odd v changes its sign and that of an even v stays, so a flip changes signs; exchanging rows and
columns exchanges u and v.

The signs of coefficients (u, v), u and v from 0 to 15, stand in four words of 64 bits, one for each parity of u and v:
a flip then inverts whole words, and a transposition exchanges the two middle words and transposes each word as an 8 x 8
table. The bit of the mean, (0, 0), is 1 in every picture and tells nothing.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from scripts.images.picture import Pixels

SHRUNK = 32  # pixels an edge; twice the frequencies that are kept
LEAST_EDGE = 2 * SHRUNK  # pixels of a picture that is decoded to be hashed: of fewer, the hash would be another
KEPT = 16  # frequencies an axis
NOISE = 1.0  # gray levels; a rounding error of r a pixel is one of r a coefficient, since the DCT is orthonormal

_INVERTED_BY_FLIP = np.array([[0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 1], [0, 1, 1, 0]], bool)
"""(flip, word): none, left to right, top to bottom, both; words in the order of the parity of (u, v)."""

_BLOCK = (128, 2048)  # hashes compared at once: 2 MiB of words stay in the processor's cache
_SPARE_PAIRS = 1 << 16  # found beyond one a hash before they are reduced to a forest


def perceptual_hash(image: Pixels) -> str | None:
    """64 hex digits of a picture, uint8 RGB (h, w, 3) of any size; or None for one without detail to tell it by.

    None: half of the coefficients are within the noise of rounding and of JPEG, as in a blank, a plain gradient or a
    single straight edge. Their bits would be chance, or would make one picture of all blank tiles of a study.
    """
    gray = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    height, width = gray.shape
    # First by a whole factor: many times faster than to average over parts of pixels, and as a JPEG's decoder scales.
    if (factor := 1 << max(0, (min(height, width) // LEAST_EDGE).bit_length() - 1)) > 1:
        gray = cv2.resize(gray, (-(-width // factor), -(-height // factor)), interpolation=cv2.INTER_AREA)
    shrunk = cv2.resize(gray.astype(np.float32), (SHRUNK, SHRUNK), interpolation=cv2.INTER_AREA)
    coefficients = cv2.dct(shrunk)[:KEPT, :KEPT]
    if np.count_nonzero(np.abs(coefficients) > NOISE) < KEPT * KEPT // 2:
        return None
    signs = coefficients > 0
    half = KEPT // 2
    return np.packbits(signs.reshape(half, 2, half, 2).transpose(1, 3, 0, 2)).tobytes().hex()


def hash_words(hashes: Sequence[str]) -> np.ndarray:
    """The words of n hashes: uint64 (n, 4)."""
    return np.frombuffer(bytes.fromhex("".join(hashes)), ">u8").astype(np.uint64).reshape(-1, 4)


def transposed(words: np.ndarray) -> np.ndarray:
    """The words, uint64 (n, 4), of the pictures with rows and columns exchanged."""
    tables = np.unpackbits(words.take([0, 2, 1, 3], axis=1).astype(">u8").view(np.uint8)).reshape(-1, 8, 8)
    return np.packbits(tables.transpose(0, 2, 1)).view(">u8").astype(np.uint64).reshape(-1, 4)


def symmetries(words: np.ndarray) -> np.ndarray:
    """The words of n pictures under the 8 symmetries of the square: uint64 (n, 4) to (n, 8, 4).

    The first four: as it is, flipped left to right, top to bottom, both; the last four: these flips of the transposed
    picture. A quarter turn is a transposition and a flip.
    """
    inverted = np.where(_INVERTED_BY_FLIP, ~np.uint64(0), np.uint64(0))
    both = np.stack([words, transposed(words)], axis=1)
    return (both[:, :, None] ^ inverted).reshape(-1, 8, 4)


def distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Hamming distance, int64 (n,), of each hash of `one` to the nearest symmetry of that of `other`; uint64 (n, 4)."""
    differing = np.stack([np.bitwise_count(one ^ words) for words in (other, transposed(other))], axis=1)
    agreement = 64 - 2 * differing.astype(np.int64)  # of a word: agreeing bits minus differing ones
    under_flips = agreement @ np.where(_INVERTED_BY_FLIP, -1, 1).T
    return np.asarray(128 - under_flips.max(axis=(1, 2)) // 2)


def near_duplicates(hashes: Sequence[str], bits: int) -> np.ndarray:
    """Pairs (i, j), i < j, of hashes at most `bits` apart under the best of the 8 symmetries: int64 (m, 2), sorted.

    Of all such pairs those of a spanning forest are kept, at most n - 1: they link the same hashes, however many copies
    there are. Exact: each hash is compared with each, about 5 s for 25,000 on one core, and the time grows with the
    square; memory grows with n alone.
    """
    if not hashes:
        return np.empty((0, 2), np.int64)
    words = hash_words(hashes)
    canonical = np.sort(symmetries(words).astype(">u8").view("S32")[..., 0], axis=1)[:, 0]
    _, first, place = np.unique(canonical, return_index=True, return_inverse=True)
    equal = np.column_stack((first[place], np.arange(len(words))))
    near = first[_near_pairs(words[first], bits)]
    pairs = np.concatenate((equal[equal[:, 0] < equal[:, 1]], np.sort(near, axis=1)))
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _near_pairs(words: np.ndarray, bits: int) -> np.ndarray:
    """As `near_duplicates`, for words, uint64 (n, 4), of which no two are equal."""
    turned, linked = transposed(words), np.arange(len(words))
    rows, columns = _BLOCK
    found = [np.empty((0, 2), np.int64)]
    for top in range(0, len(words), rows):
        for left in range(top, len(words), columns):
            below, right = slice(top, top + rows), slice(left, left + columns)
            least = np.minimum(_least(words[below], words[right]), _least(words[below], turned[right]))
            i, j = np.divmod(np.flatnonzero(least <= bits), least.shape[1]) + np.array([[top], [left]])
            new = linked[i] != linked[j]
            i, j = i[new], j[new]
            near = distances(words[i], words[j]) <= bits
            if near.any():
                found.append(np.column_stack((i[near], j[near])))
            if sum(map(len, found)) > len(words) + _SPARE_PAIRS:
                pairs, linked = _forest(found, len(words))
                found = [pairs]
    return _forest(found, len(words))[0]


def _least(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """What each of `one` (n, 4) and each of `other` (m, 4) differ by at least under any flip: uint8 (n, m).

    Two of the four words tell it: the first, which no flip changes, and the second or its inverse. Unrelated pictures
    differ by about 60 there, so hardly a pair has to be looked at more closely.
    """
    even, odd = (np.bitwise_count(one[:, None, word] ^ other[None, :, word]) for word in (0, 1))
    return np.asarray(even + np.minimum(odd, 64 - odd))


def _forest(found: list[np.ndarray], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Those of the pairs, int64 (m, 2) each, that span the graph of `count` hashes; and the component of each hash."""
    pairs = np.concatenate(found)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    tree = minimum_spanning_tree(graph.tocsr()).tocoo()
    return np.column_stack((tree.row, tree.col)).astype(np.int64), connected_components(graph, directed=False)[1]
