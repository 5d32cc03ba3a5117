"""How work goes to workers and pixels come back: what backends of a kind share."""
