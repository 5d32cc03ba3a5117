"""How much of a study of many classes the page holds; light, since the Snakefile asks it too.

A page of a thousand classes is opened like one of five: it shows the first, and names the files that hold the rest.
"""

CLASSES = 24  # of which each a row is shown: on the contact sheet, in a confusion matrix, as previews
PREVIEWS = 12  # on the page, at most
PICTURE_BYTES = 2_500_000  # of PNGs in the page, at most; in a page each takes a third more


def sheets(classes: int) -> int:
    """How many contact sheets a study of so many classes has."""
    return -(-classes // CLASSES)
