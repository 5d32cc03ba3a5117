"""Which images belong together: of one group known to the user, of equal bytes, or near duplicates of one picture.

Groups are the connected components of these links, so that a copy of a copy is found too. A group is named for what is
in it, never for the order of the rows: adding an unrelated image renames no group.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from scripts.images.perceptual_hash import near_duplicates


def group_images(
    paths: Sequence[str],
    sha256: Sequence[str | None],
    hashes: Sequence[str | None],
    known: Mapping[str, str] | None,
    bits: int | None,
) -> list[str]:
    """The group of each image.

    Args:
        paths: relative path of each image; no two are equal.
        sha256: digest of each file's bytes; missing (None, or NaN from a table) where it could not be read.
        hashes: perceptual hash of each image; missing where it has none.
        known: group by path, of any of the images: the user's, or a data set's own.
        bits: near duplicates are hashes that differ in at most so many bits; None looks for none.

    Returns:
        `csv:<name>` with the least name in a group with known names; else `sha256:<digest>` with the least digest in
        it; else, for a file that could not be read, `path:<path>`.
    """
    names = [known.get(path) for path in paths] if known else [None] * len(paths)
    digests = [_text(digest) for digest in sha256]
    links = [_equal(names), _equal(digests)]
    if bits is not None:
        hashed = {row: text for row, text in enumerate(map(_text, hashes)) if text is not None}
        links.append(np.array(list(hashed), np.int64)[near_duplicates(list(hashed.values()), bits)])
    component = _components(np.concatenate(links), len(paths))

    found: dict[int, str] = {}
    for kind, values in (("csv", names), ("sha256", digests), ("path", paths)):
        unnamed: dict[int, str] = {}
        for group, value in zip(component, values, strict=True):
            if group not in found and value is not None:
                unnamed[group] = min(value, unnamed.get(group, value))
        found |= {group: f"{kind}:{value}" for group, value in unnamed.items()}
    return [found[group] for group in component]


def _text(value: str | None) -> str | None:
    """The string, or None for whatever a table holds in place of one."""
    return value if isinstance(value, str) else None


def _equal(values: Iterable[Hashable | None]) -> np.ndarray:
    """Links (n, 2), int64, of each row with a value to the first row with an equal one."""
    first: dict[Hashable, int] = {}
    links = [(first.setdefault(value, row), row) for row, value in enumerate(values) if value is not None]
    return np.array(links, np.int64).reshape(-1, 2)


def _components(links: np.ndarray, count: int) -> list[int]:
    """The number of the connected component of each of `count` rows, from links (m, 2)."""
    graph = coo_array((np.ones(len(links), bool), (links[:, 0], links[:, 1])), shape=(count, count))
    labels: list[int] = connected_components(graph, directed=False)[1].tolist()
    return labels
