"""Pictures of what findings find: `python -m benchmarks.finding_pictures` makes `docs/findings.md` and its folder anew.

Each program is our own and shows one kind of fault that real rows have. Rendered with Manim in the sandbox, as in a
build; of each the frame with most detail is kept, and its finding, as it was measured. Needs `pip install '.[render]'`.
"""

import argparse
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import dedent, indent
from typing import NamedTuple

from builder.config import RENDER_FINDINGS
from builder.render.findings import findings
from builder.render.renderer import Renderer
from builder.render.verdict import KINDS, Fact, Outcome, Verdict

PAGE = Path(__file__).parents[1] / "docs" / "findings.md"
PICTURES = "findings"
"""Folder beside the page."""
MOST_BYTES = 300_000
"""Of all pictures together."""
_SMALL_IS_WORSE = ("contrast", "text_height")


class Example(NamedTuple):
    """A program with one fault."""

    name: str
    finding: str
    seen: str
    """In which real rows."""
    body: str
    """Of its one scene."""

    def program(self) -> str:
        """The whole program."""
        body = indent(dedent(self.body).strip(), " " * 8)
        return f"from manim import *\n\n\nclass Shown(Scene):\n    def construct(self):\n{body}\n"


EXAMPLES = (
    Example(
        "steps",
        "text_overlap",
        "steps of a derivation written over one another in the middle: 27 of 150 rows read",
        r"""
        self.play(Write(MathTex(r"\int_0^2 x^2 \,dx", font_size=90)))
        self.play(Write(MathTex(r"= \left[ \tfrac{1}{3} x^3 \right]_0^2", font_size=90)))
        self.play(Write(MathTex(r"= \tfrac{8}{3}", font_size=90)))
        """,
    ),
    Example(
        "two-titles",
        "text_overlap",
        "a title and the label of a curve at the same edge",
        r"""
        axes = Axes(x_range=[0, 3], y_range=[0, 9])
        curve = axes.plot(lambda x: x**2, color=BLUE)
        self.add(axes, curve, MathTex("y = x^2").next_to(axes.c2p(2.8, 8), LEFT))
        self.play(Write(Text("The area under the curve of x²").to_edge(UP, buff=1)))
        """,
    ),
    Example(
        "second-line",
        "text_overlap",
        "a second sentence where the first one still stands",
        r"""
        first = Text("First, the square")
        self.play(Write(first))
        self.play(first.animate.shift(UP * 0.3))
        self.play(Write(Text("Then, the circle")))
        """,
    ),
    Example(
        "under-a-square",
        "text_overlap",
        "a shape that is filled and drawn after its label",
        r"""
        self.play(Write(Text("4 cm²")))
        self.add(Square(3, color=BLUE, fill_opacity=1))
        self.play(Create(Square(7)))
        """,
    ),
    Example(
        "under-a-table",
        "text_overlap",
        "a box that is drawn over the beginning of a line",
        r"""
        self.add(Text("Sum of the first odd numbers"))
        self.add(Rectangle(width=5, height=1.5, color=TEAL, fill_opacity=0.9).shift(LEFT * 3))
        self.play(Create(Rectangle(width=12, height=6)))
        """,
    ),
    Example(
        "long-line",
        "off_frame",
        "a sentence that is one line",
        r"""
        self.play(Write(Text("The derivative of a function tells how fast its values change at each point")))
        """,
    ),
    Example(
        "below-the-axes",
        "off_frame",
        "a formula placed below axes that fill the frame",
        r"""
        axes = Axes(x_range=[0, 3], y_range=[0, 4])
        self.add(axes, axes.plot(lambda x: x**2 / 2, color=GREEN))
        self.play(Write(MathTex(r"\int_0^2 \tfrac{1}{2} x^2 \,dx = \tfrac{4}{3}").next_to(axes, DOWN, buff=-0.35)))
        """,
    ),
    Example(
        "square-at-the-edge",
        "off_frame",
        "a shape that is shifted by as much as half the frame",
        r"""
        self.play(Create(Square(color=YELLOW).shift(UP * 3.6 + RIGHT * 2)), Create(Circle()))
        """,
    ),
    Example(
        "large-circle",
        "off_frame",
        "a circle that is scaled beyond the frame",
        r"""
        circle = Circle(color=PURPLE)
        self.play(Create(circle))
        self.play(circle.animate.scale(4.4))
        """,
    ),
    Example(
        "white-on-white",
        "low_contrast",
        "numbers of axes on a bright page, in Manim's own white",
        r"""
        self.camera.background_color = "#FBF3E0"
        self.play(Create(NumberLine(x_range=[0, 8], length=11, include_numbers=True, font_size=60, color=GREY)))
        """,
    ),
    Example(
        "yellow-on-olive",
        "low_contrast",
        "layers that are dimmed together with their labels while another is highlighted",
        r"""
        for place, name in ((UP * 2, "Input"), (ORIGIN, "Hidden"), (DOWN * 2, "Output")):
            self.add(Rectangle(width=5, height=1.4, color="#7D6B38", fill_opacity=1).move_to(place))
            self.add(Text(name, color="#BAA354").move_to(place))
        self.play(Create(Circle(0.3).shift(RIGHT * 4)))
        """,
    ),
    Example(
        "letter-in-a-pale-circle",
        "low_contrast",
        "symbols of elements in circles of nearly their colour",
        r"""
        atoms = VGroup(*(VGroup(Circle(0.8, color=WHITE, fill_color=GREY_B, fill_opacity=1), Text(name))
                         for name in ("O", "H", "H"))).arrange(buff=0.6)
        self.play(FadeIn(atoms))
        """,
    ),
    Example(
        "outlined-letters",
        "low_contrast",
        "small letters of which their outline, in the circle's colour, leaves nothing",
        r"""
        self.add(Circle(1.5, color=RED_A, fill_opacity=1), Tex("H", color=BLACK).set_stroke("#FFC0C0", 6))
        self.wait()
        self.play(Create(Square(4)))
        """,
    ),
    Example(
        "green-on-white",
        "low_contrast",
        "pure green on a white page",
        r"""
        self.camera.background_color = WHITE
        self.play(Write(MathTex(r"5 \times 4 = 20", color=PURE_GREEN, font_size=90)))
        """,
    ),
    Example(
        "navy-on-black",
        "low_contrast",
        "a title in dark blue on black",
        r"""
        self.play(Write(Text("Minimax Theorem", color="#1A2A63")))
        """,
    ),
    Example(
        "small-print",
        "tiny_text",
        "labels that are scaled down until they fit",
        r"""
        squares = VGroup(*(VGroup(Square(0.5), Text(f"cell {n}").scale(0.12)) for n in range(40)))
        self.play(FadeIn(squares.arrange_in_grid(5, 8)))
        """,
    ),
    Example(
        "below-the-frame",
        "invisible",
        "a conclusion placed below a column that ends at the edge",
        r"""
        column = VGroup(*(Text(f"Step {n}", font_size=60) for n in range(1, 7))).arrange(DOWN, buff=0.5)
        self.add(column)
        self.play(Write(Text("Therefore it holds").next_to(column, DOWN, buff=1)))
        """,
    ),
    Example(
        "spiral",
        "invisible",
        "a letter that `SpiralIn` never shows",
        r"""
        self.play(SpiralIn(VGroup(Circle(color=RED, fill_opacity=1), MathTex(r"\pi"))))
        """,
    ),
    Example(
        "nothing-moves",
        "still",
        "an animation asked for, and shapes that are only added",
        r"""
        self.add(Square(color=BLUE), Circle(color=RED), Text("Rotate!").to_edge(DOWN))
        self.wait()
        """,
    ),
    Example(
        "boxes",
        "undrawable_text",
        "a backslash and an f in a string that is not raw: a form feed",
        r"""
        self.play(Write(Text("\frac{1}{2}")), Create(Square(5)))
        """,
    ),
)
"""Every finding, the worst of each kind measured first on the page."""


