"""What is tried again, how often, and how long the pauses are."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import tenacity

import builder.core.retry
from builder.core.events import Silent
from builder.core.retry import ATTEMPTS, passes, retried, retry_after


@dataclass
class Response:
    status_code: int
    headers: dict[str, str] = field(default_factory=dict)


class HTTPError(Exception):
    def __init__(self, status, **headers):
        super().__init__("Bearer hf_secret")
        self.response = Response(status, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def pauses(monkeypatch):
    """Seconds that would have been waited."""
    waited = []
    monkeypatch.setattr(tenacity.nap.time, "sleep", waited.append)
    return waited


def failing(*errors):
    """A call that raises each of these, then gives `done`."""
    waiting = list(errors)

    def call():
        if waiting:
            raise waiting.pop(0)
        return "done"

    return call


def test_a_passing_failure_is_tried_again_with_growing_pauses(pauses):
    """Each pause is about twice the one before; each is told, without the error's own text."""
    events = Silent()

    assert retried(failing(*[HTTPError(503)] * 4), "host: look", events) == "done"

    assert [round(pause * 2) / 2 for pause in pauses] == pytest.approx([0.5, 1, 2, 4], abs=0.5)
    assert pauses == sorted(pauses)
    assert events.warnings[0].startswith("host: look: HTTP 503; trying again in 0.")
    assert "hf_secret" not in "".join(events.warnings)


def test_it_gives_up_with_the_last_error(pauses):
    """After so many calls."""
    errors = [HTTPError(503) for _ in range(ATTEMPTS + 1)]

    with pytest.raises(HTTPError) as raised:
        retried(failing(*errors), "look", Silent())

    assert raised.value is errors[ATTEMPTS - 1]
    assert len(pauses) == ATTEMPTS - 1


def test_the_servers_wish_is_respected(pauses):
    """`Retry-After` makes a pause longer, never shorter."""
    retried(failing(HTTPError(429, Retry_After="7"), HTTPError(429, Retry_After="0")), "look", Silent())

    assert pauses[0] == 7
    assert pauses[1] >= 1


def test_waits_that_a_server_asks_for_are_bounded_together(pauses):
    """Two of a minute are waited for, a third is not."""
    errors = [HTTPError(429, Retry_After="60") for _ in range(4)]

    with pytest.raises(HTTPError):
        retried(failing(*errors), "look", Silent())

    assert pauses == [60, 60]


def test_a_fault_that_lasts_is_not_waited_out(pauses, monkeypatch):
    """Calls that take long to fail are not made five times: a client that retries on its own needs half a minute."""
    clock = iter(range(0, 900, 23))
    monkeypatch.setattr(builder.core.retry.time, "monotonic", lambda: next(clock))

    with pytest.raises(HTTPError):
        retried(failing(*[HTTPError(503) for _ in range(5)]), "look", Silent())

    assert len(pauses) == 1


@pytest.mark.parametrize(
    "error",
    [
        HTTPError(401),
        HTTPError(404),
        HTTPError(429, Retry_After="3600"),
        ValueError("no"),
        json.JSONDecodeError("no", "", 0),
        FileNotFoundError("gone"),
    ],
    ids=repr,
)
def test_what_does_not_pass_is_not_tried_again(pauses, error):
    """Nor is a server asked that wants to be left alone for long."""
    with pytest.raises(type(error)):
        retried(failing(error), "look", Silent())

    assert pauses == []


@pytest.mark.parametrize("kind", ["ReadTimeout", "ConnectError", "RemoteProtocolError"])
def test_lost_connections_of_any_library_pass(kind):
    """Known by the names of their classes, also behind another error."""
    bases = {"ReadTimeout": "TimeoutException", "ConnectError": "NetworkError"}
    lost = type(kind, (type(bases.get(kind, "TransportError"), (Exception,), {}),), {})("Bearer hf_secret")
    wrapped = RuntimeError("Error while uploading")
    wrapped.__cause__ = lost

    assert passes(lost)
    assert passes(wrapped)


def test_retry_after_is_read_as_seconds_date_or_limit():
    """The three forms that servers use."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)

    assert retry_after(HTTPError(429, Retry_After="12")) == 12
    assert retry_after(HTTPError(429, Retry_After=soon)) == pytest.approx(30, abs=2)
    assert retry_after(HTTPError(429, RateLimit='"api";r=0;t=55')) == 55
    assert retry_after(HTTPError(429, RateLimit='"api";r=9;t=55')) is None
    assert retry_after(HTTPError(429, Retry_After="whenever")) is None
