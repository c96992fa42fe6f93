"""A Hub on loopback whose large files are read by Xet: `hf_xet` puts a whole file together from packs of chunks.

It covers the first version of each call, to which the client falls back: a token, a reconstruction (which chunks of
which xorbs make a file) and ranges of xorbs; and what the Hub gives to those who do not speak Xet, a redirect to
storage on another host. Hashes are made up: the client takes them for names. Not covered: ranges of files by Xet.
"""

import hashlib
import re
import time

import pyarrow as pa

from tests.servers.hub import Answer, HubServer, Repos, Request, file_answer, json_answer

XET_TOKEN = "xet-token-of-a-reader"
CHUNK_BYTES = 16_384
CHUNKS_OF_A_XORB = 4
_REGULAR = (".md", ".gitattributes")
"""Files that are no large ones, and so are not in Xet storage."""


class XetSources(HubServer):
    """A Hub with all files but cards in Xet storage."""

    def __init__(self, repos: Repos, **settings: object) -> None:
        super().__init__(repos, **settings)  # type: ignore[arg-type]
        self.seconds = 3600
        """How long a token lasts."""
        self.damaged = 0
        """So many packs of chunks are sent with a wrong byte."""
        self._stored = self.url.replace("127.0.0.1", "localhost")  # another host, as it is another's storage

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/cas/"):
            return self._reconstruction(request)
        if request.path.startswith(("/xorbs/", "/bridge/")):
            return self._storage(request)
        if found := re.fullmatch(r"/api/datasets/([^/]+/[^/]+)/xet-read-token/(.+)", request.path):
            if request.token not in self.tokens or found[2] != self.commit(found[1]):
                return json_answer({"error": "Unauthorized"}, 401)
            return self._token()
        answer = super().answer(request)
        named = re.fullmatch(r"/datasets/([^/]+/[^/]+)/resolve/[^/]+/(.+)", request.path)
        if named and answer.status < 300 and not named[2].endswith(_REGULAR):
            return self._elsewhere(named[1], self.repos[named[1]][named[2]])
        return answer

    def _token(self) -> Answer:
        expires = int(time.time()) + self.seconds
        body = {"casUrl": f"{self.url}/cas", "exp": expires, "accessToken": XET_TOKEN}
        return json_answer(
            body,
            X_Xet_Cas_Url=f"{self.url}/cas",
            X_Xet_Access_Token=XET_TOKEN,
            X_Xet_Token_Expiration=str(expires),
        )

    def _elsewhere(self, repo: str, content: bytes) -> Answer:
        """What the Hub says of a file: its hashes, who gives a token for it, and where it is without Xet."""
        token = f"{self.url}/api/datasets/{repo}/xet-read-token/{self.commit(repo)}"
        oid = hashlib.sha256(content).hexdigest()
        headers = {
            "Location": f"{self._stored}/bridge/{oid}?X-Amz-Signature=signed",
            "X-Repo-Commit": self.commit(repo),
            "X-Linked-ETag": f'"{oid}"',
            "X-Linked-Size": str(len(content)),
            "X-Xet-Hash": _hash(content),
            "Link": f'<{token}>; rel="xet-auth"',
        }
        return Answer(302, b"", headers)

    def _entry(self, repo: str, name: str) -> dict[str, object]:
        content = self.repos[repo][name]
        entry = super()._entry(repo, name)
        if name.endswith(_REGULAR):
            return entry
        lfs = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
        return {**entry, "lfs": lfs, "xetHash": _hash(content)}

    def _reconstruction(self, request: Request) -> Answer:
        if request.token != XET_TOKEN:
            return json_answer({"error": "Unauthorized"}, 401)
        found = re.fullmatch(r"/cas/v1/reconstructions/([0-9a-f]{64})", request.path)
        content = next((text for text in self._files() if found and _hash(text) == found[1]), None)
        if content is None:
            return json_answer({"error": "Not Found"}, 404)
        start = int(re.fullmatch(r"bytes=(\d+)-\d+", request.headers.get("range", "bytes=0-0"))[1])  # type: ignore[index]
        if start >= len(content):
            return Answer(416)
        assert start == 0, "files of the tests are asked for at once"
        terms, fetch = [], {}
        for part in _parts(content):
            chunks = range(0, len(part), CHUNK_BYTES)
            whole = {"start": 0, "end": len(chunks)}
            url = f"{self._stored}/xorbs/{_hash(part)}?X-Amz-Signature=signed"
            terms.append({"hash": _hash(part), "unpacked_length": len(part), "range": whole})
            span = {"start": 0, "end": len(_xorb(part)) - 1}
            fetch[_hash(part)] = [{"range": whole, "url": url, "url_range": span}]
        return json_answer({"offset_into_first_range": 0, "terms": terms, "fetch_info": fetch})

    def _storage(self, request: Request) -> Answer:
        """Signed addresses: a token is not for this host."""
        if request.token or request.query != {"X-Amz-Signature": ["signed"]}:
            return Answer(400)
        kind, name = request.path.strip("/").split("/")
        if kind == "bridge":
            content = next(text for text in self._files() if hashlib.sha256(text).hexdigest() == name)
            return file_answer(request, content, {"ETag": '"stored"'})
        part = next(part for text in self._files() for part in _parts(text) if _hash(part) == name)
        xorb = _xorb(part)
        if self.damaged:
            self.damaged -= 1
            xorb = xorb[:100] + bytes([xorb[100] ^ 1]) + xorb[101:]
        return file_answer(request, xorb, {})

    def _files(self) -> list[bytes]:
        return [content for files in self.repos.values() for content in files.values()]


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=32).hexdigest()


def _parts(content: bytes) -> list[bytes]:
    """What of a file each xorb holds."""
    size = CHUNK_BYTES * CHUNKS_OF_A_XORB
    return [content[at : at + size] for at in range(0, len(content), size)]


def _xorb(content: bytes) -> bytes:
    """Chunks, each after a head of eight bytes: version, packed size, scheme, size. The first of them is not packed."""
    packed = b""
    for at in range(0, len(content), CHUNK_BYTES):
        chunk = content[at : at + CHUNK_BYTES]
        body: bytes = pa.compress(chunk, codec="lz4", asbytes=True) if at else chunk
        head = b"\0" + len(body).to_bytes(3, "little") + bytes([1 if at else 0]) + len(chunk).to_bytes(3, "little")
        packed += head + body
    return packed
