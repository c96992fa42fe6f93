"""Makes the list of texts whose origin is known, which ships with the package, from files of the origins.

`python -m benchmarks.origins --data manimation=FILE manim_python=FILE` writes `builder/sources/origins.parquet`; names
are those of the catalogue, `NAME=FILE:FIRST:LAST` takes some rows alone (from 0, the last one is not taken). A file may
be that of a set into which the origin went. The list holds hashes, no text. It is made anew when the rules of canonical
keys change; reading it says when.
"""

import argparse
from pathlib import Path

import pyarrow.parquet as pq

from builder.prepare.keys import description_key
from builder.prepare.prepare import plain_prompt, probe_key, program_keys
from builder.sources.origins import ORIGINS, write_origins

MADE_BY = "python -m benchmarks.origins --data NAME=FILE ..."
COLUMNS = (("query", "answer"), ("input", "output"), ("instruction", "output"))
"""Names of description and code, as public files have them."""


def keys_of(path: Path, rows: slice) -> tuple[set[int], set[int]]:
    """Keys of the descriptions and of the programs, as they stand and as they are once repaired."""
    table = pq.read_table(path)
    description, code = next(pair for pair in COLUMNS if set(pair) <= set(table.column_names))
    found = table.select([description, code]).to_pylist()[rows]
    prompts = {key for row in found if (key := description_key(plain_prompt(row[description] or "")))}
    return prompts, {key for row in found for key in program_keys(row[code] or "")}


def main() -> None:
    """Write the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", required=True, metavar="NAME=FILE")
    parser.add_argument("--output", type=Path, default=ORIGINS)
    given = parser.parse_args()
    keys: dict[tuple[str, str], set[int]] = {}
    for item in given.data:
        name, _, place = item.partition("=")
        file, *limits = place.split(":")
        keys[name, "description"], keys[name, "code"] = keys_of(Path(file), slice(*(int(limit) for limit in limits)))
        print(f"{name}: {len(keys[name, 'description'])} descriptions, {len(keys[name, 'code'])} programs")
    write_origins(keys, probe_key(), MADE_BY, given.output)
    print(f"{given.output}: {given.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
