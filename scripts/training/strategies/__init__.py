"""Training strategies: one module each, named as in `training.strategies`, with a class `Strategy` (scripts/training/strategy.py)."""
