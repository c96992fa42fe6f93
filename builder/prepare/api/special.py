"""Calls that fail for what they are given: files that are not there, points of two coordinates, things not to be played."""

import ast
from collections.abc import Iterator

from builder.prepare.api.problem import Finding
from builder.prepare.api.values import Value

Arguments = list[Value | None]
Named = dict[str, Value | None]


def special_findings(node: ast.Call, function: Value | None, arguments: Arguments, named: Named) -> Iterator[Finding]:
    """What is wrong with the things that a call is given."""
    return iter(())
