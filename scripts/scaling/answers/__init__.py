"""What to ask for: the recommendation, its confirmation, the next pass, which way to load."""
