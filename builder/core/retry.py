"""Calls over a network, tried again with growing pauses: the one place that says what is worth another try.

Works for whichever HTTP library a client is built on: errors are known by their status, or by the names of their
classes. Waits inside the Hub's client, which retries on its own, are in `builder.sources.hosts.hub`.
"""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import tenacity

from builder.core.errors import BuilderError
from builder.core.events import Events

ATTEMPTS = 5
"""Calls made in all."""
FIRST_PAUSE_SECONDS = 0.5
"""The pause after the first failure; each further one is twice as long, and up to a quarter of a second more."""
LONGEST_PAUSE_SECONDS = 16.0
LONGEST_RETRY_AFTER_SECONDS = 120.0
"""A server that asks for a longer wait, or for several that make more together, is not asked again."""
LASTING_SECONDS = 20.0
"""A fault that lasts so long after it was first met, without the waits that a server asked for, is not waited out."""

_PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_LOST_CONNECTIONS = frozenset(
    "ConnectionError TimeoutError TimeoutException NetworkError RemoteProtocolError Timeout ChunkedEncodingError "
    "IncompleteRead".split()
)
"""Names of classes of errors for an answer that never came whole: Python's own, those of httpx, requests, urllib3."""
_OFFLINE = "OfflineModeIsEnabled"
"""The Hub's client was told to ask nobody."""

T = TypeVar("T")


class LongWaitError(ConnectionError):
    """A server asks for a longer wait than is worth it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asks to wait {seconds:,.0f} s")
        self.seconds = seconds


def retried(call: Callable[[], T], what: str, events: Events) -> T:
    """Make a call; if it fails for a reason that passes, pause and make it again, and say so as a warning.

    Raises:
        Exception: the last call's error, if all of them failed, or the first that does not pass.
    """
    first: list[float] = []
    asked = 0.0
    growing = tenacity.wait_exponential(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS) + tenacity.wait_random(0, 0.25)

    def pause(state: tenacity.RetryCallState) -> float:
        nonlocal asked
        wait = retry_after(_error(state)) or 0.0
        asked += wait
        return max(growing(state), wait)

    def lasts(state: tenacity.RetryCallState) -> bool:
        first.append(time.monotonic())
        lasted = first[-1] - first[0] - asked > LASTING_SECONDS or asked > LONGEST_RETRY_AFTER_SECONDS
        return lasted or state.attempt_number >= ATTEMPTS

    def tell(state: tenacity.RetryCallState) -> None:
        events.warn(f"{what}: {_in_short(_error(state))}; trying again in {state.upcoming_sleep:.1f} s")

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(passes),
        wait=pause,
        stop=lasts,
        before_sleep=tell,
        reraise=True,
    )
    return retrying(call)


def passes(error: BaseException) -> bool:
    """Whether another call may succeed: too many requests, a server's own failure, a lost or slow connection."""
    if isinstance(error, BuilderError | LongWaitError) or (retry_after(error) or 0.0) > LONGEST_RETRY_AFTER_SECONDS:
        return False
    status = status_of(error)
    if status is not None:
        return status in _PASSING_STATUSES
    names = {kind.__name__ for link in causes(error) for kind in type(link).__mro__}
    return not names.isdisjoint(_LOST_CONNECTIONS) and _OFFLINE not in names


def status_of(error: BaseException) -> int | None:
    """The HTTP status of the answer that an error is about; `None` if none came."""
    for link in causes(error):
        status = getattr(getattr(link, "response", None), "status_code", None)
        if isinstance(status, int) and status >= 400:
            return status
    return None


def retry_after(error: BaseException) -> float | None:
    """Seconds that the server asks to wait (`Retry-After`, or a used-up `RateLimit`); `None` if it asks for none."""
    for link in causes(error):
        if isinstance(link, LongWaitError):
            return link.seconds
        headers = getattr(getattr(link, "response", None), "headers", None) or {}
        asked = str(headers.get("Retry-After", "")).strip()
        if re.fullmatch(r"\d{1,9}", asked):
            return float(asked)
        if asked:
            return _seconds_until(asked)
        if used_up := re.search(r"\br=0\b.*\bt=(\d{1,9})", str(headers.get("RateLimit", ""))):
            return float(used_up[1])
    return None


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error, what it was raised from, and so on; each once."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def too_long_a_wait(error: BaseException) -> str:
    """The part of a message that says for how long a server asks to wait; empty if that is not too long."""
    wait = retry_after(error) or 0.0
    return f" and asks to wait {wait:,.0f} s" if wait > LONGEST_RETRY_AFTER_SECONDS else ""


def _seconds_until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _error(state: tenacity.RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome else None
    return error or RuntimeError("no outcome")


def _in_short(error: BaseException) -> str:
    """A few words: a client's own text may quote a header, and a token with it."""
    status = status_of(error)
    return f"HTTP {status}" if status else "no whole answer came"
