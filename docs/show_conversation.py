"""Loads the built sample as any user would, and prints the shortest conversation of its best config."""

import datasets

datasets.disable_progress_bars()
data = datasets.load_dataset("manim_combined", "curated")
print("\ncurated:", ", ".join(f"{len(rows):,} rows in {split}" for split, rows in data.items()))
shortest = min(data["train"]["conversations"], key=lambda messages: len(str(messages)))
for message in shortest[1:]:
    print(f"[{message['from']}]\n{message['value']}")
