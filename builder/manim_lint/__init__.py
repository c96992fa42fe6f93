"""A lint library for Manim programs: what is sure to fail with one release of Manim Community, and how to fix it.

Static: nothing of a program is executed, and Manim is not needed. It stands alone and imports nothing else of
`builder`. `docs/lint.md` lists every reason and every fix with an example.

    >>> from builder.manim_lint import check, fix
    >>> program = '''from manim import *
    ... class Example(Scene):
    ...     def construct(self):
    ...         self.play(ShowCreation(Circle()))
    ... '''
    >>> [(problem.line, problem.column, problem.text) for problem in check(program)]
    [(4, 19, 'ShowCreation; did you mean Create?')]
    >>> fixed = fix(program)
    >>> [step.name for step in fixed.steps], fixed.problems
    (['repair:renamed'], ())
"""

from dataclasses import dataclass

# The packages `check` and `unflatten` are loaded first: when a package is loaded, its name is set here, and it would
# take the place of the function of the same name. What is slow to load is imported in the functions.
import builder.manim_lint.unflatten  # noqa: F401
from builder.manim_lint.check.reading import Problem

__all__ = ["FixStep", "Fixed", "Problem", "check", "fix", "unflatten"]


@dataclass(frozen=True, slots=True)
class FixStep:
    """A fix that was made."""

    name: str
    """As in the table of fixes: `repair:…`."""
    after: str
    """The whole program after it."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A program after all fixes that help."""

    code: str
    steps: tuple[FixStep, ...]
    """In the order in which they were made; empty if the program stays as it is."""
    problems: tuple[Problem, ...]
    """What is left: what `check` finds in `code`."""
    found: tuple[Problem, ...]
    """What `check` finds before the fixes that need its findings: those of layout, scene and import are made first."""
    dialect: str = "ce"
    """What the program was written for: `ce` for Manim Community, `manimgl` for ManimGL."""


def check(code: str) -> tuple[Problem, ...]:
    """What is wrong with a program, in file order, at most 500 problems; empty if nothing was found.

    What is reported is sure to fail when a scene is rendered, as far as a reading can tell. A text that does not parse
    has one problem, `syntax_error`. A program that is nested too deep to be read has none. Never raises.
    """
    from builder.manim_lint.check.check import check_code

    return check_code(code)


def fix(code: str) -> Fixed:
    """The program with what can be fixed fixed; a fix is kept only if the result compiles and the check finds no more.

    A program on one line is put on lines, a bare body into a scene, the import of Manim is added, and names, arguments
    and values that Manim does not have are replaced by those of today. Comments and layout stay. A program for ManimGL
    is brought to Manim Community if nothing is left to find then, or else stays as it is. Never raises.
    """
    from builder.manim_lint.check.check import in_characters
    from builder.manim_lint.dialect import MANIMGL, dialect_of
    from builder.manim_lint.fixes.engine import repair_api
    from builder.manim_lint.fixes.excerpts import repair_code
    from builder.manim_lint.fixes.manimgl import to_community
    from builder.manim_lint.scenes import outline
    from builder.manim_lint.syntax import parse

    made: list[tuple[str, str]] = []
    parsed = parse(code)
    if parsed.tree is None and (lines := unflatten(code)) is not None:
        code, parsed, made = lines, parse(lines), [("repair:one_line", lines)]
    if parsed.tree is None:
        left = check(code)
        return Fixed(code, (), left, left)
    if dialect_of(code) == MANIMGL:
        found, whole = check(code), to_community(code)
        if whole is not None:
            code, more = whole
            made += more
        steps = tuple(FixStep(name, after) for name, after in made)
        return Fixed(code, steps, found if whole is None else (), found, MANIMGL)
    seen = outline(parsed.tree)
    if not (seen.imports_manim and seen.scenes):
        code, parsed, more = repair_code(code, parsed)
        made += more
    found = check(code)
    code, left, more = repair_api(code, found)
    steps = tuple(FixStep(name, after) for name, after in [*made, *more])
    return Fixed(code, steps, in_characters(code, left) if more else found, found)


def unflatten(code: str) -> str | None:
    """A program that was flattened to one line, on lines again; `None` if the text is not such a program.

    Nothing is executed. Tokens stay as they are, but for commas at the end of opened brackets. Where a loop's body or a
    comment ends, which the flattened text no longer says, is decided by evidence.
    """
    from builder.manim_lint.unflatten.unflatten import unflatten as on_lines

    return on_lines(code)
