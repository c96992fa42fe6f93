"""ManimGL: its programs are recognised, and brought to Manim Community whole or not at all."""

import pytest

from builder.manim_lint import check, fix
from builder.manim_lint.dialect import dialect_of
from builder.pipeline.story import build, prepare
from builder.publish.write import dataset_rows
from tests.rows import config_of, ledger_of, said, scene

IMPORTS = {
    "from manimlib import *": "manimgl",
    "from manimlib.imports import *": "manimgl",
    "from manim_imports_ext import *": "manimgl",
    "from big_ol_pile_of_manim_imports import *": "manimgl",
    "import manimlib as m": "manimgl",
    "try:\n    from manimlib import *\nexcept ImportError:\n    from manimgl import *": "manimgl",
    "try:\n    from manimlib import *\nexcept ImportError:\n    from manim import *": "manimgl",
    "try:\n    from manim import *\nexcept ImportError:\n    from manimlib import *": "ce",
    "from manim import *\nfrom manimlib.utils.color import rgb_to_hex": "ce",
    "from manim import *  # not from manimlib import *": "ce",
    "import numpy as np": "ce",
}

WHOLE = """from manimlib import *


class Hill(InteractiveScene):
    def construct(self):
        axes = Axes((-3, 3), (-1, 4))
        hill = axes.get_graph(lambda x: x**2 / 3)  # a parabola
        name = Tex("y = x^2 / 3")
        self.play(ShowCreation(hill), FadeIn(name, UP, run_time=2), Write(TexText("a hill")))
        self.play(name.set_color, RED)
"""
COMMUNITY = """from manim import *


class Hill(Scene):
    def construct(self):
        axes = Axes((-3, 3), (-1, 4))
        hill = axes.plot(lambda x: x**2 / 3)  # a parabola
        name = MathTex("y = x^2 / 3")
        self.play(Create(hill), FadeIn(name, shift=UP, run_time=2), Write(Tex("a hill")))
        self.play(name.animate.set_color(RED))
"""
HALF = WHOLE.replace("RED)\n", "RED)\n        self.play(self.frame.animate.reorient(20, 70))\n")
"""The camera of a plain scene does not move in Manim Community."""


@pytest.mark.parametrize(("imports", "dialect"), IMPORTS.items())
def test_a_dialect_is_what_a_program_imports(imports, dialect):
    """ManimGL is found by its imports, in `try` too; a program that has Manim Community as well is its own."""
    assert dialect_of(f"{imports}\n\nclass A(Scene):\n    def construct(self):\n        self.wait()\n") == dialect


@pytest.mark.parametrize("head", [line for line in IMPORTS if line.endswith("import *") and IMPORTS[line] == "manimgl"])
def test_a_program_is_brought_over_whole(head):
    """Names, formulas, fades, methods and imports are Manim Community's, and the check finds nothing."""
    fixed = fix(WHOLE.replace("from manimlib import *", head))
    assert fixed.dialect == "manimgl"
    assert fixed.code.split("class", 1)[1] == COMMUNITY.split("class", 1)[1]
    assert fixed.problems == check(fixed.code) == ()
    assert fixed.steps[0].name == "repair:manimgl"


@pytest.mark.parametrize(
    "code",
    [
        HALF,
        WHOLE.replace("    def", '    CONFIG = {"hill_color": RED}\n\n    def', 1),
        WHOLE.replace("from manimlib import *", "import manimlib"),
        WHOLE.replace("FadeIn(name, UP", "FadeIn(name, UP, 2, 3"),
        WHOLE.replace('Tex("y = x^2 / 3")', 'Tex("y = x^2", t2c={"y": RED})'),
    ],
    ids=["camera", "CONFIG", "module", "arguments", "keyword"],
)
def test_a_program_that_cannot_be_brought_over_stays_as_it_is(code):
    """Nothing of it is changed: half a program runs nowhere."""
    fixed = fix(code)
    assert (fixed.code, fixed.steps) == (code, ())
    assert fixed.problems[0].reason == "manimgl_dialect"


def test_names_of_the_program_stay_its_own():
    """A `Tex` that the program defines itself is no formula of ManimGL."""
    own = WHOLE.replace("class Hill", "def Tex(text):\n    return Text(text)\n\n\nclass Hill")
    assert 'Tex("y = x^2 / 3")' in fix(own).code


ROWS = {
    "mine": [
        ("Show a green parabola with its formula", WHOLE),
        ("Turn the camera around a parabola", HALF),
        ("Show a square of side 3", scene("Square(3)")),
    ]
}


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("all", {}, {"0": "manimgl", "1": "manimgl", "2": "ce"}),
        ("deduplicated", {"dialect": "ce"}, {"0": "ce", "1": "manimgl_dialect", "2": "ce"}),
        ("curated", {}, {"0": "ce", "1": "manimgl_dialect", "2": "ce"}),
        ("curated", {"dialect": "any"}, {"0": "manimgl", "1": "manimgl", "2": "ce"}),
        ("no_augment", {"dialect": "manimgl"}, {"0": "manimgl", "1": "manimgl", "2": "ce_dialect"}),
    ],
)
def test_a_config_chooses_the_dialect(tmp_path, name, settings, expected):
    """ManimGL is kept as it is, or is wanted whole in Manim Community, or alone; what goes has a reason."""
    ledger = ledger_of(config_of(tmp_path, ROWS, name, **settings))
    assert {row["id"][-1]: row["reason"] or row["dialect"] for row in ledger.iter_rows(named=True)} == expected


def test_a_row_is_written_in_the_dialect_of_its_config(tmp_path):
    """`all` has the program as it was written, `curated` the one for Manim Community, on the same side."""
    config = config_of(tmp_path, ROWS, "no_augment")
    prepared = prepare(config)
    written = {}
    for name in ("no_augment", "curated"):
        decided = build(prepared, config_of(tmp_path, ROWS, name))
        sides = ("train", "validation", "test")
        rows = {row["id"]: (side, row) for side in sides for row in dataset_rows(decided, side, {})}
        side, row = rows["mine/000000"]
        written[name] = (side == "test", row["dialect"], said(row, "assistant"))
    assert written["no_augment"] == (written["curated"][0], "manimgl", f"```python\n{WHOLE}```")
    assert written["curated"][1:] == ("ce", f"```python\n{COMMUNITY}```")
