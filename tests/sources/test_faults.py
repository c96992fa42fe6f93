"""Bad files, settings and disks: one line that says what, where and what to do; the right exit code; nothing lost."""

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builder.cli.main import main
from builder.core.errors import OutputError
from builder.core.files import disk_error, written_aside
from tests.rows import Row, circles, files_of, write_source

ROOT = Path(__file__).parents[2]
LIMIT_BYTES = 6_000
"""No file may grow larger where a disk is full: less than any output, more than a lock."""


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Run a command; its exit code, and the one line on the error stream that is no warning."""
    code = main([str(argument) for argument in arguments])
    lines = capsys.readouterr().err.splitlines()
    said = [line for line in lines if not line.startswith("warning:")]
    assert len(said) == 1, lines
    return code, said[0]


def export_flags(tmp_path: Path, source: Path | None = None) -> list[object]:
    """Flags of an export of one local file."""
    source = source or write_source(tmp_path, "rows", circles(1, 60))
    local = ["--local", f"made={source}", "--datasets", "made"]
    return [*local, "--cache-dir", tmp_path / "cache", "--workers", "1", "--output-dir", tmp_path / "out"]


def parquet_bytes() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"description": ["Draw a circle"] * 90, "code": [f"x = {n}" for n in range(90)]}), sink)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("a.jsonl", None, "no such file or folder", id="missing"),
        pytest.param("a" * 300 + ".csv", None, "File name too long", id="no name for a file"),
        pytest.param("a.parquet", parquet_bytes()[:-9], "cannot be read as parquet", id="Parquet cut short"),
        pytest.param("a.parquet", parquet_bytes()[:40], "cannot be read as parquet", id="Parquet cut shorter"),
        pytest.param(
            "a.parquet", b"PAR1" + b"\0" * 80 + parquet_bytes()[84:], "cannot be read", id="Parquet overwritten"
        ),
        pytest.param("a.csv", b"description,code\n", "no rows", id="no rows"),
        pytest.param("a.csv", b'"description,code\nDraw,x\n', "line 1: a quote is never closed", id="open head"),
        pytest.param("a.jsonl", b"\n\n", "no rows that can be read", id="blank lines alone"),
        pytest.param("a.jsonl", b"\xff\xfe{\0}\0", "no rows", id="UTF-16"),
        pytest.param("a.txt", b"Draw", "not a kind of file that can be read", id="unknown ending"),
    ],
)
def test_a_bad_source_is_one_line_that_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, said: str
) -> None:
    """Exit code 1; the earlier output stays as it was."""
    assert main(["export", *map(str, export_flags(tmp_path))]) == 0
    before = files_of(tmp_path / "out")
    capsys.readouterr()
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    code, line = told(capsys, "export", *export_flags(tmp_path, path))

    assert code == 1
    assert said in line
    assert str(path) in line
    assert files_of(tmp_path / "out") == before


def test_a_full_cache_that_may_only_be_read_is_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one on a disk that is mounted read-only; what it lacks is an error that names it."""
    assert main(["export", *map(str, export_flags(tmp_path))]) == 0
    before = files_of(tmp_path / "out")
    real = os.open

    def refusing(path: str, flags: int, *more: int, **named: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and str(path).startswith(str(tmp_path / "cache")):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        return real(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refusing)
    assert main(["export", *map(str, export_flags(tmp_path))]) == 0
    assert files_of(tmp_path / "out") == before
    capsys.readouterr()

    code, line = told(capsys, "export", *export_flags(tmp_path, write_source(tmp_path, "others", circles(1, 61))))
    assert code == 1
    assert f"{tmp_path / 'cache'}" in line
    assert "Read-only file system" in line
    assert "--cache-dir" in line


def test_no_usable_temporary_folder_is_named_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as a fault of the output folder; the variable that chooses another one is named."""

    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp', '/var/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)

    code, line = told(capsys, "export", *export_flags(tmp_path))

    assert code == 1
    assert "no usable folder for temporary files" in line
    assert "'/var/tmp'" in line
    assert "TMPDIR" in line
    assert "--output-dir" not in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["exprot"], "no command is named 'exprot'; did you mean 'export'?"),
        (["export", "--sampel"], "no flag is named '--sampel'; did you mean '--sample'?"),
        (["export", "--sampel=1", "--seed", "3"], "did you mean '--sample'?"),
        (["--sampel", "export"], "did you mean '--sample'?"),
        (["export", "--sample", "twice"], "'twice' stands where no value is wanted"),
        (["export", "--seed", "x"], "argument --seed: invalid int value: 'x'"),
        (["export", "--seed"], "argument --seed: expected one argument"),
        (["explain"], "required: ID"),
        (["export", "--sample", "--datasets", "manimbnch"], "did you mean 'manimbench'?"),
        (["export", "--config", "deduplicate"], "no config is named 'deduplicate'; did you mean 'deduplicated'?"),
        (["export", "--config", "all", "--config", "no_augment"], "--config was given 2 times"),
        (["export", "--test-size", "0"], "test_size 0.0: a share between 0 and 1 is wanted"),
        (["export", "--test-size", "1"], "test_size 1.0: a share between 0 and 1 is wanted"),
        (["export", "--test-size", "nan"], "test_size nan: a share between 0 and 1 is wanted"),
        (["export", "--augmentation-factor", "0.5"], "augmentation_factor 0.5"),
        (["export", "--workers", "-1"], "workers -1"),
        (["export", "--format", "sharegtp"], "did you mean 'sharegpt'?"),
        (["export", "--local", "rows.csv"], "write NAME=PATH"),
        (["export", "--sources-file", "nowhere.toml"], "--sources-file nowhere.toml: No such file or directory"),
        (["export", "--config-file", "nowhere.toml"], "--config-file nowhere.toml: No such file or directory"),
        (["export", "--config-file", "."], "--config-file .: Is a directory"),
    ],
)
def test_wrong_usage_is_one_line_with_the_nearest_right_name(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """Exit code 2, before anything is read or written."""
    code, line = told(capsys, *arguments)
    assert code == 2
    assert line.startswith("wrong setting: ")
    assert said in line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"sed = 3", "no setting is named 'sed'; did you mean 'seed'?"),
        (b"seed = ", "not TOML"),
        (b"\xff", "not TOML"),
        (b'seed = "a"', "seed = 'a': a whole number is wanted"),
        (b"config = 7", "config = 7: a name or a list of names is wanted"),
        (b"config = [7]", "a name or a list of names is wanted"),
        (b"output_dir = 7", "output_dir = 7: a text is wanted"),
        (b"test_size = 1", "a share between 0 and 1 is wanted"),
    ],
)
def test_a_config_file_that_means_nothing_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes, said: str
) -> None:
    """Exit code 2."""
    path = tmp_path / "settings.toml"
    path.write_bytes(text + b"\n")
    code, line = told(capsys, "export", "--config-file", path)
    assert code == 2
    assert said in line


@pytest.mark.parametrize("command", ["export", "build"])
@pytest.mark.parametrize("place", ["file", "file/below", "/proc/nothing"])
def test_an_output_folder_that_cannot_be_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, place: str
) -> None:
    """A file, a place below one, a place where none can be made; exit code 1, and the file stays."""
    (tmp_path / "file").write_text("mine")
    folder = tmp_path / place
    code, line = told(capsys, command, *export_flags(tmp_path), "--output-dir", folder)
    assert code == 1
    assert str(folder) in line
    assert "--output-dir" in line
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/nothing"])
def test_a_cache_folder_that_cannot_be_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    """Exit code 1."""
    (tmp_path / "file").write_text("mine")
    code, line = told(capsys, "export", *export_flags(tmp_path), "--cache-dir", tmp_path / place)
    assert code == 1
    assert f"{tmp_path / place}" in line
    assert "cannot be written" in line


def start(*arguments: object) -> subprocess.Popen[str]:
    """The command line in a process and a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "builder", *map(str, arguments)],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process are set on Linux alone")
