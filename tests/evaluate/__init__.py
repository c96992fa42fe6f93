"""Tests of scoring and rewards."""
