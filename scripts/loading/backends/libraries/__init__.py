"""Loaders that people train with."""
