"""Reads a source from the Hugging Face Hub, or from any host that speaks its protocol (`HF_ENDPOINT`).

Each call here is made with patience (`builder.core.retry`) and raises `SourceError` for all that a person can meet (no
network, no such repository, no access, no data, a damaged file), or `OutputError` where the disk is at fault.
"""

import functools
import inspect
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from builder.core.errors import SourceError
from builder.core.events import Events, Silent
from builder.core.files import disk_error, sha256_of
from builder.core.retry import (
    LONGEST_RETRY_AFTER_SECONDS,
    LongWaitError,
    retried,
    status_of,
    too_long_a_wait,
)
from builder.sources.hosts.files import (
    RemoteFile,
    Resolved,
    card_licence,
    card_splits,
    choose_files,
    disk_problem,
    failure_of,
    is_archive,
    is_data_file,
    is_safe_name,
    matches,
    network_reason,
    read_card,
    shown,
    silent_bar,
)
from builder.sources.spec import UNKNOWN, SourceSpec

if TYPE_CHECKING:
    from huggingface_hub import HfApi


_LOG_IN = "log in with `hf auth login`, or set HF_TOKEN"


def hub_place(spec: SourceSpec) -> str:
    """The page of a source's repository."""
    return f"{_host()}/datasets/{spec.location}"


def _host() -> str:
    from huggingface_hub import constants

    return re.sub(r"//[^/@]*@", "//", constants.ENDPOINT)  # an address may carry a password


def what_happened(spec: SourceSpec, error: BaseException) -> str:
    """One sentence on a failed call: the place, what happened there, and what to do."""
    from huggingface_hub import errors

    if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__:
        error = error.__cause__  # it says "not in the cache either"; the cause is why it had to look there
    place = hub_place(spec)
    revision = spec.revision or "main"
    known: tuple[tuple[type[BaseException], str], ...] = (
        (errors.GatedRepoError, f"{place} is gated: ask for access on that page, then {_LOG_IN}"),
        (
            errors.RepositoryNotFoundError,
            f"there is no dataset at {place}, or it is private: check the name; if it is private, {_LOG_IN}",
        ),
        (
            errors.RevisionNotFoundError,
            f"{place} has no revision {revision!r}: set the source's `revision` to a branch, tag or commit that "
            f"{place}/commits/main lists, or, if it was locked, move on with --update-lock {spec.name}",
        ),
        (errors.EntryNotFoundError, f"{place} lists a file that it does not give: try again later"),
        (errors.HFValidationError, f"{spec.location!r} is no dataset of the Hub: write it as owner/name"),
        (errors.OfflineModeIsEnabled, f"{place} can't be asked: unset HF_HUB_OFFLINE to let the Hub answer"),
        (UnicodeEncodeError, "the access token holds a character that no token has: correct HF_TOKEN"),
        (LongWaitError, f"{_host()}{too_long_a_wait(error).removeprefix(' and')}: try again later"),
    )
    for kind, sentence in known:
        if isinstance(error, kind):
            return sentence
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return f"{place} refused the credentials (HTTP {status}): {_LOG_IN} to a valid token"
    if status:
        return f"{place} answered HTTP {status}{too_long_a_wait(error)}: try again later"
    if isinstance(error, MALFORMED):
        return f"{_host()} does not answer as a Hub does: check HF_ENDPOINT and the network, or try again later"
    if problem := disk_problem(error):
        return f"{place} can't be stored ({problem}): free some space, or choose another cache folder"
    return f"no answer from {_host()} ({network_reason(error)}): check the network, its proxy and HF_ENDPOINT"


T = TypeVar("T")

_CARD = "README.md"
_NOTICED_SECONDS = 2.0
_XET_STATUS = re.compile(r"\((\d{3}) ")
MALFORMED: tuple[type[Exception], ...] = (ValueError, LookupError, TypeError, AttributeError)
"""What the Hub's client raises for an answer that is no JSON, no UTF-8, or lacks what an answer of the Hub has."""
_asking: ContextVar[tuple[str, Events]] = ContextVar("_asking", default=("the Hub", Silent()))
"""Who is asked what for, by the thread: its client's waits are shown under that name."""


