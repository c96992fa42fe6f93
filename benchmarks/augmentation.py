"""How prompts are augmented, counted and to be read: `python -m benchmarks.augmentation --data FOLDER [--draw 200]`.

Counts the kinds of the descriptions and the templates that their variants use, and takes the time. With `--draw N`,
prints N prompts drawn at random, one variant each, for reading; `--seed` draws others. Descriptions are cleaned first,
and each is counted once. The texts go to the terminal alone: rows are never written to a file.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.pipeline import sources_in
from builder.emit.augment import VARIANTS, variant_of, variant_text
from builder.emit.prompts.phrasing import analyse
from builder.emit.prompts.templates import NEUTRAL, all_templates
from builder.prepare.check import check_description
from builder.prepare.clean_description import clean_description
from builder.sources.spec import known_sources


def read_descriptions(data: dict[str, Path]) -> dict[str, str]:
    """Cleaned descriptions by ledger id, each text once, without those that a build drops."""
    found: dict[str, str] = {}
    for name, path in data.items():
        column = pq.read_table(path, columns=[known_sources()[name].description_field]).column(0)
        for row, text in enumerate(column.to_pylist()):
            cleaned = clean_description(text or "")[0]
            if cleaned not in found and not check_description(cleaned):
                found[cleaned] = f"{name}/{row:06d}"
    return {row_id: text for text, row_id in found.items()}


def measure(rows: Iterable[str]) -> dict[str, Any]:
    """Count kinds and templates over all variants of these cleaned descriptions.

    Returns:
        `descriptions`; `kinds` and `templates` (by number, from 1) with counts; `neutral_share`, of the variants, those
        that stand behind a colon because no other template was sure to suit (a question's own templates are not
        among them); `neutral_share_by_kind`; `repeated`, variants whose prompt another description has too;
        `microseconds_a_variant`, of one variant of each description, nothing kept from others.
    """
    descriptions = list(rows)
    numbers = {template: number for number, template in enumerate(all_templates(), start=1)}
    kinds: Counter[str] = Counter()
    used: Counter[int] = Counter()
    neutral: Counter[str] = Counter()
    prompts: Counter[str] = Counter()
    for description in descriptions:
        kind = analyse(description).kind.value
        kinds[kind] += 1
        for variant in range(1, VARIANTS + 1):
            template, prompt = variant_of(description, variant)
            used[numbers[template]] += 1
            neutral[kind] += template in NEUTRAL
            prompts[prompt] += 1
    total = max(len(descriptions) * VARIANTS, 1)
    return {
        "descriptions": len(descriptions),
        "kinds": dict(kinds.most_common()),
        "templates": dict(sorted(used.items())),
        "neutral_share": round(sum(neutral.values()) / total, 4),
        "neutral_share_by_kind": {kind: round(neutral[kind] / (kinds[kind] * VARIANTS), 4) for kind in kinds},
        "repeated": sum(count for count in prompts.values() if count > 1),
        "microseconds_a_variant": round(_microseconds(descriptions), 1),
    }


def _microseconds(descriptions: list[str]) -> float:
    """CPU time, of one variant of each description; every description comes up once, so no analysis is found kept."""
    started = time.process_time()
    for place, description in enumerate(descriptions):
        variant_text(description, 1 + place % VARIANTS)
    return (time.process_time() - started) / max(len(descriptions), 1) * 1e6


def draw(descriptions: dict[str, str], count: int, seed: int) -> Iterator[tuple[str, int, str]]:
    """Ledger id, number of the template, and prompt of rows drawn at random, one variant each."""
    numbers = {template: number for number, template in enumerate(all_templates(), start=1)}
    rng = random.Random(seed)
    for row_id in rng.sample(sorted(descriptions), min(count, len(descriptions))):
        template, prompt = variant_of(descriptions[row_id], rng.randint(1, VARIANTS))
        yield row_id, numbers[template], prompt


def main() -> int:
    """Print the counts, or a draw for reading."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the sources' files: FOLDER/<source>/*")
    parser.add_argument("--draw", type=int, metavar="N", help="print N prompts drawn at random instead")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    options = parser.parse_args()
    data = sources_in(options.data)
    if not data:
        print(f"no source's file below {options.data}", file=sys.stderr)
        return 1
    descriptions = read_descriptions(data)
    if options.draw:
        for row_id, number, prompt in draw(descriptions, options.draw, options.seed):
            print(f"## {row_id} template {number}\n{prompt}\n")
        return 0
    for name, value in measure(descriptions.values()).items():
        print(f"{name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
