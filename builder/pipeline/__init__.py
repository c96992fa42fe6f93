"""The story from sources to rows: read, prepare, decide, and rounds of rendering."""
