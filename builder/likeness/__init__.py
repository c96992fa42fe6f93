"""How alike two descriptions are, and what counts in full. Knows of texts alone: no rows, no files, no settings."""
