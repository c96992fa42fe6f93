"""The command `push`: its flags, and what it does in order."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.cli.build import PACKAGE_FOLDER
from builder.cli.command import Answer
from builder.cli.settings import settings_of
from builder.core.errors import SettingError

if TYPE_CHECKING:
    from builder.cli.console import Terminal


def add_push_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `push` takes besides settings."""
    add = parser.add_argument
    add("--repo", metavar="OWNER/NAME", required=True, help="the dataset repository; made, private, if it is missing")
    add(
        "--folder",
        metavar="DIR",
        dest="output_dir",
        help=f"the built folder, as --output-dir (default {PACKAGE_FOLDER})",
    )
    add("--public", action="store_true", help="let everyone read the repository; stops at licences that forbid it")
    add("--accept-licences", action="store_true", help="publish in spite of a non-commercial or unknown licence")
    add("--dry-run", action="store_true", help="list what would change, and change nothing at the Hub")
    add("--create-pr", action="store_true", help="open a pull request instead of changing main")
    add("--revision", metavar="BRANCH", help="push to this branch, made if it is missing (default main)")
    add("--tag", metavar="TAG", help="tag what was pushed, such as v1.2")
    add("--commit-message", metavar="TEXT", dest="message", help="the commit's message")
    add("--scores", metavar="FILE", nargs="+", help="show these evaluations in the card: scores.json of `evaluate`")
    add("--no-read-back", action="store_false", dest="read_back", help="do not load what was pushed to check it")


_LOG_IN = (
    "After a login (`hf auth login`, or HF_TOKEN) it is also compared with the repository: what it holds already, what "
    "would be changed or deleted, whether it is public, and what you wrote into its card"
)


def push(given: argparse.Namespace, terminal: "Terminal") -> Answer:
    """Sign in, build what is missing, show what would change, and unless it is a dry run, change it.

    A dry run without an access token asks nobody, and shows what the folder alone says.

    Raises:
        builder.core.errors.BuilderError: one of these steps failed; the text says what to do.
    """
    from builder.cli.console import show_push, show_read_back
    from builder.publish.hub import Hub, PushOptions, carry_out, plan_push, plan_unasked
    from builder.publish.hub.contents import read_contents
    from builder.publish.load import build_missing, names_to_push
    from builder.report.proof.folder import sample_notice

    names, settings, output_dir = settings_of(given)
    folder = Path(output_dir or PACKAGE_FOLDER)
    names = names or names_to_push(folder)
    flags = vars(given)
    options = PushOptions(**{item.name: flags[item.name] for item in fields(PushOptions) if item.name in flags})
    with terminal:
        hub = Hub(given.repo, terminal)
        signed_in = "dry_run" not in flags or hub.has_token()
        if signed_in:
            hub.sign_in()
        build_missing(names, settings, folder, terminal)
        if notice := sample_notice(folder):
            terminal.warn(notice)
        scores = [_scores(Path(name), folder, names) for name in flags.get("scores", ())]
        contents = read_contents(folder, names, hub.repo, scores)
        plan = plan_push(hub, contents, options) if signed_in else plan_unasked(contents, options)
    terminal.show(lambda: show_push(hub.place, plan))
    plan.check_licences()
    document = {
        "place": hub.place,
        "branch": plan.options.revision,
        "public": plan.public,
        "licences": plan.contents.licences,
        "objections": plan.objections,
        "changes": plan.changes,
        "signed_in": signed_in,
    }
    if not signed_in:
        return Answer({**document, "pushed": None}, last=f"{hub.place}: nothing was changed or asked. {_LOG_IN}")
    if "dry_run" in flags:
        return Answer({**document, "pushed": None}, last=f"{hub.place}: nothing was changed, this was a dry run")
    with terminal:
        pushed = carry_out(hub, plan)
    last = f"pushed: {pushed.address}"
    if not pushed.made_commit:
        last = f"nothing to push: {hub.place} holds the same content at {pushed.commit}; no commit was made"
    return Answer({**document, "pushed": pushed}, lambda: show_read_back(pushed), last)


def _scores(file: Path, folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """What `evaluate` wrote, if it is about rows that are pushed.

    Raises:
        SettingError: it is not.
    """
    from builder.evaluate.predictions import read_references
    from builder.evaluate.score import SCORES

    try:
        scores: dict[str, Any] = json.loads((file / SCORES if file.is_dir() else file).read_bytes())
        config, split = scores["settings"]["config"], scores["settings"]["split"]
        rows = scores["scored"]["references"]["hash"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingError(f"--scores {file}: is no {SCORES} of `evaluate` ({error})") from error
    if config not in names or read_references(folder, config, split).hash != rows:
        raise SettingError(f"--scores {file}: was scored against other rows than those of {folder}; evaluate again")
    return scores
