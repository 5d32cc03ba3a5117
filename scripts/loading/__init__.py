"""How fast pixels reach memory, by every way of loading them."""
