"""Where the ordered groups of a class are cut into test, valid and train; light, since the Snakefile asks it too."""

from collections.abc import Mapping

SPLITS = ("train", "valid", "test")


def cut(sizes: list[int], fractions: Mapping[str, float]) -> list[str]:
    """The split of each of the ordered groups of a class with `sizes` images: test first, then valid, the rest trains.

    A group goes to the split in which its middle image falls; test and valid get at least one group each, and the last
    group always trains. `sizes` has at least three groups.
    """
    total, seen, found = sum(sizes), 0, []
    for i, size in enumerate(sizes):
        middle = (seen + size / 2) / total
        seen += size
        if i == 0 or (middle <= fractions["test"] and i < len(sizes) - 2):
            found.append("test")
        elif found[-1] == "test" or (middle <= fractions["test"] + fractions["valid"] and i < len(sizes) - 1):
            found.append("valid")
        else:
            found.append("train")
    return found


def training_images(counts: Mapping[str, int], fractions: Mapping[str, float]) -> int:
    """Images that train where every image is a group of its own, from the images of each class."""
    return sum(cut([1] * count, fractions).count("train") for count in counts.values())
