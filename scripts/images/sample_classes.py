"""Names of the procedural sample study: its classes and its files. Imports nothing: the Snakefile reads it."""

CLASSES: tuple[str, ...] = (
    "air_spaces",
    "fibrous_stroma",
    "glands_crowded",
    "glands_regular",
    "solid_sheets",
)
"""Class names in alphabetical order; a class's position is its integer label."""


def file_name(tissue: str, index: int) -> str:
    """Return the file name of image `index` (counted from 1) of class `tissue`."""
    return f"{tissue}_{index:04d}.jpg"
