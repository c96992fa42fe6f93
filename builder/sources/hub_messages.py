"""How a failed call to the Hub reads: one sentence with the place, what happened there, and what to do."""

import re
from json import JSONDecodeError

from builder.sources.fetched import disk_problem, network_reason
from builder.sources.spec import SourceSpec

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
