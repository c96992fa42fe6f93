"""Repairs: a missing import is put in, a bare animation body becomes a scene; nothing else is."""

import ast

import pytest

from builder.manim_lint.fixes.excerpts import repair_code
from builder.manim_lint.syntax import names, parse
from builder.prepare.prepare import prepare_code

SCENE = "class A(Scene):\n    def construct(self):\n        self.play(Create(Circle()))"
WRAPPED = "from manim import *\n\n\nclass MainScene(Scene):\n    def construct(self):\n"


def repaired(code: str) -> tuple[str, tuple[str, ...]]:
    """The repaired code, which must compile, and the repairs made."""
    text, parsed, steps = repair_code(code, parse(code))
    assert parsed.ok
    compile(text, "repaired", "exec")
    return text, tuple(name.removeprefix("repair:") for name in names(steps))


def test_a_missing_import_is_put_on_top() -> None:
    """A program with a scene and no Manim import gets `from manim import *`."""
    assert repaired(SCENE) == (f"from manim import *\n\n\n{SCENE}", ("manim_import",))


def test_a_missing_import_joins_the_imports_that_there_are() -> None:
    """Only other modules are imported: Manim's import goes above them."""
    assert repaired(f"import numpy as np\n\n{SCENE}")[0] == f"from manim import *\nimport numpy as np\n\n{SCENE}"


@pytest.mark.parametrize(
    "head",
    [
        pytest.param('"""A circle."""', id="docstring"),
        pytest.param('"""A circle,\nover two lines."""', id="long docstring"),
        pytest.param("from __future__ import annotations", id="future"),
        pytest.param('"""A circle."""\nfrom __future__ import annotations', id="both"),
    ],
)
def test_a_missing_import_goes_below_what_must_come_first(head: str) -> None:
    """A docstring stays the docstring, and a `__future__` import stays the first import."""
    text, repairs = repaired(f"{head}\n{SCENE}")
    assert text == f"{head}\n\nfrom manim import *\n\n\n{SCENE}"
    assert repairs == ("manim_import",)
    assert ast.get_docstring(ast.parse(text)) == ast.get_docstring(ast.parse(head))


@pytest.mark.parametrize(
    "line",
    [
        "from manim import *",
        "import manim",
        "import manim as mn",
        "from manim import Scene, Circle, Create",
        "from manim.scene.scene import Scene",
        "from manimlib import *",
        "from manimlib.imports import *",
        "from big_ol_pile_of_manim_imports import *",
        "import numpy as np, manim as mn",
        "try:\n    from manim import *\nexcept ImportError:\n    from manimlib import *",
        "if True:\n    from manim import *",
    ],
)
def test_no_import_is_added_where_manim_is_imported(line: str) -> None:
    """Any form of Manim import will do."""
    code = f"{line}\n\n{SCENE}"
    assert repaired(code) == (code, ())


@pytest.mark.parametrize(
    "code", ["print('no scene at all')", "class A:\n    pass", "import numpy as np\nx = np.pi", ""]
)
def test_no_import_is_added_without_a_scene(code: str) -> None:
    """A program that is not about Manim is not made to look as if it were."""
    assert repaired(code) == (code, ())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("self.play(FadeIn(logo))", id="self.play"),
        pytest.param("self.add(logo)", id="self.add"),
        pytest.param("c = Circle()\nc.shift(UP)", id="a Manim object"),
        pytest.param("x = [Dot() for i in range(3)]", id="a Manim object inside a statement"),
        pytest.param("for i in range(3):\n    # one\n    self.play(\n        FadeIn(logo)\n    )", id="over lines"),
    ],
)
def test_a_bare_animation_body_becomes_a_scene(body: str) -> None:
    """It is indented into `construct`, and the import is put above."""
    text, repairs = repaired(body)
    assert text == WRAPPED + "\n".join(f"        {line}" for line in body.split("\n"))
    assert repairs == ("wrap_body", "manim_import")


