r"""Results in a program's formulas that are wrong: `\int_2^3 x^2 \,dx = 6`, also where `= 6` is the next formula.

A small part of LaTeX is read by a grammar of its own, and nothing of it is run as code: numbers, elementary functions,
fractions, definite integrals, `F \Big|_a^b`. Integrals are taken by quadrature. What is beyond the grammar, can be read
in two ways, has letters that stand for nothing, or differs no more than rounding would, is no finding.
"""

import ast
import math
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Node = tuple[Any, ...]
"""What is done, and what with: `("+", one, other)`, `("n", 2.0)` for a number, `("x", "r")` for a letter."""

_MAY_STATE = re.compile(r"\b(?:Math)?Tex\(")
_UNSEEN = re.compile(
    r"\\(?:[,;:!> ]|q?quad\b|(?:left|right|displaystyle|limits)(?![a-z])|[Bb]igg?[lr]?(?![a-z]))|[&\s]"
)
_TOKEN = re.compile(r"\\[A-Za-z]+|\d+(?:\.\d+)?|\.\d+|[^ ]")
_OTHER = re.compile(
    r"\\(?:approx|leq?|geq?|neq?|to|Rightarrow|implies|therefore|sim|equiv|text|begin|p?mod|\\)\b|[<>,;≈]"
)
"""Relations other than `=`, and what is more than a formula."""
_FUNCTIONS: dict[str, Callable[[Values], Values]] = {
    "\\sin": np.sin, "\\cos": np.cos, "\\tan": np.tan, "\\exp": np.exp, "\\ln": np.log, "\\arcsin": np.arcsin,
    "\\arccos": np.arccos, "\\arctan": np.arctan, "\\sec": lambda x: 1 / np.cos(x), "\\sqrt": np.sqrt, "|": np.abs,
}  # fmt: skip
_OPERATIONS: dict[str, Callable[[Values, Values], Values]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "^": np.power,
}  # fmt: skip
_CONSTANTS = {"\\pi": math.pi, "e": math.e, "π": math.pi}
_GREEK = tuple("\\" + name for name in "theta phi varphi rho alpha beta tau".split())
_SIGNS = {"\\cdot": "*", "\\times": "*", "*": "*", "/": "/"}
_SIGN = r"(?:[-+*/]|\\cdot|\\times)"
_CLOSING = {"(": ")", "{": "}", "[": "]"}
_MAX_TOKENS, _MAX_CHARACTERS = 200, 2_000
_MAX_INTEGRALS = 3
_ROUGH, _FINE = 16, 24
"""Points of a quadrature; both must give the same."""


class _UnreadableError(Exception):
    """The formula is beyond this grammar, or can be read in two ways."""


