"""What users keep: exports, built folders, the card, and their publication."""