def newest_hub(spec: SourceSpec, events: Events | None = None) -> str:
    """The commit that the source's revision names now; one request."""
    from huggingface_hub import HfApi

    commit = ask_hub(spec, lambda: HfApi().dataset_info(spec.location, revision=spec.revision or "main").sha, events)
    if not commit:
        raise SourceError(f"source {spec.name!r}: {hub_place(spec)} names no commit, so it can't be pinned")
    return str(commit)


def resolve_hub(spec: SourceSpec, cache_dir: Path, commit: str = "", events: Events | None = None) -> Resolved:
    """The data files that a repository has at a commit (by default that of the source's revision).

    They are `spec.file`; or what the card's default config gives the split; or what their names say.
    """
    from huggingface_hub import HfApi

    commit = commit or newest_hub(spec, events)
    spec = replace(spec, revision=commit)
    files = ask_hub(spec, lambda: _list_files(HfApi(), spec, commit), events)
    wanted = _CARD in files and (not spec.file or spec.licence == UNKNOWN)
    card: Mapping[str, Any] = ask_hub(spec, lambda: _card(spec, commit, cache_dir), events) if wanted else {}
    names = _chosen_names(spec, sorted(files), card_splits(card))
    return Resolved(commit, tuple(files[name] for name in names), card_licence(card))


def _card(spec: SourceSpec, commit: str, cache_dir: Path) -> Mapping[str, Any]:
    from huggingface_hub import hf_hub_download

    kept = cache_dir / "hub"
    return read_card(Path(hf_hub_download(spec.location, _CARD, repo_type="dataset", revision=commit, cache_dir=kept)))


def _list_files(api: "HfApi", spec: SourceSpec, commit: str) -> dict[str, RemoteFile]:
    tree = api.list_repo_tree(spec.location, recursive=True, revision=commit, repo_type="dataset")
    files = {}
    for entry in tree:
        size = getattr(entry, "size", None)  # a folder has none
        if size is not None:
            stated = getattr(getattr(entry, "lfs", None), "sha256", "") or ""
            files[entry.path] = RemoteFile(entry.path, size, stated)
    return files


def download_hub(
    spec: SourceSpec,
    commit: str,
    file: RemoteFile,
    cache_dir: Path,
    *,
    progress: Callable[[int], None] = lambda _: None,
    events: Events | None = None,
) -> Path:
    """A whole file in the cache, checked against the hash that the Hub states; what differs is fetched once more."""
    from huggingface_hub import hf_hub_download

    drawn = "tqdm_class" in inspect.signature(hf_hub_download).parameters  # else it came with a later release
    fetch = functools.partial(
        hf_hub_download,
        spec.location,
        file.name,
        repo_type="dataset",
        revision=commit,
        cache_dir=cache_dir / "hub",
        **({"tqdm_class": silent_bar(progress)} if drawn else {}),
    )
    found = ""
    for again in (False, True):
        get = functools.partial(_by_xet_or_http, spec, functools.partial(fetch, force_download=again), events)
        path = Path(ask_hub(spec, get, events))
        if not drawn and not again:
            progress(file.bytes)
        if not file.sha256 or (found := sha256_of(path)) == file.sha256:
            return path
    raise SourceError(
        f"source {spec.name!r}: {file.name} of {hub_place(spec)} arrived damaged: it has the SHA-256 {found}, and "
        f"the Hub states {file.sha256}. Try again; if it stays so, something on the way changes files"
    )


