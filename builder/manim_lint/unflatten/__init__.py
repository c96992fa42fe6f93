"""Programs that were flattened to one line, on lines again."""