@pytest.mark.parametrize(("command", "cached"), [("export", False), ("export", True), ("build", True)])
def test_a_full_disk_is_one_line_and_the_earlier_output_stays(tmp_path: Path, command: str, cached: bool) -> None:
    """Whether the cache or the output fills it; the next run goes through."""
    flags = export_flags(tmp_path)
    assert main([command, *map(str, flags), "--seed", "1"]) == 0
    before = files_of(tmp_path / "out")
    cache = [] if cached else ["--cache-dir", tmp_path / "new cache"]

    process = start(command, *flags, *cache)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (LIMIT_BYTES, LIMIT_BYTES))
    error = process.communicate()[1]

    lines = [line for line in error.splitlines() if not line.startswith("warning:")]
    assert process.returncode == 1
    assert len(lines) == 1
    assert "cannot be written: File too large; free some space" in lines[0]
    assert str(tmp_path / ("out" if cached else "new cache")) in lines[0]
    assert files_of(tmp_path / "out") == before
    assert main([command, *map(str, flags), *map(str, cache)]) == 0


def test_a_disk_that_is_full_is_known_by_whatever_a_library_says() -> None:
    """Polars puts the system's error into words, others pass it on as a cause."""
    assert disk_error(OSError(28, "No space left on device")) is not None
    assert disk_error(RuntimeError("parquet: underlying IO error: No space left on device (os error 28)")) is not None
    wrapped = RuntimeError("an error occurred while generating the dataset")
    wrapped.__cause__ = OSError(28, "No space left on device")
    assert disk_error(wrapped) is not None
    assert disk_error(OSError("Couldn't deserialize thrift")) is None
    assert disk_error(KeyError("28")) is None


