"""What `builder.manim_lint` exports: `check`, `fix` and `unflatten`."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.core.schema import Example
from builder.manim_lint import FixStep, Problem, check, fix, unflatten
from builder.prepare.trace import trace_row

BARE = "circle = Circle()\nself.play(ShowCreation(circle))"


def test_fix_has_the_program_after_each_step():
    """Each step starts from what the one before it left; the last is the result."""
    fixed = fix(BARE)
    names = [step.name for step in fixed.steps]
    assert names == ["repair:wrap_body", "repair:manim_import", "repair:renamed"]
    assert fixed.steps[1] == FixStep("repair:manim_import", fixed.code.replace("Create", "ShowCreation"))
    assert [problem.name for problem in fixed.found] == ["ShowCreation"]
    assert fixed.steps[-1].after == fixed.code
    assert fixed.problems == ()


def test_a_program_that_needs_nothing_comes_back():
    """The same text, without steps."""
    code = fix(BARE).code
    assert fix(code).code == code
    assert fix(code).steps == ()


def test_a_text_that_does_not_parse_has_one_problem():
    """With the place where the parser stopped, and nothing is fixed."""
    code = "from manim import *\nx = Circle(\n"
    problem = Problem("syntax_error", "'(' was never closed", "", 2, 11)
    assert check(code) == (problem,)
    assert (fix(code).code, fix(code).problems) == (code, (problem,))


def test_a_flattened_program_is_fixed_on_lines():
    """It is put on lines first, then checked and fixed like any other."""
    code = "from manim import * class A(Scene): def construct(self): x = Circle() self.play(ShowCreation(x))"
    assert [problem.reason for problem in check(code)] == ["syntax_error"]
    assert [step.name for step in fix(code).steps] == ["repair:one_line", "repair:renamed"]
    assert fix(code).steps[0].after == unflatten(code)


@pytest.mark.parametrize("text", ["", "\x00", "\ud800 = 1", "((((", "x = 1\r\ny = (", "é", "# only a comment"])
def test_no_text_raises(text):
    """Whatever it is."""
    assert fix(text).problems == check(fix(text).code)
    unflatten(text)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([BARE, "from manim import *", "self.add(Foo('é'), Fo)", "x = (", "é = 1", "\r"]), max_size=4
    )
)
def test_what_fix_leaves_is_what_check_finds(lines):
    """Places too, whatever the line ends and letters."""
    fixed = fix("\n".join(lines))
    assert fixed.problems == check(fixed.code)
    for problem in fixed.problems:
        line = fixed.code.replace("\r\n", "\n").replace("\r", "\n").split("\n")[problem.line - 1]
        assert 1 <= problem.column <= len(line) + 1


def test_a_build_takes_the_same_path():
    """A row's program is cleaned, then fixed by `fix` and by nothing else."""
    trace = trace_row(Example("Draw a circle", BARE))
    fixed = fix(BARE)
    assert (trace.cleaned.code, trace.api_found, trace.api_left) == (fixed.code, fixed.found, fixed.problems)
    assert tuple(step.name for step in trace.steps if step.part == "code") == tuple(step.name for step in fixed.steps)


@pytest.mark.parametrize("module", ["check.check", "fixes.engine", "unflatten.unflatten", "scenes"])
def test_a_module_that_is_loaded_first_hides_no_function(module):
    """The packages `check` and `unflatten` are named like functions."""
    loaded = f"import builder.manim_lint.{module}"
    called = "from builder.manim_lint import check, unflatten; check('x'); unflatten('x')"
    subprocess.run([sys.executable, "-c", f"{loaded}; {called}"], check=True)
