"""The program among the fenced blocks of an answer: one block, never two that are programs each."""

import re
from collections.abc import Sequence

from builder.manim_lint.scenes import Outline, outline
from builder.manim_lint.syntax import parse

_VALUE = r"""(?:"[^"\n]*"|'[^'\n]*'|[\w.,-]*)"""
_ATTRIBUTES = (
    rf"(?:[ \t]+(?:(?:title|file|filename|name|label|caption|linenums|hl_lines|startline|showLineNumbers)"
    rf"(?:={_VALUE})?|[\w-]+=(?:\"[^\"\n]*\"|'[^'\n]*')|\{{[^{{}}\n]*\}}|[\w./-]+\.pyw?))+"
)
"""What may follow the language on a fence's line: `title="scene.py" linenums="1"`, `{.line-numbers}`, `scene.py`."""
_END = r"(?=[ \t]*(?:\n|\\n|\Z))"
_FENCE = re.compile(
    rf"(?:`{{3,}}|~{{3,}})[ \t]*(?:(\w[\w+.-]*)(?::[\w./-]+)?(?:{_ATTRIBUTES})?{_END}"
    rf"|\{{[ \t]*\.?(python3?|py)\b[^{{}}\n]*\}}{_END}|(python3?|py)\b)?[ \t]*\n?",
    re.IGNORECASE,
)
_MAX_BLOCKS = 16
"""Blocks that are looked at: the last ones, and the longest ones where none is a program."""
SCENE_CLASS = re.compile(r"\bclass\s+\w+\s*\(\s*(?:\w+\.)?\w*Scene\b")
_DRAFT_ENDS = re.compile(r"</(?:think|thinking|thought|reasoning|scratchpad)>", re.IGNORECASE)


def after_drafts(code: str) -> str:
    """The text after the last draft (`<think>...</think>`); the whole text where nothing follows it."""
    end = max((draft.end() for draft in _DRAFT_ENDS.finditer(code)), default=0) if "</" in code else 0
    return code[end:] if code[end:].strip() else code


def fenced_program(code: str) -> str:
    """The fenced program.

    What lies between the outermost marks, if that parses: marks within it are its own. Else the last block that is
    a program alone: it parses, imports Manim and has a scene that is constructed. Else the blocks together, if they
    parse and one of them at the most has a scene. Else the last block with a scene that parses, or else reads like
    one. Else the longest block that parses, or the longest. A lone mark closes a block that was never opened, or
    opens one that was never closed.
    """
    marks = list(_FENCE.finditer(code)) if "```" in code or "~~~" in code else []
    if not marks:
        return code
    blocks = _blocks(code, marks)
    if len(marks) == 1 and code[: marks[0].start()].strip():
        blocks.insert(0, code[: marks[0].start()])
    between = code[marks[0].end() : marks[-1].start()]
    if len(blocks) < 2 or len(marks) < 3 or parse(between).ok:
        filled = [text for text in (between, *sorted(blocks, key=len, reverse=True)[:_MAX_BLOCKS]) if text.strip()]
        sound = next((text for text in filled if parse(text).ok), "")
        return sound or max(blocks, key=len, default="") or _FENCE.sub("", code)
    return _best(blocks)


def _best(blocks: Sequence[str]) -> str:
    last_first = list(reversed(blocks[-_MAX_BLOCKS:]))
    outlines = {block: _outline(block) for block in last_first}
    with_scene = [block for block, seen in outlines.items() if seen and seen.scenes]
    alone = [block for block in with_scene if (seen := outlines[block]) and seen.imports_manim and seen.with_construct]
    if alone:
        return alone[0]
    like_scenes = [block for block in last_first if SCENE_CLASS.search(block)]
    if len(like_scenes) < 2:
        python = [block for block in blocks if outlines.get(block) or SCENE_CLASS.search(block)]
        for together in ("\n".join(blocks), "\n".join(python)):
            seen = _outline(together)
            if seen and seen.scenes:
                return together
    longest_first = sorted(blocks, key=len, reverse=True)
    sound = [block for block in longest_first[:_MAX_BLOCKS] if parse(block).ok]
    return next(iter((*with_scene, *like_scenes, *sound, *longest_first)))


def _outline(code: str) -> Outline | None:
    """The outline of a program; `None` if it does not parse."""
    tree = parse(code).tree
    return None if tree is None else outline(tree)


def _blocks(code: str, marks: list[re.Match[str]]) -> list[str]:
    """The texts between pairs of marks; a mark with a language opens a block, also where one was never closed."""
    blocks = []
    opened: re.Match[str] | None = None
    for mark in marks:
        if opened is not None:
            blocks.append(code[opened.end() : mark.start()])
        opened = mark if opened is None or any(mark.groups()) else None
    if opened is not None:
        blocks.append(code[opened.end() :])
    return [block for block in blocks if block.strip()]
