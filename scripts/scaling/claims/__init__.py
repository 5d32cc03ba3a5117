"""Sentences with numbers in them, and whether the rows bear them out."""
