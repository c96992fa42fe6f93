"""A stand-in for the Hugging Face Hub on loopback, and what every stand-in shares (`Loopback`).

The clients stay the real ones: point them at it with `HF_ENDPOINT`. It covers reading: who am I, a dataset's
commit, its tree, its files with ranges; of a model its files.
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

Repos = Mapping[str, Mapping[str, bytes]]
"""Files by path, by repository."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def token(self) -> str:
        """The bearer token, or nothing."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sends back."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: float = 1.0
    """The share of the body that is sent before the connection ends; below 0, nothing at all is sent."""


RESET = Answer(sent=-1.0)
TRUNCATED = "truncated"
LOST = "lost"
Fault = Answer | Literal["truncated", "lost"]
"""An answer instead of the right one; or the right one cut short; or the work done, and no answer."""


def json_answer(content: object, status: int = 200, **headers: str) -> Answer:
    """An answer in JSON; `X_Error_Code="..."` becomes the header X-Error-Code."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json", **named})


def file_answer(request: Request, content: bytes, headers: Mapping[str, str]) -> Answer:
    """A file, or the one range of it that the request asks for."""
    headers = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream", **headers}
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if not asked:
        return Answer(200, content, headers)
    start, end = int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)
    if start > end:
        return Answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
    return Answer(206, content[start : end + 1], {**headers, "Content-Range": f"bytes {start}-{end}/{len(content)}"})


