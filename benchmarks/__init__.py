"""Timings that no test may depend on: `make bench` runs them."""
