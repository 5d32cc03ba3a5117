"""How a rate grows with the workers, and how far that may be foretold."""
