"""Of ways to load: throughput, and where the time goes."""
