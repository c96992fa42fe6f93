"""How well prompts and codes are found to belong together: `python -m benchmarks.pairing --data FOLDER`.

Real files, as in `benchmarks.pipeline`: FOLDER/<source>/*.parquet. The rows of manim_codegen are of two older sets: the
first 1,023 are mispaired, the other 599 (Edoh) are right. Sets whose pairs are right are ManimBench, Edoh and Bespoke;
what is measured on them is measured after mixing them up.
"""

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment, minimize
from scipy.sparse import csr_array, diags_array
from scipy.special import logsumexp

from benchmarks.pipeline import sources_in
from builder.decide.pairing.alignment import Alignment, advantages, learn_alignment, sample_of
from builder.decide.pairing.repair_pairs import MARGIN, assign, repair_pairs
from builder.decide.pairing.shuffled import find_parts
from builder.decide.pairing.vectors import WEIGHTS, code_vectors, description_vectors, narrow
from builder.manim_lint.fixes.excerpts import repair_code
from builder.prepare.clean_code import clean_code
from builder.prepare.clean_description import clean_description
from builder.prepare.features import code_words, description_words
from builder.prepare.keys import canonical_key, description_key, program_key
from builder.prepare.style import style_of_code, style_of_description
from builder.sources.spec import known_sources

Floats = NDArray[np.float64]
Numbers = dict[str, Any]

MISPAIRED_ROWS = 1023
"""Of manim_codegen, the first ones."""
MARGINS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
WANTED_PRECISION = 0.99
BY_HAND = ("pair", "whole", "math", "limits", "formulas", "contradiction")
"""Weights that are not fitted: the sets whose pairs are right hold too few formulas, bounds and long texts. They were
raised while pairs of the mispaired rows were read, until programs that differ in a formula alone were kept apart."""
_SCHEMA = {
    "index": pl.UInt32,
    "source": pl.String,
    "description_key": pl.UInt64,
    "program_key": pl.UInt64,
    "canonical_key": pl.UInt64,
    "style": pl.List(pl.UInt8),
    "description_words": pl.List(pl.UInt32),
    "code_words": pl.List(pl.UInt32),
    "description": pl.String,
    "code": pl.String,
}
CODE_COLUMNS = ("program_key", "canonical_key", "code_words", "code")


def load(folder: Path) -> dict[str, pl.DataFrame]:
    """The sources whose files are in the folder, prepared; `edoh` and `manimation` are parts of manim_codegen."""
    data = {}
    for name, path in sources_in(folder).items():
        spec = known_sources()[name]
        columns = [spec.description_field, spec.code_field]
        rows = pl.read_parquet(path, columns=columns)
        prepared = [
            _row(at, name, text or "", code or "") for at, (text, code) in enumerate(rows.select(columns).iter_rows())
        ]
        data[name] = pl.DataFrame(prepared, schema=_SCHEMA, orient="row")
    if "manim_codegen" in data:
        data["manimation"] = data["manim_codegen"].head(MISPAIRED_ROWS)
        data["edoh"] = data["manim_codegen"].tail(-MISPAIRED_ROWS)
    return data


def _row(index: int, source: str, text: str, original: str) -> tuple[object, ...]:
    description, _ = clean_description(text)
    code, parsed, _ = clean_code(original)
    style = sorted(style_of_description(text, description) + style_of_code(original, code))
    code, _, _ = repair_code(code, parsed)
    keys = description_key(description), program_key(code), canonical_key(code)
    return (index, source, *keys, style, description_words(description), code_words(code), description, code)


