"""No ways to load, but what one could reach at most."""
