"""Fetches a source from the Hugging Face Hub, or from any host that speaks its protocol (`HF_ENDPOINT`).

Not covered here: retries, reading a part of a file, checking of hashes.
"""

import re
from collections.abc import Mapping
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.errors import SourceError
from builder.sources.fetched import (
    Fetched,
    choose_files,
    disk_problem,
    is_data_file,
    network_reason,
    shown,
)
from builder.sources.spec import SourceSpec

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_CARD = "README.md"
_LOG_IN = "log in with `hf auth login`, or set HF_TOKEN"
_UNREADABLE = (JSONDecodeError, UnicodeEncodeError)
_GLOB_PARTS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def fetch_hub(spec: SourceSpec, cache_dir: Path) -> Fetched:
    """Download a dataset repository's data files into `cache_dir`/hub, all at the commit of its revision.

    The files are `spec.file`; or what the card's default config gives the split; or what their names say.
    Raises `SourceError` for all that a person can meet: no network, no such repository, no access, no data.
    """
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    # The base of the client's HTTP error: whichever HTTP library it is built on, its network errors share it.
    bases: tuple[type[Exception], ...] = HfHubHTTPError.__bases__
    met: tuple[type[Exception], ...] = (*bases, OSError, HFValidationError, *_UNREADABLE)
    try:
        api = HfApi()
        commit = api.dataset_info(spec.location, revision=spec.revision or "main").sha
        if not commit:
            raise SourceError(f"source {spec.name!r}: {_place(spec)} names no commit, so it can't be pinned")
        names = _chosen_names(spec, api, commit, cache_dir)
        paths = [
            hf_hub_download(spec.location, name, repo_type="dataset", revision=commit, cache_dir=cache_dir / "hub")
            for name in names
        ]
    except met as error:
        # `from None`: a client's text may hold a header, and a traceback would print it.
        raise SourceError(f"source {spec.name!r}: {_what_happened(spec, error)}") from None
    return Fetched(files=tuple(Path(path) for path in paths), revision=commit)


def _chosen_names(spec: SourceSpec, api: "HfApi", commit: str, cache_dir: Path) -> list[str]:
    names = sorted(api.list_repo_files(spec.location, repo_type="dataset", revision=commit))
    if spec.file:
        if spec.file not in names:
            raise SourceError(
                f"source {spec.name!r}: {_place(spec)} has no file {spec.file!r}; it holds: {shown(names)}. "
                "Set the source's `file` to one of them, or leave it empty"
            )
        return [spec.file]
    by_split = _card_splits(spec, commit, cache_dir) if _CARD in names else {}
    if by_split and spec.split and spec.split not in by_split:
        raise SourceError(
            f"source {spec.name!r}: {_place(spec)} has no split {spec.split!r}, only {', '.join(by_split)}. "
            "Set the source's `split` to one of them"
        )
    patterns = by_split.get(spec.split, []) if spec.split else [p for each in by_split.values() for p in each]
    by_card = [name for name in names if is_data_file(name) and any(_matches(name, p) for p in patterns)]
    return by_card or choose_files(spec, names, _place(spec))


def _card_splits(spec: SourceSpec, commit: str, cache_dir: Path) -> dict[str, list[str]]:
    """Each split's file patterns in the card's default config; empty if there are none, or none so plain."""
    from huggingface_hub import hf_hub_download, metadata_load

    path = hf_hub_download(spec.location, _CARD, repo_type="dataset", revision=commit, cache_dir=cache_dir / "hub")
    try:
        card: Any = metadata_load(path) or {}
    except Exception:  # a card's YAML is its authors'; whatever is wrong with it, the file names remain
        return {}
    configs = card.get("configs")
    configs = [c for c in configs if isinstance(c, Mapping)] if isinstance(configs, list) else []
    default = [c for c in configs if c.get("default") or c.get("config_name") == "default"] or configs[:1]
    return _splits_of(default[0].get("data_files")) if default else {}


def _splits_of(data_files: object) -> dict[str, list[str]]:
    """`data_files` of a card's config in any of its three forms: paths, split to paths, or a list of both."""
    if isinstance(data_files, str):
        return {"train": [data_files]}
    if isinstance(data_files, list) and all(isinstance(item, str) for item in data_files):
        return {"train": data_files} if data_files else {}
    if isinstance(data_files, list):
        items = [item for item in data_files if isinstance(item, Mapping)]
        data_files = {item.get("split"): item.get("path") for item in items}
    if not isinstance(data_files, Mapping):
        return {}
    listed = {split: [paths] if isinstance(paths, str) else paths for split, paths in data_files.items()}
    return {str(split): [str(p) for p in paths] for split, paths in listed.items() if isinstance(paths, list)}


def _matches(name: str, pattern: str) -> bool:
    """Whether a path fits a card's pattern, in which `*` and `?` stay within a folder and `**` does not."""
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.removeprefix("./"))
    expression = "".join(_GLOB_PARTS.get(piece, re.escape(piece)) for piece in pieces)
    return re.fullmatch(expression, name) is not None


def _place(spec: SourceSpec) -> str:
    return f"{_host()}/datasets/{spec.location}"


def _host() -> str:
    from huggingface_hub import constants

    return re.sub(r"//[^/@]*@", "//", constants.ENDPOINT)  # an address may carry a password


def _what_happened(spec: SourceSpec, error: BaseException) -> str:
    """One sentence on a failed call: the place, what happened there, and what to do."""
    from huggingface_hub import errors

    if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__:
        error = error.__cause__  # it says "not in the cache either"; the cause is why it had to look there
    place = _place(spec)
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
            f"{place}/commits/main lists",
        ),
        (errors.EntryNotFoundError, f"{place} lists a file that it does not give: try again later"),
        (errors.HFValidationError, f"{spec.location!r} is no dataset of the Hub: write it as owner/name"),
        (errors.OfflineModeIsEnabled, f"{place} can't be asked: unset HF_HUB_OFFLINE to let the Hub answer"),
        (JSONDecodeError, f"{_host()} does not answer as a Hub does: check HF_ENDPOINT and the network"),
        (UnicodeEncodeError, "the access token holds a character that no token has: correct HF_TOKEN"),
    )
    for kind, sentence in known:
        if isinstance(error, kind):
            return sentence
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return f"{place} refused the credentials (HTTP {status}): {_LOG_IN} to a valid token"
    if status:
        return f"{place} answered HTTP {status}: try again later"
    if problem := disk_problem(error):
        return f"{place} can't be stored ({problem}): free some space, or choose another cache folder"
    return f"no answer from {_host()} ({network_reason(error)}): check the network, its proxy and HF_ENDPOINT"
