"""Local files as tables: one file, or the data files of a folder or an archive, one after the other."""

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pyarrow as pa

from builder.core.errors import SourceError
from builder.core.schema import SPLITS
from builder.sources.formats.columnar import read_arrow, read_parquet
from builder.sources.formats.delimited import read_delimited
from builder.sources.formats.json_rows import read_json
from builder.sources.formats.plain import Scratch, as_utf8, packed_as, unpacked
from builder.sources.formats.table import BATCH_ROWS, SPLIT_BY_FILE, Batch, BrokenRow, Table
from builder.sources.hosts.files import (
    ARCHIVE_ENDINGS,
    DATA_ENDINGS,
    card_splits,
    is_archive,
    is_data_file,
    matches,
    names_split,
    read_card,
    shown,
)

__all__ = ["BATCH_ROWS", "Batch", "BrokenRow", "Table", "data_files", "open_path", "open_table"]

MAX_FILES = 10_000
"""A folder with more data files is refused."""
_ENDINGS = ", ".join((*DATA_ENDINGS, *ARCHIVE_ENDINGS))


def data_files(path: Path) -> tuple[Path, ...]:
    """The file itself, or the data files of a folder and of those in it, in order of name.

    Where the folder has a card (`README.md`) that says which files its default configuration holds, these are read.
    Else, where a file's path names the split `train`, the files that name no split are no rows: reports, ledgers.

    Raises:
        SourceError: nothing is there, or the folder holds no data file, or files of several kinds.
    """
    return (path,) if _is_file(path) else tuple(path / name for name in _choose(path)[0])


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from error


def _choose(path: Path) -> tuple[list[str], list[str]]:
    """The names of a folder's data files that are read, and of those that are not."""
    try:
        if not path.is_dir():
            raise SourceError(f"{path}: no such file or folder")
        names = sorted(_names(path))
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from error
    listed = [name for name in names if is_data_file(name)] or [name for name in names if is_archive(name)]
    patterns = [pattern for each in card_splits(read_card(path / "README.md")).values() for pattern in each]
    found = [name for name in listed if any(matches(name, pattern) for pattern in patterns)] or listed
    if any(names_split(name, "train") for name in found):
        found = [name for name in found if any(names_split(name, split) for split in SPLITS)]
    if not found:
        raise SourceError(f"{path}: no data file in this folder (looked for {_ENDINGS})")
    if len(found) > MAX_FILES:
        raise SourceError(f"{path}: more than {MAX_FILES:,} data files; name a folder with fewer, or one file")
    kinds = sorted({PurePosixPath(name.lower()).suffix for name in found})
    if len(kinds) > 1:
        raise SourceError(f"{path}: files of several kinds ({', '.join(kinds)}: {shown(found)}); name one file")
    return found, [name for name in listed if name not in set(found)]


def open_path(path: Path, scratch_dir: Path | None = None) -> Table:
    """The file, or the data files of the folder, as one table.

    Where the files of a folder, or the lists of a JSON object, are named after splits, the column `SPLIT_BY_FILE`
    holds `train` or `test`.

    Args:
        path: a file or a folder.
        scratch_dir: where packed files are unpacked; the system's folder for temporary files if it is not given.

    Raises:
        SourceError: it is missing, unreadable, or of a kind that is not known.
    """
    if _is_file(path):
        return open_table((path,), Scratch(scratch_dir))
    found, left_out = _choose(path)
    table = open_table([path / name for name in found], Scratch(scratch_dir), root=path)
    note = f"not read, since other files name splits or stand in the folder's card: {shown(left_out)}"
    return replace(table, notes=(*table.notes, note)) if left_out else table


def open_table(files: Sequence[Path], scratch: Scratch | None = None, root: Path | None = None) -> Table:
    """One table from files of the same kind, one after the other; its columns are those of all files.

    Args:
        files: what to read.
        scratch: where packed files are unpacked.
        root: the folder from which on the files' paths may name splits.

    Raises:
        SourceError: a file is missing, unreadable, or of a kind that is not known.
    """
    scratch = scratch or Scratch()
    parts = [part for file in files for part in _parts(file, scratch, root or file)]
    tables = [table for _, _, table in parts]
    columns = tuple(dict.fromkeys(name for table in tables for name in table.columns))
    if not columns:
        raise SourceError(f"{files[0]}: no rows that can be read ({_first_problem(tables)})")
    tests = [names_split(name, "test") for _, name, _ in parts]
    by_file = any(tests) and not all(tests)

    splits = ["test" if test else "train" for test in tests] if by_file else [""] * len(parts)
    checked = tuple(
        _checked(file, table, split, scratch) for (file, _, table), split in zip(parts, splits, strict=True)
    )
    return Table(
        tuple(dict.fromkeys(name for table in checked for name in table.columns)),
        lambda wanted: (batch for table in checked for batch in table.batches(wanted)),
        tuple(f"{name}: {note}" for _, name, table in parts for note in table.notes),
        frozenset(name for table in tables for name in table.unread),
        checked if len(checked) > 1 else (),
    )


