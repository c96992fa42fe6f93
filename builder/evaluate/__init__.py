"""Scores what a model wrote against the rows of a built dataset, and rewards it while it is trained."""
