"""Python's own ways, and joblib."""
