"""A program as the fixes see it, and what they share: names, calls, and transformers over `libcst` trees.

`ast` answers questions (it is fast), `libcst` makes changes (it keeps layout and comments).
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import libcst as cst

from builder.manim_lint.check.problem import Problem
from builder.manim_lint.release.model import PACKAGES


@dataclass(frozen=True, slots=True)
class Program:
    """A program that parses: text, both trees, and what the API check finds."""

    code: str
    tree: ast.Module
    module: cst.Module
    problems: tuple[Problem, ...]

    def found(self, *reasons: str) -> frozenset[str]:
        """Names with which the check finds fault, for these reasons (for any, without)."""
        return frozenset(item.name for item in self.problems if item.name and (not reasons or item.reason in reasons))

    def unbound(self, *reasons: str) -> frozenset[str]:
        """Such names that the program itself sets nowhere."""
        return self.found(*reasons) - bound_names(self.tree)


Change = Callable[[Program], cst.Module | None]
"""A changed module, or `None` where a step does not apply."""


@dataclass(frozen=True, slots=True)
class Step:
    """One fix.

    `pattern` is looked for in the text first, then `sees` in the calls of its tree, so that most programs cost one
    search. An `unchecked` step is tried without a problem that calls for it too: what it fixes fails in a way that the
    API check does not see.
    """

    name: str
    pattern: re.Pattern[str]
    change: Change
    sees: Callable[[ast.Call], bool] | None = None
    unchecked: bool = False


def bound_names(tree: ast.AST) -> frozenset[str]:
    """Names that are set anywhere in a tree: assigned, defined, imported (but not from Manim), taken as an argument."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.arg(arg=name):
                names.add(name)
            case ast.Import(names=aliases):
                names.update((alias.asname or alias.name).partition(".")[0] for alias in aliases)
            case ast.ImportFrom(module=module, names=aliases):
                if (module or "").partition(".")[0] not in PACKAGES:
                    names.update(alias.asname or alias.name for alias in aliases)
                else:
                    names.update(alias.asname for alias in aliases if alias.asname)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                names.add(name)
            case _:
                pass
    return frozenset(names)


def manim_modules(tree: ast.Module) -> frozenset[str]:
    """Names that stand for the Manim package: `mn` of `import manim as mn`."""
    return frozenset(
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in PACKAGES
    )


def imports_all(tree: ast.Module) -> bool:
    """Whether the program has `from manim import *`."""
    return any(
        isinstance(node, ast.ImportFrom) and node.module == "manim" and any(alias.name == "*" for alias in node.names)
        for node in tree.body
    )


def called(call: cst.Call) -> str:
    """The name that is called: `Create` in `Create(m)` and `mn.Create(m)`, `shift` in `m.shift(UP)`; or nothing."""
    match call.func:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
            return name
    return ""


