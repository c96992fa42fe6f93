"""Makes the lists of benchmarks that ship with the package, from files of them; they hold hashes, no text.

`python -m benchmarks.official_test --data manim_sft_dataset.parquet` writes `builder/decide/manimbench_test.json`, of
ManimBench's official test rows. `python -m benchmarks.official_test --others TheoremExplainBench=FOLDER MMMC=FILE
ManiBench=FILE` writes `builder/decide/other_benchmarks.json`, of the prompts in JSON files of these. Both are made
anew when the rules of signatures or of canonical keys change; reading them says when.
"""

import argparse
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import orjson
import pyarrow.parquet as pq

from builder.decide.decontaminate import OFFICIAL, OTHERS
from builder.prepare.keys import description_key
from builder.prepare.prepare import plain_prompt, probe_key, program_keys
from builder.similarity.fingerprints import MOST, RULES, signature
from builder.similarity.words import core

MADE_BY = "python -m benchmarks.official_test"
COLUMNS = ("Reviewed Description", "Code", "Split")
PROMPT_KEYS = ("theorem", "description", "full_prompt", "brief_description")
"""Where items of the other benchmarks hold what a model is asked for."""
LIST_KEY = "problems"
"""Where a file that is no list holds its items."""
FEW = 24
"""Hashes of runs kept of each prompt of the other benchmarks."""


def line(where: str, prompt: str, programs: list[int], most: int = MOST) -> dict[str, object]:
    """What a list keeps of a prompt and its programs."""
    made = asdict(signature(core(prompt), most))
    packed = {name: b64encode(np.array(made[name], "<u4").tobytes()).decode() for name in ("grams", "terms")}
    return {"where": where, "description_key": description_key(prompt) or 0, "programs": programs, **made, **packed}


def content(rows: Iterable[Mapping[str, object]], made_by: str = MADE_BY) -> bytes:
    """A list as `read_official` takes it."""
    head = orjson.dumps({"made_by": made_by, "rules": RULES, "probe": probe_key()})
    return head[:-1] + b',"rows":[\n' + b",\n".join(map(orjson.dumps, rows)) + b"\n]}\n"


def official_rows(path: Path) -> Iterator[dict[str, object]]:
    """What the list keeps of each official test row of a ManimBench file."""
    table = pq.read_table(path, columns=list(COLUMNS)).to_pylist()
    for number, row in enumerate(table):
        description, code, split = (row[name] for name in COLUMNS)
        if str(split).strip().lower() == "test":
            keys = list(program_keys(code or ""))
            yield line(f"manimbench/{number:06d}", plain_prompt(description or ""), keys)


def other_rows(name: str, place: Path) -> Iterator[dict[str, object]]:
    """What the list keeps of the prompts of another benchmark, each once."""
    seen: set[str] = set()
    for path in sorted(place.rglob("*.json")) if place.is_dir() else [place]:
        held = json.loads(path.read_text(encoding="utf-8"))
        for number, item in enumerate(held[LIST_KEY] if isinstance(held, dict) else held):
            texts = [item] if isinstance(item, str) else [item.get(key) or "" for key in PROMPT_KEYS]
            for prompt in filter(None, map(plain_prompt, texts)):
                if prompt not in seen:
                    seen.add(prompt)
                    part = f"{path.parent.name}/{path.stem} " if place.is_dir() else ""
                    yield line(f"{name}, {part}item {number}", prompt, [], FEW)


def main() -> None:
    """Write the lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a Parquet file of ManimBench")
    parser.add_argument("--others", nargs="+", default=(), metavar="NAME=PLACE", help="JSON files, or folders of them")
    given = parser.parse_args()
    lists = {OFFICIAL: list(official_rows(given.data))} if given.data else {}
    if given.others:
        places = [item.partition("=") for item in given.others]
        lists[OTHERS] = [row for name, _, place in places for row in other_rows(name, Path(place))]
    for path, rows in lists.items():
        path.write_bytes(content(rows))
        print(f"{path}: {len(rows)} rows, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
