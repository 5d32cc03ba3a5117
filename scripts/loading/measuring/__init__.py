"""The programs that measure, and what they are made of."""
