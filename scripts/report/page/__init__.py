"""The page a person reads, one file."""
