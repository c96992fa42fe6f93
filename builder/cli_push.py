"""The command `push`: its flags, and what it does in order."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any


def add_push_flags(parser: argparse.ArgumentParser, folder: str) -> None:
    """Add the flags that this command has besides settings; `folder` is the default one."""
    add = parser.add_argument
    add("--repo", metavar="OWNER/NAME", required=True, help="the dataset repository; made, private, if it is missing")
    add("--folder", metavar="DIR", dest="output_dir", help=f"the built folder, as --output-dir (default {folder})")
    add("--public", action="store_true", help="let everyone read the repository; stops at licences that forbid it")
    add("--accept-licences", action="store_true", help="publish in spite of a non-commercial or unknown licence")
    add("--dry-run", action="store_true", help="list what would change, and change nothing at the Hub")
    add("--create-pr", action="store_true", help="open a pull request instead of changing main")
    add("--revision", metavar="BRANCH", help="push to this branch, made if it is missing (default main)")
    add("--tag", metavar="TAG", help="tag what was pushed, such as v1.2")
    add("--commit-message", metavar="TEXT", dest="message", help="the commit's message")
    add("--no-read-back", action="store_false", dest="read_back", help="do not load what was pushed to check it")


def push(given: argparse.Namespace, names: Sequence[str], settings: Mapping[str, Any], folder: Path) -> None:
    """Sign in, build what is missing, show what would change, and unless it is a dry run, change it.

    Raises:
        builder.errors.BuilderError: one of these steps failed; the text says what to do.
    """
    from builder.hub import Hub, PushOptions, carry_out, plan_push
    from builder.hub.contents import read_contents
    from builder.terminal import Terminal, show_licences, show_push_plan, show_pushed, show_shuffled
    from manim_combined.built import build_missing

    flags = vars(given)
    options = PushOptions(**{item.name: flags[item.name] for item in fields(PushOptions) if item.name in flags})
    with Terminal() as terminal:
        hub = Hub(given.repo, terminal)
        hub.sign_in()
        build_missing(names, settings, folder, terminal)
        plan = plan_push(hub, read_contents(folder, names, hub.repo), options)
    show_push_plan(hub.place, plan)
    show_shuffled(plan.contents.manifest["statistics"])
    if plan.public:
        show_licences(plan.contents.licences)
    plan.check_licences()
    if "dry_run" in flags:
        return
    with Terminal() as terminal:
        hub.events = terminal
        pushed = carry_out(hub, plan)
    show_pushed(hub.place, pushed)
