"""How fast a model trains on a number of workers."""
