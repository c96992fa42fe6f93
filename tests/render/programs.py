"""Small programs for the sandbox."""

from textwrap import dedent, indent


def scene(body: str, before: str = "") -> str:
    """A program with one scene: what it does, and what stands before it in the module."""
    lines = indent(dedent(body).strip(), " " * 8)
    return f"from manim import *\n{dedent(before).strip()}\nclass Shown(Scene):\n    def construct(self):\n{lines}\n"


def by_c(code: str) -> str:
    """A program of which another process, without the hook of Python's events, runs a code that prints one line."""
    run = f"done = subprocess.run([sys.executable, '-c', {dedent(code)!r}], capture_output=True, text=True)"
    return f"import subprocess, sys\n{run}\nraise SystemExit(done.stdout.strip() or done.stderr[-200:])"


GOOD = scene(
    r"""
    formula = MathTex(r"e^{i\pi} + 1 = 0")
    self.play(Create(Square()), Write(formula))
    self.wait(0.2)
    """
)
BAD = scene("Circle(radiu=2)")
HARMLESS = "self.add(Square())"
