"""Where the ordered groups of a class are cut into test, valid and train; light, since the Snakefile asks it too."""

import itertools
from collections.abc import Mapping

SPLITS = ("train", "valid", "test")


def cut(sizes: list[int], fractions: Mapping[str, float]) -> list[str]:
    """The split of each of the ordered groups of a class with `sizes` images: test first, then valid, the rest trains.

    A group goes to the split in which its middle image falls. A split with a fraction above 0 gets at least one group,
    so there are at least as many groups as such splits; the last group always trains. A group that is too large to
    begin a split trains, if a later one fits.
    """
    sides = [side for side in ("test", "valid", "train") if side == "train" or fractions.get(side, 0) > 0]
    total, seen, found = sum(sizes), 0, list[str]()
    side, end, has_one = 0, fractions.get(sides[0], 0), False
    for i, size in enumerate(sizes):
        to_fill = len(sides) - side - 1
        if has_one and to_fill and ((seen + size / 2) / total > end or len(sizes) - i < to_fill + 1):
            side, to_fill, has_one = side + 1, to_fill - 1, False
            end += fractions[sides[side]]
        too_large = (seen + size / 2) / total > end
        if to_fill and not has_one and too_large:
            later = itertools.islice(sizes, i + 1, len(sizes) - to_fill)
            if any((seen + one / 2) / total <= end for one in later):
                found.append("train")
                continue
        seen += size
        has_one = True
        found.append(sides[side])
    return found


def open_fractions(fractions: Mapping[str, float], given: set[str]) -> dict[str, float]:
    """The fractions by which images outside of the splits that are given are cut: those of the others, adding up to 1.

    Where valid and test are given, all others train.
    """
    rest = {side: share for side, share in fractions.items() if side == "train" or side not in given}
    return {side: share / sum(rest.values()) for side, share in rest.items()}


def training_images(free: Mapping[str, int], fractions: Mapping[str, float], given: set[str]) -> int:
    """Images that train where every image is a group of its own.

    `free`: by class, the images that no source puts on the side of valid or test. `given`: the splits it gives at all.
    """
    shares = open_fractions(fractions, given)

    def train(count: int) -> int:
        # The Snakefile asks at every start, and of a million images a rounded share is near enough.
        return cut([1] * count, shares).count("train") if count <= 1000 else round(count * shares["train"])

    return sum(map(train, free.values()))
