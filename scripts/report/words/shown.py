"""How much of a study of many classes the page holds; light, since the Snakefile asks it too.

A page of a thousand classes is opened like one of five: it shows the first, and names the files that hold the rest.
"""

CLASSES = 24  # of which each a row is shown: on the contact sheet, in a confusion matrix, as previews
PREVIEWS = 12  # on the page, at most
PICTURE_BYTES = (
    1_300_000  # of pictures in the page, at most; there each takes a third more, and all is to be under 3 MB
)


def sheets(classes: int) -> int:
    """How many contact sheets a study of so many classes has."""
    return -(-classes // CLASSES)