def worst_first(verdicts: Mapping[str, Verdict]) -> list[tuple[Example, str]]:
    """Examples with their findings in words: by finding, within one by kind of fact, the worst value first.

    Args:
        verdicts: By the names of examples.
    """

    def place(example: Example) -> tuple[int, int, float]:
        rank = RENDER_FINDINGS.index(example.finding)
        facts = [fact for fact in verdicts[example.name].facts or () if _counts(fact, example.finding)]
        if not facts:
            return rank, 0, 0.0
        kind = KINDS.index(facts[0].kind)
        return rank, kind, facts[0].value if facts[0].kind in _SMALL_IS_WORSE else -facts[0].value

    return [(one, findings(verdicts[one.name]).get(one.finding, "")) for one in sorted(EXAMPLES, key=place)]


def _counts(fact: Fact, finding: str) -> bool:
    """Whether a finding comes of this fact alone."""
    return finding in findings(Verdict("", Outcome.PASSED, facts=(fact,)))


def page(shown: Iterable[tuple[Example, str]]) -> str:
    """The page, as Markdown."""
    lines = [
        "# Findings, shown",
        "",
        "What [findings from the rendering](quality.md#from-the-rendering) find, the worst of each first. The programs",
        "(`benchmarks/finding_pictures.py`) are our own; each has a fault that real rows have. Messages and pictures",
        "are as measured: `python -m benchmarks.finding_pictures` makes them anew.",
    ]
    finding = ""
    for example, said in shown:
        if example.finding != finding:
            finding = example.finding
            lines += ["", f"## {finding}"]
        lines += ["", f"![{example.seen}]({PICTURES}/{example.name}.webp)", "", f"Real rows: {example.seen}.", ""]
        lines += ["```", said, "```"]
    return "\n".join([*lines, ""])


def main() -> None:
    """Render all, and write page and pictures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args()
    folder = given.page.parent / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as cache, Renderer(cache_dir=cache) as renderer:
        made = renderer.render([example.program() for example in EXAMPLES])
        verdicts = {example.name: verdict for example, verdict in zip(EXAMPLES, made, strict=True)}
    pictures = {name: verdict.thumbnail or b"" for name, verdict in verdicts.items()}
    if (total := sum(map(len, pictures.values()))) > MOST_BYTES:
        raise SystemExit(f"{total:,} bytes of pictures are too many")
    for name, picture in pictures.items():
        (folder / f"{name}.webp").write_bytes(picture)
    given.page.write_text(page(worst_first(verdicts)), encoding="utf-8")
    print(f"{given.page}: {len(pictures)} pictures, {total:,} bytes")


if __name__ == "__main__":
    main()
