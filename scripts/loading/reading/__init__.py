"""How one image comes to memory."""
