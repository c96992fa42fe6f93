"""Repairs of programs that the API check finds fault with: small named steps, kept only if they help."""