def paired_sets(data: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The sets whose pairs are right, each distinct pair once, and all of them together."""
    sets = {
        name: data[source].unique(["description_key", "canonical_key"], maintain_order=True)
        for name, source in (("ManimBench", "manimbench"), ("Edoh", "edoh"), ("Bespoke", "bespoke_manim"))
        if source in data
    }
    return sets | ({"together": pl.concat(sets.values())} if len(sets) > 1 else {})


# The alignment score


def measure_alignment(data: Mapping[str, pl.DataFrame]) -> Numbers:
    """For each set the area under the curve of own pairs against all other pairs of the set, and that of plain TF-IDF.

    Rarity is learned from all rows of the build, mispaired ones included, as a build does.
    """
    sources = [rows for name, rows in data.items() if name not in ("edoh", "manimation")]
    learned = sample_of(_numbered(sources))
    alignment = learn_alignment(learned["description_words"], learned["code_words"])
    figures = {}
    for name, rows in paired_sets(data).items():
        figures[name] = {
            "pairs": rows.height,
            "auc": auc(_scores(rows, alignment), rows),
            "tfidf": auc(_tfidf(rows), rows),
        }
    if "manimation" in data:
        rows = data["manimation"].unique(["description_key", "canonical_key"], maintain_order=True)
        figures["mispaired"] = {
            "pairs": rows.height,
            "auc": auc(_scores(rows, alignment), rows),
            "tfidf": auc(_tfidf(rows), rows),
        }
    return figures


def _numbered(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames).with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias("index"))


def _scores(rows: pl.DataFrame, alignment: Alignment) -> Floats:
    """Advantages of every description with every code, one row a description."""
    left = description_vectors(rows["description_words"], alignment.rarity)
    right = code_vectors(rows["code_words"], alignment.rarity)
    columns = np.unique(right.indices)
    table = (narrow(left, columns) @ narrow(right, columns).T).toarray()
    table += alignment.both - alignment.code.times(left)[:, None] - alignment.description.times(right)[None, :]
    assert np.allclose(np.diag(table), advantages(left, right, alignment))
    return np.asarray(table)


def _tfidf(rows: pl.DataFrame) -> Floats:
    return _cosines(rows["description"], rows["code"])


def _cosines(descriptions: pl.Series, codes: pl.Series) -> Floats:
    """Cosines of plain TF-IDF vectors of words, one row a description."""
    texts = [Counter(re.findall(r"\w\w+", text.lower())) for text in (*descriptions, *codes)]
    common = Counter(word for text in texts for word in text)
    number = {word: at for at, word in enumerate(common)}
    value = [n * (np.log((1 + len(texts)) / (1 + common[word])) + 1) for text in texts for word, n in text.items()]
    row = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    column = [number[word] for text in texts for word in text]
    matrix = csr_array((np.array(value), (row, column)), shape=(len(texts), len(number)))
    unit = diags_array(1 / np.maximum(np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()), 1e-9)) @ matrix
    return np.asarray((unit[: len(descriptions)] @ unit[len(descriptions) :].T).toarray())


def auc(table: Floats, rows: pl.DataFrame) -> float:
    """Share of random pairs that own pairs score above; a pair with the same description or code is not random."""
    description, code = rows["description_key"].to_numpy(), rows["canonical_key"].to_numpy()
    random = (description[:, None] != description[None, :]) & (code[:, None] != code[None, :])
    others = np.sort(np.round(table[random], 6))
    own = np.round(np.diag(table), 6)
    below, upto = np.searchsorted(others, own, "left"), np.searchsorted(others, own, "right")
    return round(float(np.mean((below + upto) / 2) / max(len(others), 1)), 4)


# Shuffled parts


def shuffle(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The same rows with their codes dealt out at random; how a row looks stays with its description."""
    dealt = np.random.default_rng(seed).permutation(rows.height)
    return rows.with_columns(rows.select(CODE_COLUMNS)[dealt])


def _parts(frames: Sequence[pl.DataFrame]) -> tuple[pl.DataFrame, tuple[Any, ...], float]:
    rows = _numbered(frames)
    words = rows.select("index", "description_words", "code_words")
    started = time.perf_counter()
    marks, parts = find_parts(rows.drop("description_words", "code_words", "description", "code"), words)
    return rows.join(marks, on="index", maintain_order="left"), parts, time.perf_counter() - started


def measure_shuffled(data: Mapping[str, pl.DataFrame], seeds: int = 20) -> Numbers:
    """What is found in the real rows; how often a clean sample is called shuffled, and a shuffled one found."""
    sources = [rows for name, rows in data.items() if name not in ("edoh", "manimation")]
    marked, parts, seconds = _parts(sources)
    figures: Numbers = {
        "parts": [_described(part) for part in parts],
        "seconds": round(seconds, 2),
        "rows": marked.height,
    }
    if "manimation" in data:
        found = marked.filter(pl.col("source") == "manim_codegen")["shuffled"].to_list()
        figures["separated exactly"] = found == [at < MISPAIRED_ROWS for at in range(len(found))]
    if "manimbench" in data:
        rows = data["manimbench"].sample(fraction=1.0, shuffle=True, seed=1)
        half, rest = rows.head(rows.height // 2), rows.tail(-(rows.height // 2))
        _, parts, _ = _parts([shuffle(half, 2).with_columns(pl.lit("one").alias("source")), rest])
        figures["half of ManimBench shuffled"] = [_described(part) for part in parts]
    figures["samples"] = {
        name: {size: _samples(rows, size, seeds) for size in (15, 30, 60, 120, 240, rows.height) if size <= rows.height}
        for name, rows in paired_sets(data).items()
        if name != "together"
    }
    return figures


def _described(part: Any) -> str:
    return f"{part.source}, {part.label}: {part.rows} rows, AUC {part.auc:.3f}, {part.verdict}"


def _samples(rows: pl.DataFrame, size: int, seeds: int) -> dict[str, str]:
    clean, mixed = Counter[str](), Counter[str]()
    for seed in range(seeds):
        some = rows.sample(size, shuffle=True, seed=seed)
        clean.update(_worst(some))
        mixed.update(_worst(shuffle(some, seed)))
    return {"clean": dict(clean), "shuffled": dict(mixed)}  # type: ignore[dict-item]


def _worst(rows: pl.DataFrame) -> list[str]:
    """One verdict on a sample: `shuffled` if any part of it is."""
    _, parts, _ = _parts([rows])
    verdicts = {part.verdict for part in parts}
    return [next(verdict for verdict in ("shuffled", "unknown", "paired") if verdict in verdicts)]


# Re-pairing


def pool_of(rows: pl.DataFrame) -> tuple[pl.Series, pl.Series, NDArray[np.bool_]]:
    """Distinct descriptions and codes of a set, in the order of their keys, and which of them are pairs."""
    descriptions = rows.unique("description_key", keep="first", maintain_order=True).sort("description_key")
    codes = rows.unique("canonical_key", keep="first", maintain_order=True).sort("canonical_key")
    truth = np.zeros((descriptions.height, codes.height), dtype=np.bool_)
    one = descriptions["description_key"].search_sorted(rows["description_key"]).to_numpy()
    truth[one, codes["canonical_key"].search_sorted(rows["canonical_key"]).to_numpy()] = True
    return descriptions["description_words"], codes["code_words"], truth


def repaired(rows: pl.DataFrame, weighted: Mapping[str, float] = WEIGHTS) -> tuple[Floats, NDArray[np.bool_], int]:
    """Margins of the pairs that are found, whether each is right, and how many descriptions there are."""
    descriptions, codes, truth = pool_of(rows)
    found, _ = assign(descriptions, codes, np.ones(len(codes), dtype=np.int64), weighted)
    return found.margin, truth[found.description, found.code], len(descriptions)


def curve_of(margins: Floats, right: NDArray[np.bool_], count: int) -> dict[float, tuple[float, float]]:
    """For each margin: precision, and share of the descriptions that keep a pair."""
    figures = {}
    for margin in MARGINS:
        kept = margins >= margin
        figures[margin] = (
            round(float(right[kept].mean()), 4) if kept.any() else 1.0,
            round(float(kept.sum()) / count, 4),
        )
    return figures


def measure_repairing(data: Mapping[str, pl.DataFrame]) -> Numbers:
    """Curves on each set, cross-validation of weights and margin, and what is found in the real mispaired rows."""
    sets = paired_sets(data)
    figures: Numbers = {"curves": {name: curve_of(*repaired(rows)) for name, rows in sets.items()}}
    figures["right if all are assigned"] = {
        name: {"assigned": _share_right(rows), "tfidf": _share_right_by_tfidf(rows)} for name, rows in sets.items()
    }
    figures["half of the codes missing"] = {name: curve_of(*_half_missing(rows)) for name, rows in sets.items()}
    single = {name: rows for name, rows in sets.items() if name != "together"}
    if len(single) > 2:
        figures["held out"] = {name: _held_out(single, name) for name in single}
    if "manimation" in data:
        figures["real"] = _real(data)
    return figures


def _share_right(rows: pl.DataFrame) -> float:
    """Share of the descriptions that get their own code, whatever the margin."""
    _, right, count = repaired(rows)
    return round(float(right.sum()) / count, 4)


def _share_right_by_tfidf(rows: pl.DataFrame) -> float:
    """The same of the best assignment by plain TF-IDF cosine."""
    descriptions = rows.unique("description_key", keep="first", maintain_order=True).sort("description_key")
    codes = rows.unique("canonical_key", keep="first", maintain_order=True).sort("canonical_key")
    one, other = linear_sum_assignment(-_cosines(descriptions["description"], codes["code"]))
    return round(float(pool_of(rows)[2][one, other].sum()) / descriptions.height, 4)


def _half_missing(rows: pl.DataFrame) -> tuple[Floats, NDArray[np.bool_], int]:
    """As `repaired`, with every other code away, so that half of the descriptions have no partner."""
    descriptions, codes, truth = pool_of(rows)
    some = np.arange(0, len(codes), 2)
    found, _ = assign(descriptions, codes[some], np.ones(len(some), dtype=np.int64))
    return found.margin, truth[found.description, some[found.code]], len(descriptions)


def _held_out(sets: Mapping[str, pl.DataFrame], name: str) -> Numbers:
    """Weights and margin from the other sets, measured on this one."""
    others = [rows for other, rows in sets.items() if other != name]
    weighted = fit_weights(others)
    curves = [curve_of(*repaired(rows, weighted)) for rows in others]
    margin = next((at for at in MARGINS if all(curve[at][0] >= WANTED_PRECISION for curve in curves)), MARGINS[-1])
    precision, share = curve_of(*repaired(sets[name], weighted))[margin]
    fixed = curve_of(*repaired(sets[name], weighted))[MARGIN]
    return {"margin": margin, "precision": precision, "share": share, f"at {MARGIN}": fixed}


def _real(data: Mapping[str, pl.DataFrame]) -> Numbers:
    """What becomes of the mispaired rows: counts, shares of quotes that stand in the code, ten pairs by number."""
    sources = [rows for name, rows in data.items() if name not in ("edoh", "manimation")]
    marked, _, _ = _parts(sources)
    words = marked.select("index", "description_words", "code_words")
    started = time.perf_counter()
    pairs = repair_pairs(marked.drop("description_words", "code_words"), words, margin=-1e9)
    seconds = time.perf_counter() - started
    place = (pl.col("index") - pl.col("index").min().over("source")).alias("row")
    named = marked.with_columns(pl.format("{}/{}", "source", place.cast(pl.String).str.zfill(6)).alias("id"))
    codes = named.select(
        pl.col("index").alias("code_index"), pl.col("id").alias("code_id"), pl.col("code").alias("found")
    )
    own = named.filter(pl.col("source") == "manim_codegen").select("index", "id", "description", "code")
    shown = own.join(pairs, on="index", maintain_order="left").join(
        codes, on="code_index", how="left", maintain_order="left"
    )
    kept = shown.filter(pl.col("margin") >= MARGIN)
    ten = kept[np.linspace(0, kept.height - 1, 10).astype(np.int64)] if kept.height >= 10 else kept
    return {
        "rows": shown.height,
        "kept": {margin: shown.filter(pl.col("margin") >= margin).height for margin in MARGINS},
        "quotes in own code": _quotes(shown["description"], shown["code"]),
        "quotes in the code found": _quotes(kept["description"], kept["found"]),
        "seconds": round(seconds, 2),
        "ten": [
            f"{one} with code from {other}, score {score:.3f}, margin {margin:.2f}"
            for one, other, score, margin in ten.select("id", "code_id", "score", "margin").iter_rows()
        ],
    }


def _quotes(descriptions: pl.Series, codes: pl.Series) -> tuple[int, int]:
    """Of the descriptions that quote a text of three characters or more, how many have one of them in their code."""
    quote = re.compile(r"\"([^\"\n]{3,200})\"|“([^”\n]{3,200})”|(?<!\w)'([^'\n]{3,200})'(?!\w)")
    hits = [
        any(text.strip(" .,!?").lower() in code.lower() for text in quoted)
        for description, code in zip(descriptions, codes, strict=True)
        if (quoted := ["".join(groups) for groups in quote.findall(description)])
    ]
    return sum(hits), len(hits)


# Fitting


def fit_weights(sets: Sequence[pl.DataFrame], penalty: float = 1e-4) -> dict[str, float]:
    """Weights that make own pairs likeliest among all pairs of their set, from either side: a conditional logit.

    Those in `BY_HAND` stay as they are.

    Args:
        sets: rows of right pairs, one frame a set.
        penalty: on the sum of squares of the weights.
    """
    pools = [pool_of(rows) for rows in sets]
    tables = [_tables(descriptions, codes) for descriptions, codes, _ in pools]
    truths = [truth for _, _, truth in pools]
    count = sum(len(truth) for truth in truths)

    def loss(weights: Floats) -> tuple[float, Floats]:
        value, slope = 0.0, np.zeros(len(weights))
        for table, truth in zip(tables, truths, strict=True):
            score = table @ weights
            for axis in (0, 1):
                likely = score - logsumexp(score, axis=axis, keepdims=True)
                own = np.where(truth, likely, -np.inf)
                best = logsumexp(own, axis=axis, keepdims=True)
                value -= float(best.sum())
                slope += np.tensordot(np.exp(likely) - np.exp(own - best), table, ([0, 1], [0, 1]))
        return value / count + penalty * float(weights @ weights), slope / count + 2 * penalty * weights

    bounds = [(WEIGHTS[name], WEIGHTS[name]) if name in BY_HAND else (0, None) for name in WEIGHTS]
    found = minimize(loss, np.ones(len(WEIGHTS)), jac=True, method="L-BFGS-B", bounds=bounds)
    return {name: round(float(weight), 2) for name, weight in zip(WEIGHTS, found.x, strict=True)}


def _tables(descriptions: pl.Series, codes: pl.Series) -> Floats:
    """For every pair, each kind of agreement with a weight of 1; centred, which changes no choice among pairs."""
    tables = []
    for name in WEIGHTS:
        alignment = learn_alignment(descriptions, codes, {name: 1.0})
        left = description_vectors(descriptions, alignment.rarity)
        right = code_vectors(codes, alignment.rarity, {name: 1.0})
        columns = np.unique(right.indices)
        table = (narrow(left, columns) @ narrow(right, columns).T).toarray()
        tables.append(table - alignment.code.times(left)[:, None] - alignment.description.times(right)[None, :])
    return np.stack(tables, axis=-1)


def fit_curve(data: Mapping[str, pl.DataFrame]) -> tuple[float, float]:
    """Slope and middle of the logistic curve: own and random pairs of all sets, each set and kind weighing alike."""
    sources = [rows for name, rows in data.items() if name not in ("edoh", "manimation")]
    learned = sample_of(_numbered(sources))
    alignment = learn_alignment(learned["description_words"], learned["code_words"])
    tables = [_scores(rows, alignment) for name, rows in paired_sets(data).items() if name != "together"]

    def loss(given: Floats) -> float:
        slope, middle = given
        ways = [(np.diag(table), table[~np.eye(len(table), dtype=np.bool_)]) for table in tables]
        return float(
            sum(
                np.logaddexp(0, -slope * (own - middle)).mean() + np.logaddexp(0, slope * (rest - middle)).mean()
                for own, rest in ways
            )
        )

    slope, middle = minimize(loss, np.array([1.0, 5.0]), method="Nelder-Mead").x
    return round(float(slope), 2), round(float(middle), 2)


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pairing", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="the folder with the real files: FOLDER/<source>/*.parquet"
    )
    parser.add_argument("--fit", action="store_true", help="fit weights and curve anew, and print them")
    given = parser.parse_args()
    data = load(given.data)
    for name in sorted({"manimbench", "manim_codegen", "bespoke_manim", "thanks_dataset"} - set(data)):
        print(f"{name}: no file below {given.data}; what needs it is left out")
    if given.fit:
        sets = [rows for name, rows in paired_sets(data).items() if name != "together"]
        print(json.dumps({"weights": fit_weights(sets), "curve": fit_curve(data)}, indent=1))
        return
    for measure in (measure_alignment, measure_shuffled, measure_repairing):
        print(measure.__name__)
        print(json.dumps(measure(data), indent=1, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
