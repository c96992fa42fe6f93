"""Calls that fail for what they are given: missing files, flat points, unknown colours, things of another kind.

Each rule was tried with the recorded release: what is named here raises there.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache

from builder.manim_lint.check.reading import Finding
from builder.manim_lint.check.values import Value
from builder.manim_lint.release.model import ManimClass, known

Arguments = list[Value | None]
Named = dict[str, Value | None]

_ALL = 1000
POINTS_OF_CLASS = {
    **dict.fromkeys(("Dot", "Dot3D", "Sphere", "Flash"), 1),
    **dict.fromkeys(("Line", "Arrow", "DashedLine", "DoubleArrow", "Line3D", "Arrow3D", "CurvedArrow"), 2),
    **dict.fromkeys(("CurvedDoubleArrow", "ArcBetweenPoints", "BraceBetweenPoints"), 2),
    "CubicBezier": 4,
    "Polygon": _ALL,
}
"""Classes whose first so many arguments are points of three coordinates."""
POINTS_OF_METHOD = {
    **dict.fromkeys(("move_to", "to_edge", "flip", "get_corner", "get_edge_center", "get_vertical_line"), 1),
    **dict.fromkeys(("get_horizontal_line", "get_lines_to_point", "start_new_path", "add_line_to"), 1),
    **dict.fromkeys(("next_to", "put_start_and_end_on"), 2),
    "shift": _ALL,
}
"""The same for methods."""
POINT_KEYWORDS = frozenset("arc_center point start end start_point end_point point_1 point_2 about_point".split())
POINT_METHOD_KEYWORDS = frozenset("point_or_mobject mobject_or_point direction about_point axis edge".split())
LISTS_OF_POINTS = frozenset({"set_points_as_corners", "set_points_smoothly"})

_OPENERS = frozenset("open Image.open np.load np.loadtxt np.genfromtxt numpy.load numpy.loadtxt".split())

_WANTED: dict[str, tuple[str, int]] = {
    "VGroup": ("VMobject", _ALL),
    **dict.fromkeys(("Group", "SurroundingRectangle", "BackgroundRectangle"), ("Mobject", _ALL)),
    **dict.fromkeys(("AnimationGroup", "LaggedStart", "Succession"), ("Animation", _ALL)),
    **dict.fromkeys(("Angle", "RightAngle"), ("Mobject", 2)),
    **dict.fromkeys(("Create", "Uncreate", "Write", "Unwrite", "DrawBorderThenFill"), ("VMobject", 1)),
    **dict.fromkeys(("ShowPassingFlash", "AddTextLetterByLetter"), ("VMobject", 1)),
    **dict.fromkeys(
        """
        FadeIn FadeOut Transform ReplacementTransform Indicate Circumscribe Wiggle ApplyWave GrowFromCenter
        GrowFromPoint GrowFromEdge SpinInFromNothing Rotate MoveAlongPath FadeTransform TransformFromCopy
        ShowIncreasingSubsets MoveToTarget Restore Brace Underline Cross
        """.split(),
        ("Mobject", 1),
    ),
}
"""Classes whose first so many arguments are of a class of Manim and nothing else."""
_PLURALS = {"VMobject": "vectorized mobjects", "Mobject": "mobjects", "Animation": "animations"}
_COLOUR_KEYWORDS = frozenset({"color", "fill_color", "stroke_color", "background_color"})
_COLOUR_METHODS = frozenset({"set_color", "set_fill", "set_stroke"})
_HEX = re.compile(r"(?:#|0x)(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
WRITES = " a file is written"
"""Noted, as if it were an attribute, of a program that writes files of its own: then none is surely missing."""
LOOKED_FOR = " is looked for: "
"""Noted in the same way, with the file's name, of a file that the program asks for before it takes it."""
_FILE_NAME = re.compile(r"path|file", re.IGNORECASE)
_FILES = {
    "SVGMobject": "file_name",
    "ImageMobject": "filename_or_array",
    "Code": "code_file",
    "add_sound": "sound_file",
}


