"""Claims of a description that its program contradicts: rotations, sides, centres of arcs, that something moves.

A claim that cannot be decided is no contradiction. By Manim's conventions a positive angle turns counter-clockwise,
and the `radius` of a regular polygon is that of the circle through its corners, not the length of a side.
"""

import ast
import math
import operator
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from builder.core.ledger import drop, kept
from builder.core.row_store import PreparedFile, batches_with, texts_by_index
from builder.manim_lint.syntax import parse


def drop_contradicting(ledger: pl.DataFrame, files: Sequence[PreparedFile]) -> pl.DataFrame:
    """Drop rows whose program contradicts their description (reason `contradicts_prompt`; both are quoted).

    The program is the one that the row has now. Official test rows are never dropped for it.
    """
    rows = kept(ledger).filter(pl.col("official").not_()).select("index", "code_index")
    claims = {
        index: description
        for batch in batches_with(files, ("description",), rows["index"])
        for index, description in batch.filter(pl.col("description").str.contains(_ANY_CLAIM))
        .select("index", "description")
        .iter_rows()
    }
    own = rows.filter(pl.col("index").is_in(list(claims))).select("index", pl.coalesce("code_index", "index"))
    codes = texts_by_index(files, "code", own["code_index"].unique())
    found = [
        (index, str(what))
        for index, code_index in own.iter_rows()
        if (what := contradiction(claims[index], codes[code_index]))
    ]
    marks = pl.DataFrame(found, schema={"index": pl.UInt32, "detail": pl.String}, orient="row")
    return drop(ledger, marks.with_columns(reason=pl.lit("contradicts_prompt")), "pair")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What a description claims, and what its program does instead."""

    claim: str
    """Quoted from the description."""
    instead: str

    def __str__(self) -> str:
        return f'"{self.claim}", but {self.instead}'


def contradiction(description: str, code: str) -> Contradiction | None:
    """The first claim of a description that the program contradicts, or `None`."""
    checks = [(claims, check) for pattern, check in _CHECKS if (claims := list(pattern.finditer(description)))]
    if not checks or (tree := parse(code).tree) is None:
        return None
    program = _read(tree)
    return next((found for claims, check in checks if (found := check(description, claims, program))), None)


@dataclass(slots=True)
class _Program:
    """The calls of a program, and the numbers that its names stand for (`None`: set more than once, or unknown)."""

    tree: ast.Module
    calls: list[ast.Call] = field(default_factory=list)
    numbers: dict[str, float | None] = field(default_factory=dict)

    def named(self, *names: str) -> Iterator[ast.Call]:
        """The calls of functions, classes or methods with one of these names."""
        return (call for call in self.calls if _name(call.func) in names)

    def number(self, node: ast.expr | None) -> float | None:
        """The value of an expression of numbers, Manim's angles and names that are set once."""
        match node:
            case ast.Constant(value=int() | float() as constant):
                return float(constant)
            case ast.Name(id=name):
                return _ANGLES.get(name, self.numbers.get(name))
            case ast.Attribute(attr="pi"):
                return math.pi
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self.number(operand)
                return None if value is None else -value
            case ast.BinOp(left=left, op=kind, right=right) if type(kind) in _OPERATIONS:
                one, other = self.number(left), self.number(right)
                if one is None or other is None or (other == 0 and isinstance(kind, ast.Div)):
                    return None
                return float(_OPERATIONS[type(kind)](one, other))
        return None


