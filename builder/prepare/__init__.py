"""One row at a time, pure: clean, repair, check, keys."""
