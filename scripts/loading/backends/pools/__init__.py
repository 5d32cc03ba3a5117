"""multiprocessing.Pool in all its forms."""
