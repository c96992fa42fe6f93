"""Writing the report of a folder, into it or elsewhere."""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from builder.core.errors import OutputError
from builder.core.events import Events
from builder.core.files import cannot_write, kept_result, write_json, written_aside
from builder.pipeline.build import Build
from builder.report.facts import facts_of, shown_config
from builder.report.numbers import config_numbers
from builder.report.proof.folder import MANIFEST, BuiltFolder, open_folder, read_manifest, recorded
from builder.report.rows import ROWS, write_rows


@contextmanager
def or_warn(events: Events, what: str, again: str, partial: Path) -> Iterator[None]:
    """Let nothing that goes wrong in a report cost the build: it is a warning, and what was half written goes.

    Args:
        events: hears the warning.
        what: what could not be made.
        again: how it is made again, in a few words.
        partial: the file or the folder that is written.
    """
    try:
        yield
    except Exception as error:
        shutil.rmtree(partial, ignore_errors=True)
        partial.unlink(missing_ok=True)
        events.warn(f"{what} could not be made ({type(error).__name__}: {error}); the build stands. {again}")


def keep_for_report(builds: Sequence[Build], statistics: Mapping[str, Any], staging: Path) -> None:
    """Write what the report needs beyond ledgers and data: `report/rows.parquet` and `report/<config>.json`."""
    prepared = builds[0].prepared
    paths = [source.path for source in prepared.sources]
    write_rows(prepared.rows, paths, prepared.files, [decided.outcomes for decided in builds], staging / ROWS)
    for decided in builds:
        shuffled = statistics[decided.config.name]["pairing"]["shuffled"]
        write_json(config_numbers(decided, shuffled), staging / "report" / f"{decided.config.name}.json")


REPORT = "report.html"
_PAGE = re.compile(r"report(?:-\w+)?(?:\.html$|_files/)")
"""Pages in a folder, and the files beside them."""
MAKE_AGAIN = "To make it again: python -m builder report FOLDER"


def put_report(folder: BuiltFolder, earlier: Path, cache: Path) -> None:
    """Write `report.html` into a folder that is being made; its manifest lists it with all other files later.

    A report of the same inputs is not made again; the manifest, with the hashes of all files, tells what they are.

    Args:
        folder: with all else that the build writes.
        earlier: the folder whose place it will take. Its reasons are compared with if the config has the same settings
            there: what grew then has come in with the sources.
        cache: where reports are kept.
    """
    name = shown_config(folder)
    before = BuiltFolder(earlier, read_manifest(earlier))
    same = before.manifest.get("configs", {}).get(name) == folder.manifest["configs"][name]
    grown = same and before.statistics(name) != folder.statistics(name)

    def made() -> bytes:
        from builder.report.page import page_of

        page = page_of(facts_of(folder, name, before if grown else None))
        return orjson.dumps({**{name: text.decode() for name, text in page.beside.items()}, "": page.html.decode()})

    inputs = [orjson.dumps(folder.manifest).decode(), str(before.statistics(name)) if grown else ""]
    files = {name: text.encode() for name, text in orjson.loads(kept_result(cache / "reports", inputs, made)).items()}
    _write(files.pop(""), files, folder.path / REPORT)


def report_folder(path: Path, *, config: str = "", output: Path | None = None, before: Path | None = None) -> Path:
    """Write the report of a built or exported folder anew, from its ledger and its data; returns where it is.

    Written into the folder itself, it takes the place of the build's own, and the manifest is told. Where no config is
    named, every other config of the folder has a page beside it, and each page leads to all of them.

    Raises:
        OutputError: a folder is not one of this project, or the report cannot be written.
        SettingError: the folder does not hold the config.
    """
    from builder.report.page import page_of

    folder = open_folder(path)
    earlier = open_folder(before) if before is not None else None
    target = output or path / REPORT
    if target.is_dir():
        target = target / REPORT
    own = target.name == REPORT and target.resolve().parent == path.resolve()
    pages = pages_of(folder) if own and not config else {shown_config(folder, config): target.name}
    names = []
    for name, file in pages.items():
        place = target.parent / file
        page = page_of(facts_of(folder, name, earlier), f"{place.stem}_files", others=pages)
        names += _write(page.html, page.beside, place)
    if own:
        _tell_manifest(folder, names)
    return target


def pages_of(folder: BuiltFolder) -> dict[str, str]:
    """The page of each config of a folder: that of the most thorough one is the report."""
    return {name: REPORT if name == shown_config(folder) else f"report-{name}.html" for name in folder.configs}


def _write(page: bytes, beside: Mapping[str, bytes], target: Path) -> list[str]:
    """Write a report and what lies beside it; returns the names of the files, from the report's folder."""
    files = {f"{target.stem}_files/{name}": content for name, content in beside.items()}
    for name, content in {**files, target.name: page}.items():  # the page last: what it asks for is there
        with written_aside(target.parent / name, "--output") as aside:
            aside.write_bytes(content)
    return [*files, target.name]


def _tell_manifest(folder: BuiltFolder, names: list[str]) -> None:
    """Put the files of a report into the manifest, and take those of the earlier one out."""
    outputs = dict(folder.manifest["outputs"])
    stale = [name for name in outputs if _PAGE.match(name) and name not in names]
    for name in stale:
        (folder.path / name).unlink(missing_ok=True)
        del outputs[name]
    for name in names:
        outputs[name] = recorded(folder.path / name)
    manifest = {**folder.manifest, "outputs": dict(sorted(outputs.items()))}
    try:
        with written_aside(folder.path / MANIFEST, "--output") as aside:
            write_json(manifest, aside)
    except OSError as error:
        raise OutputError(cannot_write(folder.path, error, "--output")) from error