def _checked(file: Path, table: Table, split: str, scratch: Scratch) -> Table:
    """A file's table with its split as a column, and errors that name the file; it keeps what was unpacked."""

    def batches(wanted: Sequence[str], _kept: Scratch = scratch) -> Iterator[Batch]:
        try:
            for batch in table.batches(wanted):
                if split and SPLIT_BY_FILE in wanted:
                    batch[SPLIT_BY_FILE] = [split] * len(next(iter(batch.values())))
                yield batch
        except _UNREADABLE as error:
            raise SourceError(f"{file}: cannot be read to its end: {_said(error)}") from error

    more = (SPLIT_BY_FILE,) if split and SPLIT_BY_FILE not in table.columns else ()
    return replace(table, columns=(*table.columns, *more), batches=batches)


def _names(folder: Path) -> Iterator[str]:
    """The paths of all files in a folder and in those in it, with slashes; hidden folders are not entered."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        yield from ((Path(parent) / name).relative_to(folder).as_posix() for name in files)


def _parts(file: Path, scratch: Scratch, root: Path) -> list[tuple[Path, str, Table]]:
    """The file as it is called, the name by which it may name a split, and its table; of an archive, each member."""
    try:
        plain = unpacked(file, scratch)
        if not plain.is_dir():
            return [(file, _name(file, root), _table(plain, scratch))]
        members = data_files(plain)
        return [(file, member.relative_to(plain).as_posix(), _table(member, scratch)) for member in members]
    except _UNREADABLE as error:
        kind = (packed_as(file) if file.is_file() else "") or file.suffix
        raise SourceError(f"{file}: cannot be read as {kind[1:]}: {_said(error)}") from error
    except SourceError as error:
        text = str(error)
        raise SourceError(text if text.startswith(str(file)) else f"{file}: {text.partition(': ')[2]}") from error


def _name(file: Path, root: Path) -> str:
    return file.name if file == root else file.relative_to(root).as_posix()


def _table(file: Path, scratch: Scratch) -> Table:
    """The table of a file that is not packed, by its first bytes or else by its ending."""
    with file.open("rb") as opened:
        start = opened.read(6)
    reader = next((reader for mark, reader in _MARKS.items() if start.startswith(mark)), None)
    reader = reader or _READERS.get(file.suffix.lower())
    if reader is None:
        raise SourceError(f"{file}: not a kind of file that can be read (use one of {_ENDINGS})")
    if reader not in (read_delimited, read_json):
        return reader(file)
    plain, encoding = as_utf8(file, scratch)
    table = reader(plain)
    note = [f"the text is read as {encoding}, not UTF-8; if that is wrong, save it as UTF-8"] if encoding else []
    return Table(table.columns, table.batches, (*note, *table.notes), table.unread)


def _first_problem(tables: Sequence[Table]) -> str:
    """Why tables without columns have none."""
    batches = (batch for table in tables for batch in table.batches(("",)))
    rows = (row for batch in batches for row in batch[""])
    return next((row.reason for row in rows if isinstance(row, BrokenRow)), "the file is empty")


def _said(error: BaseException) -> str:
    """An error's own words on one line; the system's without its number and the path, which the message has."""
    text = error.strerror if isinstance(error, OSError) and error.errno and error.strerror else str(error)
    return " ".join(text.split()) or type(error).__name__


_UNREADABLE = (OSError, ValueError, OverflowError, pa.ArrowException, csv.Error)
_READERS: dict[str, Callable[[Path], Table]] = {
    ".parquet": read_parquet,
    ".arrow": read_arrow,
    ".feather": read_arrow,
    **dict.fromkeys((".csv", ".tsv"), read_delimited),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), read_json),
}
_MARKS: dict[bytes, Callable[[Path], Table]] = {
    b"PAR1": read_parquet,
    b"ARROW1": read_arrow,
    b"FEA1": read_arrow,
}
