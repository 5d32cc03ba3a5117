"""Which training starts when, on how many workers, on a cluster of a given size."""
