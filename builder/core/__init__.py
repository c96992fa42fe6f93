"""What every stage shares: ledger, schema, rows on disk, executors, files, errors."""
