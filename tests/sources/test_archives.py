"""Zip and gzip files of a source are unpacked, and never write outside their folder."""

import gzip
import io
import zipfile

import pytest

from builder.core.errors import SourceError
from builder.sources.formats import plain
from builder.sources.formats.plain import unpack
from tests.reading import environment, hub_spec, read
from tests.servers.hub import HubServer

LINES = b'{"question": "Draw a circle", "python_code": "Circle()"}\n'
EVIL = ["../out.jsonl", "/tmp/out-of-zip.jsonl", "a/../../out.jsonl", "..\\out.jsonl", ".hidden/x.jsonl"]


def zipped(members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name) if isinstance(name, str) else name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    "files",
    [
        {"data.zip": zipped({"in/train.jsonl": LINES, "in/test.jsonl": LINES * 9, "README.md": b"x"})},
        {"train.jsonl.gz": gzip.compress(LINES)},
        {"train.csv": b"question,python_code\nDraw a circle,Circle()\n"},
        {"train.json": b"[" + LINES.strip() + b"]"},
    ],
)
def test_every_layout_gives_its_rows(tmp_path, files):
    """Zipped, compressed, CSV and JSON repositories are read whole, the split's file of an archive alone."""
    with HubServer({"org/name": files}) as server:
        done = read(tmp_path, [hub_spec()], environment(tmp_path, server.url))
    assert done.exit_code == 0, done.error + done.stderr
    assert [row["description"] for row in done.sources["made"]["rows"]] == ["Draw a circle"]
    assert not list((tmp_path / "cache").glob("unpacked-*"))


def test_members_that_lead_elsewhere_are_left_out(tmp_path):
    """Names with `..` or a root, links and hidden files are not written; the others are."""
    link = zipfile.ZipInfo("link.jsonl")
    link.external_attr = 0o120777 << 16
    folder = tmp_path / "in"
    folder.mkdir()
    archive = tmp_path / "a.zip"
    archive.write_bytes(zipped({**dict.fromkeys(EVIL, LINES), link: b"/etc/passwd", "good/a.jsonl": LINES}))
    assert unpack(archive, folder) == ["good/a.jsonl"]
    assert sorted(path.name for path in tmp_path.rglob("*.jsonl")) == ["a.jsonl"]


@pytest.mark.parametrize("content", [b"PK", b"", zipped({"a.jsonl": LINES})[:-30]])
def test_a_broken_archive_is_one_message(tmp_path, content):
    """What cannot be unpacked is an error that names the file."""
    archive = tmp_path / "a.zip"
    archive.write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.zip: cannot be unpacked"):
        unpack(archive, tmp_path)


def test_an_archive_that_grows_without_end_is_refused(tmp_path, monkeypatch):
    """More than the limit is not written."""
    monkeypatch.setattr(plain, "MAX_UNPACKED_BYTES", 1000)
    (tmp_path / "a.zip").write_bytes(zipped({"a.jsonl": b" " * 600, "b.jsonl": b" " * 600}))
    with pytest.raises(SourceError, match="more than 1,000 bytes"):
        unpack(tmp_path / "a.zip", tmp_path)