class Loopback:
    """A server on a free port of 127.0.0.1 while its `with` block lasts; `answer` is for subclasses."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: dict[str, Answer] = {}  # sent to every request whose path holds the key
        self.survived: list[str] = []  # faults of `fail` that were sent
        self._planned: list[list[Any]] = []
        self._faults_lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def respond(self, request: Request) -> Answer:
        self.requests.append(request)
        fault = next((fault for part, fault in self.faults.items() if part in request.path), None)
        planned = self._next_fault(request)
        if isinstance(planned, Answer):
            return planned
        answer = fault or self.answer(request)
        return answer if planned is None else replace(answer, sent=0.5 if planned == TRUNCATED else -1.0)

    def fail(self, part: str, fault: Fault, times: int = 1, method: str = "") -> None:
        """Let the next requests whose path holds `part` meet a fault, so many times."""
        self._planned.append([part, fault, times, method])

    def _next_fault(self, request: Request) -> Fault | None:
        with self._faults_lock:
            for planned in self._planned:
                part, fault, times, method = planned
                if times and part in request.path and method in ("", request.method):
                    planned[2] -= 1
                    self.survived.append(f"{request.method} {request.path}")
                    return fault
        return None

    def paths(self, method: str) -> list[str]:
        """The paths asked for by one method, in order."""
        return [request.path for request in self.requests if request.method == method]

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(loopback: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)  # a proxy's client sends the whole address
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self._body(headers)
            request = Request(self.command, unquote(parts.path), parse_qs(parts.query), headers, body)
            answer = loopback.respond(request)
            if answer.sent < 1:
                self.close_connection = True
            if answer.sent < 0:
                return
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                with suppress(ConnectionError):  # the client has heard enough
                    self.wfile.write(answer.body[: int(len(answer.body) * answer.sent)])

        def _body(self, headers: Mapping[str, str]) -> bytes:
            if "chunked" not in headers.get("transfer-encoding", ""):
                return self.rfile.read(int(headers.get("content-length", 0)))
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Handler


class HubServer(Loopback):
    """The Hub's reading side. Every repository has one commit, which `main` names.

    A token, if one is sent, must be among `tokens`. Repositories in `private` are unknown without one;
    files of those in `gated` are refused to all.
    """

    def __init__(
        self,
        repos: Repos,
        *,
        tokens: Collection[str] = (),
        private: Collection[str] = (),
        gated: Collection[str] = (),
    ) -> None:
        super().__init__()
        self.repos, self.tokens, self.private, self.gated = repos, tokens, private, gated

    def commit(self, repo: str) -> str:
        """The hash of a repository's one commit: 40 hex digits made from its content."""
        digest = hashlib.sha1(repo.encode())
        for path, content in sorted(self.repos[repo].items()):
            digest.update(path.encode() + b"\0" + content)
        return digest.hexdigest()

    def answer(self, request: Request) -> Answer:
        if request.token and request.token not in self.tokens:
            message = "Invalid credentials in Authorization header"
            return json_answer({"error": message}, 401, X_Error_Message=message)
        if request.path == "/api/whoami-v2":
            known = json_answer({"type": "user", "name": "someone", "orgs": []})
            return known if request.token else json_answer({"error": "Unauthorized"}, 401)
        for pattern, respond in _ROUTES:
            if found := re.fullmatch(pattern, request.path):
                return self._in_repo(respond, request, **found.groupdict())
        return json_answer({"error": "Not Found"}, 404)

    def _in_repo(
        self, respond: "Responder", request: Request, repo: str, revision: str | None = None, path: str = ""
    ) -> Answer:
        if repo not in self.repos or (repo in self.private and not request.token):
            return json_answer({"error": "Repository not found"}, 401, X_Error_Code="RepoNotFound")
        if revision not in (None, "main", self.commit(repo)):
            return json_answer({"error": "Invalid rev id"}, 404, X_Error_Code="RevisionNotFound")
        return respond(self, request, repo, path or "")

    def _info(self, request: Request, repo: str, path: str) -> Answer:
        files = [{"rfilename": name} for name in sorted(self.repos[repo])]
        return json_answer({"id": repo, "sha": self.commit(repo), "siblings": files, "tags": []})

    def _tree(self, request: Request, repo: str, path: str) -> Answer:
        inside = [name for name in sorted(self.repos[repo]) if not path or name.startswith(f"{path}/")]
        deep = request.query.get("recursive", ["false"])[0].lower() in ("true", "1")
        depth = path.count("/") + 1 if path else 0
        files = [self._entry(repo, name) for name in inside if deep or name.count("/") == depth]
        names = {"/".join(name.split("/")[: depth + 1]) for name in inside if name.count("/") > depth}
        folders = [{"type": "directory", "path": name, "oid": "0" * 40} for name in sorted(names)]
        return json_answer(folders + files)

    def _paths_info(self, request: Request, repo: str, path: str) -> Answer:
        as_json = request.headers.get("content-type", "").startswith("application/json")
        asked = json.loads(request.body) if as_json else parse_qs(request.body.decode())
        return json_answer([self._entry(repo, name) for name in asked["paths"] if name in self.repos[repo]])

    def _entry(self, repo: str, name: str) -> dict[str, object]:
        content = self.repos[repo][name]
        entry = {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
        lfs = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
        return {**entry, "lfs": lfs} if name.endswith(".parquet") else entry

    def _file(self, request: Request, repo: str, path: str) -> Answer:
        if repo in self.gated:
            return json_answer({"error": "Access is restricted"}, 403, X_Error_Code="GatedRepo")
        if path not in self.repos[repo]:
            return json_answer({"error": "Entry not found"}, 404, X_Error_Code="EntryNotFound")
        content = self.repos[repo][path]
        headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": self.commit(repo)}
        return file_answer(request, content, {**headers, "X-Linked-Size": str(len(content))})


Responder = Callable[[HubServer, Request, str, str], Answer]
_REPO = r"(?P<repo>[^/]+/[^/]+)"
_ROUTES = (
    (rf"/api/(datasets|models)/{_REPO}(/revision/(?P<revision>[^/]+))?", HubServer._info),
    (rf"/api/datasets/{_REPO}/tree/(?P<revision>[^/]+)(/(?P<path>.+))?", HubServer._tree),
    (rf"/api/datasets/{_REPO}/paths-info/(?P<revision>[^/]+)", HubServer._paths_info),
    (rf"/datasets/{_REPO}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", HubServer._file),
    (rf"/{_REPO}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", HubServer._file),  # of a model
)
