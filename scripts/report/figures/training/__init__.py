"""Of trainings: what is recommended, speedup, cost, laws, learning, use of the machine."""