class _Reader:
    """Reads a formula by recursive descent."""

    def __init__(self, text: str) -> None:
        if re.search(r"\\left\s*\.", text):
            text = re.sub(r"\\right\s*[|\]]", "]", re.sub(r"\\left\s*\.", "[", text))
        self.tokens = _TOKEN.findall(_UNSEEN.sub(" ", text))
        self.place = self.bars = 0
        if len(self.tokens) > _MAX_TOKENS:
            raise _UnreadableError

    def peek(self, ahead: int = 0) -> str:
        place = self.place + ahead
        return self.tokens[place] if place < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or wanted not in ("", token):
            raise _UnreadableError
        self.place += 1
        return token

    def sum(self) -> Node:
        bars = self.bars
        node = self.product()
        several = self.peek() in ("+", "-")
        while self.peek() in ("+", "-"):
            node = (self.take(), node, self.product())
        if several and self.bars > bars:  # a + b |_0^1 says not of what
            raise _UnreadableError
        return node

    def product(self) -> Node:
        if self.peek() in ("-", "+"):
            return (self.take(), ("n", 0.0), self.product())
        node = self.power()
        while True:
            before, token = self.peek(-1), self.peek()
            if token in _SIGNS:
                self.take()
                factor = self.product() if self.peek() == "-" and token != "/" else self.power()
                node = (_SIGNS[token], node, factor)
                if token == "/" and self.starts():  # 1/2x
                    raise _UnreadableError
            elif token == "|" and self.peek(1) in ("_", "^"):
                self.take()
                self.bars += 1
                node = ("at", node, *self.bounds())
            elif self.starts():
                if before[0].isdigit() and (token[0].isdigit() or token == "\\frac"):  # 2\frac{2}{3} may be a sum
                    raise _UnreadableError
                node = ("*", node, self.power())
            else:
                return node

    def starts(self) -> bool:
        """Whether a factor stands here, and not the `dx` of an integral."""
        token = self.peek()
        if token == "d" and self.is_letter(self.peek(1)):
            return False
        return bool(token) and (token[0].isalnum() or token in _CLOSING or (token[0] == "\\" and token not in _SIGNS))

    def is_letter(self, token: str) -> bool:
        return token in _GREEK or (len(token) == 1 and token.isalpha())

    def power(self) -> Node:
        node = self.atom()
        if self.peek() == "^":
            self.take()
            node = ("^", node, self.argument())
        return node

    def argument(self) -> Node:
        """A group, or what TeX would take instead of one: a command, or a single character."""
        if self.peek()[1:] and self.peek()[0] != "\\":
            raise _UnreadableError
        return self.atom()

    def atom(self) -> Node:
        token = self.take()
        if token in _CLOSING:
            node = self.sum()
            self.take(_CLOSING[token])
            return ("at", node, *self.bounds()) if token == "[" and self.peek() in ("_", "^") else node
        if token == "|":
            node = self.sum()
            self.take("|")
            return ("f", "|", node)
        if token in _CONSTANTS:
            return ("n", _CONSTANTS[token])
        if self.is_letter(token):
            return ("x", token)
        if token[-1].isdecimal():
            return ("n", float(token))
        if token in ("\\frac", "\\dfrac"):
            return ("/", self.argument(), self.argument())
        if token == "\\sqrt" and self.peek() == "{":
            return ("f", token, self.argument())
        if token == "\\int" and self.peek() in ("_", "^"):
            bounds = self.bounds()
            body = ("n", 1.0) if self.peek() == "d" else self.sum()
            self.take("d")
            if not self.is_letter(self.peek()):
                raise _UnreadableError
            return ("int", body, *bounds, self.take())
        if token in _FUNCTIONS and token != "\\sqrt":
            return self.function(token)
        raise _UnreadableError

    def function(self, name: str) -> Node:
        power = None
        if self.peek() == "^":
            self.take()
            power = self.argument()
            if power[0] != "n":
                raise _UnreadableError
        bare = self.peek() not in (*_CLOSING, "|")
        argument = self.power() if bare else self.atom()
        if bare and argument[0] == "n" and self.starts():
            argument = ("*", argument, self.power())
        in_degrees = argument[0] == "n" and argument[1] >= 10 and name in ("\\sin", "\\cos", "\\tan")
        if in_degrees or (bare and self.starts() and self.peek() not in _FUNCTIONS):  # \sin 30, \sin x y
            raise _UnreadableError
        node = ("f", name, argument)
        return ("^", node, power) if power else node

    def bounds(self) -> tuple[Node, Node]:
        found = {}
        while (sign := self.peek()) in ("_", "^") and sign not in found:
            self.take()
            found[sign] = self.argument()
        if len(found) < 2:
            raise _UnreadableError
        return found["_"], found["^"]


def _letters(node: Node) -> set[str]:
    """The letters of a formula that no integral binds."""
    if node[0] == "x":
        return {node[1]}
    names = set().union(*(_letters(part) for part in node[1:] if isinstance(part, tuple)))
    return names - {node[4]} if node[0] == "int" else names


_points = lru_cache(np.polynomial.legendre.leggauss)


