"""What a push puts into a repository: a built folder's files, and the card with what a person added to it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from builder.config import BY_UPSTREAM, PERMISSIVE
from builder.core.errors import OutputError
from builder.core.files import sha256_of
from builder.publish.atomic import files_of
from builder.publish.card import card_text
from builder.report.proof.folder import MANIFEST, read_manifest

CARD = "README.md"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to push: where it is, or what it holds."""

    path: str
    """In the repository."""
    source: Path | bytes
    size: int
    """In bytes."""
    sha256: str

    def blob_id(self) -> str:
        """The id that git gives the content: what the Hub states for files outside large-file storage."""
        digest = hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)
        if isinstance(self.source, bytes):
            digest.update(self.source)
        else:
            with self.source.open("rb") as opened:
                while chunk := opened.read(_CHUNK_BYTES):
                    digest.update(chunk)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Contents:
    """A built folder, cut to the configs that are pushed."""

    manifest: Mapping[str, Any]
    card: str
    """The card as the tool writes it."""
    files: tuple[LocalFile, ...]
    """Data, ledgers and pictures; not the card and the manifest."""

    @property
    def licences(self) -> dict[str, str]:
        """The licence of every source, best source first.

        Where all configs went by the sets upstream: of the rows that they hold, as those state it.
        """
        stated = {source["name"]: source["licence"] for source in self.manifest["sources"]}
        bases = [
            (made["licences"], made["licence_basis"])
            for made in self.manifest["configs"].values()
            if "licence_basis" in made
        ]
        if bases != [(PERMISSIVE, BY_UPSTREAM)] * len(self.manifest["configs"]):
            return stated
        counted: dict[str, set[str]] = {name: set() for name in stated}
        for line in (line for stats in self.manifest["statistics"].values() for line in stats["licences"]):
            counted[line["source"]].add(line["upstream"] or line["licence"])
        return {name: " AND ".join(sorted(found)) for name, found in counted.items() if found}

    def all_files(self, card: str) -> tuple[LocalFile, ...]:
        """Everything to push, with this card, by path."""
        manifest = orjson.dumps(self.manifest, option=orjson.OPT_INDENT_2) + b"\n"
        made = (_in_memory(CARD, card.encode()), _in_memory(MANIFEST, manifest))
        return tuple(sorted((*self.files, *made), key=lambda file: file.path))


def read_contents(
    folder: Path, names: Sequence[str], repo: str, evaluations: Sequence[Mapping[str, Any]] = ()
) -> Contents:
    """The files of some configs of a built folder, for a repository.

    The card shows `evaluations`. The manifest that is pushed lists those configs alone, and not the card, which people
    may edit at the Hub.

    Raises:
        OutputError: the folder does not hold the configs, or a file is not as it was built.
    """
    manifest = read_manifest(folder)
    missing = [name for name in names if name not in manifest.get("configs", {})]
    if missing or manifest.get("kind") != "dataset":
        raise OutputError(f"{folder}: holds no built config {', '.join(missing) or 'at all'}; run `build` first")
    pushed = {path for name in names for path in files_of(manifest, name)}
    outputs = {path: recorded for path, recorded in manifest["outputs"].items() if path in pushed}
    cut = {
        **manifest,
        "configs": {name: manifest["configs"][name] for name in sorted(names)},
        "statistics": {name: manifest["statistics"][name] for name in sorted(names)},
        "outputs": outputs,
    }
    files = tuple(_checked(folder, path, recorded) for path, recorded in outputs.items())
    return Contents(cut, card_text(cut, repo, evaluations), files)


def _checked(folder: Path, path: str, recorded: Mapping[str, Any]) -> LocalFile:
    file = folder / path
    if not file.is_file():
        raise OutputError(f"{file}: is missing; run `build` again")
    if sha256_of(file) != recorded["sha256"]:
        raise OutputError(f"{file}: was changed after it was built; run `build` again")
    return LocalFile(path, file, file.stat().st_size, recorded["sha256"])


def _in_memory(path: str, content: bytes) -> LocalFile:
    return LocalFile(path, content, len(content), hashlib.sha256(content).hexdigest())
