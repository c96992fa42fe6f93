"""`docs/lint.md`: its examples are run, and each reason and each fix has one."""

import re
import textwrap
from pathlib import Path

import pytest

from builder.manim_lint import check, fix
from builder.manim_lint.check.reading import REASONS
from builder.manim_lint.dialect import STEP
from builder.manim_lint.fixes.engine import STEPS
from builder.manim_lint.fixes.excerpts import REPAIRS

PAGE = (Path(__file__).parents[2] / "docs" / "lint.md").read_text(encoding="utf-8")
FIXES = ("repair:one_line", STEP, *(name for name, _ in REPAIRS), *(step.name for step in STEPS))
HEAD = "from manim import *\n\n\nclass Example(Scene):\n    def construct(self):\n"

EXAMPLES = {
    name: [block + "\n" for block in re.findall(r"```python\n(.*?)\n```", section, re.DOTALL)]
    for name, section in re.findall(r"^### `([\w:]+)`\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
}
TABLES = re.findall(r"^\| `([\w:]+)` \|", PAGE.split("## Reasons")[1], re.MULTILINE)


def program(example: str) -> str:
    """An example as a program: without a class or an import of Manim, it stands in the `construct` of a scene."""
    if "class " in example or "manim" in example:
        return example
    return HEAD + textwrap.indent(example, "        ")


@pytest.mark.parametrize("name", [*REASONS, *FIXES])
def test_each_reason_and_each_fix_is_in_its_table_with_an_example(name):
    """The page names it, and shows a program before and after."""
    assert name in TABLES, f"docs/lint.md has no line for {name} in its tables"
    assert len(EXAMPLES.get(name, ())) == 2, f"docs/lint.md has no example of {name}: a program before, and one after"


def test_the_page_names_nothing_that_is_gone():
    """Lines and examples of the page are of reasons and fixes that exist."""
    assert (set(TABLES) | EXAMPLES.keys()) <= {*REASONS, *FIXES}


@pytest.mark.parametrize("reason", [name for name in EXAMPLES if name in REASONS])
def test_the_first_program_of_a_reason_has_this_problem_alone(reason):
    """And the second one has none."""
    wrong, right = map(program, EXAMPLES[reason])
    assert {problem.reason for problem in check(wrong)} == {reason}
    assert check(right) == ()


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name in FIXES])
def test_a_fix_makes_its_second_program_of_its_first(name):
    """It alone, letter by letter, and nothing is left to be found."""
    before, after = map(program, EXAMPLES[name])
    fixed = fix(before)
    assert [step.name for step in fixed.steps] == [name]
    assert fixed.code.rstrip() == after.rstrip()
    assert fixed.problems == ()