_ANGLES = {"PI": math.pi, "TAU": math.tau, "DEGREES": math.pi / 180}
_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def _read(tree: ast.Module) -> _Program:
    program = _Program(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            program.calls.append(node)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            program.numbers[name] = None if name in program.numbers else program.number(node.value)
        elif isinstance(node, ast.AugAssign | ast.For) and isinstance(node.target, ast.Name):
            program.numbers[node.target.id] = None
    return program


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _argument(call: ast.Call, place: int | None, *names: str) -> ast.expr | None:
    """An argument by keyword, else by place."""
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    return call.args[place] if place is not None and len(call.args) > place else None


def _unclear(call: ast.Call) -> bool:
    """Whether arguments of a call are handed on from elsewhere."""
    return any(isinstance(item, ast.Starred) for item in call.args) or any(item.arg is None for item in call.keywords)


_CLOCKWISE = r"(?:(?:counter|anti)[- ]?)?clockwise\b"
_DIRECTION = re.compile(rf"\b{_CLOCKWISE}", re.IGNORECASE)
_ROTATION = re.compile(
    rf"\b(?:rotat\w*|turn(?:s|ed|ing)?|spin(?:s|ning)?)\b(?:(?!\bthen\b)[^.;\n]){{0,80}}?(?P<way>\b{_CLOCKWISE})"
    r"(?:\s(?:by|through)\s[\d.]+\s?(?:°|degrees))?",
    re.IGNORECASE,
)
_DEGREES = re.compile(r"(\d+(?:\.\d+)?)\s?(?:°|-?\s?degrees?\b)", re.IGNORECASE)
_FACING = {"": 1.0, "OUT": 1.0, "IN": -1.0}
"""Axes about which a rotation is seen from the front or from behind."""


def _rotation(description: str, claims: Sequence[re.Match[str]], program: _Program) -> Contradiction | None:
    """All rotations that the description states go one way, all those of the program by such angles the other way."""
    ways = {1.0 if claim["way"].lower().startswith(("counter", "anti")) else -1.0 for claim in claims}
    angles = {round(float(angle), 3) for claim in claims for angle in _DEGREES.findall(claim[0])}
    if len(ways) > 1 or len(_DIRECTION.findall(description)) > len(claims):
        return None
    if any(program.named("add_updater", "flip", "set_camera_orientation")):
        return None
    against = []
    for call in program.named("rotate", "Rotate", "Rotating"):
        place = 0 if _name(call.func) == "rotate" else 1
        angle = program.number(_argument(call, place, "angle", "radians"))
        axis = _argument(call, place + 1, "axis")
        facing = _FACING.get(_name(axis) if axis else "")
        if angle is None or facing is None or _unclear(call):
            return None
        if round(abs(math.degrees(angle)), 3) in angles:
            if math.copysign(1.0, angle * facing) in ways:
                return None
            against.append(call)
    return Contradiction(claims[0][0], f"`{ast.unparse(against[0])}` turns the other way") if against else None


_CORNERS = {
    **{"triangle": 3, "tetragon": 4, "square": 4, "pentagon": 5, "hexagon": 6, "heptagon": 7, "octagon": 8},
    **{"nonagon": 9, "enneagon": 9, "decagon": 10, "hendecagon": 11, "dodecagon": 12, "tridecagon": 13},
    **{"tetradecagon": 14, "pentadecagon": 15, "hexadecagon": 16, "octadecagon": 18, "icosagon": 20},
}
_SIDE = re.compile(
    rf"\b(?:(?P<shape>{'|'.join(_CORNERS)})|polygon with (?P<corners>\d+) sides,?)\s(?:with|of|having|and)?\s*(?:a\s)?"
    r"side[- ]length(?:\sof)?\s(?P<length>\d+(?:\.\d+)?)(?![\d%.]*\d)(?!\s?%)",
    re.IGNORECASE,
)
_RESIZING = (
    *("scale", "scale_to_fit_width", "scale_to_fit_height", "set", "set_width", "set_height", "match_width"),
    *("match_height", "stretch", "stretch_to_fit_width", "stretch_to_fit_height", "apply_matrix", "become"),
)


def _sides(_description: str, claims: Sequence[re.Match[str]], program: _Program) -> Contradiction | None:
    """A regular polygon of which the description states the sides, and the program makes none with such sides."""
    if any(program.named(*_RESIZING)):
        return None
    made: list[tuple[int, float, ast.Call]] = []
    for call in program.named("RegularPolygon", "Triangle", "Square"):
        shape = _made(call, program)
        if shape is None or _unclear(call):
            return None
        made.append((*shape, call))
    for claim in claims:
        corners = int(claim["corners"] or _CORNERS[claim["shape"].lower()])
        length = float(claim["length"])
        like = [(side, call) for number, side, call in made if number == corners]
        if like and not any(math.isclose(side, length, rel_tol=0.02) for side, _ in like):
            side, call = like[0]
            return Contradiction(claim[0], f"the sides of `{ast.unparse(call)}` are {side:.3g} long")
    return None


def _made(call: ast.Call, program: _Program) -> tuple[int, float] | None:
    """Corners and length of the sides of a polygon that a call makes."""
    if _name(call.func) == "Square":
        side = program.number(_argument(call, 0, "side_length") or ast.Constant(2))
        return None if side is None else (4, side)
    number = ast.Constant(3) if _name(call.func) == "Triangle" else _argument(call, 0, "n") or ast.Constant(6)
    corners, radius = program.number(number), program.number(_argument(call, None, "radius") or ast.Constant(1))
    return None if radius is None or not corners else (int(corners), 2 * radius * math.sin(math.pi / corners))


_NUMBER = r"\d+(?:\.\d+)?"
_WRITTEN_OUT = re.compile(
    r"\b(?:triangle|trapezoid|trapezium) with (?:base lengths|side lengths|sides) (?:of )?"
    rf"(?P<lengths>{_NUMBER}(?:, {_NUMBER})*,? and {_NUMBER})",
    re.IGNORECASE,
)


def _written_out(_description: str, claims: Sequence[re.Match[str]], program: _Program) -> Contradiction | None:
    """A polygon of which the description states sides, and the program's only one has others."""
    polygons = list(program.named("Polygon"))
    if any(program.named(*_RESIZING)) or len(claims) > 1 or len(polygons) != 1:
        return None
    corners = [point for corner in polygons[0].args if (point := _point(corner, program))]
    if len(corners) < len(polygons[0].args):
        return None
    sides = [math.dist(corners[place - 1], corners[place]) for place in range(len(corners))]
    stated = [float(length) for length in re.findall(_NUMBER, claims[0]["lengths"])]
    if all(any(math.isclose(side, length, rel_tol=0.02) for side in sides) for length in stated):
        return None
    lengths = ", ".join(f"{side:.3g}" for side in sides)
    return Contradiction(claims[0][0], f"the sides of `{ast.unparse(polygons[0])}` are {lengths} long")


def _point(node: ast.expr, program: _Program) -> list[float] | None:
    """Three coordinates that are written out."""
    if isinstance(node, ast.Call) and _name(node.func) == "array" and len(node.args) == 1:
        node = node.args[0]
    written = node.elts if isinstance(node, ast.Tuple | ast.List) else []
    values = [value for item in written if (value := program.number(item)) is not None]
    return values if len(values) == len(written) == 3 else None


_CENTRE = re.compile(
    rf"\b(?:arc|sector) with radius [^;\n]*?\bcentered at \((?P<x>-?{_NUMBER}), (?P<y>-?{_NUMBER})\)", re.IGNORECASE
)


def _centre(_description: str, claims: Sequence[re.Match[str]], program: _Program) -> Contradiction | None:
    """An arc or sector of which the description states the centre, and the program puts the middle of its box there."""
    arcs, moves = list(program.named("Arc", "Sector")), list(program.named("move_to"))
    if (
        len(claims) != 1
        or len(arcs) != 1
        or len(moves) != 1
        or _argument(arcs[0], None, "arc_center")
        or _unclear(arcs[0])
    ):
        return None
    if any(program.named("shift", "next_to", "move_arc_center_to")) or len(moves[0].args) != 1:
        return None
    if _point(moves[0].args[0], program) != [float(claims[0]["x"]), float(claims[0]["y"]), 0.0]:
        return None
    return Contradiction(claims[0][0], f"`{ast.unparse(moves[0])}` puts the middle of its outline there")


_DURATION = re.compile(rf"\bover {_NUMBER} seconds?\b", re.IGNORECASE)
_MOVING = ("play", "wait", "add_updater", "construct")


def _still(_description: str, claims: Sequence[re.Match[str]], program: _Program) -> Contradiction | None:
    """Something takes so many seconds by the description, and the program only shows a still."""
    shown = any(program.named("add"))
    return Contradiction(claims[0][0], "nothing is played") if shown and not any(program.named(*_MOVING)) else None


_PHRASE = r"(?:[^.;\n]|\.(?=\w)){0,80}?"
_SAYING = r"\b(?:text|phrase|word|title|label|message)s?\b"
_UPWARDS = r"\b(?:up|upwards?|top|above|upper)\b"
_MOVES = r"\b(?:mov(?:e|es|ed|ing)|shift(?:s|ed|ing)?)\b"
_RISING = re.compile(
    rf"{_SAYING}{_PHRASE}{_MOVES}[^.,;\n]{{0,50}}?{_UPWARDS}|{_MOVES} (?:the )?{_SAYING}{_PHRASE}{_UPWARDS}",
    re.IGNORECASE,
)
_TEXTS = ("Text", "MarkupText", "Paragraph", "Title", "Tex", "MathTex")
_IN_PLACE = (
    *("Write", "Create", "DrawBorderThenFill", "AddTextLetterByLetter", "FadeIn", "FadeOut", "Unwrite", "Uncreate"),
    *("add", "remove", "Indicate", "Flash", "Circumscribe", "Wiggle", "ApplyWave", "ShowPassingFlash"),
)
"""Calls that show a text or point to it, and leave it where it stands."""
_TIMING = ("run_time", "rate_func", "lag_ratio")


def _text_stays(_description: str, claims: Sequence[re.Match[str]], program: _Program) -> Contradiction | None:
    """A text moves up by the description, and the program does nothing with any text that could move it."""
    names: set[str] = set()
    known: set[int] = set()
    shown: list[ast.expr] = []
    used: list[ast.Name] = []
    for node in ast.walk(program.tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if text := _text_of(value):
                names.add(name)
                known.add(id(text))
            case ast.Call() if _name(node.func) in _IN_PLACE and all(item.arg in _TIMING for item in node.keywords):
                shown += node.args
            case ast.Name(ctx=ast.Load()):
                used.append(node)
            case ast.Attribute(attr="mobjects" | "camera"):
                return None
    known |= {id(text) for item in shown if (text := _text_of(item))} | {id(item) for item in shown}
    texts = list(program.named(*_TEXTS))
    if not texts or any(id(node) not in known for node in [*texts, *(node for node in used if node.id in names)]):
        return None
    return Contradiction(claims[0][0], f"`{ast.unparse(texts[0])}` stays where it is shown")


def _text_of(node: ast.expr) -> ast.Call | None:
    """The call that makes the text which an expression is, by whatever methods it is placed and coloured."""
    while isinstance(node, ast.Call):
        if _name(node.func) in _TEXTS:
            return node
        node = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    return None


_CHECKS = (
    *((_ROTATION, _rotation), (_SIDE, _sides), (_WRITTEN_OUT, _written_out)),
    *((_CENTRE, _centre), (_DURATION, _still), (_RISING, _text_stays)),
)
_ANY_CLAIM = (
    r"(?i)clockwise|side[- ]length|(?:triangle|trapezoid|trapezium) with|centered at \("
    r"|over [\d.]+ seconds?|\b(?:mov|shift)"
)
"""What a description holds in which a check finds a claim."""
