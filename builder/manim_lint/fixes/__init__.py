"""Fixes of programs, each tried and kept only if it helps."""
