"""Fetches a source from Kaggle. Public data needs no credentials.

Not covered here: retries. `kagglehub` resumes a partial file and checks its MD5.
"""

import io
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from json import JSONDecodeError
from pathlib import Path

from builder.errors import SourceError
from builder.sources.fetched import Fetched, choose_files, disk_problem, network_reason
from builder.sources.spec import SourceSpec

_CREDENTIALS = "KAGGLE_API_TOKEN, KAGGLE_USERNAME with KAGGLE_KEY, or the files in ~/.kaggle"
_NEW_TOKEN = "make a new token at https://www.kaggle.com/settings"


def fetch_kaggle(spec: SourceSpec, cache_dir: Path) -> Fetched:  # noqa: ARG001 (every fetcher takes it)
    """Download `spec.file`, or the dataset's data files, at `spec.revision` or the newest version.

    They stay in kagglehub's own cache (`KAGGLEHUB_CACHE`), not in `cache_dir`: its `output_dir` came late,
    can't hold two versions, and makes it refuse a partial file rather than resume it.
    Raises `SourceError` for all that a person can meet: no network, no such dataset, no access, no data.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", spec.location) or not re.fullmatch(r"\d*", spec.revision):
        raise SourceError(
            f"source {spec.name!r}: {spec.location!r}, version {spec.revision!r} is no dataset of Kaggle: "
            "write `location` as owner/name, and `revision` as a number or leave it empty for the newest"
        )
    import kagglehub
    from kagglehub import exceptions

    handle = f"{spec.location}/versions/{spec.revision}" if spec.revision else spec.location
    met = (OSError, ValueError, exceptions.CredentialError, exceptions.DataCorruptionError, exceptions.BackendError)
    try:
        with _kept_quiet():
            found = Path(kagglehub.dataset_download(handle, path=spec.file or None))
    except met as error:
        # `from None`: a client's text may hold a header, and a traceback would print it.
        raise SourceError(f"source {spec.name!r}: {_what_happened(spec, error)}") from None
    return Fetched(files=_data_files(spec, found), revision=_version(spec, found))


def _data_files(spec: SourceSpec, found: Path) -> tuple[Path, ...]:
    """The file itself if one was asked for, else the data files in the folder."""
    if found.is_file():
        return (found,)
    names = [path.relative_to(found).as_posix() for path in found.rglob("*") if path.is_file()]
    return tuple(found / name for name in choose_files(spec, names, _place(spec)))


def _version(spec: SourceSpec, found: Path) -> str:
    """The version's number, which kagglehub tells only by where it keeps the files (not in a notebook)."""
    told = re.search(rf"/datasets/{re.escape(spec.location)}/versions/(\d+)(/|$)", found.as_posix())
    return told[1] if told else spec.revision or "unknown"


def _place(spec: SourceSpec) -> str:
    version = f" version {spec.revision}" if spec.revision else ""
    return f"Kaggle dataset {spec.location}{version}"


def _what_happened(spec: SourceSpec, error: BaseException) -> str:
    """One sentence on a failed call: the place, what happened there, and what to do."""
    from kagglehub import exceptions

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
        (status, f"Kaggle answered HTTP {status} for {place}: try again later"),
        (problem, f"{place} can't be stored ({problem}): free some space, or set KAGGLEHUB_CACHE elsewhere"),
        (isinstance(error, exceptions.DataCorruptionError), f"{place} arrived damaged (MD5 differs): try again"),
        (
            isinstance(error, JSONDecodeError),
            f"what answers for {place} is not Kaggle: check the network and its proxy",
        ),
        (isinstance(error, ValueError), f"{place} can't be asked: correct the credentials ({_CREDENTIALS})"),
    )
    network = f"no answer from Kaggle for {place} ({network_reason(error)}): check the network and its proxy"
    return next((sentence for met, sentence in known if met), network)


@contextmanager
def _kept_quiet() -> Iterator[None]:
    """Keep kagglehub off standard output, and its progress bar off anything that is no terminal."""
    logger = logging.getLogger("kagglehub")
    level = logger.level
    aside = sys.stderr if sys.stderr.isatty() else io.StringIO()
    logger.setLevel(max(level, logging.WARNING))
    try:
        with redirect_stdout(aside), redirect_stderr(aside):
            yield
    finally:
        logger.setLevel(level)