def _by_xet_or_http(spec: SourceSpec, fetch: Callable[[], str], events: Events | None) -> str:
    """Fetch a file; where Xet fails for good, over plain HTTP, as is every later file of this process.

    The Hub's client takes Xet by itself, which has hosts of its own, that may be out of reach, and retries on its own.
    """
    from huggingface_hub import constants

    by_xet = not constants.HF_HUB_DISABLE_XET
    try:
        return fetch()
    except (RuntimeError, OSError) as error:
        if not by_xet or not _is_of_xet(error):
            raise
        if problem := disk_error(error):
            raise problem from None  # the disk would be as full without Xet
        found = _XET_STATUS.search(str(error))  # the rest of its text may hold a signed address
        status = status_of(error) or (found and found[1])
        why = f" (HTTP {status})" if status else ""
    (events or Silent()).warn(
        f"{spec.name}: Xet, the Hub's own transport, failed{why}; files come over plain HTTP instead, as they do from "
        "the start with HF_HUB_DISABLE_XET=1"
    )
    constants.HF_HUB_DISABLE_XET = True
    return fetch()


def _is_of_xet(error: BaseException) -> bool:
    """Whether it comes of Xet, or of the Hub's refusal to let it in."""
    asked = getattr(getattr(error, "response", None), "url", "")
    return type(error) is RuntimeError or type(error).__name__.startswith("Xet") or "/xet-read-token/" in str(asked)


def ask_hub(spec: SourceSpec, call: Callable[[], T], events: Events | None) -> T:
    """What a call to the Hub gives, tried again with patience; its failures as one sentence."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # it would log addresses that carry signatures
    # The base of the client's HTTP error: whichever HTTP library it is built on, its network errors share it.
    bases: tuple[type[Exception], ...] = HfHubHTTPError.__bases__
    met: tuple[type[Exception], ...] = (*bases, OSError, HFValidationError, *MALFORMED)
    try:
        with waits_shown(spec.name, events or Silent()):
            return retried(call, spec.name, events or Silent())
    except met as error:
        # `from None`: a client's text may hold a header, and a traceback would print it.
        raise failure_of(error)(f"source {spec.name!r}: {what_happened(spec, error)}") from None


@contextmanager
def waits_shown(what: str, events: Events) -> Iterator[None]:
    """The waits of the Hub's client, which retries most requests on its own and in silence, are shown and bounded.

    Raises:
        LongWaitError: out of the call that the client makes, if the server asks for too long a wait.
    """
    from huggingface_hub.utils import _http

    if not isinstance(_http.time, SimpleNamespace):  # the module's own name for `time`, in every release so far
        _http.time = SimpleNamespace(**{**vars(time), "sleep": _wait})  # type: ignore[assignment,attr-defined,unused-ignore]
    before = _asking.set((what, events))
    try:
        yield
    finally:
        _asking.reset(before)


def _wait(seconds: float) -> None:
    """Wait between two requests of the client, unless for too long, and say so where it may be noticed."""
    what, events = _asking.get()
    if seconds > LONGEST_RETRY_AFTER_SECONDS:
        raise LongWaitError(seconds - 1)  # the client adds one
    if seconds >= _NOTICED_SECONDS:
        events.warn(f"{what}: the Hub gives no good answer; its client asks again in {seconds:.0f} s")
    time.sleep(seconds)


def _chosen_names(spec: SourceSpec, names: list[str], by_split: Mapping[str, list[str]]) -> list[str]:
    if spec.file:
        if spec.file not in names or not is_safe_name(spec.file):
            raise SourceError(
                f"source {spec.name!r}: {hub_place(spec)} has no file {spec.file!r}; it holds: {shown(names)}. "
                "Set the source's `file` to one of them, or leave it empty"
            )
        return [spec.file]
    if by_split and spec.split and spec.split not in by_split:
        raise SourceError(
            f"source {spec.name!r}: {hub_place(spec)} has no split {spec.split!r}, only {', '.join(by_split)}. "
            "Set the source's `split` to one of them"
        )
    patterns = by_split.get(spec.split, []) if spec.split else [p for each in by_split.values() for p in each]
    by_card = [
        name for name in names if (is_data_file(name) or is_archive(name)) and any(matches(name, p) for p in patterns)
    ]
    return by_card or choose_files(spec, names, hub_place(spec))