def called_ast(call: ast.Call) -> str:
    """The same of a tree by `ast`."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def is_plain(call: cst.Call, modules: frozenset[str]) -> bool:
    """Whether a name is called as it stands, or as an attribute of the Manim package; not a method."""
    match call.func:
        case cst.Name():
            return True
        case cst.Attribute(value=cst.Name(value=root)):
            return root in modules
    return False


def positional(call: cst.Call) -> list[cst.Arg] | None:
    """The positional arguments of a call; `None` if a star hides how many they are."""
    plain = [arg for arg in call.args if arg.keyword is None]
    return None if any(arg.star for arg in plain) else plain


def keyword(call: cst.Call, name: str) -> cst.Arg | None:
    """The argument that is given by this name."""
    return next((arg for arg in call.args if arg.keyword is not None and arg.keyword.value == name), None)


def with_args(call: cst.Call, args: list[cst.Arg]) -> cst.Call:
    """The call with other arguments; the commas between them are kept where they were, and made where they lacked.

    The last argument keeps its comma only if the call's last one had one.
    """
    trailing = call.args[-1].comma if call.args else cst.MaybeSentinel.DEFAULT
    between = next((arg.comma for arg in call.args[:-1]), cst.MaybeSentinel.DEFAULT)
    out = []
    for number, arg in enumerate(args):
        last = number == len(args) - 1
        comma = arg.comma
        if last:
            comma = trailing
        elif isinstance(comma, cst.MaybeSentinel) or arg is call.args[-1]:
            comma = between if isinstance(between, cst.Comma) else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        out.append(arg.with_changes(comma=comma))
    return call.with_changes(args=out)


def keyword_arg(name: str, value: cst.BaseExpression) -> cst.Arg:
    """`name=value`, without blanks around the sign."""
    blank = cst.SimpleWhitespace("")
    return cst.Arg(value, keyword=cst.Name(name), equal=cst.AssignEqual(blank, blank))


def renamed(func: cst.BaseExpression, name: str) -> cst.BaseExpression:
    """The called expression under another name: `mn.ShowCreation` becomes `mn.Create`."""
    if isinstance(func, cst.Attribute):
        return func.with_changes(attr=cst.Name(name))
    return func.with_changes(value=name) if isinstance(func, cst.Name) else func


class CallChanger(cst.CSTTransformer):
    """Changes calls, innermost first; `change` gives a call's stand-in, or `None` to leave it."""

    def __init__(self, change: Callable[[cst.Call], cst.BaseExpression | None]) -> None:
        super().__init__()
        self._change = change

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802
        """Put the stand-in for a call."""
        del original_node
        return self._change(updated_node) or updated_node


class NameChanger(cst.CSTTransformer):
    """Replaces names where they stand for a value, and in imports from Manim; not attributes, keywords or targets."""

    def __init__(self, names: Mapping[str, str], modules: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self._names = names
        self._modules = modules

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:  # noqa: N802
        """Put the new name, or the expression for it."""
        new = self._names.get(original_node.value)
        return cst.parse_expression(new) if new is not None else updated_node

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:  # noqa: N802
        """Attributes stay, but those of the Manim package are its names too."""
        attr = original_node.attr
        if isinstance(original_node.value, cst.Name) and original_node.value.value in self._modules:
            new = self._names.get(attr.value)
            if new is not None and new.isidentifier():
                attr = attr.with_changes(value=new)
        return updated_node.with_changes(attr=attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:  # noqa: N802
        """Keywords of arguments stay."""
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:  # noqa: N802
        """Names of parameters stay."""
        return updated_node.with_changes(name=original_node.name)

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> cst.ImportFrom:  # noqa: N802
        """Imports stay, but names from Manim are changed where the new one is a name too."""
        if isinstance(original_node.names, cst.ImportStar):
            return original_node
        root = cst.helpers.get_full_name_for_node(original_node.module) if original_node.module else None
        if (root or "").partition(".")[0] not in PACKAGES:
            return original_node
        aliases = []
        for alias in original_node.names:
            new = self._names.get(alias.evaluated_name)
            if new is not None and new.isidentifier():
                aliases.append(alias.with_changes(name=cst.Name(new)))
            elif new is None:
                aliases.append(alias)
        if not aliases:
            return original_node
        if aliases[-1] is not original_node.names[-1]:
            aliases[-1] = aliases[-1].with_changes(comma=original_node.names[-1].comma)
        return updated_node.with_changes(module=original_node.module, names=aliases)

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> cst.Import:  # noqa: N802
        """Imports of modules stay."""
        del updated_node
        return original_node


def rename(program: Program, names: Mapping[str, str]) -> cst.Module | None:
    """The module with names (and expressions) for names; `None` if there is nothing to replace."""
    if not names:
        return None
    return program.module.visit(NameChanger(names, manim_modules(program.tree)))


def change_calls(program: Program, change: Callable[[cst.Call], cst.BaseExpression | None]) -> cst.Module:
    """The module with each call through `change`."""
    return program.module.visit(CallChanger(change))


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """All calls of a tree."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def literals(call: ast.Call) -> Iterator[str]:
    """The literal texts among a call's positional arguments; of an f-string, the parts that are text."""
    for arg in call.args:
        for part in arg.values if isinstance(arg, ast.JoinedStr) else (arg,):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value
