"""How well and how fast near descriptions are told: `python -m benchmarks.near_duplicates --data FOLDER`.

A labelled set is made by rule from the real descriptions. Equal meaning: the two descriptions that ManimBench has of
one row, and variants with slips, other case and other punctuation. Different meaning: the same text with one colour,
number, direction, shape, quoted text or formula changed, or two of these words swapped. A description belongs to the
development half if its key is even; what was set (the lexicon, the rules) was set by that half alone.

Beside it stand plain `rapidfuzz` at the same threshold and `datasketch` at its defaults, on the same pairs. `semhash`
wants a model from the Hub, and `text-dedup` wants Spark: neither is run.
"""

import argparse
import random
import re
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from benchmarks.pipeline import sources_in
from builder.prepare.clean_description import clean_description
from builder.prepare.keys import description_key
from builder.similarity.compare import clusters
from builder.similarity.fingerprints import near_signatures, signature
from builder.similarity.near_pairs import FLOOR, near_pairs
from builder.similarity.words import core
from builder.sources.spec import known_sources

THRESHOLD, LEAK_THRESHOLD = 0.9, 0.8
SEED = 7
SIZE = 100_000

COLOURS = "red blue green yellow orange purple pink white black teal".split()
NUMBERS = "one two three four five six seven eight nine ten".split()
DIRECTIONS = "left right up down top bottom above below clockwise counterclockwise horizontal vertical".split()
SHAPES = "circle square triangle rectangle hexagon line arrow dot cube sphere ellipse polygon".split()
_KEPT = re.compile(
    r"`[^`]*`|\"[^\"\n]*\"|“[^”\n]*”|(?<!\w)'[^'\n]*'(?!\w)|\\\(.*?\\\)|\\\[.*?\\\]|\$\$.*?\$\$|\$[^$]+\$|\w*_\w+|\w+\.py\b",
    re.DOTALL,
)
_QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”|(?<!\w)'[^'\n]*'(?!\w)")
_FORMULA = re.compile(r"\\\(.*?\\\)|\\\[.*?\\\]|\$\$.*?\$\$|\$[^$]+\$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two descriptions with what a person would say of them."""

    name: str
    """What it is and of which description: a kind, and the description's key."""
    kind: str
    left: str
    right: str
    equal: bool


def descriptions(data: Path) -> list[str]:
    """The distinct cleaned descriptions of all sources, sorted."""
    found = set()
    for name, path in sources_in(data).items():
        column = known_sources()[name].description_field
        found |= {
            clean_description(text)[0] for text in pq.read_table(path, columns=[column])[column].to_pylist() if text
        }
    return sorted(text for text in found if description_key(text) is not None)


def in_development(text: str) -> bool:
    """Whether a description may be looked at."""
    return (description_key(text) or 0) % 2 == 0


def _slip(word: str, dice: random.Random) -> str:
    """A word with one slip of the finger: two letters swapped, one lost, one twice, one put for another."""
    at = dice.randrange(len(word) - 1)
    kind = dice.randrange(4)
    if kind == 0 and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + dice.choice("etaoinshrdlu") + word[at + 1 :]


def _outside(text: str, change: Callable[[str], str]) -> str:
    """A text changed everywhere but in quoted texts, formulae and code, which count in full."""
    parts, start = [], 0
    for kept in _KEPT.finditer(text):
        parts += [change(text[start : kept.start()]), kept.group()]
        start = kept.end()
    return "".join([*parts, change(text[start:])])


def slips(text: str, dice: random.Random, every: int = 25) -> str:
    """One slip in about so many words, at least one, in words of four letters or more."""
    places = [m.span() for m in re.finditer(r"\b[A-Za-z]{4,}\b", text)]
    kept = [m.span() for m in _KEPT.finditer(text)]
    places = [(a, b) for a, b in places if not any(a < end and b > start for start, end in kept)]
    for a, b in sorted(dice.sample(places, min(len(places), 1 + len(text.split()) // every)), reverse=True):
        text = text[:a] + _slip(text[a:b], dice) + text[b:]
    return text


def _punctuation(text: str) -> str:
    plain = re.sub(r",(?=\s)|(?<=[a-z])-(?=[a-z]{2})|;", " ", text)
    return re.sub(r"[.!]+\s*$", "", plain).replace(". ", " . ") + " !"


def _other_word(words: Sequence[str]) -> Callable[[str, random.Random], str]:
    pattern = re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)

    def change(text: str, dice: random.Random) -> str:
        found = list(pattern.finditer(text))
        if not found:
            return text
        at = dice.choice(found)
        other = dice.choice([word for word in words if word != at.group().lower()])
        return text[: at.start()] + other + text[at.end() :]

    return change


def _other_number(text: str, dice: random.Random) -> str:
    found = list(re.finditer(r"\d+", text))
    if not found:
        return _other_word(NUMBERS)(text, dice)
    at = dice.choice(found)
    return text[: at.start()] + str(int(at.group()) + dice.randint(1, 9)) + text[at.end() :]


def _other_inside(pattern: re.Pattern[str]) -> Callable[[str, random.Random], str]:
    def change(text: str, dice: random.Random) -> str:
        letters = [at for found in pattern.finditer(text) for at in range(*found.span()) if text[at].isalnum()]
        if not letters:
            return text
        at = dice.choice(letters)
        other = dice.choice([letter for letter in "abcdefgh234" if letter != text[at].lower()])
        return text[:at] + other + text[at + 1 :]

    return change


def _swapped(text: str, dice: random.Random) -> str:
    found = list(re.finditer(rf"\b(?:{'|'.join(COLOURS + SHAPES)})\b", text, re.IGNORECASE))
    pairs = [(a, b) for a in found for b in found if a.start() < b.start() and a.group().lower() != b.group().lower()]
    if not pairs:
        return text
    a, b = dice.choice(pairs)
    return text[: a.start()] + b.group() + text[a.end() : b.start()] + a.group() + text[b.end() :]


_SYNONYMS = (
    ("display", "show"), ("create", "make"), ("would like", "want"), ("could you", "can you"), ("video", "clip"),
    ("draw", "put"), ("visually", "graphically"), ("explains", "tells"), ("demonstrates", "shows"),
    ("screen", "display"), ("please ", ""), ("an animation", "a video"), ("animate", "make"),
    ("should", "must"), ("then", "next"),
)  # fmt: skip


def reworded(text: str, dice: random.Random) -> str:
    """Up to three ordinary words put otherwise, outside of what counts in full."""
    usable = [pair for pair in _SYNONYMS if re.search(rf"\b{pair[0]}", text, re.IGNORECASE)]
    for word, other in sorted(dice.sample(usable, min(3, len(usable)))):
        pattern = re.compile(rf"\b{word}", re.IGNORECASE)
        text = _outside(text, lambda part, other=other, pattern=pattern: pattern.sub(other, part, count=1))  # type: ignore[misc]
    return text


SAME: dict[str, Callable[[str, random.Random], str]] = {
    "slip": lambda text, dice: slips(text, dice, every=10_000),
    "slips": slips,
    "lower case": lambda text, _: _outside(text, str.lower),
    "upper case": lambda text, _: _outside(text, str.upper),
    "punctuation": lambda text, _: _outside(text, _punctuation),
    "all three": lambda text, dice: _outside(slips(text, dice), lambda part: _punctuation(part).title()),
}
OTHER: dict[str, Callable[[str, random.Random], str]] = {
    "colour": _other_word(COLOURS),
    "number": _other_number,
    "direction": _other_word(DIRECTIONS),
    "shape": _other_word(SHAPES),
    "quoted text": _other_inside(_QUOTED),
    "formula": _other_inside(_FORMULA),
    "swapped": _swapped,
}


def reviewed(data: Path) -> list[tuple[str, str]]:
    """The two descriptions of a row of ManimBench, generated and reviewed, where it has both."""
    path = sources_in(data)["manimbench"]
    columns = pq.read_table(path, columns=["Generated Description", "Reviewed Description"]).to_pydict()
    both = [
        (clean_description(one or "")[0], clean_description(two or "")[0])
        for one, two in zip(*columns.values(), strict=True)
    ]
    return [(one, two) for one, two in both if one and two and one != two]


def labelled(data: Path, development: bool) -> list[Pair]:
    """One half of the labelled set."""
    pairs = [
        Pair(f"reviewed/{description_key(two):016x}", "reviewed", one, two, True)
        for one, two in reviewed(data)
        if in_development(two) == development
    ]
    for text in descriptions(data):
        if in_development(text) != development:
            continue
        for kind, change in [*SAME.items(), *OTHER.items()]:
            dice = random.Random(f"{SEED}/{kind}/{description_key(text)}")
            other = change(text, dice)
            if other != text:
                pairs.append(Pair(f"{kind}/{description_key(text):016x}", kind, text, other, kind in SAME))
    return pairs


def ours(pairs: Sequence[Pair]) -> list[bool]:
    """Verdicts by the path of a build: openings off, candidates of all texts, scores, key terms."""
    pairs = [replace(pair, left=core(pair.left), right=core(pair.right)) for pair in pairs]
    texts = sorted({text for pair in pairs for text in (pair.left, pair.right)})
    place = {text: at for at, text in enumerate(texts)}
    near = near_pairs(texts, THRESHOLD).filter("agrees")
    first = dict(near.filter(pl.col("score") == 1).select("right", "left").iter_rows())
    found = set(near.select("left", "right").iter_rows())

    def same(pair: Pair) -> bool:
        ends = sorted(first.get(at, at) for at in (place[pair.left], place[pair.right]))
        return ends[0] == ends[1] or tuple(ends) in found

    return [same(pair) for pair in pairs]


def plain_rapidfuzz(pairs: Sequence[Pair]) -> list[bool]:
    """`rapidfuzz.fuzz.ratio` at the same threshold, on the texts as they are."""
    from rapidfuzz import fuzz

    return [fuzz.ratio(pair.left, pair.right) >= 100 * THRESHOLD for pair in pairs]


def datasketch_defaults(pairs: Sequence[Pair]) -> list[bool] | None:
    """`MinHashLSH()` of `datasketch` (threshold 0.9, 128 permutations) on sets of words; `None` if not installed."""
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError:
        return None

    def sketch(text: str) -> Any:
        made = MinHash()
        made.update_batch([word.encode() for word in sorted(set(text.split()))])
        return made

    index = MinHashLSH()
    for text in sorted({pair.left for pair in pairs}):
        index.insert(text, sketch(text))
    return [pair.left in index.query(sketch(pair.right)) for pair in pairs]


def signed(pairs: Sequence[Pair], threshold: float) -> list[bool]:
    """Verdicts by signatures of the left texts alone."""
    lefts = sorted({pair.left for pair in pairs})
    place = {text: at for at, text in enumerate(lefts)}
    found = near_signatures([pair.right for pair in pairs], [signature(text) for text in lefts], threshold)
    near = set(found.select("left", "right").iter_rows())
    return [(at, place[pair.left]) in near for at, pair in enumerate(pairs)]


def leaks(data: Path) -> dict[str, Any]:
    """How ManimBench's official test prompts are found at the threshold for leaks, by their text and by signatures.

    Every other real description stands for a text that may be near; variants by rule of the test prompts must be.

    Returns:
        For each kind of variant: `count`, found by `text`, found by `signature`. `others`: the real descriptions that
        are no test prompt, how many of them each way finds, and how many both.
    """
    rows = pq.read_table(sources_in(data)["manimbench"], columns=["Reviewed Description", "Split"]).to_pylist()
    official = sorted({clean_description(row["Reviewed Description"])[0] for row in rows if row["Split"] == "test"})
    signatures = [signature(text) for text in official]
    told: dict[str, Any] = {"prompts": len(official)}
    for kind, change in {**SAME, "reworded": reworded}.items():
        made = [change(text, random.Random(f"{SEED}/leak/{kind}/{description_key(text)}")) for text in official]
        texts = near_pairs(made, LEAK_THRESHOLD, official).filter("agrees")
        signs = near_signatures(made, signatures, LEAK_THRESHOLD)
        told[kind] = {
            "count": len(made),
            "text": texts.filter(pl.col("left") == pl.col("right")).height,
            "signature": signs.filter(pl.col("left") == pl.col("right")).height,
        }
    others = [text for text in descriptions(data) if text not in set(official)]
    by_text = set(near_pairs(others, LEAK_THRESHOLD, official).filter("agrees").select("left", "right").iter_rows())
    by_sign = set(near_signatures(others, signatures, LEAK_THRESHOLD).select("left", "right").iter_rows())
    told["others"] = {
        "count": len(others),
        "text": len(by_text),
        "signature": len(by_sign),
        "both": len(by_text & by_sign),
    }
    return told


def figures(pairs: Sequence[Pair], verdicts: Sequence[bool]) -> dict[str, Any]:
    """Precision, recall and the counts behind them, and the share told rightly of each kind."""
    both = list(zip(pairs, verdicts, strict=True))
    hits = sum(pair.equal and said for pair, said in both)
    wrong = sum(not pair.equal and said for pair, said in both)
    equal = sum(pair.equal for pair in pairs)
    kinds = {
        kind: [sum(p.equal == said for p, said in both if p.kind == kind), sum(p.kind == kind for p in pairs)]
        for kind in dict.fromkeys(pair.kind for pair in pairs)
    }
    return {
        "pairs": len(pairs),
        "equal": equal,
        "precision": hits / max(hits + wrong, 1),
        "recall": hits / max(equal, 1),
        "kinds": kinds,
    }


def multiplied(texts: Sequence[str], size: int) -> list[str]:
    """So many descriptions from the real ones: colours and numbers drawn anew, two words put for two others."""
    dice = random.Random(SEED)
    words = sorted({word for text in texts for word in text.split() if word.isalpha()})
    colours = re.compile(rf"\b(?:{'|'.join(COLOURS)})\b")
    made = []
    for at in range(size):
        text = texts[at % len(texts)]
        text = re.sub(r"\d+", lambda _: str(dice.randint(1, 99)), text)
        text = colours.sub(lambda _: dice.choice(COLOURS), text)
        parts = text.split(" ")
        for _ in range(2):
            parts[dice.randrange(len(parts))] = dice.choice(words)
        made.append(" ".join(parts))
    return made


def speed(texts: Sequence[str], size: int = SIZE) -> dict[str, Any]:
    """Seconds and memory of candidates, scores and clusters over so many descriptions."""
    many = multiplied(texts, size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, cpu = time.perf_counter(), time.process_time()
    pairs = near_pairs(many, FLOOR)
    found, cpu = time.perf_counter(), time.process_time() - cpu
    gone = clusters(pairs.filter(pl.col("agrees") & (pl.col("score") >= THRESHOLD)), range(size))
    ended = time.perf_counter()
    return {
        "descriptions": size,
        "seconds": found - started,
        "cpu_seconds": cpu,
        "cluster_seconds": ended - found,
        "pairs": pairs.height,
        "agreeing": int(pairs["agrees"].sum()),
        "removed": gone.height,
        "memory_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / 1e6,
    }


def real(texts: Sequence[str]) -> dict[str, int]:
    """Near pairs among the distinct real descriptions, as no label tells them."""
    pairs = near_pairs(texts, FLOOR)
    near = pairs.filter(pl.col("score") >= THRESHOLD)
    return {
        "descriptions": len(texts),
        "near": near.height,
        "agreeing": int(near["agrees"].sum()),
        "agreeing_for_leaks": pairs.filter(pl.col("agrees") & (pl.col("score") >= LEAK_THRESHOLD)).height,
        "removed": clusters(near.filter("agrees"), range(len(texts))).height,
    }


def measure(data: Path) -> dict[str, Any]:
    """All figures but the speed, of both halves.

    Args:
        data: the folder with the real files, `DATA/<source>/*.parquet`.

    Returns:
        For `development` and `held_out`: `ours`, `rapidfuzz`, `datasketch` (`None` if not installed) and
        `signatures`, each with `pairs`, `equal`, `precision`, `recall`, and `kinds` (told rightly, of how many);
        `failures`, the names of the pairs that ours tells wrongly. `real`: near pairs among the real descriptions.
        `leaks`: see
        there. `semhash` and `text_dedup`: why they have no figures.
    """
    told: dict[str, Any] = {}
    for half, development in (("development", True), ("held_out", False)):
        pairs = labelled(data, development)
        said = ours(pairs)
        baseline = datasketch_defaults(pairs)
        told[half] = {
            "ours": figures(pairs, said),
            "rapidfuzz": figures(pairs, plain_rapidfuzz(pairs)),
            "datasketch": None if baseline is None else figures(pairs, baseline),
            "signatures": figures(pairs, signed(pairs, LEAK_THRESHOLD)),
            "failures": [pair.name for pair, same in zip(pairs, said, strict=True) if pair.equal != same],
        }
    told["leaks"] = leaks(data)
    told["real"] = real(descriptions(data))
    told["semhash"] = "not run: its model is on the Hub and not at hand"
    told["text_dedup"] = "not run: it asks for Spark and for an old urllib3"
    return told


def _lines(told: dict[str, Any]) -> Iterator[str]:
    for half in ("development", "held_out"):
        yield f"\n{half}: {told[half]['ours']['pairs']} pairs, {told[half]['ours']['equal']} of equal meaning"
        for tool in ("ours", "rapidfuzz", "datasketch", "signatures"):
            found = told[half][tool]
            yield f"  {tool:<12}" + (
                f"precision {found['precision']:.4f}  recall {found['recall']:.4f}" if found else "not installed"
            )
        tools = [tool for tool in ("ours", "rapidfuzz", "datasketch", "signatures") if told[half][tool]]
        yield f"  {'told rightly':<14}{'of':>6}" + "".join(f"{tool:>12}" for tool in tools)
        for kind, (_, count) in told[half]["ours"]["kinds"].items():
            yield f"  {kind:<14}{count:>6}" + "".join(f"{told[half][tool]['kinds'][kind][0]:>12}" for tool in tools)
        yield f"  failures: {' '.join(told[half]['failures'])}"
    yield f"\nofficial test prompts at {LEAK_THRESHOLD}: {told['leaks']['prompts']}"
    for kind, found in told["leaks"].items():
        if kind != "prompts":
            yield f"  {kind:<14} {found}"
    yield f"\nreal rows: {told['real']}"
    yield f"semhash {told['semhash']}; text-dedup {told['text_dedup']}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.near_duplicates", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the real files")
    parser.add_argument("--size", type=int, default=SIZE, help="descriptions of the speed run")
    asked = parser.parse_args()
    print(speed(descriptions(asked.data), asked.size))
    print("\n".join(_lines(measure(asked.data))))


if __name__ == "__main__":
    main()
