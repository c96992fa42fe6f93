"""Makes the list of ManimBench's official test rows that ships with the package, from a file of ManimBench.

`python -m benchmarks.official_test --data manim_sft_dataset.parquet` writes `builder/decide/manimbench_test.json`. The
list holds hashes, no text. It is made anew when the rules of signatures or of canonical keys change; reading it says
when.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from builder.decide.decontaminate import OFFICIAL, official_list
from builder.prepare.keys import description_key
from builder.prepare.prepare import plain_prompt, probe_key, program_keys
from builder.similarity.boilerplate import core
from builder.similarity.fingerprints import RULES, make_signatures

MADE_BY = "python -m benchmarks.official_test --data FILE"
COLUMNS = ("Reviewed Description", "Code", "Split")


def official_rows(path: Path) -> Iterator[dict[str, object]]:
    """What the list keeps of each official test row of a ManimBench file."""
    table = pq.read_table(path, columns=list(COLUMNS)).to_pylist()
    for number, row in enumerate(table):
        description, code, split = (row[name] for name in COLUMNS)
        if str(split).strip().lower() != "test":
            continue
        prompt = plain_prompt(description or "")
        (made,) = make_signatures([core(prompt)])
        yield {
            "where": f"manimbench/{number:06d}",
            "description_key": description_key(prompt) or 0,
            "programs": list(program_keys(code or "")),
            **{name: made[name] for name in ("grams", "key", "terms", "length")},
        }


def main() -> None:
    """Write the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a Parquet file of ManimBench")
    parser.add_argument("--output", type=Path, default=OFFICIAL)
    given = parser.parse_args()
    rows = list(official_rows(given.data))
    given.output.write_bytes(official_list(rows, probe_key(), RULES, MADE_BY))
    print(f"{given.output}: {len(rows)} rows, {given.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
