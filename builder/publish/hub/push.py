"""Carrying out a push: one commit, then a look at what arrived."""

from dataclasses import dataclass, field
from typing import Any

from builder.core.errors import OutputError
from builder.core.retry import passes, retried, status_of
from builder.publish.hub.client import Hub, client_errors, quiet_client
from builder.publish.hub.contents import read_back
from builder.publish.hub.plan import MAIN, PushPlan, commits_of, plan_push, read_refs, read_tree

_CONFLICT = 409
_MOVED = 412
"""The status for a commit whose parent is no longer the branch's head."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did."""

    commit: str
    """The commit that holds what was pushed; an earlier one if the content was equal."""
    address: str
    """Its page, or the pull request's."""
    made_commit: bool
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    """Rows read back, by config and split; empty if that was skipped."""


def carry_out(hub: Hub, plan: PushPlan) -> Pushed:
    """Do what a plan says: make the repository or branch if need be, commit, read back, tag, open to the public.

    A push that fails before its commit leaves the files of the repository as they were.

    Raises:
        OutputError: it says what happened and how to go on.
    """
    with quiet_client():
        plan.check_licences()
        if not plan.remote.exists:
            made = _make_repository(hub)
            plan = plan_push(hub, plan.contents, plan.options)
            if not plan.remote.exists:
                raise OutputError(
                    f"{hub.place}: {made}, but shows no such repository: run the same command again later, or choose "
                    "another --repo"
                )
            plan.check_licences()
        if not plan.remote.branch_exists:
            _make_branch(hub, plan)
        if plan.is_empty:
            commit, address = plan.remote.head, f"{hub.place}/commit/{plan.remote.head}"
        else:
            commit, address = _commit(hub, plan)
        rows = read_back(hub, plan.contents, commit) if plan.options.read_back else {}
        if plan.options.tag:
            _tag(hub, plan.options.tag, commit)
        if plan.options.public and plan.remote.private:
            hub.ask("make it public", hub.api.update_repo_settings, private=False)
    return Pushed(commit, address, not plan.is_empty, rows)


def _make_repository(hub: Hub) -> str:
    """Make it, private at first: `--public` opens it when all is there and was read back. Returns what the host said.

    HTTP 409 says that it is there already, or that the name is not free; which, is seen when it is looked at.
    """

    def make() -> None:
        hub.api.create_repo(hub.repo, repo_type="dataset", private=True)

    try:
        retried(make, f"{hub.host}: make the repository", hub.events)
        return "the host made it"
    except client_errors() as error:
        if status_of(error) == _CONFLICT:
            return f"the host answered HTTP {_CONFLICT} to making it"
        unknown = hub.no_namespace() if status_of(error) in (403, 404) else ""
        raise OutputError(unknown or hub.explained(error)) from None


def _make_branch(hub: Hub, plan: PushPlan) -> None:
    branch, head = plan.options.revision, plan.remote.head or None
    hub.ask(f"make the branch {branch!r}", hub.api.create_branch, branch=branch, revision=head, exist_ok=True)


def _tag(hub: Hub, tag: str, commit: str) -> None:
    hub.ask(f"set the tag {tag!r}", hub.api.create_tag, tag=tag, revision=commit, exist_ok=True)
    if commits_of(hub.ask("list tags", hub.api.list_repo_refs).tags).get(tag) != commit:
        raise OutputError(f"{hub.place}: the commit was made, but {tag!r} stands for another one; choose another --tag")


def _commit(hub: Hub, plan: PushPlan) -> tuple[str, str]:
    """Upload what differs, file by file, then make the one commit. Returns it and the address of its page."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    differs = {change.path for change in plan.changes if change.kind in ("add", "change")}
    files = [file for file in plan.files if file.path in differs]
    additions = [CommitOperationAdd(file.path, file.source) for file in files]
    done, total = 0, sum(file.size for file in files)
    for file, addition in zip(files, additions, strict=True):
        hub.events.progress("upload", done, total, "bytes")
        hub.ask(
            f"upload {file.path}",
            hub.api.preupload_lfs_files,
            [addition],
            revision=plan.options.revision,
            create_pr=plan.options.create_pr,
            free_memory=False,
        )
        done += file.size
        hub.events.progress("upload", done, total, "bytes")
    deletions = [CommitOperationDelete(change.path) for change in plan.changes if change.kind == "delete"]
    return _committed(hub, plan, [*additions, *deletions])


def _committed(hub: Hub, plan: PushPlan, operations: list[Any]) -> tuple[str, str]:
    """Make the commit. If its answer is lost, look whether it was made before it is sent again."""
    options = plan.options
    names = ", ".join(plan.contents.manifest["configs"])

    def attempt() -> tuple[str, str]:
        try:
            made = hub.api.create_commit(
                hub.repo,
                operations,
                commit_message=options.message or f"Push {names}",
                repo_type="dataset",
                revision=options.revision,
                create_pr=options.create_pr,
                parent_commit=plan.remote.head or None,
            )
        except client_errors() as error:
            if (passes(error) or status_of(error) == _MOVED) and (found := _landed(hub, plan)):
                return found
            raise
        address = made.pr_url if options.create_pr else None
        return made.oid, address or f"{hub.place}/commit/{made.oid}"

    try:
        return retried(attempt, f"{hub.host}: commit", hub.events)
    except client_errors() as error:
        if status_of(error) == _MOVED:
            raise OutputError(_moved(hub, plan)) from None
        if type(error) is ValueError and status_of(error) == 400:  # so the client tells of the card's check
            raise OutputError(f"{hub.place} refused the card's metadata: correct the head of its README.md") from None
        raise OutputError(hub.explained(error)) from None


def _landed(hub: Hub, plan: PushPlan) -> tuple[str, str] | None:
    """The commit that an attempt made though its answer was lost, and its page; `None` if it made none.

    Raises:
        OutputError: the branch holds something else than what this push built on or made.
    """
    try:
        refs = read_refs(hub, plan.options)
        if plan.options.create_pr:
            for item in refs.pull_requests or ():
                new = plan.remote.pull_requests.get(item.name) != item.target_commit
                if new and plan.is_fulfilled_by(read_tree(hub, item.target_commit)):
                    return item.target_commit, f"{hub.place}/discussions/{item.name.rpartition('/')[2]}"
            return None
        head = commits_of(refs.branches).get(plan.options.revision, "")
        if head in ("", plan.remote.head):
            return None
        commits = hub.ask("list commits", hub.api.list_repo_commits, revision=head)
        parents = [commit.commit_id for commit in commits[1:2]]
        ours = parents == [plan.remote.head] and plan.is_fulfilled_by(read_tree(hub, head))
    except OutputError as error:
        raise OutputError(
            f"{error}. Whether the commit was made is not known: run the same command again; it makes no second one"
        ) from None
    if not ours:
        raise OutputError(_moved(hub, plan))
    return head, f"{hub.place}/commit/{head}"


def _moved(hub: Hub, plan: PushPlan) -> str:
    branch = "main" if plan.options.create_pr else plan.options.revision or MAIN
    return (
        f"{hub.place}: the branch {branch!r} moved while this push ran (another push, or an edit), so nothing was "
        "changed: run the same command again to push on top of it"
    )
