"""The study's images, as sheets."""