def _value(node: Node, known: Mapping[str, Values], points: int) -> Values:
    """The value where letters stand for these numbers, of which each integral adds an axis."""
    kind, *rest = node
    if kind == "n":
        return np.asarray(rest[0])
    if kind == "x" and rest[0] in known:
        return known[rest[0]]
    if kind == "f":
        return _FUNCTIONS[rest[0]](_value(rest[1], known, points))
    if kind in _OPERATIONS:
        return _OPERATIONS[kind](_value(rest[0], known, points), _value(rest[1], known, points))
    if kind == "at" and len(names := _letters(rest[0]) - set(known)) == 1:
        name = names.pop()
        bounds = [_value(bound, known, points) for bound in rest[1:]]
        low, high = (_value(rest[0], {**known, name: bound}, points) for bound in bounds)
        return high - low
    if kind == "int" and len(known) < _MAX_INTEGRALS and rest[3] not in known:
        low, high = (_value(bound, known, points)[..., None] for bound in rest[1:3])
        places, weights = _points(points)
        inner = {name: values[..., None] for name, values in known.items()}
        inner[rest[3]] = (low + high) / 2 + (high - low) / 2 * places
        return np.asarray((weights * _value(rest[0], inner, points) * (high - low) / 2).sum(-1))
    raise _UnreadableError


@lru_cache(maxsize=1024)
def value_of(formula: str) -> float | None:
    """The number that a formula is; `None` if it is not understood, or is none."""
    try:
        reader = _Reader(formula)
        node = reader.sum()
        if reader.peek():
            return None
        with np.errstate(all="ignore"):
            rough, fine = (float(_value(node, {}, points)) for points in (_ROUGH, _FINE))
    except (_UnreadableError, RecursionError):
        return None
    return fine if math.isfinite(fine) and abs(rough - fine) <= 1e-9 * max(1.0, abs(fine)) else None


def wrong_result(code: str, tree: ast.Module) -> str | None:
    """The first result in a program's formulas that is wrong, with the value of both sides."""
    if "=" not in code or not _MAY_STATE.search(code):
        return None
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return next((found for function in functions if (found := _first_wrong(list(_formulas(function))))), None)


def _formulas(function: ast.FunctionDef) -> Iterator[str]:
    """The formulas of a function in the order in which they stand; empty where it takes more to tell what it is."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        if call.func.id in ("MathTex", "Tex"):  # type: ignore[attr-defined]
            parts = [part.value if isinstance(part, ast.Constant) else None for part in call.args]
            text = " ".join(map(str, parts)).strip() if all(isinstance(part, str) for part in parts) else ""
            if call.func.id == "Tex":  # type: ignore[attr-defined]
                text = text[1:-1] if re.fullmatch(r"\$[^$]+\$", text) else ""
            whole = len(text) <= _MAX_CHARACTERS and not _OTHER.search(_UNSEEN.sub(" ", text))
            yield text.strip(" &\n") if whole else ""


def _first_wrong(formulas: list[str]) -> str | None:
    """A formula that begins with `=` goes on with the one before it, unless there are two of which it may be.

    One that is cut at a sign is not looked at.
    """
    last: tuple[str, float] | None = None
    before, open_ends = "", 0
    for formula, after in pairwise([*formulas, ""]):
        parts = re.split(r"=(?![^{}]*\})", formula)
        if not formula or not (formula.startswith("=") or before.endswith("=")):
            last = None
            open_ends = open_ends + 1 if len(parts) == 1 and value_of(formula) is not None else 0
        elif open_ends > 1:
            parts = []
        if re.match(_SIGN, after):
            parts = parts[:-1]
        if re.match(_SIGN, formula) or re.search(rf"{_SIGN}$", before):
            parts = parts[1:]
        for part in parts:
            text = " ".join(part.split())
            if (value := value_of(text)) is None:
                continue
            if last is not None:
                rounding = 0.01 if "." in last[0] + text else 1e-9
                if abs(last[1] - value) > rounding * max(1.0, abs(value)):
                    return f"{last[0]} = {text}: {_said(last[1])} on the left, {_said(value)} on the right"
            last = text, value
        before = formula
    return None


def _said(value: float) -> str:
    """A number as a fraction, also of pi, if it is one."""
    for unit, name in ((1.0, ""), (math.pi, " pi")):
        near = Fraction(value / unit).limit_denominator(1000)
        if abs(near * unit - value) < 1e-9 * max(1.0, abs(value)):
            return f"{near}{name if near else ''}"
    return f"{value:.6g}"
