"""Which columns hold descriptions and code."""
