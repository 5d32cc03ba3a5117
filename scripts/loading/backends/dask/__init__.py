"""Dask's ways."""
