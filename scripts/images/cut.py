"""Where the ordered groups of a class are cut into test, valid and train; light, since the Snakefile asks it too."""

from collections.abc import Mapping

SPLITS = ("train", "valid", "test")


def cut(sizes: list[int], fractions: Mapping[str, float]) -> list[str]:
    """The split of each of the ordered groups of a class with `sizes` images: test first, then valid, the rest trains.

    A group goes to the split in which its middle image falls. A split with a fraction above 0 gets at least one group,
    so there are at least as many groups as such splits; the last group always trains.
    """
    sides = [side for side in ("test", "valid", "train") if side == "train" or fractions.get(side, 0) > 0]
    total, seen, found = sum(sizes), 0, list[str]()
    side, end = 0, fractions.get(sides[0], 0)
    for i, size in enumerate(sizes):
        middle = (seen + size / 2) / total
        seen += size
        has_one, left = found[-1:] == [sides[side]], len(sizes) - i
        if has_one and side < len(sides) - 1 and (middle > end or left < len(sides) - side):
            side += 1
            end += fractions[sides[side]]
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
    return sum(cut([1] * count, shares).count("train") for count in free.values())
