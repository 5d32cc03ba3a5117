"""The libraries that decode, one module each. What each may decode is settled by docs/formats.md."""
