"""`review`: the report on this machine alone, and decisions into the folder."""

import json
import threading
import urllib.error
import urllib.request

import pytest

from builder.core.errors import SettingError
from builder.report.review import ReviewServer
from tests.report_folders import many_rows
from tests.rows import read_lines


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of a folder of ten rows."""
    with ReviewServer(many_rows(tmp_path_factory.mktemp("review") / "out", 10)) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def asked(url, body=None):
    """Status and text of an answer; a body is sent by POST."""
    try:
        with urllib.request.urlopen(url, body if body is None else json.dumps(body).encode()) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_report_is_served_under_its_token_and_nothing_elsewhere(server):
    """Nor anything of the folder but the report."""
    status, page = asked(server.url)
    base = server.url.rpartition("/")[0]

    assert status == 200 and "connect-src" in page
    assert server.server_address[0] == "127.0.0.1"
    for path in (server.url.replace(server.token, "x" * 32), f"{base}/ledger.parquet", f"{base}/../manifest.json"):
        assert asked(path)[0] == 404
    assert asked(server.url.replace(server.token, "x" * 32), {"id": "a", "decision": None})[0] == 404


def test_decisions_are_written_one_a_row_and_others_stay(server):
    """A later one takes the place of an earlier one; none takes it away."""
    decisions = server.url.replace("report.html", "decisions")
    server.decisions.write_text('{"content": "00000000deadbeef", "keep": true}\n')
    for row, decision in (("a/000001", "drop"), ("a/000002", "keep"), ("a/000001", "keep"), ("a/000002", None)):
        line = decision and {"id": row, decision: True}
        assert asked(decisions, {"id": row, "decision": line})[0] == 200

    kept = [{"content": "00000000deadbeef", "keep": True}, {"id": "a/000001", "keep": True}]
    assert read_lines(server.decisions) == kept
    assert [json.loads(line) for line in asked(decisions)[1].splitlines()] == kept


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"id": "a/000001", "decision": {"id": "a/000001"}}, 409, "exactly one of keep"),
        ({"id": "a/000001", "decision": {"id": "a/000002", "drop": True}}, 409, "names another row"),
        ([], 400, "not what the page sends"),
    ],
)
def test_what_is_no_decision_is_refused(server, body, status, says):
    """With what is wrong; the file stays as it was."""
    before = server.decisions.read_bytes() if server.decisions.exists() else b""

    answered, text = asked(server.url.replace("report.html", "decisions"), body)
    assert answered == status and says in text
    assert (server.decisions.read_bytes() if server.decisions.exists() else b"") == before


def test_a_machine_that_cannot_render_says_so(server):
    """And what to do."""
    assert asked(server.url.replace("report.html", "render"), {"code": "x = 1"}) == (
        409,
        "this machine cannot render; `python -m builder doctor` says what is missing",
    )


def test_a_port_that_is_taken_is_named(server):
    """Another one can be had."""
    with pytest.raises(SettingError, match=f"--port {server.server_port}: .*name another one"):
        ReviewServer(server.folder.path, port=server.server_port)
