"""All figures of quality from the real rows: `python -m benchmarks.quality --data FOLDER`.

Each section is a benchmark of its own that can be run alone; here they run side by side, baselines included. A section
whose files are absent is skipped with a word. Nothing is rendered here: verdicts are those of
`benchmarks.verification`, kept by program hash in `benchmarks/verdicts.jsonl`.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks import api_check, augmentation, near_duplicates, one_line, pairing, repairs, verification
from benchmarks.pipeline import sources_in
from benchmarks.prepare import read_rows
from benchmarks.rendering import Verdict, key_of, read_verdicts
from builder.config import BuildConfig, make_config
from builder.core.ledger import funnel, id_column, kept, reasons
from builder.core.row_store import columns_of, texts_by_index
from builder.decide.claims import contradiction
from builder.manim_lint.syntax import parse
from builder.pipeline.build import Prepared
from builder.pipeline.story import build, prepare
from builder.prepare.clean_code import clean_code

VERDICTS = Path(__file__).with_name("verdicts.jsonl")
CLAIMS = Path(__file__).with_name("claims.jsonl")


def alignment(data: Path) -> Any:
    """Area under the curve of own pairs against random pairs, beside plain TF-IDF."""
    return pairing.measure_alignment(pairing.load(data))


def shuffled(data: Path) -> Any:
    """Parts that are paired at random: found where they are, and nowhere else."""
    return pairing.measure_shuffled(pairing.load(data))


def repairing(data: Path) -> Any:
    """Precision and share of pairs put together again."""
    return pairing.measure_repairing(pairing.load(data))


def checked(data: Path) -> Any:
    """What the API check condemns and finds, against real renders of the programs as they were cleaned."""
    codes = {key_of(code): code for row in read_rows(sources_in(data)) for code in [clean_code(row.code)[0]] if code}
    found = api_check.measure(codes.items(), verdicts())
    for half in found["halves"].values():
        half["precision"] = round(half["condemned_failing"] / half["condemned"], 4)
        half["recall"] = round(half["found"] / half["failing_for_these"], 4)
    return found


def repaired(data: Path) -> Any:
    """Programs that run before and after repair."""
    return repairs.measure(repairs.cleaned_codes(sources_in(data)), verdicts())


def rendered(data: Path) -> Any:
    """What came of every distinct program of each source: as it was read, repaired, and repaired for what it raised."""
    known = verdicts()

    def told(code: str) -> str:
        if not parse(code).ok:
            return "SyntaxError"
        found = known.get(key_of(code))
        if found is None:
            return "not rendered"
        return (found.exception or found.verdict) if found.verdict == "failed" else found.verdict

    programs = {source: verification.programs_of(source, path) for source, path in sources_in(data).items()}
    fixed = {key for key, verdict in known.items() if verdict.repaired}
    for one in programs.values():
        for texts in one.texts.values():
            if key_of(texts[1]) in fixed:
                texts[2] = _PASSING
    return verification.counted(programs, lambda code: "passed" if code == _PASSING else told(code))


_PASSING = "# stands for a program that passed once it was repaired: its text is not kept"


def put_on_lines(data: Path) -> Any:
    """One-line code: how much parses, how much comes back exactly, how much runs."""
    return one_line.measure(data, VERDICTS)


def prompts(data: Path) -> Any:
    """Kinds of descriptions and the templates that they get."""
    return augmentation.measure(augmentation.read_descriptions(sources_in(data)).values())


def near(data: Path) -> Any:
    """Near duplicates on labelled pairs, beside other tools."""
    return near_duplicates.measure(data)


def curated(data: Path) -> Any:
    """A whole build: the funnel, and what must hold of its rows."""
    with tempfile.TemporaryDirectory(prefix="manim-combined-") as cache:
        local = {name: str(path) for name, path in sources_in(data).items()}
        settings = {"local": local, "datasets": list(local), "cache_dir": cache}
        config = make_config("curated", **settings)
        prepared = prepare(config)
        decided = build(prepared, config)
        default = build(prepared, make_config("deduplicated", **settings))
        rows = kept(decided.outcomes)
        return {
            "shuffled": [part.message for part in prepared.parts if part.shuffled],
            "funnel": funnel(decided.outcomes),
            "reasons": [list(reason) for reason in reasons(decided.outcomes)],
            "repaired_pairs": rows.filter(pl.col("code_index").is_not_null()).height,
            "programs_that_stand_twice": rows.height - rows["canonical_key"].n_unique(),
            "programs_with_problems": _with_problems(prepared, rows, config),
            "same_split_as_default": decided.outcomes["split"].equals(default.outcomes["split"]),
        }


def claims(data: Path) -> Any:
    """Programs that contradict their prompts, found against labels by a reader, on both halves."""
    labels = {label["id"]: label for label in map(json.loads, CLAIMS.read_text().splitlines())}
    with tempfile.TemporaryDirectory(prefix="manim-combined-") as cache:
        local = {name: str(path) for name, path in sources_in(data).items()}
        config = make_config("curated", local=local, datasets=list(local), cache_dir=cache)
        prepared = prepare(config)
        rows = build(prepared, config).outcomes.with_columns(id_column()).filter(pl.col("id").is_in(list(labels)))
        rows = rows.select("id", "index", code=pl.coalesce("code_index", "index"))
        prompts = texts_by_index(prepared.files, "description", rows["index"])
        programs = texts_by_index(prepared.files, "code", rows["code"].unique())
    counts: dict[str, Counter[str]] = {"development": Counter(), "held out": Counter()}
    for row, index, code in rows.iter_rows():
        marked = contradiction(prompts[index], programs[code]) is not None
        right = "right" if marked == (labels[row]["label"] == "contradicts") else "wrong"
        counts[labels[row]["part"]][f"{'marked' if marked else 'not marked'}, {right}"] += 1
    return {"labels_without_a_row": len(labels) - rows.height, **counts}


def _with_problems(prepared: Prepared, rows: pl.DataFrame, config: BuildConfig) -> int:
    """Rows whose program does not parse or does not pass the API check, from the texts that are written."""
    where = rows.select(pl.coalesce("code_index", "index").alias("index"))["index"].unique()
    codes: Iterable[str] = columns_of(prepared.files, ("code",), where)["code"]
    trees = [clean_code(code)[1].tree for code in codes]
    assert config.check_api
    return sum(tree is None or bool(api_check.check_api(tree)) for tree in trees)


def verdicts() -> dict[str, Verdict]:
    """Verdicts by key of the program."""
    return read_verdicts(VERDICTS)


SECTIONS: Mapping[str, Callable[[Path], Any]] = {
    function.__name__: function
    for function in (
        alignment,
        shuffled,
        repairing,
        checked,
        repaired,
        rendered,
        put_on_lines,
        prompts,
        near,
        curated,
        claims,
    )
}


def main() -> None:
    """Run the sections that were asked for, all by default, and print each as JSON under its title."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the real files")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="run these sections")
    arguments = parser.parse_args()
    for name in arguments.only:
        section = SECTIONS[name]
        print(f"\n{name}: {(section.__doc__ or '').strip()}")
        try:
            json.dump(section(arguments.data), sys.stdout, indent=1, default=str)
        except (FileNotFoundError, KeyError) as missing:
            print(f"skipped: {missing} is not there")
        print(flush=True)


if __name__ == "__main__":
    main()
