"""Loads the built sample as any user would, and prints one conversation."""

from datasets import load_dataset

data = load_dataset("manim_combined", "deduplicated")
print(data)
for message in data["train"][0]["conversations"]:
    print(f"\n[{message['from']}]\n{message['value']}")
