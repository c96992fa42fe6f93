"""Whether a call fits a signature."""

import ast
from dataclasses import dataclass

from builder.prepare.api.known import Signature


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a call does not fit: `unknown_argument` or `wrong_arity`, the keyword or nothing, words for a person."""

    reason: str
    name: str
    text: str
    node: ast.AST


def misfit(signature: Signature, call: ast.Call) -> Misfit | None:
    """The first thing in a call that surely raises `TypeError`; what `*` and `**` bring is trusted."""
    starred = any(isinstance(item, ast.Starred) for item in call.args)
    positional = len(call.args) - sum(isinstance(item, ast.Starred) for item in call.args)
    doubled = any(keyword.arg is None for keyword in call.keywords)
    given = [keyword for keyword in call.keywords if keyword.arg is not None]
    if positional > len(signature.positional) and not signature.rest:
        text = f"takes {_count(len(signature.positional))} by position, {positional} given"
        return Misfit("wrong_arity", "", text, call)
    filled = set(signature.positional[:positional])
    for keyword in given:
        assert keyword.arg is not None
        if keyword.arg in filled:
            return Misfit("wrong_arity", keyword.arg, f"is given {keyword.arg} twice", keyword.value)
        if not signature.open and keyword.arg not in signature.keywords:
            return Misfit("unknown_argument", keyword.arg, f"has no argument {keyword.arg}", keyword.value)
    if doubled:
        return None
    names = {keyword.arg for keyword in given}
    missing = [name for name in signature.needed_keywords if name not in names]
    if not starred:
        missing = [name for name in signature.positional[positional : signature.needed] if name not in names] + missing
    if missing:
        return Misfit("wrong_arity", missing[0], f"wants {', '.join(missing)}", call)
    return None


def _count(number: int) -> str:
    return "no argument" if number == 0 else "one argument" if number == 1 else f"{number} arguments"


def own_signature(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, *, bound: bool) -> Signature:
    """The signature of a function of the program; `bound` takes `self` off."""
    arguments = node.args
    positional = [item.arg for item in (*arguments.posonlyargs, *arguments.args)]
    needed = len(positional) - len(arguments.defaults)
    skipped = int(bound and bool(positional))
    return Signature(
        positional=tuple(positional[skipped:]),
        needed=max(needed - skipped, 0),
        rest=arguments.vararg is not None or (bound and not positional),
        keywords=frozenset((*positional[skipped:], *(item.arg for item in arguments.kwonlyargs))),
        needed_keywords=tuple(
            item.arg
            for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if default is None
        ),
        open=arguments.kwarg is not None,
        returns="",
    )
