"""Commands on a built folder: `check`, `diff`, `report`, `review`, `records`, `orphans`."""

import argparse
import sys
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.cli.command import DONE, FAILED, Answer
from builder.cli.render import LOOP_RATE, add_renderer_arguments, renderer_settings
from builder.config import CONFIG_NAMES, DECISIONS_FILE, named, nearest
from builder.core.errors import SettingError

if TYPE_CHECKING:
    from builder.cli.console import Terminal


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `check` takes."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="what `build` or `export` wrote")
    parser.add_argument(
        "--semantic-model",
        metavar="PATH",
        type=Path,
        default=None,
        help="also show test prompts that mean nearly the same as one of train, by the model in this folder",
    )
    parser.add_argument("--semantic-limit", metavar="S", type=float, default=0.9, help="from which similarity (0.9)")


def add_diff_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `diff` takes."""
    parser.add_argument("older", metavar="A", type=Path, help="a folder that `build` or `export` wrote")
    parser.add_argument("newer", metavar="B", type=Path, help="another one")
    parser.add_argument("--config", metavar="NAME", action="append", default=[], help="compare this config only")


def check(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Prove a folder anew and show all that is wrong with it.

    Raises:
        builder.core.errors.BuilderError: the folder is not one of this project.
    """
    from builder.cli.console import show_problems
    from builder.report.proof.check import Problem, check_folder
    from builder.report.proof.folder import open_folder
    from builder.report.proof.semantic import semantic_pairs

    document: dict[str, Any] = {}
    lines: list[Problem] = []
    with terminal:
        problems = check_folder(given.folder, terminal)
        if given.semantic_model:
            pairs = semantic_pairs(open_folder(given.folder), given.semantic_model, given.semantic_limit)
            document = {"semantic_pairs": [asdict(pair) for pair in pairs]}
            lines = [Problem("near in meaning", str(pair)) for pair in pairs]
    note = f"; {len(lines):,} prompts near one of train in meaning" if given.semantic_model else ""
    return Answer(
        {"folder": str(given.folder), "sound": not problems, "problems": problems, **document},
        lambda: show_problems([*problems, *lines]),
        f"{given.folder}: {f'{len(problems):,} problems' if problems else 'sound'}{note}",
        FAILED if problems else DONE,
    )


def diff(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Show what differs between two built folders.

    Raises:
        builder.core.errors.BuilderError: a folder is not one of this project, or they have no config in common.
    """
    from builder.cli.console import show_differences
    from builder.report.proof.diff import diff_folders
    from builder.report.proof.folder import open_folder, sample_notice

    with terminal:
        differences = diff_folders(given.older, given.newer, tuple(named(name, CONFIG_NAMES) for name in given.config))
    for notice in filter(None, map(sample_notice, dict.fromkeys((given.older, given.newer)))):
        terminal.warn(notice)
    folders = (given.older, given.newer)
    held = [open_folder(folder).configs for folder in folders]
    alone = [[name for name in held[side] if name not in held[1 - side]] for side in (0, 1)]
    said = [f"{each.config}: {sum(each.changes['rows']):,} rows have another outcome" for each in differences]
    said += [f"only in {folder}: {', '.join(names)}" for folder, names in zip(folders, alone, strict=True) if names]
    return Answer(
        {
            "older": str(given.older),
            "newer": str(given.newer),
            "differences": [{**asdict(each), "changes": each.changes.to_dicts()} for each in differences],
            "only_older": alone[0],
            "only_newer": alone[1],
        },
        lambda: show_differences(differences),
        "; ".join(said),
    )


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `report` takes."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="what `build` or `export` wrote")
    parser.add_argument("--config", metavar="NAME", default="", help="the config to show (default: the most thorough)")
    parser.add_argument(
        "--before", metavar="DIR", type=Path, default=None, help="an earlier build, to say which reasons grew since"
    )
    parser.add_argument(
        "--output", metavar="FILE", type=Path, default=None, help="where to write (default FOLDER/report.html)"
    )


def report(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Write the report of a folder.

    Raises:
        builder.core.errors.BuilderError: the folder is not one of this project, or the report cannot be written.
    """
    from builder.report.write import report_folder

    with terminal:
        written = report_folder(
            given.folder, config=named(given.config, CONFIG_NAMES), output=given.output, before=given.before
        )
    return Answer({"report": str(written)}, last=f"written to {written}; it opens in any browser, without a network")


def add_review_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `review` takes."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="what `build` or `export` wrote")
    parser.add_argument("--port", metavar="N", type=int, default=0, help="a port of this machine (default: a free one)")
    add_renderer_arguments(parser)


def review(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Serve the report of a folder on this machine until Ctrl-C; decisions go into `FOLDER/decisions.jsonl`.

    Raises:
        builder.core.errors.BuilderError: the folder is not one of this project, or the port is taken.
    """
    from builder.core.errors import RenderError
    from builder.render.renderer import Renderer
    from builder.report.review import ReviewServer

    with ExitStack() as stack:
        renderer = None
        try:
            renderer = stack.enter_context(Renderer(workers=1, frames=LOOP_RATE, **renderer_settings(given)))  # type: ignore[arg-type]
        except RenderError as error:
            terminal.warn(f"programs cannot be rendered here: {error}")
        server = stack.enter_context(ReviewServer(given.folder, renderer, given.port))
        print(f"open {server.url}\nCtrl-C ends it", file=sys.stderr if given.json else sys.stdout, flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
        file = server.decisions
    lines = len(file.read_bytes().splitlines()) if file.exists() else 0
    last = f"{lines:,} decisions in {file}; the next build into this folder takes them"
    return Answer({"decisions": str(file), "lines": lines}, last=last)


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


def add_orphans_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `orphans` takes."""
    add = parser.add_argument
    add("folder", metavar="FOLDER", type=Path, help="what `build` or `export` wrote")
    add("--config", metavar="NAME", default="", help="whose rows count (default: the most thorough)")
    add("--model", metavar="NAME", required=True, help="the model that the requests name")
    add("--output", metavar="FILE", type=Path, default=Path("requests.jsonl"), help="default requests.jsonl")


def orphans(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Write requests for descriptions of programs that stand in no row for want of one. No model is called.

    Raises:
        builder.core.errors.BuilderError: the folder is not one of this project, or the file cannot be written.
    """
    from builder.report.orphans import orphans as find
    from builder.report.orphans import write_requests
    from builder.report.proof.folder import open_folder

    with terminal:
        found = find(open_folder(given.folder), named(given.config, CONFIG_NAMES))
        write_requests(found, given.model, given.output)
    rendered = sum(orphan.verdict != "" for orphan in found)
    return Answer(
        {"requests": str(given.output), "programs": len(found), "rendered": rendered},
        last=f"{len(found):,} programs have no description ({rendered:,} of them were rendered); requests in "
        f"{given.output}\nwhat a model answers goes into a build with --descriptions FILE",
    )
