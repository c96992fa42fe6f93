"""The folder of formulas as SVG files: how much of it a program may fill, and how large it may grow."""

from contextlib import suppress
from pathlib import Path

from builder.core.errors import BuilderError
from builder.core.files import written_aside

PROGRAM_BYTES = 32 * 2**20
"""Of new formulas, for one program: more is taken for an attack on the disk."""
CACHE_BYTES = 2 * 2**30
"""Of all formulas, looked at when a sandbox starts; then the oldest go until half is left."""


class FormulaCache:
    """Formulas in a folder that other sandboxes use, too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stored: list[Path] = []
        self._bytes = 0

    def keep(self, name: str, svg: str) -> bool:
        """Store a formula that a program asked for; whether it is there."""
        with suppress(BuilderError, OSError):
            path = self._folder / name
            if path.exists():
                return True
            data = svg.encode("utf-8")
            if self._bytes + len(data) > PROGRAM_BYTES:
                return False
            with written_aside(path) as aside:
                aside.write_bytes(data)
            self._bytes += len(data)
            self._stored.append(path)
            return True
        return False

    def end_program(self, passed: bool) -> None:
        """A program has ended; unless it passed, what was stored for it goes; others make it anew."""
        if not passed:
            for path in self._stored:
                with suppress(OSError):
                    path.unlink()
        self._stored, self._bytes = [], 0

    def trim(self) -> None:
        """Take the oldest formulas away if all together have grown too large."""
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.glob("*.svg"):
            with suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in found)
        if total <= CACHE_BYTES:
            return
        for _, size, path in sorted(found):
            if total <= CACHE_BYTES // 2:
                return
            with suppress(OSError):
                path.unlink()
                total -= size
