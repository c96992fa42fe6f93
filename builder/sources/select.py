"""Which sources a build reads: the table, a TOML file, local files and column overrides, brought together."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from builder.config import BY_UPSTREAM, PERMISSIVE, BuildConfig, checked_value, did_you_mean, named, nearest, read_toml
from builder.core.errors import SettingError
from builder.core.files import sha256_of, short_hash
from builder.sources.file_formats import data_files
from builder.sources.spec import KINDS, UNKNOWN, SourceSpec, catalogue, is_permissive, known_sources

_ALIKE = 0.85
"""Similarity of two names, as `difflib` has it, from which one is taken for a slip of the other."""
SAMPLE_DIR = Path(__file__).parent / "sample"
_OLDER_NAMES = {
    "type": "kind",
    "dataset_name": "location",
    "kaggle_dataset": "location",
    "expected_samples": "expected_rows",
    "license": "licence",
}
_KEYS = [field.name for field in fields(SourceSpec) if field.name not in ("name", "asked")]


def select_sources(config: BuildConfig) -> list[SourceSpec]:
    """The sources of a build, best first: by priority, then by name.

    Raises:
        SettingError: a name, key or value that has no meaning.
    """
    specs = dict(known_sources())
    optional = {name: entry.spec for name, entry in catalogue().items()}
    if config.sources_file:
        specs.update(_from_toml(Path(config.sources_file), {**optional, **specs}))
    if config.sample:
        files = sorted(SAMPLE_DIR.glob("*.jsonl"))
        specs = {path.stem: replace(_local(specs[path.stem], str(path)), expected_rows=None) for path in files}
    for name in config.with_sources:
        if name not in {**optional, **specs}:
            raise SettingError(f"--with: no optional source is named {name!r}{nearest(name, optional)}")
    asked = {*config.with_sources, *config.datasets, *dict(config.local)}
    specs = {**{name: spec for name, spec in optional.items() if name in asked}, **specs}
    for told, path in config.local:
        name = named(told, specs)
        if name not in specs and name not in config.datasets:
            _refuse_typo(name, path, specs)
        specs[name] = _local(specs.get(name), path, name)
    specs = _with_columns(specs, config.description_field, "description_field")
    specs = _with_columns(specs, config.code_field, "code_field")
    wanted = [named(name, specs) for name in config.datasets]
    for name in wanted:
        if name not in specs:
            raise SettingError(f"--datasets: no source is named {name!r}{nearest(name, specs)}")
    extra = config.with_sources
    chosen = [spec for name, spec in specs.items() if not wanted or name in wanted or name in extra]
    if config.licences == PERMISSIVE:
        chosen = _permissive(chosen, config)
    return sorted(chosen, key=lambda spec: (-spec.priority, spec.name))


def _refuse_typo(name: str, path: str, specs: Iterable[str]) -> None:
    """Refuse a new source whose name is nearly that of a known one, unless `datasets` names it too."""
    if close := difflib.get_close_matches(name, specs, n=1, cutoff=_ALIKE):
        raise SettingError(
            f"--local {name}={path}: no source is named {name!r}; did you mean {close[0]!r}? For a new source of that "
            f"name, add --datasets {name}"
        )


def _permissive(specs: list[SourceSpec], config: BuildConfig) -> list[SourceSpec]:
    """Those whose licence lets anyone pass their rows on, and those of which that is known once they are read."""
    by_upstream = config.licence_basis == BY_UPSTREAM
    chosen = [
        spec
        for spec in specs
        if is_permissive(spec.licence) or (spec.licence == UNKNOWN and (by_upstream or _has_card(spec)))
    ]
    if not chosen:
        told = ", ".join(f"{spec.name} ({spec.licence})" for spec in specs)
        raise SettingError(
            f"--licences permissive leaves no source: {told}. Where a source's own page states a licence that allows "
            "it, say so as its `licence` in a --sources-file; to go by the sets from which rows were taken, add "
            f"--licence-basis {BY_UPSTREAM}"
        )
    return chosen


def _has_card(spec: SourceSpec) -> bool:
    """Whether a source may have a card, which may state a licence: one of the Hub, or a local copy of such."""
    return spec.kind == "huggingface" or (Path(spec.location).expanduser() / "README.md").is_file()


def local_fingerprint(config: BuildConfig) -> str:
    """A hash of the local files that a build reads; empty if it reads none. Missing files count as empty."""
    files = [
        file
        for spec in select_sources(config)
        if spec.kind == "file" and Path(spec.location).expanduser().exists()
        for file in data_files(Path(spec.location).expanduser())
    ]
    files += [path for path, _ in config.benchmarks]
    return short_hash(sha256_of(file) for file in files if file.is_file()) if files else ""


def _local(spec: SourceSpec | None, path: str, name: str = "") -> SourceSpec:
    if spec is None:
        return SourceSpec(name=name, kind="file", location=path)
    return replace(spec, kind="file", location=path, revision="", file="", mirrors=())


def _with_columns(
    specs: Mapping[str, SourceSpec], overrides: Iterable[tuple[str, str]], key: str
) -> dict[str, SourceSpec]:
    changed = dict(specs)
    for told, column in overrides:
        name = named(told, changed)
        if name not in changed:
            flag = "--" + key.replace("_", "-")
            raise SettingError(f"{flag} {name}={column}: no source is named {name!r}{nearest(name, specs)}")
        values: dict[str, Any] = {key: column, "asked": (*changed[name].asked, key)}
        changed[name] = replace(changed[name], **values)
    return changed


def _from_toml(path: Path, known: Mapping[str, SourceSpec]) -> dict[str, SourceSpec]:
    content = read_toml(path, "--sources-file")
    tables = content["sources"] if list(content) == ["sources"] else content
    if not isinstance(tables, dict):
        raise SettingError(f"--sources-file {path}: sources = {tables!r}: a table for each source is wanted")
    found = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise SettingError(
                f"--sources-file {path}: {name!r} stands outside a table; write [{name}] and its keys below"
            )
        found[name] = _spec(path, name, table, known.get(name))
    return found


def _spec(path: Path, name: str, table: Mapping[str, object], known: SourceSpec | None) -> SourceSpec:
    values: dict[str, object] = {}
    for key, value in table.items():
        current = _OLDER_NAMES.get(key, key)
        if current not in _KEYS:
            raise SettingError(
                f"--sources-file {path}: [{name}] has no key {key!r}{nearest(key, [*_KEYS, *_OLDER_NAMES])}"
            )
        values[current] = _value(f"--sources-file {path}: [{name}] {key}", current, value)
    if "kaggle_dataset" in table and "kind" not in values:
        values["kind"] = "kaggle"
    values["asked"] = tuple(  # what the table says anyway is not asked for: its caches are the same
        key for key, value in values.items() if key.endswith("_field") and value != getattr(known, key, None)
    )
    location = values.get("location")
    if values.get("kind") == "file" and isinstance(location, str):
        values["location"] = str(path.parent / Path(location).expanduser())
    if known is not None:
        return replace(known, **values)  # type: ignore[arg-type]
    missing = [key for key in ("kind", "location") if key not in values]
    if missing:
        raise SettingError(f"--sources-file {path}: [{name}] lacks {' and '.join(missing)}")
    return SourceSpec(name=name, **values)  # type: ignore[arg-type]


def _value(where: str, key: str, value: Any) -> Any:
    if key == "mirrors":
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise SettingError(f"{where} = {value!r}: a list of texts is wanted")
        return tuple(value)
    value = checked_value(where, value, 0 if key in ("priority", "expected_rows") else "")
    if key == "kind":
        kind = {"local": "file", "hf": "huggingface", "hub": "huggingface"}.get(value, value)
        if kind not in KINDS:
            raise SettingError(f"{where} = {value!r}: use one of {', '.join(KINDS)}{did_you_mean(value, KINDS)}")
        return kind
    return value
