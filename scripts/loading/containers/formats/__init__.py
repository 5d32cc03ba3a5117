"""Kinds of containers, each by the name that a backend reads it under."""
