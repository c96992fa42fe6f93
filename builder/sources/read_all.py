"""All sources of a build, read side by side: pinned by the lock file, from mirrors where need be."""

import queue
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from builder.config import AS_STATED, PERMISSIVE, BuildConfig, nearest
from builder.core.errors import FieldsNotFoundError, SettingError, SourceError
from builder.core.events import Events
from builder.sources.formats.table import SPLIT_BY_FILE
from builder.sources.lock import EVERY_SOURCE, Lock, Pin, asked, merged, place_of, read_lock, write_pins
from builder.sources.open_source import newest
from builder.sources.read_one import ReadSource, read_source
from builder.sources.select import select_sources
from builder.sources.spec import UNKNOWN, SourceSpec, is_permissive

_HUB_MIRROR = "hf:"
_LOOK_UP_SECONDS = 0.2
_OTHER_BASIS = ". Rows whose origin states one that is stay with --licence-basis upstream"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Run:
    """What all sources of a build have in common."""

    config: BuildConfig
    lock: Lock
    events: Events

    @property
    def lock_file(self) -> Path:
        return Path(self.config.lock_file).expanduser()


def read_sources(config: BuildConfig, events: Events) -> tuple[list[ReadSource], dict[str, str]]:
    """Read the sources of a build side by side, and lock what they resolved to.

    Returns:
        The sources that were read, best first, and for those that were skipped the reason in a few words.

    Raises:
        SourceError: a source cannot be had or read (unless it may be skipped), none is left, or a source is not
            as it is locked.
    """
    specs = select_sources(config)
    remote = [spec.name for spec in specs if spec.kind != "file"]
    for name in config.update_lock:
        if name not in (EVERY_SOURCE, *remote):
            raise SettingError(f"--update-lock: no source to lock is named {name!r}{nearest(name, remote)}")
    run = _Run(config, {}, events)
    run = replace(run, lock=read_lock(run.lock_file) if remote else {})
    sources: list[ReadSource] = []
    skipped: dict[str, str] = {}
    outcomes = _side_by_side(run, specs)
    for spec, outcome in zip(specs, outcomes, strict=True):
        if isinstance(outcome, ReadSource):
            sources.append(outcome)
        else:
            skipped[spec.name] = _why_skipped(outcome, spec, config)
            events.warn(f"skipped {outcome}")
    if not sources:
        raise SourceError("\n".join(["no source could be read", *(str(outcome) for outcome in outcomes)]))
    _lock(run, sources)
    if config.licences == PERMISSIVE and config.licence_basis == AS_STATED:
        closed = {source.spec.name: source.spec.licence for source in sources if not is_permissive(source.spec.licence)}
        for name, licence in closed.items():
            skipped[name] = f"its page states the licence {licence}, which is not permissive"
            events.warn(f"skipped {name}: {skipped[name]}" + _OTHER_BASIS)
        sources = [source for source in sources if source.spec.name not in closed]
        if not sources:
            raise SourceError("--licences permissive leaves no source" + _OTHER_BASIS)
    return sources, skipped


def mirrors_of(spec: SourceSpec) -> list[SourceSpec]:
    """The same source at each of its mirrors; the official split is known by the names of their files."""
    return [
        replace(
            spec,
            kind="huggingface",
            location=mirror.removeprefix(_HUB_MIRROR),
            revision="",
            file="",
            split="",
            split_field=SPLIT_BY_FILE if spec.split_field else "",
            mirrors=(),
        )
        for mirror in spec.mirrors
        if mirror.startswith(_HUB_MIRROR)
    ]


def _side_by_side(run: _Run, specs: Sequence[SourceSpec]) -> list[ReadSource | Exception]:
    """Read each source in a thread of its own; an interrupted build does not wait for them."""
    done: queue.SimpleQueue[tuple[int, ReadSource | Exception]] = queue.SimpleQueue()

    def read(number: int) -> None:
        try:
            done.put((number, _read_one(run, specs[number])))
        except Exception as error:  # it is raised where it is looked at
            done.put((number, error))

    for number in range(len(specs)):
        threading.Thread(target=read, args=(number,), daemon=True).start()
    outcomes = dict(_next(done) for _ in specs)
    return [outcomes[number] for number in range(len(specs))]


