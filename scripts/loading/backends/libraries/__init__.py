"""Loaders that people train with, on the raw files."""