def special_findings(node: ast.Call, function: Value | None, arguments: Arguments, named: Named) -> Iterator[Finding]:
    """What is wrong with the things that a call is given."""
    if function is None:
        yield from _opened(node, arguments, named)
        return
    if function.kind == "class":
        cls = known().manim_class(function.name)
        if cls is not None:
            yield from _made(node, cls, arguments, named)
    elif function.kind == "method":
        yield from _called(node, function, arguments, named)


def _made(node: ast.Call, cls: ManimClass, arguments: Arguments, named: Named) -> Iterator[Finding]:
    name = cls.name
    if name in _FILES:
        yield from _file(node, name, arguments, named)
    points = arguments[: POINTS_OF_CLASS.get(name, 0)]
    if cls.is_a("Mobject"):
        points += [value for key, value in named.items() if key in POINT_KEYWORDS]
        yield from _colours(node, name, [value for key, value in named.items() if key in _COLOUR_KEYWORDS])
    yield from _flat(node, name, points)
    if name in _WANTED:
        wanted, count = _WANTED[name]
        yield from _wrong(node, name, arguments[:count], wanted, lists=name == "VGroup" or wanted == "Animation")
    elif name in ("Text", "MarkupText"):
        first = arguments[0] if arguments else named.get("text")
        if first is not None and first.kind == "plain" and first.name != "str":
            yield Finding(node, "bad_value", name, f"{name} wants a string, not {_described(first)}", name)


def _called(node: ast.Call, method: Value, arguments: Arguments, named: Named) -> Iterator[Finding]:
    owner, _, name = method.name.partition(".")
    cls = known().manim_class(owner)
    if cls is None:
        return
    if cls.is_a("Scene"):
        if name == "play":
            yield from _played(node, arguments)
        elif name in ("add", "add_foreground_mobject", "bring_to_front"):
            yield from _wrong(node, "Scene.add", arguments, "Mobject")
        elif name == "add_sound":
            yield from _file(node, name, arguments, named)
        return
    if not cls.is_a("Mobject"):
        return
    points = arguments[: POINTS_OF_METHOD.get(name, 0)]
    points += [value for key, value in named.items() if key in POINT_METHOD_KEYWORDS]
    yield from _flat(node, method.name, points)
    if name in LISTS_OF_POINTS and arguments and arguments[0] is not None:
        yield from _flat(node, method.name, arguments[0].parts or ())
    if name in _COLOUR_METHODS:
        given = arguments[:1] + [value for key, value in named.items() if key == "color"]
        yield from _colours(node, method.name, given)
    elif name == "add" and not cls.is_a("VDict"):
        wanted = "VMobject" if cls.is_a("VMobject") else "Mobject"
        yield from _wrong(node, method.name, arguments, wanted, lists=wanted == "VMobject")


def _played(node: ast.Call, arguments: Arguments) -> Iterator[Finding]:
    """`play(circle.shift, UP)`, and whatever else is no animation."""
    for argument, value in zip(node.args, arguments, strict=True):
        name = argument.attr if isinstance(argument, ast.Attribute) else ""
        of_mobject = value is not None and value.kind == "method" and not _is(value.receiver or value, "Scene")
        if of_mobject or (value is None and name in _mobject_methods()):
            text = f"play({name}, …) is ManimGL's; did you mean .animate.{name}(…)?"
            through = value.through if value is not None else frozenset()
            yield Finding(node, "manimgl_dialect", name, text, "Scene.play", unless_set=name, through=through)
            return
    yield from _wrong(node, "Scene.play", arguments, "Animation", lists=True)


@cache
def _mobject_methods() -> frozenset[str]:
    """Names that are methods of mobjects, and nothing else in Manim."""
    subclasses = known().subclasses("Mobject")
    others = frozenset().union(*(cls.attributes - cls.methods.keys() for cls in subclasses))
    return frozenset().union(*(cls.methods for cls in subclasses)) - others


def _wrong(
    node: ast.Call, owner: str, values: Iterable[Value | None], wanted: str, *, lists: bool = False
) -> Iterator[Finding]:
    """Values that are surely not of a wanted class of Manim; `lists` of them may be."""
    for value in values:
        if value is None or _may_be(value, wanted, lists):
            continue
        text = f"{owner} wants {_PLURALS[wanted]}, not {_described(value)}"
        yield Finding(node, "bad_value", owner.rpartition(".")[2], text, owner, through=value.through)


