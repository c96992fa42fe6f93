"""A folder's report served on this machine alone, where decisions go straight into the folder's `decisions.jsonl`.

The address holds a token that nobody else can guess, and every other path is unknown; so a page from elsewhere, or
another user of this machine, reaches nothing. Nothing is logged.
"""

import base64
import hmac
import secrets
import threading
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson

from builder.config import DECISIONS_FILE
from builder.core.errors import BuilderError, SettingError
from builder.core.files import written_aside
from builder.decide.decisions import decision_of
from builder.render.renderer import Renderer
from builder.report.facts import facts_of
from builder.report.page import Page, page_of
from builder.report.proof.folder import open_folder
from builder.report.write import REPORT, pages_of

_MOST_BYTES = 4 << 20
"""Of what a page sends at a time."""


class ReviewServer(ThreadingHTTPServer):
    """Serves the report of a folder on the loopback interface.

    Args:
        path: what `build` or `export` wrote.
        renderer: renders programs that the page asks for; `None` if this machine cannot.
        port: 0 for any that is free.

    Raises:
        OutputError: the folder is not one of this project.
        SettingError: the port is taken.
    """

    daemon_threads = True

    def __init__(self, path: Path, renderer: Renderer | None = None, port: int = 0) -> None:
        self.folder = open_folder(path)
        self.renderer = renderer
        self.token = secrets.token_urlsafe(24)
        self.writing = threading.Lock()
        self._page_of = lru_cache(maxsize=None)(self._made)
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise SettingError(f"--port {port}: {error.strerror}; name another one, or none") from error

    @property
    def url(self) -> str:
        """Where the report is."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/{REPORT}"

    @property
    def decisions(self) -> Path:
        """Where decisions are written; the next build into the folder takes them from there."""
        return self.folder.path / DECISIONS_FILE

    def file(self, name: str) -> bytes | None:
        """A page of the report, or a file beside one; `None` for anything else."""
        for config, page in pages_of(self.folder).items():
            beside = f"{Path(page).stem}_files/"
            if name == page:
                return self._page(config).html
            if name.startswith(beside):
                return self._page(config).beside.get(name.removeprefix(beside))
        return None

    def _page(self, config: str) -> Page:
        with self.writing:
            return self._page_of(config)

    def _made(self, config: str) -> Page:
        pages = pages_of(self.folder)
        review = "render" if self.renderer else "yes"
        beside = f"{Path(pages[config]).stem}_files"
        return page_of(facts_of(self.folder, config), beside, others=pages, review=review)

    def decide(self, row: str, decision: dict[str, Any] | None) -> None:
        """Write what was decided of a row in place of what stood there; `None` takes it away.

        Raises:
            SettingError: it is no decision, or a line of the file is none.
            OutputError: the file cannot be written.
        """
        line = b"" if decision is None else orjson.dumps(decision)
        if decision is not None and decision.get("id") != row:
            raise SettingError(f"a decision on {row} names another row")
        if line:
            decision_of(line, f"on {row}")
        with self.writing:
            old = self.decisions.read_bytes().splitlines() if self.decisions.exists() else []
            lines = [text for n, text in enumerate(old, 1) if text.strip() and _row_of(text, n) != row]
            with written_aside(self.decisions, "FOLDER") as aside:
                aside.write_bytes(b"".join(text + b"\n" for text in [*lines, *([line] if line else [])]))

    def render(self, code: str) -> dict[str, str]:
        """What comes of a program, in a line, and a short loop of it (WebP, base64) if it shows anything."""
        if self.renderer is None:
            raise SettingError("this machine cannot render; `python -m builder doctor` says what is missing")
        verdict = self.renderer.render_one(code)
        said = f"{verdict.outcome}: {verdict.exception} {verdict.message}".rstrip(": ")
        where = f" (line {verdict.line})" if verdict.line else ""
        picture = verdict.frames or verdict.thumbnail or b""
        return {"verdict": said + where, "picture": base64.b64encode(picture).decode()}


def _row_of(line: bytes, number: int) -> str:
    try:
        return str(orjson.loads(line).get("id", ""))
    except (ValueError, AttributeError) as error:
        raise SettingError(f"{DECISIONS_FILE}, line {number}: no decision; correct it or take it out") from error


class _Handler(BaseHTTPRequestHandler):
    """Answers under the token's path, and nowhere else."""

    server: ReviewServer

    def do_GET(self) -> None:
        """Pages, files beside them, and the decisions so far."""
        name = self._name()
        if name == "decisions":
            found = self.server.decisions
            return self._answer(found.read_bytes() if found.exists() else b"", "application/jsonl")
        content = self.server.file(name) if name is not None else None
        if content is None:
            return self._refuse(HTTPStatus.NOT_FOUND, "nothing is here")
        return self._answer(content, "text/javascript" if str(name).endswith(".js") else "text/html; charset=utf-8")

    def do_POST(self) -> None:
        """A decision to write, or a program to render."""
        name, length = self._name(), self.headers.get("Content-Length", "")
        if name not in ("decisions", "render"):
            return self._refuse(HTTPStatus.NOT_FOUND, "nothing is here")
        if not length.isdigit() or int(length) > _MOST_BYTES:
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {_MOST_BYTES:,} bytes")
        try:
            given = orjson.loads(self.rfile.read(int(length)))
            if name == "render":
                return self._answer(orjson.dumps(self.server.render(given["code"])), "application/json")
            self.server.decide(given["id"], given["decision"])
            return self._answer(b"", "text/plain")
        except (ValueError, KeyError, TypeError, AttributeError):
            return self._refuse(HTTPStatus.BAD_REQUEST, "not what the page sends")
        except BuilderError as error:
            return self._refuse(HTTPStatus.CONFLICT, str(error))

    def _name(self) -> str | None:
        """What stands behind the token in the path; `None` without the token."""
        token, _, name = self.path.removeprefix("/").partition("/")
        return name.partition("?")[0] if hmac.compare_digest(token.encode(), self.server.token.encode()) else None

    def _answer(self, content: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(content)), "Cache-Control": "no-store"}
        for header, value in (headers | {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}).items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(content)

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self._answer(why.encode(), "text/plain; charset=utf-8", status)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: paths hold the token."""
