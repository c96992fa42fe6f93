"""The command `records`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from builder.cli.command import Answer
from builder.config import CONFIG_NAMES, DECISIONS_FILE, named, nearest
from builder.core.errors import SettingError

if TYPE_CHECKING:
    from builder.cli.console import Terminal

_TOOLS = ("argilla", "label-studio")


def add_records_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `records` takes."""
    add = parser.add_argument
    add("path", metavar="PATH", type=Path, help="a built folder, whose rows are written; or what a tool exported")
    add("--to", metavar="TOOL", help=f"write rows for {' or '.join(_TOOLS)}")
    add("--config", metavar="NAME", default="", help="whose rows (default: the most thorough config)")
    add("--queue", metavar="NAME", default="", help="only these rows: a queue of the report, such as 're-paired'")
    add("--output", metavar="FILE", type=Path, help=f"where to write (default TOOL.json, or {DECISIONS_FILE})")


def records(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Write rows for a tool of annotation, or read decisions out of what it exported.

    Raises:
        builder.core.errors.BuilderError: the folder or the file is not what is wanted, or nothing can be written.
    """
    import orjson

    from builder.core.files import write_json, written_aside
    from builder.report.facts import facts_of
    from builder.report.proof.folder import open_folder
    from builder.report.records import decisions_in, records_of

    if not given.path.is_dir():
        lines = decisions_in(given.path)
        output = getattr(given, "output", Path(DECISIONS_FILE))
        with written_aside(output, "--output") as aside:
            aside.write_bytes(b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines))
        return Answer({"decisions": str(output), "lines": len(lines)}, last=f"{len(lines):,} decisions in {output}")
    if "to" not in given:
        raise SettingError(f"--to is missing: name {' or '.join(_TOOLS)}")
    tool = named(given.to, _TOOLS)
    if tool not in _TOOLS:
        raise SettingError(f"--to {tool!r}{nearest(tool, _TOOLS)}")
    with terminal:
        rows = records_of(facts_of(open_folder(given.path), named(given.config, CONFIG_NAMES)), tool, given.queue)
    output = getattr(given, "output", Path(f"{tool}.json"))
    with written_aside(output, "--output") as aside:
        write_json(rows, aside)
    return Answer({"records": str(output), "rows": len(rows)}, last=f"{len(rows):,} rows for {tool} in {output}")
