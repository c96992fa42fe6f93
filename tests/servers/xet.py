"""Xet storage on loopback, as far as uploads go: what `hf_xet` sends is put together again into files.

It covers the first version of each call, to which the client falls back: a token, xorbs (packs of compressed chunks)
and shards (which chunks make which file). Not covered: chunks that are known already, reading by Xet (see `xet_read`;
here files are given whole), tokens that run out.
"""

import hashlib
import json
import re
import struct
import time
from collections.abc import Iterator

import pyarrow as pa

from tests.servers.hub import Answer, Request, json_answer
from tests.servers.hub_write import Repository, WritableHub

_XET_TOKEN = "xet-token"
_ENTRY_BYTES = 48
_BOOKEND = b"\xff" * 32


class XetHub(WritableHub):
    """A Hub whose large files come by Xet."""

    def __init__(self, token: str) -> None:
        super().__init__(token)
        self.xorbs: dict[str, list[bytes]] = {}  # chunks by the hash of their xorb

    def answer(self, request: Request) -> Answer:
        if found := re.fullmatch(r"/api/datasets/([^/]+/[^/]+)/xet-write-token/.+", request.path):
            return self._xet_token(request, self.repositories.get(found[1]))
        if not request.path.startswith("/cas/"):
            return super().answer(request)
        if request.token != _XET_TOKEN:
            return json_answer({"error": "Unauthorized"}, 401)
        if found := re.fullmatch(r"/cas/v1/xorbs/default/([0-9a-f]{64})", request.path):
            self.xorbs[found[1]] = list(_chunks(request.body))
            return json_answer({"was_inserted": True})
        if request.path == "/cas/v1/shards":
            for content in self._files(request.body):
                self.storage[hashlib.sha256(content).hexdigest()] = content
            return json_answer({"result": 1})
        return json_answer({"error": "Not Found"}, 404)

    def _xet_token(self, request: Request, repository: Repository | None) -> Answer:
        if repository is None or request.token != self.token:
            return json_answer({"error": "Unauthorized"}, 401)
        expires = int(time.time()) + 3600
        body = {"casUrl": f"{self.url}/cas", "exp": expires, "accessToken": _XET_TOKEN}
        names = {"X-Xet-Cas-Url": body["casUrl"], "X-Xet-Access-Token": _XET_TOKEN}
        headers = {**names, "X-Xet-Token-Expiration": str(expires), "Content-Type": "application/json"}
        return Answer(200, json.dumps(body).encode(), headers)

    def _files(self, shard: bytes) -> Iterator[bytes]:
        """The files that a shard describes: after its head, for each a line, its segments, and what else it has."""
        at = _ENTRY_BYTES
        while shard[at : at + 32] != _BOOKEND:
            flags, count = struct.unpack_from("<II", shard, at + 32)
            segments = [at + _ENTRY_BYTES * number for number in range(1, count + 1)]
            yield b"".join(self._segment(shard, start) for start in segments)
            verified, extended = bool(flags & 1 << 31), bool(flags & 1 << 30)
            at += _ENTRY_BYTES * (1 + count * (1 + verified) + extended)

    def _segment(self, shard: bytes, at: int) -> bytes:
        size, first, end = struct.unpack_from("<III", shard, at + 36)
        words = struct.unpack_from("<4Q", shard, at)
        content = b"".join(self.xorbs["".join(f"{word:016x}" for word in words)][first:end])
        assert len(content) == size
        return content


def _chunks(xorb: bytes) -> Iterator[bytes]:
    """Chunks of a xorb, each after a head of eight bytes: version, compressed size, scheme, size."""
    at = 0
    while at + 8 <= len(xorb) and xorb[at : at + 7] != b"XETBLOB":
        packed = int.from_bytes(xorb[at + 1 : at + 4], "little")
        scheme, size = xorb[at + 4], int.from_bytes(xorb[at + 5 : at + 8], "little")
        yield _unpacked(xorb[at + 8 : at + 8 + packed], scheme, size)
        at += 8 + packed


def _unpacked(content: bytes, scheme: int, size: int) -> bytes:
    """Scheme 0 is as it is, 1 is LZ4, 2 is LZ4 of every fourth byte from the first, then from the second, and so on."""
    if scheme == 0:
        return content
    plain: bytes = pa.decompress(content, decompressed_size=size, codec="lz4", asbytes=True)
    if scheme == 1:
        return plain
    whole, at = bytearray(size), 0
    for first in range(4):
        count = len(range(first, size, 4))
        whole[first::4] = plain[at : at + count]
        at += count
    return bytes(whole)
