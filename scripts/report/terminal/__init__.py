"""What a run says while it runs: one live line on a terminal, a plain line a measurement elsewhere."""
