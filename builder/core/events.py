"""What a long step tells whoever started it; the command line shows it, the library prints nothing."""

from typing import Protocol


class Events(Protocol):
    """A listener to a build."""

    def progress(self, step: str, done: int, total: int | None, unit: str = "rows", note: str = "") -> None:
        """A step has come so far; `total` is `None` where it is not known. `note` is shown beside the count."""

    def warn(self, message: str) -> None:
        """Something that a person should know and that does not stop the build."""


class Silent:
    """Hears everything, says nothing; keeps the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def progress(self, step: str, done: int, total: int | None, unit: str = "rows", note: str = "") -> None:
        """Say nothing."""

    def warn(self, message: str) -> None:
        """Keep the message."""
        self.warnings.append(message)
