"""Similarity of descriptions: what they ask for, which are near, and which of several near ones stays."""
