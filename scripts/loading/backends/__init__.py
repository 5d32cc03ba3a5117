"""Loading backends: one module each, named as in the config, with a class `Backend` (scripts/loading/backend.py)."""
