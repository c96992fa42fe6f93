"""A program with the exception that ended its rendering, and what stands on the line that the exception names.

A traceback names the line of the callee's own name: of `Circle` in `Circle(`, of `shift` in a chain over several lines.
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar, cast

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from builder.prepare.api.known import ManimClass, known
from builder.prepare.repairs.program import Program, called, imports_all, renamed

_Node = TypeVar("_Node", bound=cst.CSTNode)
Make = Callable[[cst.CSTNode], cst.CSTNode]
"""Takes a node, with its children as they were changed, and gives its stand-in."""


@dataclass(frozen=True)
class Failure:
    """A program that parses and what ended it; `line` is 0 if none is known."""

    program: Program
    exception: str
    message: str
    line: int
    places: Mapping[cst.CSTNode, CodeRange]

    @classmethod
    def of(cls, code: str, tree: ast.Module, exception: str, message: str, line: int | None) -> "Failure":
        """The failure of a program with this syntax tree; raises what `libcst` raises for what it does not take."""
        wrapper = MetadataWrapper(cst.parse_module(code), unsafe_skip_copy=True)
        places = wrapper.resolve(PositionProvider)
        return cls(Program(code, tree, wrapper.module, ()), exception, message, line or 0, places)

    def starts(self, node: cst.CSTNode) -> int:
        """The line on which a node starts, from 1; 0 if it has no place."""
        place = self.places.get(node)
        return place.start.line if place is not None else 0

    def calls(self, wanted: Callable[[cst.Call], bool] = lambda _: True) -> list[cst.Call]:
        """Calls whose callee's name stands on the line; if there are none, those that start there."""
        found = [node for node in self.nodes(cst.Call) if wanted(node)]
        named = [node for node in found if self.starts(_name_of(node)) == self.line]
        return named or [node for node in found if self.starts(node) == self.line]

    def attributes(self, name: str) -> list[cst.Attribute]:
        """The attributes of this name that stand on the line."""
        found = self.nodes(cst.Attribute)
        return [node for node in found if node.attr.value == name and self.starts(node.attr) == self.line]

    def nodes(self, kind: type[_Node]) -> Sequence[_Node]:
        """All nodes of a kind, in no order that matters."""
        if kind not in self._by_kind:
            self._by_kind[kind] = [node for node in self.places if isinstance(node, kind)]
        return cast("list[_Node]", self._by_kind[kind])

    @cached_property
    def _by_kind(self) -> dict[type[cst.CSTNode], list[cst.CSTNode]]:
        return {}

    def statement(self) -> cst.CSTNode | None:
        """The simple statement that the line belongs to; of several, the last that starts first."""
        spans = [(node, self.places[node]) for node in self.nodes(cst.SimpleStatementLine)]
        around = [(node, span) for node, span in spans if span.start.line <= self.line <= span.end.line]
        return max(around, key=lambda item: item[1].start.line)[0] if around else None

    def inside(self, around: cst.CSTNode, node: cst.CSTNode) -> bool:
        """Whether a node lies within another."""
        outer, inner = self.places[around], self.places[node]
        start, end = (outer.start.line, outer.start.column), (outer.end.line, outer.end.column)
        return start <= (inner.start.line, inner.start.column) and (inner.end.line, inner.end.column) <= end

    def changed(self, makes: Mapping[cst.CSTNode, Make]) -> cst.Module | None:
        """The module with a stand-in for each of these nodes; `None` if there are none."""
        return self.program.module.visit(_Changer(makes)) if makes else None

    def value_of(self, name: str) -> cst.BaseExpression | None:
        """What a name or attribute stands for, if it is set by one plain assignment in the whole program."""
        return self._values.get(name)

    @cached_property
    def _values(self) -> dict[str, cst.BaseExpression | None]:
        values: dict[str, cst.BaseExpression | None] = {}
        for node in self.nodes(cst.Assign):
            for item in node.targets:
                name = text_of(item.target)
                values[name] = node.value if len(node.targets) == 1 and name not in values else None
        return values

    def manim_class(self, name: str) -> ManimClass | None:
        """A class of Manim; for one that the program defines, the first class of Manim that it inherits from."""
        bases = self._bases
        for _ in range(len(bases)):
            if name not in bases:
                break
            match bases[name]:
                case [ast.Name(id=base) | ast.Attribute(attr=base), *_]:
                    name = base
                case _:
                    return None
        return None if name in bases else known().manim_class(name)

    @cached_property
    def _bases(self) -> dict[str, list[ast.expr]]:
        return {node.name: node.bases for node in self.program.tree.body if isinstance(node, ast.ClassDef)}

    def is_own(self, name: str) -> bool:
        """Whether the program defines a class or function of this name."""
        return name in self._own

    @cached_property
    def _own(self) -> frozenset[str]:
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        return frozenset(node.name for node in ast.walk(self.program.tree) if isinstance(node, kinds))

    def has_arrays(self) -> bool:
        """Whether `np` is NumPy in this program, as far as can be told."""
        return imports_all(self.program.tree) or re.search(r"^import numpy as np$", self.program.code, re.M) is not None


@dataclass(frozen=True, slots=True)
class FailedStep:
    """One repair of a program that failed.

    It is tried if the exception is one of `exceptions` and its message matches `message`; `change` gives the changed
    module, or `None` where the program does not show what the message means.
    """

    name: str
    exceptions: frozenset[str]
    message: re.Pattern[str]
    change: Callable[[Failure, re.Match[str]], cst.Module | None]


class _Changer(cst.CSTTransformer):
    def __init__(self, makes: Mapping[cst.CSTNode, Make]) -> None:
        super().__init__()
        self._makes = makes

    def on_leave(  # type: ignore[override]
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode:
        """Put the stand-in for a node."""
        make = self._makes.get(original_node)
        return updated_node if make is None else make(updated_node)


def _name_of(call: cst.Call) -> cst.CSTNode:
    return call.func.attr if isinstance(call.func, cst.Attribute) else call.func


def makes_mobject(failure: Failure, call: cst.Call) -> ManimClass | None:
    """The class of Manim's objects that a call surely makes, its own or a base of it."""
    name = called(call)
    if isinstance(call.func, cst.Attribute) and name[:1].islower():
        if failure.is_own(name):
            return None
        makers = makers_of(name)
        returned = {signature.returns for cls in makers if (signature := cls.method(name)) is not None}
        if returned == {"Self"} and all(cls.is_a("Mobject") for cls in makers):
            return known().manim_class("VMobject")
        found = known().manim_class(returned.pop()) if len(returned) == 1 else None
    else:
        found = failure.manim_class(name)
    return found if found is not None and found.is_a("Mobject") else None


@lru_cache(maxsize=1024)
def makers_of(name: str) -> tuple[ManimClass, ...]:
    """The classes of Manim that define a method of this name."""
    classes = map(known().manim_class, known().class_names)
    return tuple(cls for cls in classes if cls is not None and name in cls.own_methods)


def without(call: cst.Call, name: str) -> list[cst.Arg]:
    """The arguments of a call but the one that is given by this name."""
    return [arg for arg in call.args if arg.keyword is None or arg.keyword.value != name]


def as_called(name: str) -> Make:
    """Another name for what is called."""

    def make(node: cst.CSTNode) -> cst.CSTNode:
        call = cst.ensure_type(node, cst.Call)
        return call.with_changes(func=renamed(call.func, name))

    return make


def text_of(node: cst.CSTNode) -> str:
    """The code of a node."""
    return cst.Module([]).code_for_node(node)