def test_imports_and_functions_above_a_bare_body_stay_above() -> None:
    """Only the body moves into the scene; blank lines inside it stay blank."""
    head = "from manim import *\nimport numpy as np\n\ndef dot(x):\n    return Dot([x, 0, 0])"
    text, repairs = repaired(f"{head}\n\nd = dot(np.pi)\n\nself.add(d)")
    scene = "class MainScene(Scene):\n    def construct(self):\n        d = dot(np.pi)\n\n        self.add(d)"
    assert text == f"{head}\n\n\n{scene}"
    assert repairs == ("wrap_body",)


@pytest.mark.parametrize(
    "head",
    [
        '"""A circle."""\nfrom manim import *',
        "config.frame_rate = 30\nfrom manim import *",
        '"""A circle."""\nfrom __future__ import annotations',
    ],
)
def test_a_body_whose_imports_must_stay_at_module_level_still_compiles(head: str) -> None:
    """A star import inside `construct` is an error that only the compiler sees."""
    text, _ = repaired(f"{head}\nself.play(Create(Circle()))")
    assert "self.play(Create(Circle()))" in text


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("print('nothing to animate')", id="no animation"),
        pytest.param("play(FadeIn(x))\nscene.play(x)\nself.wait()", id="other calls"),
        pytest.param("class A(VGroup):\n    pass\n\nc = Circle()\nself.add(c)", id="a class"),
        pytest.param("def construct(self):\n    self.play(Create(Circle()))", id="only a function"),
        pytest.param("import math\n\ndef f(self):\n    self.add(Dot())\n\ndef g():\n    pass", id="only functions"),
        pytest.param("t = Text('''one\ntwo''')\nself.add(t)", id="a text over lines"),
        pytest.param("t = Text(f'''one\n{x}''')\nself.add(t)", id="an f-string over lines"),
        pytest.param("t = Text('one\\\n two')\nself.add(t)", id="a text with a joined line"),
        pytest.param("import math; c = Circle()\nself.add(c)", id="a body on the line of an import"),
    ],
)
def test_what_is_no_bare_body_or_would_change_is_not_wrapped(code: str) -> None:
    """No animation, a class, only functions, or a text that an indent would change."""
    assert repaired(code) == (code, ())


def test_a_text_over_lines_above_the_body_does_not_stop_the_wrapping() -> None:
    """It stays where it is, so it does not change."""
    function = "def f():\n    return '''one\ntwo'''"
    text, repairs = repaired(f"from manim import *\n{function}\nself.add(Text(f()))")
    assert repairs == ("wrap_body",)
    assert function in text


def test_a_program_that_does_not_parse_is_not_repaired() -> None:
    """There is nothing sound to put an import above."""
    code = f"{SCENE}\n    x = = 1"
    assert repair_code(code, parse(code))[::2] == (code, [])


@pytest.mark.parametrize("code", [SCENE, "self.play(Create(Circle()))", f"import numpy as np\n{SCENE}"])
def test_repairing_twice_equals_repairing_once(code: str) -> None:
    """A repaired program lacks nothing more."""
    once, _ = repaired(code)
    assert repaired(once) == (once, ())


@pytest.mark.parametrize("code", [SCENE, "self.play(Create(Circle()))"])
def test_official_rows_are_not_repaired(code: str) -> None:
    """A public benchmark's row stays as its authors wrote it; any other is mended."""
    official = prepare_code(code, official=True)
    assert (official["code"], official["code_repairs"]) == (code, ())
    other = prepare_code(code)
    assert other["code"].startswith("from manim import *\n")
    assert other["code_repairs"][-1] == "repair:manim_import"
    assert other["code_reason"] is None


def test_an_official_bare_body_has_no_scene() -> None:
    """What is not repaired is judged as it is."""
    official = prepare_code("self.play(Create(Circle()))", official=True)
    assert (official["code_reason"], official["code_detail"]) == ("no_scene", "no class")
