"""What users keep: conversations as Parquet and JSON Lines, reports, the card."""
