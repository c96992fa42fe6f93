"""Which description belongs to which code: shuffled parts found, and put together again."""
