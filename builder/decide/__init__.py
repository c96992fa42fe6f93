"""What stays, what goes and on which side: the split, duplicates, leaks."""
