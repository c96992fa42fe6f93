"""The file of a tokenizer: on the disk, or of a model on the Hub (or any host that speaks its protocol)."""

import functools
from pathlib import Path

from builder.config import tokenizer_file
from builder.core.errors import SettingError
from builder.core.events import Events
from builder.core.retry import retried
from builder.sources.hosts.files import failure_of, network_reason

TOKENIZER = "tokenizer.json"
"""What a fast tokenizer is stored as, with all that it needs."""


def find_tokenizer(asked: str, cache: Path, offline: bool, events: Events) -> Path | None:
    """The file of the tokenizer that is asked for, fetched if need be; `None` if none is.

    Raises:
        SettingError: there is no such file, folder or model, or it holds no tokenizer.json.
        SourceError: the Hub cannot be asked.
    """
    return tokenizer_file(asked) or (_of_model(asked, cache, offline, events) if asked else None)


def _of_model(asked: str, cache: Path, offline: bool, events: Events) -> Path:
    from huggingface_hub import HfApi, hf_hub_download

    name, _, revision = asked.partition("@")
    what = f"tokenizer {asked}"
    ask = functools.partial(HfApi().model_info, name, revision=revision or None)
    fetch = functools.partial(
        hf_hub_download,
        name,
        TOKENIZER,
        revision=revision or None,
        cache_dir=cache / "hub",
        local_files_only=offline,
    )
    try:
        if not offline:
            retried(ask, what, events)  # fails at once where no host answers; the download's own tries take minutes
        return Path(retried(fetch, what, events))
    except Exception as error:
        raise _explained(asked, offline, error) from error


def _explained(asked: str, offline: bool, error: Exception) -> Exception:
    """What a person is told of a failed call; errors of which none can do anything are given back."""
    from huggingface_hub import errors

    if isinstance(error, errors.LocalEntryNotFoundError) and (offline or error.__cause__ is None):
        return SettingError(
            f"--tokenizer {asked}: it is no file or folder, and no model of that name is in the cache; name a "
            f"{TOKENIZER}, or let it be fetched once without --offline"
        )
    if isinstance(error, errors.LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # the client says "not in the cache either"; the cause is why it had to look there
    known: tuple[tuple[type[BaseException], str], ...] = (
        (errors.HFValidationError, f"there is no such file, and no model can have that name; name a {TOKENIZER}"),
        (errors.GatedRepoError, "the model is gated: ask for access on its page, then log in with `hf auth login`"),
        (
            errors.RepositoryNotFoundError,
            "it is no file or folder, and the Hub has no such model, or it is private: check the name, or log in "
            "with `hf auth login`",
        ),
        (errors.RevisionNotFoundError, "the model has no such revision; leave out what follows the @"),
        (errors.EntryNotFoundError, f"the model has no {TOKENIZER}; name one that has a fast tokenizer"),
    )
    for kind, sentence in known:
        if isinstance(error, kind):
            return SettingError(f"--tokenizer {asked}: {sentence}")
    return failure_of(error)(
        f"--tokenizer {asked}: no answer from the Hub ({network_reason(error)}): check the network and HF_ENDPOINT, "
        f"name a {TOKENIZER} on the disk, or, if it was fetched before, add --offline"
    )
