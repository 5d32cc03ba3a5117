"""The page and the tables that a person reads."""
