"""The Hub's client with patience and plain words: calls are tried again, and errors are one message each.

No text of the client is ever quoted: it may hold a header, and the access token with it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from builder.core.errors import OutputError, SettingError
from builder.core.events import Events
from builder.core.retry import LongWaitError, causes, passes, retried, status_of, too_long_a_wait
from builder.sources.hosts.files import disk_problem, network_reason
from builder.sources.hosts.hub import MALFORMED, waits_shown

_LOG_IN = "run `hf auth login`, or set HF_TOKEN"


class Hub:
    """One dataset repository at a Hub, reached with the client's own settings (`HF_ENDPOINT`, `HF_TOKEN`)."""

    def __init__(self, repo: str, events: Events) -> None:
        from huggingface_hub import HfApi, constants
        from huggingface_hub.errors import HFValidationError
        from huggingface_hub.utils import validate_repo_id

        try:
            validate_repo_id(repo)
        except HFValidationError:
            repo = ""
        if repo.count("/") != 1:
            raise SettingError("--repo: write the repository as OWNER/NAME, such as org/manim-sft")
        self.repo = repo
        self.events = events
        self.api = HfApi()
        self.host = re.sub(r"//[^/@]*@", "//", constants.ENDPOINT)  # an address may carry a password
        self.place = f"{self.host}/datasets/{repo}"
        self.user = ""
        """Who the access token belongs to; known after `sign_in`."""
        self.organisations: tuple[str, ...] = ()

    def has_token(self) -> bool:
        """Whether there is an access token to sign in with; no request is made."""
        from huggingface_hub import get_token

        return bool(get_token())

    def sign_in(self) -> None:
        """Ask whose token it is, so that a missing or refused one is told before any work is done."""
        known = self._answer("who am I", self.api.whoami)
        self.user = str(known.get("name", ""))
        self.organisations = tuple(str(item.get("name", "")) for item in known.get("orgs", ()))

    def ask(
        self, what: str, call: Callable[..., Any], *values: Any, missing: tuple[type[Exception], ...] = (), **named: Any
    ) -> Any:
        """The answer to a call about the repository, made again where that may help; `None` if it raises `missing`.

        Raises:
            OutputError: the call failed; the text says why and what to do.
        """
        return self._answer(what, partial(call, self.repo, *values, repo_type="dataset", **named), missing)

    def _answer(self, what: str, call: Callable[[], Any], missing: tuple[type[Exception], ...] = ()) -> Any:
        try:
            with waits_shown(f"{self.host}: {what}", self.events):
                return retried(call, f"{self.host}: {what}", self.events)
        except missing:
            return None
        except client_errors() as error:
            # `from None`: a client's text may hold a header, and a traceback would print it.
            raise OutputError(self.explained(error)) from None

    def downloaded(self, patterns: Sequence[str], revision: str = "") -> Path:
        """The folder in the client's cache with the files of the repository that match a pattern.

        Raises:
            OutputError: the repository cannot be had.
        """
        from huggingface_hub import snapshot_download

        with quiet_client():
            return Path(self.ask("download", snapshot_download, revision=revision or None, allow_patterns=[*patterns]))

    def explained(self, error: BaseException) -> str:
        """One sentence on a failed call: the place, what happened there, and what to do."""
        from huggingface_hub import errors

        if isinstance(error, errors.LocalTokenNotFoundError):
            return f"{self.host} wants to know who pushes: {_LOG_IN} to a token with write permission"
        if any(isinstance(link, errors.OfflineModeIsEnabled) for link in causes(error)):
            return f"{self.place} can't be asked: unset HF_HUB_OFFLINE to let the Hub answer"
        if isinstance(error, UnicodeEncodeError):
            return "the access token holds a character that no token has: correct HF_TOKEN, or run `hf auth login`"
        if isinstance(error, LongWaitError):
            return f"{self.host}{too_long_a_wait(error).removeprefix(' and')}: run the same command again later"
        if (status := status_of(error)) is not None:
            return self._status_explained(status, error)
        if passes(error):
            return f"no answer from {self.host} ({network_reason(error)}): check the network, its proxy and HF_ENDPOINT"
        if problem := disk_problem(error):
            return f"{self.place}: a file can't be kept or read ({problem}): free some space, or build again"
        if isinstance(error, MALFORMED):
            return f"{self.host} does not answer as a Hub does: check HF_ENDPOINT and the network, or try again later"
        kinds = " from ".join(dict.fromkeys(type(link).__name__ for link in causes(error)))
        return f"{self.place}: the Hub's client failed ({kinds}): try again, or update huggingface_hub"

    def _status_explained(self, status: int, error: BaseException) -> str:
        if status == 401:
            return f"{self.host} refused the access token (HTTP 401): {_LOG_IN} to a valid token"
        if status == 403:
            return (
                f"{self.place} may not be written with this token (HTTP 403): make one with write permission at "
                f"{self.host}/settings/tokens, then {_LOG_IN} to it; or ask its owners, or offer the change with "
                "--create-pr"
            )
        if status == 429:
            long = too_long_a_wait(error)
            return f"{self.host} has had too many requests (HTTP 429){long}: run the same command again later"
        if long := too_long_a_wait(error):
            return f"{self.place} answered HTTP {status}{long}: run the same command again later"
        if passes(error):
            return f"{self.place} answered HTTP {status}, also when asked again: run the same command again later"
        return f"{self.place} answered HTTP {status}: check the name, and that huggingface_hub is up to date"

    def no_namespace(self) -> str:
        """What to say where a repository may not be made: its owner is not this user, nor one of their organisations.

        Empty if it is.
        """
        owner, name = self.repo.split("/")
        if owner in (self.user, *self.organisations):
            return ""
        belongs = ", ".join(self.organisations) or "none"
        return (
            f"{self.host} has no organisation {owner!r} in which {self.user} may make a dataset (organisations of "
            f"{self.user}: {belongs}): correct --repo, for example --repo {self.user}/{name}, or ask for access to it"
        )


def client_errors() -> tuple[type[Exception], ...]:
    """What the Hub's client raises for anything outside the program.

    The bases of its HTTP error cover the network errors of whichever HTTP library it is built on; an upload's
    threads and the Xet client wrap theirs in `RuntimeError`, malformed answers come as `MALFORMED`.
    """
    from huggingface_hub.errors import HfHubHTTPError

    bases: tuple[type[Exception], ...] = HfHubHTTPError.__bases__
    return (*bases, OSError, RuntimeError, *MALFORMED)


@contextmanager
def quiet_client() -> Iterator[None]:
    """The client's own bars and retry messages would write over ours, or into a log."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars, logging

    shown, verbosity = not are_progress_bars_disabled(), logging.get_verbosity()
    disable_progress_bars()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if shown:
            enable_progress_bars()
