"""Tables for a paper."""