def test_what_killed_builds_left_in_the_cache_goes_after_a_day(tmp_path: Path) -> None:
    """What another build may still be writing stays, and what no build wrote."""
    for name, age in (("rows.parquet.old", 2 * 86_400), ("rows.parquet.young", 60), ("mine", 2 * 86_400)):
        aside = tmp_path / f".{name}.part"
        aside.write_bytes(b"half")
        os.utime(aside, (time.time() - age, time.time() - age))
    with written_aside(tmp_path / "rows.parquet") as aside:
        aside.write_bytes(b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".mine.part",
        ".rows.parquet.young.part",
        "rows.parquet",
    ]


def test_an_error_of_the_block_is_not_taken_for_one_of_the_disk(tmp_path: Path) -> None:
    """Only what the system refused becomes an output error; nothing is left behind."""
    with pytest.raises(OSError, match="thrift"), written_aside(tmp_path / "kept"):
        raise OSError("Couldn't deserialize thrift")
    with pytest.raises(OutputError, match="No space left on device; free some space"), written_aside(tmp_path / "kept"):
        raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["read", "prepared"])
@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_file_in_the_cache_is_said_and_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, damage: str
) -> None:
    """Cut short or with other bytes in it, it changes no byte of the output."""
    flags = list(map(str, export_flags(tmp_path)))
    assert main(["export", *flags]) == 0
    wanted = files_of(tmp_path / "out")
    (path,) = (tmp_path / "cache" / kind).glob("*.parquet")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + (b"" if damage == "cut" else bytes(len(content) // 2)))
    if kind == "read":  # or else what was prepared from it would do
        shutil.rmtree(tmp_path / "cache" / "prepared")
    capsys.readouterr()

    assert main(["export", *flags]) == 0

    assert path.name in capsys.readouterr().err
    assert files_of(tmp_path / "out") == wanted
    assert path.read_bytes() == content


def test_an_interrupted_export_leaves_the_earlier_output_and_no_process(tmp_path: Path) -> None:
    """Ctrl-C reaches the whole process group: exit code 130, one line, no traceback of a worker."""
    slow: list[Row] = [("Draw nothing", "x;" * 100_000)] * 4  # keep one worker busy while the other waits
    rows = [*slow, *circles(1, 1_600)]
    flags = export_flags(tmp_path, write_source(tmp_path, "many rows", rows))
    assert main(["export", *map(str, export_flags(tmp_path))]) == 0
    before = files_of(tmp_path / "out")

    process = start("export", *flags, "--workers", "2")
    workers: list[psutil.Process] = []
    while process.poll() is None and len(workers) < 2:
        workers = psutil.Process(process.pid).children(recursive=True)
        time.sleep(0.01)
    time.sleep(1.5)
    os.killpg(process.pid, signal.SIGINT)
    error = process.communicate(timeout=30)[1]

    assert process.returncode == 130
    assert [line for line in error.splitlines() if not line.startswith("warning:")] == [
        "interrupted: the earlier output is as it was"
    ]
    assert not psutil.wait_procs(workers, timeout=10)[1]
    assert files_of(tmp_path / "out") == before
    assert {path.name for path in (tmp_path / "out").iterdir()} == {name.partition("/")[0] for name in before}


def test_a_reader_that_goes_away_ends_the_command_quietly(tmp_path: Path) -> None:
    """As in `python -m builder sources | head -1`."""
    source = write_source(tmp_path, "rows", circles(1, 5))
    flags = ["--local", f"made={source}", "--datasets", "made", "--cache-dir", tmp_path / "cache"]
    process = start("sources", *flags)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    error = process.stderr.read()
    process.wait(timeout=30)
    assert "Traceback" not in error


def test_a_manifest_that_is_damaged_is_a_file_of_a_persons_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not replaced, nor are the files that it can no longer vouch for."""
    assert main(["export", *map(str, export_flags(tmp_path))]) == 0
    manifest = tmp_path / "out" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:100])
    before = files_of(tmp_path / "out")
    capsys.readouterr()
    code, line = told(capsys, "export", *export_flags(tmp_path))
    assert code == 1
    assert "no build wrote it; move it away or use another --output-dir" in line
    assert files_of(tmp_path / "out") == before


@pytest.mark.parametrize("outputs", [{"train.json": 3}, {"train.json": {}}, {"../up": {"sha256": ""}}])
def test_a_manifest_of_nonsense_stops_no_build(tmp_path: Path, outputs: dict[str, object]) -> None:
    """Only files that it names and that are as it says are ever removed."""
    assert main(["export", *map(str, export_flags(tmp_path))]) == 0
    path = tmp_path / "out" / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "outputs": {**manifest["outputs"], **outputs}}))
    assert main(["export", *map(str, export_flags(tmp_path))]) == 0
