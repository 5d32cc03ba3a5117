"""Loading backends: one module each, named as in `loading.backends`, with a class `Backend` (see scripts/loading/backend.py)."""
