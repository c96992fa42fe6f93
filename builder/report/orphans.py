"""Programs that stand in no row of a config for want of a description, as requests to a model that describes them.

No model is called here. What one answers goes into a build by `--descriptions`.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from builder.core.errors import OutputError
from builder.core.files import written_aside
from builder.core.schema import SPLITS
from builder.decide.decisions import request_id
from builder.emit.formats import unfenced
from builder.manim_lint import check
from builder.manim_lint.scenes import outline
from builder.manim_lint.syntax import parse
from builder.prepare.check import check_code
from builder.prepare.keys import canonical_key
from builder.render.verdict import Outcome
from builder.report.facts import facts_of
from builder.report.proof.folder import BuiltFolder
from builder.report.rows import ROWS, TEXT_CHARACTERS

_ASKED = (
    "You write the request that a person would give to a program that makes animations. You are given a program for "
    "Manim that draws it. Say in plain words what is seen, in the order in which it is seen: objects, colours, "
    'texts, formulas, numbers and movements that the program fixes. One to five sentences, as a request ("Draw ...", '
    '"Show ..."). No code, no names of classes or variables, nothing that is not seen.'
)
_CALLS = {"texts": ("Text", "MarkupText", "Paragraph", "Title"), "formulas": ("MathTex", "Tex", "SingleStringMathTex")}
"""Classes whose texts are given with a program."""
_LEAKING = ("decided", "in_benchmark", "synthetic")


@dataclass(frozen=True, slots=True)
class Orphan:
    """A program without a description."""

    id: str
    """Of the first row that has it."""
    content: str
    code: str
    verdict: str
    """Empty if it was not rendered."""
    known: Mapping[str, tuple[str, ...]]
    """What it says of itself: its scenes, `texts` and `formulas`."""

    def request(self, model: str) -> dict[str, Any]:
        """A line of a batch for any server that is compatible with OpenAI's."""
        facts = "".join(f"{name}: {'; '.join(found)}\n" for name, found in self.known.items() if found)
        messages = [
            {"role": "system", "content": _ASKED},
            {"role": "user", "content": f"{facts}\n```python\n{self.code}\n```"},
        ]
        return {
            "custom_id": request_id(self.id, self.content),
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": model, "messages": messages},
        }


def orphans(folder: BuiltFolder, config: str = "") -> list[Orphan]:
    """Sound programs of train rows that no row of a config has, each once, in the order of reading.

    Left out are those that a check, lint or a rendering found fault with, and rows that would leak or that a person
    dropped.

    Args:
        folder: what `build` or `export` wrote.
        config: which of its configs; by default the most thorough one.

    Raises:
        OutputError: the folder holds no texts of dropped rows.
        SettingError: it does not hold the config.
    """
    facts = facts_of(folder, config)
    if not (folder.path / ROWS).is_file():
        raise OutputError(f"{folder.path}: holds no {ROWS}; run `build` or `export` again")
    own = pl.read_parquet(folder.path / ROWS, columns=["id", "code"])
    verdicts = dict(facts.rows.filter(pl.col("verdict") != "").select("code", "verdict").iter_rows())
    taken = {
        _key(unfenced(row.code))
        for split in SPLITS
        for row in folder.rows(facts.config, split)
        if row.variant in (None, 0)
    }
    wanted = facts.rows.filter(
        (pl.col("outcome") == "dropped")
        & ~pl.col("official")
        & (pl.col("split") == "train")
        & (pl.col("stage") != "leak")
    ).filter(pl.col("reason").is_in(_LEAKING).not_())
    found = []
    rows = wanted.select("id", "content").join(own, on="id", how="inner", maintain_order="left")
    for row_id, content, code in rows.iter_rows():
        key = _key(code)
        if key in taken:
            continue
        taken.add(key)
        verdict = verdicts.get(code, "")
        if len(code) <= TEXT_CHARACTERS and verdict in ("", Outcome.PASSED) and _is_sound(code):
            found.append(Orphan(row_id, content, code, verdict, _known(code)))
    return found


def _key(code: str) -> int | str:
    return canonical_key(code) or code


def _is_sound(code: str) -> bool:
    parsed = parse(code)
    scenes = None if parsed.tree is None else outline(parsed.tree)
    return check_code(code, parsed, scenes) is None and not check(code)


def _known(code: str) -> dict[str, tuple[str, ...]]:
    tree = parse(code).tree
    assert tree is not None, "sound programs parse"
    return {"scenes": outline(tree).scenes, **{kind: tuple(_said(tree, names)) for kind, names in _CALLS.items()}}


def _said(tree: ast.Module, names: tuple[str, ...]) -> Iterator[str]:
    """Texts that are given to calls of some classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def write_requests(found: list[Orphan], model: str, path: Path) -> None:
    """Write a request for each orphan, as JSON Lines.

    Raises:
        OutputError: the file cannot be written.
    """
    with written_aside(path, "--output") as aside, aside.open("wb") as opened:
        for orphan in found:
            opened.write(orjson.dumps(orphan.request(model), option=orjson.OPT_APPEND_NEWLINE))
