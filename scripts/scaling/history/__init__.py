"""Runs over time: what each says of the same statements, what has changed, and what other machines give."""