def _may_be(value: Value, wanted: str, lists: bool) -> bool:
    if value.kind == "plain":
        if value.name in ("list", "tuple"):
            return lists and all(_item_may_be(part, wanted) for part in value.parts or ())
        return value.name == "NoneType" and wanted == "Mobject"
    if value.kind == "animate":
        return wanted == "Animation"
    if value.kind == "instance":
        return _is(value, wanted)
    return value.kind not in ("array", "class", "method", "function", "own_class", "own_function")


def _item_may_be(part: Value | None, wanted: str) -> bool:
    """The same for an item of a list; lists within lists are trusted."""
    return part is None or part.name in ("list", "tuple") or _may_be(part, wanted, False)


def _is(value: Value, wanted: str) -> bool:
    """Whether an instance of a class of Manim is of a wanted one, or may be."""
    cls = known().manim_class(value.name)
    if value.kind not in ("instance", "animate") or cls is None or cls.is_a(wanted):
        return True
    return not value.exact and any(below.is_a(wanted) for below in known().subclasses(value.name))


def _described(value: Value) -> str:
    if value.kind == "animate":
        return f"{value.name}.animate"
    return {"NoneType": "None", "ndarray": "a point"}.get(value.name, value.name)


def _flat(node: ast.Call, owner: str, values: Iterable[Value | None]) -> Iterator[Finding]:
    """Points of two coordinates."""
    for value in values:
        if value is None or value.parts is None or len(value.parts) != 2:
            continue
        if all(part is None or (part.kind == "plain" and part.name in ("int", "float")) for part in value.parts):
            text = f"{owner} wants points of three coordinates, not two"
            yield Finding(node, "bad_value", owner.rpartition(".")[2], text, owner)
            return


def _colours(node: ast.Call, owner: str, values: Iterable[Value | None]) -> Iterator[Finding]:
    for value in values:
        text = value.text if value is not None else None
        if text is None or text.upper() in known().colours or _HEX.fullmatch(text):
            continue
        shown = f"{owner} has no colour {text[:40]!r}"
        yield Finding(node, "bad_value", text[:40], shown, owner, among=known().colours)


def _file(node: ast.Call, owner: str, arguments: Arguments, named: Named) -> Iterator[Finding]:
    value = arguments[0] if arguments else named.get(_FILES[owner])
    if value is not None and value.kind == "plain" and value.name == "str":
        yield _missing(node, value.text, owner)
    elif value is None and node.args and _names_a_file(node.args[0], owner):
        yield _missing(node, None, owner)


def _names_a_file(argument: ast.expr, owner: str) -> bool:
    """Whether an argument that nobody knows is a file's name: it is called so, or there is nothing else to give."""
    if isinstance(argument, ast.Starred):
        return False
    name = getattr(argument, "id", None) or getattr(argument, "attr", None)
    return owner == "SVGMobject" or (isinstance(name, str) and _FILE_NAME.search(name) is not None)


def _opened(node: ast.Call, arguments: Arguments, named: Named) -> Iterator[Finding]:
    """`open("file")` to read it, `Image.open("file")`, `np.load("file")`."""
    called = getattr(node.func, "id", "")
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        called = f"{node.func.value.id}.{node.func.attr}"
    if called not in _OPENERS or not arguments or arguments[0] is None or arguments[0].name != "str":
        return
    mode = arguments[1] if len(arguments) > 1 else named.get("mode")
    reads = (len(arguments) < 2 and "mode" not in named) or (mode is not None and (mode.text or "w").startswith("r"))
    if reads or called != "open":
        yield _missing(node, arguments[0].text, called)


def _missing(node: ast.Call, file: str | None, owner: str) -> Finding:
    name = file[:100] if file else "a file"
    return Finding(node, "missing_asset", name, f"{owner} wants {name!r}, which is not there", owner, unless_set=WRITES)
