"""What a push would do: asks the Hub, writes nothing."""

import json
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builder.core.errors import OutputError, SettingError
from builder.core.files import temporary_folder
from builder.core.schema import SPLITS
from builder.publish.card import merged_card
from builder.publish.hub.client import Hub
from builder.publish.hub.contents import CARD, Contents, LocalFile
from builder.report.proof.folder import MANIFEST
from builder.sources.spec import objections

MAIN = "main"
_OURS = re.compile(rf"data/(?P<config>[^/]+)/({'|'.join(SPLITS)})-\d{{5}}-of-\d{{5}}\.parquet")
_HOST_FILES = (".gitattributes",)
"""Files that the Hub changes by itself when a commit brings large files."""


@dataclass(frozen=True, slots=True)
class PushOptions:
    """How to push."""

    public: bool = False
    accept_licences: bool = False
    create_pr: bool = False
    revision: str = MAIN
    """The branch; made if it is missing."""
    tag: str = ""
    message: str = ""
    """The commit's; empty for one that names the configs."""
    read_back: bool = True

    def __post_init__(self) -> None:
        if self.create_pr and self.revision != MAIN:
            raise SettingError("--create-pr: a pull request is made against main; leave --revision out")
        if self.create_pr and self.tag:
            raise SettingError("--tag: a pull request can't be tagged; merge it first, then push with --tag")


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository as it is, at the branch that is pushed to."""

    exists: bool = False
    private: bool = True
    branch_exists: bool = False
    head: str = ""
    """The commit to build on: the branch's, or main's if the branch is missing."""
    files: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    """For each path the SHA-256 (`True`) of a large file, or git's id (`False`) of another."""
    card: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What the manifest of an earlier push lists."""
    tags: Mapping[str, str] = field(default_factory=dict)
    pull_requests: Mapping[str, str] = field(default_factory=dict)
    """Commits of tags and pull requests, by name."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a push does to one file."""

    path: str
    kind: str
    """`add`, `change`, `same` or `delete`; `push` where the repository was not asked."""
    size: int
    """In bytes; 0 for `delete`."""


@dataclass(frozen=True, slots=True)
class PushPlan:
    """What a push would do."""

    options: PushOptions
    contents: Contents
    remote: Remote
    files: tuple[LocalFile, ...]
    changes: tuple[Change, ...]

    @property
    def public(self) -> bool:
        """Whether anyone will see what is pushed: asked for, or the repository is public already."""
        return self.options.public or (self.remote.exists and not self.remote.private)

    @property
    def is_empty(self) -> bool:
        """Whether the repository holds all of it already."""
        return all(change.kind == "same" for change in self.changes)

    @property
    def objections(self) -> dict[str, str]:
        """The sources with a licence that stops a public push, and that licence."""
        return {name: licence for name, licence in self.contents.licences.items() if objections(licence)}

    def check_licences(self) -> None:
        """Refuse to publish what a licence forbids, or may forbid.

        Raises:
            OutputError: it names the sources and what to do.
        """
        bad = [f"{name} ({licence})" for name, licence in self.objections.items()]
        if self.public and bad and not self.options.accept_licences:
            why = "--public" if self.options.public else "the repository is public"
            raise OutputError(
                f"{why}, but these sources have a licence that is not for everyone to use, or is not known: "
                f"{', '.join(bad)}. Read their pages, then give --accept-licences; or leave them out with "
                "--licences permissive or --datasets; or push to a private repository"
            )

    def is_fulfilled_by(self, files: Mapping[str, tuple[str, bool]]) -> bool:
        """Whether a tree is what this plan makes of the tree it was made for."""
        ours = {file.path: file for file in self.files}
        gone = {change.path for change in self.changes if change.kind == "delete"}
        others = {
            path: known
            for path, known in self.remote.files.items()
            if path not in ours and path not in gone and path not in _HOST_FILES
        }
        found = {path: known for path, known in files.items() if path not in ours and path not in _HOST_FILES}
        return found == others and all(is_same(file, files.get(path)) for path, file in ours.items())


