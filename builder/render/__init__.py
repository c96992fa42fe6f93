"""Renders programs in a sandbox, and keeps the verdicts."""
