"""Training strategies: one module each, named as in the config, with a class `Strategy` (../strategy.py)."""
