"""What is written, proved anew: files, ledgers, rows and leaks, read back without the code that decided them."""