def _next(done: queue.SimpleQueue[T]) -> T:
    """What comes next. It looks up now and then: a wait without an end hears no Ctrl-C once Polars is loaded."""
    while True:
        with suppress(queue.Empty):
            return done.get(timeout=_LOOK_UP_SECONDS)


def _why_skipped(error: Exception, spec: SourceSpec, config: BuildConfig) -> str:
    """Why a build goes on without a source; if it must not, its error is raised."""
    if isinstance(error, FieldsNotFoundError) and not config.strict:
        return "its columns could not be found"
    if isinstance(error, SourceError) and not isinstance(error, FieldsNotFoundError):
        if config.licences == PERMISSIVE and config.licence_basis == AS_STATED and spec.licence == UNKNOWN:
            return "its licence is not known, and its page could not be read"
        if not config.skip_unavailable:
            raise SourceError(f"{error}\nTo build without it: --skip-unavailable, or --datasets") from error
        return "it could not be had"
    raise error


def _read_one(run: _Run, spec: SourceSpec) -> ReadSource:
    if spec.kind == "file":
        return read_source(spec, run.config.cache, run.events)
    mirrors = [] if run.config.no_mirrors else mirrors_of(spec)
    locked = next((mirror for mirror in mirrors if _pin(run, mirror)), None)
    if locked and not _pin(run, spec):  # the first build had to take it, and is repeated
        run.events.warn(f"{spec.name}: read from its mirror {locked.location}, as {run.lock_file} says")
        return replace(_read_place(run, locked), mirror_of=spec.location)
    try:
        return _read_place(run, spec)
    except FieldsNotFoundError:
        raise
    except SourceError as error:
        for mirror in mirrors:
            try:
                source = _read_place(run, mirror)
            except SourceError as also:
                raise SourceError(f"{error}\nIts mirror cannot be had either: {also}") from error
            run.events.warn(f"{error}\n{spec.name}: read from its mirror {mirror.location} instead")
            return replace(source, mirror_of=spec.location)
        raise


def _read_place(run: _Run, spec: SourceSpec) -> ReadSource:
    """Read a source at one place, as it is locked there."""
    config, pin = run.config, _pin(run, spec)
    if pin is None and config.locked:
        raise SourceError(
            f"source {spec.name!r}: {run.lock_file} does not lock {spec.location} as it is asked for, and --locked "
            "forbids to change it: build once without --locked"
        )
    if pin is None and config.offline:
        raise SourceError(
            f"source {spec.name!r}: {run.lock_file} does not say which revision of {spec.location} to take, and "
            "--offline forbids to ask: build once without --offline"
        )
    if pin and not config.offline:
        _warn_of_newer(run, spec, pin)
    return read_source(spec, config.cache, run.events, pin=pin, lock_file=run.lock_file, offline=config.offline)


def _pin(run: _Run, spec: SourceSpec) -> Pin | None:
    """What is locked of a source at a place, unless it is to move on or asks for something else now."""
    pin = run.lock.get(place_of(spec))
    moves_on = {EVERY_SOURCE, spec.name} & set(run.config.update_lock)
    return None if pin is None or moves_on or pin.asked != asked(spec) else pin


def _warn_of_newer(run: _Run, spec: SourceSpec, pin: Pin) -> None:
    try:
        now = newest(spec, run.events)
    except SourceError as error:
        run.events.warn(f"{error}. The locked revision {pin.revision} is used if the cache holds it")
        return
    if now and now != pin.revision:
        run.events.warn(
            f"{spec.name}: {spec.location} is at {now} now; {run.lock_file} keeps to {pin.revision} "
            f"(to move on: --update-lock {spec.name})"
        )


def _lock(run: _Run, sources: Sequence[ReadSource]) -> None:
    """Write what sources resolved to."""
    pins = []
    for source in sources:
        if source.spec.kind == "file":
            continue
        spec = source.spec
        found = Pin(
            name=spec.name,
            kind=spec.kind,
            location=spec.location,
            asked=asked(spec),
            revision=source.revision,
            rows=source.rows,
            files=source.files,
        )
        pin = _pin(run, spec)
        new = merged(pin, found) if pin else found
        if run.config.locked and new != pin:
            raise SourceError(
                f"source {spec.name!r}: more of it was read than {run.lock_file} locks, and --locked forbids to "
                "change it: build once without --locked"
            )
        pins.append(new)
    if pins:
        write_pins(run.lock_file, pins)