def plan_push(hub: Hub, contents: Contents, options: PushOptions) -> PushPlan:
    """Compare a built folder with a repository.

    Raises:
        OutputError: the Hub can't be asked, or the tag stands for another commit.
    """
    remote = _read_remote(hub, options)
    files = contents.all_files(merged_card(contents.card, remote.card))
    changes = [_change(file, remote.files) for file in files]
    pushed = {file.path for file in files}
    stale = [path for path in remote.files if path not in pushed and _left_by_a_push(path, remote, contents)]
    changes += [Change(path, "delete", 0) for path in stale]
    plan = PushPlan(options, contents, remote, files, tuple(sorted(changes, key=lambda change: change.path)))
    tagged = remote.tags.get(options.tag)
    if tagged and not (plan.is_empty and tagged == remote.head):
        raise OutputError(f"{hub.place} has a tag {options.tag!r} already, of another commit; choose another --tag")
    return plan


def plan_unasked(contents: Contents, options: PushOptions) -> PushPlan:
    """What would be pushed, without a word from the repository: all files, whatever it holds already."""
    files = contents.all_files(contents.card)
    changes = tuple(Change(file.path, "push", file.size) for file in files)
    return PushPlan(options, contents, Remote(), files, changes)


def is_same(file: LocalFile, known: tuple[str, bool] | None) -> bool:
    """Whether the repository's file has the same content."""
    if known is None:
        return False
    stated, is_sha256 = known
    return stated == (file.sha256 if is_sha256 else file.blob_id())


def read_tree(hub: Hub, revision: str) -> dict[str, tuple[str, bool]]:
    """Each file's stated content, as `Remote.files`."""

    def listed(repo: str, **named: Any) -> list[Any]:
        return list(hub.api.list_repo_tree(repo, **named))

    return {
        item.path: (item.lfs.sha256, True) if item.lfs else (item.blob_id, False)
        for item in hub.ask("list files", listed, revision=revision, recursive=True)
        if hasattr(item, "blob_id")  # folders have none
    }


def read_refs(hub: Hub, options: PushOptions) -> Any:
    """Branches, tags and, for one who makes a pull request, pull requests."""
    return hub.ask("list branches", hub.api.list_repo_refs, include_pull_requests=options.create_pr)


def _read_remote(hub: Hub, options: PushOptions) -> Remote:
    from huggingface_hub.errors import RepositoryNotFoundError

    info = hub.ask("look at the repository", hub.api.repo_info, missing=(RepositoryNotFoundError,))
    if info is None:
        return Remote()
    refs = read_refs(hub, options)
    branches = commits_of(refs.branches)
    head = branches.get(options.revision) or branches.get(MAIN, "")
    files = read_tree(hub, head) if head else {}
    card, manifest = (_small_file(hub, name, head) if name in files else "" for name in (CARD, MANIFEST))
    return Remote(
        exists=True,
        private=bool(info.private),
        branch_exists=options.revision in branches,
        head=head,
        files=files,
        card=card,
        outputs=_outputs(manifest),
        tags=commits_of(refs.tags),
        pull_requests=commits_of(refs.pull_requests or ()),
    )


def commits_of(refs: Iterable[Any]) -> dict[str, str]:
    """The commit of each branch, tag or pull request, by name."""
    return {item.name: item.target_commit for item in refs}


def _small_file(hub: Hub, name: str, revision: str) -> str:
    with tempfile.TemporaryDirectory(prefix="manim-combined-", dir=temporary_folder()) as private:
        path = hub.ask(f"read {name}", hub.api.hf_hub_download, name, revision=revision, cache_dir=private)
        try:
            return Path(path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise OutputError(f"{hub.place}: its {name} is not UTF-8 text; correct it there first") from None


def _outputs(manifest: str) -> Mapping[str, Any]:
    try:
        outputs = json.loads(manifest)["outputs"]
    except (ValueError, TypeError, KeyError):
        return {}
    return outputs if isinstance(outputs, dict) else {}


def _change(file: LocalFile, remote: Mapping[str, tuple[str, bool]]) -> Change:
    known = remote.get(file.path)
    kind = "add" if known is None else "same" if is_same(file, known) else "change"
    return Change(file.path, kind, file.size)


def _left_by_a_push(path: str, remote: Remote, contents: Contents) -> bool:
    """Whether an earlier push wrote this file: its manifest says so, or it lies where only shards of ours lie.

    A listed file that is not as listed was changed by a person, and stays.
    """
    shard = _OURS.fullmatch(path)
    if shard and shard["config"] in contents.manifest["configs"]:
        return True
    listed = remote.outputs.get(path)
    if not path.startswith(("data/", "ledger/", "funnel/")) or not isinstance(listed, dict):
        return False
    stated, is_sha256 = remote.files[path]
    return not is_sha256 or stated == listed.get("sha256")
