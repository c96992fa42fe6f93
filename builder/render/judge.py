"""Who is asked for verdicts: looks them up, has rendered what is missing, and remembers what was asked."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from builder.events import Events
from builder.render.verdict import Conditions, Outcome, Verdict, program_hash

Render = Callable[[Iterable[str]], Iterator[Verdict]]
"""Renders codes, and gives the verdicts as they come, in any order."""


class Known(Protocol):
    """Where verdicts are looked up: a `VerdictStore` or a `VerdictTable`."""

    def known(self, program: str) -> Verdict | None:
        """The verdict on a program, by its hash."""

    def thumbnails(self, programs: Iterable[str]) -> dict[str, bytes]:
        """The last frames of programs, by hash."""


@dataclass(slots=True)
class Judge:
    """Answers for programs; each is asked for, looked up and rendered once in a run."""

    conditions: Conditions
    known: Known
    keep: Callable[[Verdict], None]
    """Called with each new verdict, before anything else is done with it."""
    render: Render | None
    """`None`: nothing is rendered."""
    retry: frozenset[Outcome] = frozenset()
    """Programs with such a verdict are rendered again; those with `environment` always are."""
    limit: int | None = None
    """Programs that may be rendered in this run, at the most."""
    used: dict[str, Verdict] = field(default_factory=dict)
    """By hash, the verdicts on all programs that were asked for, thumbnails left out."""
    _asked: set[str] = field(default_factory=set)
    rendered: int = 0
    """Programs that were rendered in this run."""
    _started: float = field(default_factory=time.monotonic)

    def ask(self, codes: Iterable[str], total: int, events: Events) -> None:
        """See to it that `verdict_on` knows these programs, as far as they may be rendered."""
        passed = done = 0
        telling = threading.Lock()  # codes are taken by the threads that render

        def tell(verdict: Verdict) -> None:
            nonlocal passed, done
            with telling:
                done += 1
                passed += verdict.outcome is Outcome.PASSED
                rate = self.rendered / max(time.monotonic() - self._started, 1e-3) * 60
                events.progress(
                    "render", done, max(total, done), "programs", f"{passed:,} passed, {rate:,.0f} a minute"
                )

        def missing() -> Iterator[str]:
            for code in codes:
                program = program_hash(code)
                if program in self._asked:
                    continue
                self._asked.add(program)
                found = self.known.known(program)
                if found is not None:
                    self.used[program] = found
                if found is not None and not self._is_tried_again(found):
                    tell(found)
                elif self.render is not None and (self.limit is None or self.limit > 0):
                    self.limit = None if self.limit is None else self.limit - 1
                    yield code

        for verdict in (self.render or _nothing)(missing()):
            self.rendered += 1
            self.keep(verdict)
            self.used[verdict.program] = replace(verdict, thumbnail=None)
            tell(verdict)

    def verdict_on(self, code: str) -> Verdict | None:
        """The verdict on a program that was asked for; `None` if there is none that says anything about it."""
        found = self.used.get(program_hash(code))
        return None if found is None or found.outcome is Outcome.ENVIRONMENT else found

    def machine_fault(self, code: str) -> Verdict | None:
        """What the machine lacked for a program that has no verdict, if that is why."""
        found = self.used.get(program_hash(code))
        return found if found is not None and found.outcome is Outcome.ENVIRONMENT else None

    def thumbnail(self, code: str) -> bytes | None:
        """The last frame of a program, as WebP, if there is one."""
        program = program_hash(code)
        return self.known.thumbnails([program]).get(program)

    def _is_tried_again(self, found: Verdict) -> bool:
        return found.outcome is Outcome.ENVIRONMENT or found.outcome in self.retry


def _nothing(codes: Iterable[str]) -> Iterator[Verdict]:
    """Looks codes up, and renders none."""
    for _ in codes:
        pass
    return iter(())
