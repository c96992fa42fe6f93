"""Reads a source from Kaggle. Public data needs no credentials.

`kagglehub` resumes a partial file and checks its MD5; it never tries again, so `builder.core.retry` does.
"""

import functools
import io
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from json import JSONDecodeError
from pathlib import Path
from typing import Any, TypeVar

from builder.core.errors import SourceError
from builder.core.events import Events, Silent
from builder.core.files import sha256_of
from builder.core.retry import retried, too_long_a_wait
from builder.sources.hosts.files import (
    RemoteFile,
    Resolved,
    choose_files,
    disk_problem,
    failure_of,
    network_reason,
    silent_bar,
)
from builder.sources.spec import SourceSpec

T = TypeVar("T")

_CREDENTIALS = "KAGGLE_API_TOKEN, KAGGLE_USERNAME with KAGGLE_KEY, or the files in ~/.kaggle"
_NEW_TOKEN = "make a new token at https://www.kaggle.com/settings"
_MALFORMED = (JSONDecodeError, UnicodeDecodeError, LookupError, TypeError, AttributeError)
"""What kagglehub raises for an answer that is no JSON, no UTF-8, or lacks what an answer of Kaggle has."""
_one_at_a_time = threading.Lock()  # the client's progress bar and log are the process's


class DamagedError(ConnectionError):
    """What came is not what Kaggle's MD5 promises."""


def resolve_kaggle(
    spec: SourceSpec, version: str = "", events: Events | None = None, progress: Callable[[int], None] = lambda _: None
) -> Resolved:
    """The data files of a version (by default `spec.revision`, or the newest), downloaded.

    They stay in kagglehub's own cache (`KAGGLEHUB_CACHE`): its `output_dir` came late, can't hold two versions, and
    makes it refuse a partial file rather than resume it.
    Raises `SourceError` for all that a person can meet (no network, no such dataset, no access, no data), or
    `OutputError` where the disk is at fault.
    """
    version = version or spec.revision
    _check_names(spec)
    handle = f"{spec.location}/versions/{version}" if version else spec.location

    def download() -> Path:
        import kagglehub
        from kagglehub import exceptions

        with _kept_quiet(progress):
            try:
                return Path(kagglehub.dataset_download(handle, path=spec.file or None))
            except exceptions.DataCorruptionError as error:
                raise DamagedError(str(error)) from error

    found = _asked(spec, download, events)
    files = (
        RemoteFile(name, path.stat().st_size, sha256_of(path), path) for name, path in _data_files(spec, found).items()
    )
    return Resolved(_version(spec, version, found), tuple(files))


def newest_kaggle(spec: SourceSpec, events: Events | None = None) -> str:
    """The version that a build would take now; empty where the installed client cannot tell."""
    return spec.revision or ask_kaggle(spec, events)[0]


def ask_kaggle(spec: SourceSpec, events: Events | None = None) -> tuple[str, int | None]:
    """A dataset's newest version, and the bytes of all its files if Kaggle tells; one request."""
    _check_names(spec)
    return _asked(spec, functools.partial(_ask, spec), events)


def _ask(spec: SourceSpec) -> tuple[str, int | None]:
    try:
        from kagglehub.clients import build_kaggle_client
        from kagglesdk.datasets.types.dataset_api_service import ApiGetDatasetRequest
    except ImportError:
        return "", None
    request = ApiGetDatasetRequest()
    request.owner_slug, request.dataset_slug = spec.location.split("/")
    with build_kaggle_client() as client:
        answer: Any = client.datasets.dataset_api_client.get_dataset(request)
    return str(answer.current_version_number or ""), answer.total_bytes or None


def _check_names(spec: SourceSpec) -> None:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", spec.location) or not re.fullmatch(r"\d*", spec.revision):
        raise SourceError(
            f"source {spec.name!r}: {spec.location!r}, version {spec.revision!r} is no dataset of Kaggle: "
            "write `location` as owner/name, and `revision` as a number or leave it empty for the newest"
        )


def _asked(spec: SourceSpec, call: Callable[[], T], events: Events | None) -> T:
    """What a call to Kaggle gives, tried again with patience; its failures as one sentence."""
    from kagglehub import exceptions

    met = (OSError, *_MALFORMED, ValueError, exceptions.CredentialError, exceptions.BackendError)
    try:
        return retried(call, spec.name, events or Silent())
    except met as error:
        # `from None`: a client's text may hold a header, and a traceback would print it.
        raise failure_of(error)(f"source {spec.name!r}: {_what_happened(spec, error)}") from None


def _data_files(spec: SourceSpec, found: Path) -> dict[str, Path]:
    """By name, the file itself if one was asked for, else the data files in the folder."""
    if found.is_file():
        return {spec.file: found}
    inside = {
        path.relative_to(found).as_posix(): path
        for path in found.rglob("*")
        if path.is_file() and path.resolve().is_relative_to(found.resolve())
    }
    return {name: inside[name] for name in choose_files(spec, inside, _place(spec))}


def _version(spec: SourceSpec, asked: str, found: Path) -> str:
    """The version's number, which kagglehub tells only by where it keeps the files (not in a notebook)."""
    progress = re.search(rf"/datasets/{re.escape(spec.location)}/versions/(\d+)(/|$)", found.as_posix())
    return progress[1] if progress else asked or "unknown"


def _place(spec: SourceSpec) -> str:
    version = f" version {spec.revision}" if spec.revision else ""
    return f"Kaggle dataset {spec.location}{version}"


def _what_happened(spec: SourceSpec, error: BaseException) -> str:
    """One sentence on a failed call: the place, what happened there, and what to do."""
    place = _place(spec)
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    of_a_file = spec.file and "download" in str(getattr(response, "url", "")).lower()
    problem = disk_problem(error)
    known: tuple[tuple[object, str], ...] = (
        (status == 401, f"Kaggle refused the credentials ({_CREDENTIALS}): {_NEW_TOKEN}, or unset them"),
        (
            status == 404 and of_a_file,
            f"{place} has no file {spec.file!r}: set the source's `file` to one that the dataset's page lists",
        ),
        (
            status in (403, 404),
            f"there is no {place}, or it is private (HTTP {status}): check its name and terms on its page; if it "
            f"is private, {_NEW_TOKEN} and set {_CREDENTIALS}",
        ),
        (status, f"Kaggle answered HTTP {status} for {place}{too_long_a_wait(error)}: try again later"),
        (problem, f"{place} can't be stored ({problem}): free some space, or set KAGGLEHUB_CACHE elsewhere"),
        (isinstance(error, DamagedError), f"{place} arrived damaged (MD5 differs): try again"),
        (
            isinstance(error, _MALFORMED),
            f"what answers for {place} is not Kaggle: check the network and its proxy",
        ),
        (isinstance(error, ValueError), f"{place} can't be asked: correct the credentials ({_CREDENTIALS})"),
    )
    network = f"no answer from Kaggle for {place} ({network_reason(error)}): check the network and its proxy"
    return next((sentence for met, sentence in known if met), network)


@contextmanager
def _kept_quiet(progress: Callable[[int], None]) -> Iterator[None]:
    """Keep kagglehub off both streams; its progress goes to a listener."""
    from kagglehub import clients

    logger = logging.getLogger("kagglehub")
    with _one_at_a_time, redirect_stdout(io.StringIO()):
        level, bar = logger.level, getattr(clients, "tqdm", None)
        logger.setLevel(logging.ERROR)
        clients.tqdm = silent_bar(progress)
        try:
            yield
        finally:
            logger.setLevel(level)
            clients.tqdm = bar
