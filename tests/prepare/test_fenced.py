"""An answer of several blocks gives one program, and never a draft, a snippet or two programs joined."""

import pytest

from builder.prepare.clean_code import clean_code
from tests.rows import scene

FIRST = scene("Circle()")
LAST = scene("Square()").replace("Shown", "Turned")
IMPORT, REST = FIRST.split("\n", 1)


def fenced(code: str, info: str = "python") -> str:
    return f"```{info}\n{code}\n```\n"


@pytest.mark.parametrize(
    ("answer", "program"),
    [
        pytest.param(f"Install:\n{fenced('pip install manim', 'bash')}Then:\n{fenced(LAST)}Done.", LAST, id="bash"),
        pytest.param(f"{fenced(FIRST)}Or, better:\n{fenced(LAST)}", LAST, id="two programs"),
        pytest.param(f"{fenced(FIRST)}To change it:\n{fenced('circle.set_color(RED)')}", FIRST, id="a snippet"),
        pytest.param(fenced("def half(x):\n    return x / 2") + fenced(LAST), LAST, id="another file before it"),
        pytest.param(f"{fenced(IMPORT)}and\n{fenced(REST)}", f"{IMPORT}\n\n{REST.lstrip()}", id="one program in two"),
        pytest.param(f"<think>\n{fenced(FIRST)}</think>\n{fenced(LAST)}", LAST, id="a draft"),
        pytest.param(f"<think>First a {fenced(FIRST)}</think>\n{LAST}", LAST, id="a draft, no fence"),
        pytest.param(fenced(LAST, 'python title="scene.py" linenums="1"'), LAST, id="attributes"),
        pytest.param(fenced(LAST, "python {.line-numbers}"), LAST, id="attributes in braces"),
        pytest.param(fenced(LAST, "{.python}"), LAST, id="a class"),
        pytest.param(fenced(LAST, "python:scene.py"), LAST, id="a file name"),
        pytest.param(fenced(LAST, "python scene.py"), LAST, id="a file name after a space"),
        pytest.param(f"python\n{LAST}", LAST, id="the language on a line of its own"),
        pytest.param(f"%%manim -qm -v WARNING Turned\n\n{LAST}", LAST, id="a cell of a notebook"),
        pytest.param(f"!pip install manim\n%matplotlib inline\n{LAST}", LAST, id="commands of a notebook"),
        pytest.param(LAST.replace("    ", "\u00a0   "), LAST, id="no-break spaces"),
        pytest.param(LAST.replace("\n", "\\n"), LAST, id="escaped line ends"),
        pytest.param(LAST.replace("Square()", 'Text("a")').replace('"', '\\"').replace("\n", "\\n"),
                     LAST.replace("Square()", 'Text("a")'), id="escaped quotes too"),
    ],
)  # fmt: skip
def test_one_block_is_the_program(answer: str, program: str) -> None:
    """The last that is a program alone; two make one only together."""
    code, parsed, _ = clean_code(answer)
    assert parsed.ok
    assert [line for line in code.split("\n") if line] == [line for line in program.split("\n") if line]


def test_two_scenes_without_an_import_are_not_joined() -> None:
    """The last of them is taken."""
    rest = LAST.split("\n", 1)[1]
    assert clean_code(fenced(REST) + "or\n" + fenced(rest))[0].strip() == rest.strip()


@pytest.mark.parametrize(
    "code",
    [
        f"{FIRST}\n        text = 'a\\nb\\nc'",
        f'{FIRST}\n        """\n%%manim -ql Shown\n!pip install manim\n"""',
        f"python = 1\n{FIRST}",
        FIRST.replace("Circle()", "Text('a\u00a0b')"),
    ],
)
def test_a_sound_program_stays_as_it_is(code: str) -> None:
    """What its texts hold is its own."""
    assert clean_code(code)[0] == code
