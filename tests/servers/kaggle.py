"""A stand-in for Kaggle on loopback: a dataset's newest version, and its files from "storage" on this server.

`KAGGLE_API_ENVIRONMENT=LOCALHOST` makes the real client call http://localhost; with `HTTP_PROXY` set to this
server's address and `NO_PROXY=127.0.0.1` those calls arrive here, and so does the redirect to storage. Clients
before 0.4 ask by GET at `KAGGLE_API_ENDPOINT` instead.
"""

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Collection, Mapping
from urllib.parse import quote

from tests.servers.hub import Answer, Loopback, Repos, Request, file_answer, json_answer

_ARCHIVE = "archive.zip"


class KaggleServer(Loopback):
    """Kaggle's reading side; every dataset has the versions 1 to `version`, all with the same files.

    Credentials, if some are sent, must be among `tokens` (a token, or the key that goes with a user name).
    """

    def __init__(self, datasets: Repos, *, version: int = 1, tokens: Collection[str] = ()) -> None:
        super().__init__()
        self.datasets, self.version, self.tokens = datasets, version, tokens

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/storage/"):
            return self._storage(request)
        if not self._may_ask(request):
            return _refused(401, "Unauthenticated")
        call, handle, version, file = _read(request)
        if handle not in self.datasets:
            return _refused(404, "Dataset not found")
        if call == "download":
            return self._redirect(handle, version or self.version, file or _ARCHIVE)
        return json_answer({"ref": handle, "currentVersionNumber": self.version})

    def _may_ask(self, request: Request) -> bool:
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            secret = base64.b64decode(secret).decode().partition(":")[2]
        return not secret or secret in self.tokens

    def _redirect(self, handle: str, version: int, file: str) -> Answer:
        known = file == _ARCHIVE or file in self.datasets[handle]
        if not known or not 1 <= version <= self.version:
            return _refused(404, "File or version not found")
        place = quote(f"/storage/{handle}/{version}/{file}")
        return Answer(302, b"", {"Location": f"{self.url}{place}"})

    def _storage(self, request: Request) -> Answer:
        found = re.fullmatch(r"/storage/([^/]+/[^/]+)/\d+/(.+)", request.path)
        assert found, request.path
        files = self.datasets[found[1]]
        content = _archive(files) if found[2] == _ARCHIVE else files[found[2]]
        md5 = base64.b64encode(hashlib.md5(content).digest()).decode()
        return file_answer(request, content, {"x-goog-hash": f"md5={md5}"})


def _read(request: Request) -> tuple[str, str, int, str]:
    """A request's call (`view` or `download`), dataset, version (0 if none is named) and file."""
    if request.method == "GET":  # the old form: /api/v1/datasets/view/owner/name?…
        _, call, handle = request.path.removeprefix("/api/v1/").split("/", 2)
        version, file = (request.query.get(key, [""])[0] for key in ("dataset_version_number", "file_name"))
        return call, handle, int(version or 0), file
    asked = json.loads(request.body)
    call = "download" if request.path.endswith(".DatasetApiService/DownloadDataset") else "view"
    handle = f"{asked['ownerSlug']}/{asked['datasetSlug']}"
    return call, handle, int(asked.get("datasetVersionNumber", 0)), asked.get("fileName", "")


def _refused(status: int, message: str) -> Answer:
    return json_answer({"code": status, "message": message}, status)


def _archive(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path), content)  # no clock in it: the same bytes, the same MD5
    return packed.getvalue()
