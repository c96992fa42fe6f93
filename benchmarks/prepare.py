"""What one row costs in the prepare pass, step by step: `python -m benchmarks.prepare --data FOLDER`.

Times every step over the real rows in one process, in microseconds a row, beside one `ast.parse` of the cleaned code
and one run of `tokenize` over it.
"""

import argparse
import ast
import gc
import io
import sys
import time
import tokenize
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.pipeline import sources_in
from builder.core.schema import Example
from builder.manim_lint.scenes import outline
from builder.prepare.clean_code import clean_code
from builder.prepare.clean_description import clean_description
from builder.prepare.keys import description_key, program_key
from builder.prepare.prepare import prepare_code, prepare_description
from builder.sources.spec import known_sources


def read_rows(data: dict[str, Path]) -> list[Example]:
    """The rows of all sources, as read."""
    rows = []
    for name, path in data.items():
        spec = known_sources()[name]
        table = pq.read_table(path, columns=[spec.description_field, spec.code_field])
        texts = zip(*(column.to_pylist() for column in table.columns), strict=True)
        rows += [Example(description, code) for description, code in texts]
    return rows


def per_item(function: Callable[..., object], items: Iterable[object], rows: int) -> float:
    """Microseconds a row of a function over items."""
    items = list(items)
    started = time.perf_counter()
    for item in items:
        function(item)
    return (time.perf_counter() - started) / rows * 1e6


def _parse(code: str) -> None:
    with suppress(SyntaxError, ValueError):
        ast.parse(code)


def _tokenize(code: str) -> None:
    with suppress(SyntaxError, tokenize.TokenError):
        for _ in tokenize.generate_tokens(io.StringIO(code).readline):
            pass


def main() -> None:
    """Measure and print one line a step."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prepare", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the real files")
    rows = read_rows(sources_in(parser.parse_args().data))
    warnings.simplefilter("ignore", SyntaxWarning)
    gc.disable()
    cleaned = [clean_code(row.code)[0] for row in rows]
    trees = [ast.parse(code) for code in cleaned if clean_code(code)[1].ok]
    count = len(rows)
    steps = {
        "a whole description": per_item(prepare_description, (row.description for row in rows), count),
        "a whole code": per_item(prepare_code, (row.code for row in rows), count),
        "  clean the description": per_item(clean_description, (row.description for row in rows), count),
        "  key of the description": per_item(description_key, (row.description for row in rows), count),
        "  clean the code, parsing included": per_item(clean_code, (row.code for row in rows), count),
        "  outline of classes and scenes": per_item(outline, trees, count),
        "  key of the program": per_item(program_key, cleaned, count),
        "beside it: ast.parse of the cleaned code": per_item(_parse, cleaned, count),
        "beside it: tokenize of the cleaned code": per_item(_tokenize, cleaned, count),
    }
    characters = sum(map(len, cleaned)) / count
    print(f"{count:,} rows, {characters:,.0f} characters of code each, Python {sys.version.split()[0]}, one process")
    for name, microseconds in steps.items():
        print(f"{name:<42} {microseconds:7.1f} us")


if __name__ == "__main__":
    main()
