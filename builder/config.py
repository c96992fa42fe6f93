"""Settings of a build: `BuildConfig`, the presets in `CONFIGS`, and how names and values are checked.

The command line, `--config-file` and the dataset's keyword arguments all take their settings from the fields
of `BuildConfig`: a setting is added here, once.
"""

import difflib
import json
import math
import os
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from builder.core.errors import SettingError
from builder.core.files import sha256_of


def checked_value(key: str, value: Any, default: Any) -> Any:
    """A setting's value in the type of its default.

    Raises:
        SettingError: it is of another kind.
    """
    if isinstance(default, bool):
        good = isinstance(value, bool)
    elif isinstance(default, int):
        good = isinstance(value, int) and not isinstance(value, bool)
    elif isinstance(default, float):
        good = isinstance(value, int | float) and not isinstance(value, bool)
        value = float(value) if good else value
    elif isinstance(default, str):
        good = isinstance(value, str | Path)
        value = str(value) if good else value
    elif key in ("local", "description_field", "code_field"):
        return _pairs(key, value)
    else:
        good = not isinstance(value, str) and isinstance(value, Iterable)
        value = tuple(value) if good else value
    if not good:
        wanted = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
        raise SettingError(f"{key} = {value!r}: {wanted.get(type(default), 'a list of names')} is wanted")
    return value


def _pairs(key: str, value: Any) -> tuple[tuple[str, str], ...]:
    """Pairs of names and texts, from a table or a list of `NAME=TEXT`; sorted, the last of equal names wins."""
    if isinstance(value, Mapping):
        items = [(str(name), str(text)) for name, text in value.items()]
    elif isinstance(value, str) or not isinstance(value, Iterable):
        raise SettingError(f"{key} = {value!r}: a table of names and texts is wanted")
    else:
        items = []
        for item in value:
            name, separator, text = item.partition("=") if isinstance(item, str) else (item[0], "=", item[1])
            if not (name and separator and text):
                raise SettingError(f"{key} {item!r}: write NAME={'PATH' if key == 'local' else 'COLUMN'}")
            items.append((str(name), str(text)))
    return tuple(sorted(dict(items).items()))


def benchmark_file(value: str) -> tuple[Path, str]:
    """A file of `decontaminate` and the column in it; a name that is itself a file's holds no column."""
    path, column = Path(value).expanduser(), ""
    if not path.is_file() and ":" in value:
        name, _, column = value.rpartition(":")
        path = Path(name).expanduser()
    if not path.is_file():
        raise SettingError(f"--decontaminate {value}: no such file; name one of JSON Lines, JSON, Parquet or CSV")
    return path, column


def tokenizer_file(value: str) -> Path | None:
    """The file that `tokenizer` names, itself or in a folder; `None` if it names no path but a model of the Hub.

    Raises:
        SettingError: it is a folder without a tokenizer.json.
    """
    path = Path(value).expanduser()
    if path.is_dir() and value:
        path /= "tokenizer.json"
        if not path.is_file():
            raise SettingError(f"--tokenizer {value}: the folder holds no tokenizer.json")
    return path if value and path.is_file() else None


def hashed(flag: str, path: Path, column: str = "") -> str:
    """A file's SHA-256, with the column that was named, for the manifest, which holds no paths."""
    try:
        return sha256_of(path) + (f":{column}" if column else "")
    except OSError as error:
        raise SettingError(f"{flag} {path}: {error.strerror}") from error


FORMATS = ("sharegpt", "messages", "prompt-completion", "alpaca")
"""Shapes of a conversation, for fine-tuning."""
PAIR_FORMATS = ("preference", "kto", "repair")
"""What an export may hold in place of conversations: passing programs beside failing ones. Programs are rendered."""
EXPORT_FORMATS = (*FORMATS, "prompt-only", *PAIR_FORMATS)
TRAINERS: dict[str, tuple[str, ...]] = {
    "trl": ("prompt-completion", "prompt-only", *PAIR_FORMATS),
    "axolotl": ("messages", "preference", "kto"),
    "llama-factory": ("sharegpt", "preference", "kto"),
    "unsloth": ("sharegpt",),
    "mlx-lm": ("messages",),
    "openai": ("messages",),
    "verl": ("prompt-only",),
}
"""Trainers that an export can be made for, each with the formats that it takes, first the one that it is given."""
ANY_LICENCE, PERMISSIVE = LICENCE_CHOICES = ("any", "permissive")
AS_STATED, BY_UPSTREAM = LICENCE_BASES = ("stated", "upstream")
REPAIRED, AS_PUBLISHED = PAIRS = ("repaired", "as-published")
CACHE_VARIABLE = "MANIM_DATASETS_CACHE"
DEFAULT_SYSTEM_PROMPT = (
    "You are a Manim code generator. Given a description of an animation, answer with one complete Python "
    "program for Manim Community Edition that renders it."
)
MAX_AUGMENTATION_FACTOR = 10.0
DEFAULT_PAIR_MARGIN = 0.75
UNDRAWABLE = "undrawable_text"
RENDER_FINDINGS = ("off_frame", "text_overlap", "low_contrast", "tiny_text", "invisible", "still", UNDRAWABLE)
"""What may be found of a program that was rendered and passed; `builder/render/findings.py` has the rules."""
_CHECK_FINDINGS = ("wrong_mathematics",)
FINDINGS = (*_CHECK_FINDINGS, *RENDER_FINDINGS)
"""The same, and what is found without rendering."""
RETRIED = ("failed", "timeout", "no_scene", "blank", "refused")
DEFAULT_TIMEOUT = 60.0
"""Seconds of processor time for one program."""
MAX_TIMEOUT = 86_400.0
LEAST_SIMILARITY = 0.7
"""Pairs of descriptions less alike are not looked for."""


def _setting(
    default: Any,
    help_text: str,
    metavar: str = "",
    same_bytes: bool = False,
    *,
    words: Collection[str] = (),
    limits: tuple[float, float] | None = None,
) -> Any:
    """A field of `BuildConfig`.

    Args:
        default: in every preset that does not change it.
        help_text: for a person.
        metavar: what stands for the value there, if not `words`.
        same_bytes: it does not change what is written.
        words: what it may be beside the default, or what a list may hold.
        limits: the least and the greatest number that it may be beside the default.
    """
    metadata = {"help": help_text, "metavar": metavar or "|".join(words), "same_bytes": same_bytes}
    return field(default=default, metadata={**metadata, "words": words, "limits": limits})


_FROM_ZERO = (0.0, math.inf)


def default_cache_dir() -> str:
    """`$MANIM_DATASETS_CACHE`, or else `~/.cache/manim_datasets`."""
    return os.environ.get(CACHE_VARIABLE) or str(Path("~/.cache/manim_datasets").expanduser())


@dataclass(frozen=True, slots=True)
class BuildConfig:
    """Everything that decides what a build reads and writes."""

    name: str = _setting("deduplicated", "the preset that these settings started from")
    deduplicate: bool = _setting(True, "keep one row for each normalised description, from the best source")
    deduplicate_programs: bool = _setting(
        False, "keep one row for each program, whatever its layout, comments and names of variables"
    )
    near_duplicates: float = _setting(
        0.0,
        "keep one of rows whose descriptions are at least so alike, from 0.7 to 1; 0 for none",
        "S",
        limits=(LEAST_SIMILARITY, 1),
    )
    near_test: float = _setting(
        0.8,
        "drop train rows whose description is at least so like a test or validation row's, from 0.7 to 1",
        "S",
        limits=(LEAST_SIMILARITY, 1),
    )
    pairs: str = _setting(
        REPAIRED,
        "where a source pairs descriptions and codes at random: put the right ones together again and drop the rest, "
        "or keep the published pairs, to compare",
        words=PAIRS,
    )
    pair_margin: float = _setting(
        DEFAULT_PAIR_MARGIN,
        "how much likelier than the next best a re-paired row must be, at least, as a natural logarithm",
        "M",
        limits=_FROM_ZERO,
    )
    check_pairs: bool = _setting(False, "drop rows whose description does not fit, or contradicts, their code")
    mismatch_rate: float = _setting(
        0.01,
        "share of a well paired source's rows that check_pairs may drop wrongly, from 0 to 0.5",
        "R",
        limits=(0, 0.5),
    )
    check_api: bool = _setting(False, "drop programs with names, arguments, modules or files that Manim does not have")
    dialect: str = _setting(
        "any",
        "any: keep programs for ManimGL as they are, beside those for Manim Community; ce: bring them over whole, or "
        "drop them; manimgl: keep no others",
        words=("any", "ce", "manimgl"),
    )
    drop_reported_errors: bool = _setting(False, "drop rows whose authors report that the program failed")
    verify: bool = _setting(False, "keep only rows whose program was rendered, in a sandbox, and passed")
    augmentation_factor: float = _setting(
        2.5,
        "rows of train for each kept row, from 1 (none) to 10; 1 for a trainer, unless given",
        "F",
        limits=(1, MAX_AUGMENTATION_FACTOR),
    )
    drop_findings: tuple[str, ...] = _setting(
        (),
        f"drop rows whose program has one of these: {', '.join(FINDINGS)}; all but the first with --verify; curated "
        "drops wrong_mathematics, verified text_overlap too; none to drop none",
        "A,B",
        words=FINDINGS,
    )
    test_size: float = _setting(0.1, "share of each source's distinct descriptions for test, between 0 and 1", "S")
    validation_size: float = _setting(
        0.0, "share of them for validation, taken from train; 0 for none, 0.05 in curated and verified", "S"
    )
    decontaminate: tuple[str, ...] = _setting(
        (), "drop train rows that are near a prompt or a program of this benchmark; FILE:COLUMN for one column", "FILE"
    )
    decisions: tuple[str, ...] = _setting(
        (), "what people decided of single rows, as JSON Lines: keep, drop or edit one", "FILE"
    )
    descriptions: tuple[str, ...] = _setting(
        (), "what a model wrote for programs without a description, as it answered the requests of `orphans`", "FILE"
    )
    seed: int = _setting(42, "seeds split, variants and order", "N")
    format: str = _setting(
        "sharegpt",
        f"shape of a conversation: {', '.join(FORMATS)}; `export` also writes prompt-only (prompt and reference), and "
        "of programs that failed before their repair preference (chosen and rejected), kto and repair (a dialogue)",
        "FORMAT",
        words=EXPORT_FORMATS,
    )
    layout_pairs: bool = _setting(
        False, "with preference, kto and repair: also programs that differ from the failing one in line breaks alone"
    )
    trainer: str = _setting(
        "",
        f"export in this trainer's format, with the file that it wants beside it: {', '.join(TRAINERS)}",
        "TRAINER",
        words=TRAINERS,
    )
    tokenizer: str = _setting(
        "",
        "count tokens with it: a tokenizer.json, a folder with one, or a model of the Hub, as NAME or NAME@REVISION",
        "NAME",
    )
    max_tokens: int = _setting(0, "count the rows with more tokens than this; 0 for no limit", "N", limits=_FROM_ZERO)
    drop_long: bool = _setting(False, "drop the rows with more than max_tokens; official test rows stay")
    limit: int = _setting(
        0, "draw so many train rows of those that would be kept, before augmentation; 0 for all", "N", limits=_FROM_ZERO
    )
    balance: str = _setting(
        "", "draw as equally as can be from each source, or each difficulty", words=("source", "difficulty")
    )
    system_prompt: str = _setting(
        DEFAULT_SYSTEM_PROMPT, "the system message of every conversation; an empty one is left out", "TEXT"
    )
    format_code: bool = _setting(
        False, "lay programs out in one style, by ruff; official test rows stay as they were published"
    )
    no_fences: bool = _setting(False, "write programs without the Markdown fence around them")
    previews: bool = _setting(False, "add a column with the last frame of each program, where programs are rendered")
    datasets: tuple[str, ...] = _setting((), "read only these sources", "NAME")
    with_sources: tuple[str, ...] = _setting(
        (), "read these optional sources too; `sources --catalogue` lists them", "NAME"
    )
    licences: str = _setting(
        ANY_LICENCE,
        "keep rows under any licence, or only under one that lets anyone pass them on",
        words=LICENCE_CHOICES,
    )
    licence_basis: str = _setting(
        AS_STATED,
        "what --licences goes by: what a row's repository states, or what the set states in which the row stood first, "
        "where that is known",
        words=LICENCE_BASES,
    )
    sample: bool = _setting(False, "read the small sample that ships with the package, without a network")
    local: tuple[tuple[str, str], ...] = _setting((), "read a source from a local file or folder", "NAME=PATH")
    sources_file: str = _setting("", "a TOML file with more sources, or changes to known ones", "FILE")
    description_field: tuple[tuple[str, str], ...] = _setting((), "the description column of a source", "NAME=COLUMN")
    code_field: tuple[tuple[str, str], ...] = _setting((), "the code column of a source", "NAME=COLUMN")
    strict: bool = _setting(False, "stop at a source whose columns are not found, instead of skipping it")
    skip_unavailable: bool = _setting(False, "go on without a source that cannot be had")
    allow_empty: bool = _setting(False, "write a config of which train or test has no row", "", True)
    lock_file: str = _setting("sources.lock", "what each remote source resolved to, and is read at", "FILE", True)
    update_lock: tuple[str, ...] = _setting(
        (), "move these sources on to what they hold now; all, if none is named", "NAME", True
    )
    locked: bool = _setting(False, "refuse to build if the lock file would have to change", "", True)
    offline: bool = _setting(False, "make no request: read only what the lock file names and the cache holds", "", True)
    no_mirrors: bool = _setting(False, "read a source from its own place or not at all", "", True)
    cache_dir: str = _setting("", f"what was read and prepared is kept here (also ${CACHE_VARIABLE})", "DIR", True)
    workers: int = _setting(0, "processes that prepare rows; 0 for one a processor", "N", True, limits=_FROM_ZERO)
    cluster: str = _setting(
        "", "prepare rows, and render programs, on a Dask cluster: its scheduler, as tcp://host:port", "ADDRESS", True
    )
    verdicts: str = _setting("", "take verdicts from this file of an earlier build, and render nothing", "FILE", True)
    level: str = _setting(
        "full",
        "full: compute every frame of a program; fast: only the end of each animation",
        same_bytes=True,
        words=("full", "fast"),
    )
    timeout: float = _setting(
        DEFAULT_TIMEOUT, "seconds of processor time for rendering one program", "S", True, limits=(1, MAX_TIMEOUT)
    )
    retry: tuple[str, ...] = _setting(
        (), "render programs with these verdicts again, such as failed", "VERDICT", True, words=RETRIED
    )
    no_sandbox: bool = _setting(False, "render without a sandbox: strangers' programs can do what you can", "", True)
    manim_python: str = _setting("", "a Python that has Manim (default: the one that runs this)", "PATH", True)

    def __post_init__(self) -> None:
        if self.name not in CONFIG_NAMES:
            raise SettingError(f"no config is named {self.name!r}{nearest(self.name, CONFIG_NAMES)}")
        other = _NAMED_BY_DEDUPLICATION.get(self.name)
        if other and self.deduplicate != (self.name == DEFAULT_CONFIG):
            raise SettingError(
                f"deduplicate = {self.deduplicate}: that config is called {other!r}; make_config({self.name!r}) gives "
                f"the settings of {self.name!r}"
            )
        for item in fields(self):
            if (value := getattr(self, item.name)) != item.default:
                _check_value(item.name, value, item.metadata)
        _check_together(self)

    def check_for_build(self) -> None:
        """A folder of a build holds conversations, for any trainer.

        Raises:
            SettingError: what is asked for is written by `export` alone.
        """
        if self.trainer:
            raise SettingError(
                f"trainer {self.trainer!r}: only `export` writes files for a trainer; for a build, use --format"
            )
        if self.format not in FORMATS:
            raise SettingError(f"format {self.format!r}: only `export` writes it; a build takes {', '.join(FORMATS)}")

    @property
    def renders(self) -> bool:
        """Whether programs are rendered, or verdicts on them looked up."""
        return self.verify or self.format in PAIR_FORMATS

    @property
    def cache(self) -> Path:
        """The cache folder."""
        return Path(self.cache_dir or default_cache_dir()).expanduser()

    @property
    def benchmarks(self) -> tuple[tuple[Path, str], ...]:
        """Files of `decontaminate`, each with the column that was named, or an empty text.

        Raises:
            SettingError: a file is missing.
        """
        return tuple(benchmark_file(str(value)) for value in self.decontaminate)

    @property
    def decision_files(self) -> tuple[Path, ...]:
        """Files of `decisions`."""
        return tuple(Path(name).expanduser() for name in self.decisions)

    @property
    def description_files(self) -> tuple[Path, ...]:
        """Files of `descriptions`."""
        return tuple(Path(name).expanduser() for name in self.descriptions)

    def settings(self) -> dict[str, Any]:
        """All settings but the preset's name, as `make_config` takes them."""
        return {name: getattr(self, name) for name in setting_names()}

    def recorded(self) -> dict[str, Any]:
        """The settings that change what is written, as a manifest holds them, with lists for tuples.

        Paths are left out, files are named by SHA-256.

        Raises:
            SettingError: a file of `decontaminate` or `tokenizer` cannot be read.
        """
        left_out = {"local", "sources_file", "datasets", "with_sources", "strict", "skip_unavailable"}
        values = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if not item.metadata["same_bytes"] and item.name not in left_out
        }
        if (path := tokenizer_file(self.tokenizer)) is not None:
            values["tokenizer"] = hashed("--tokenizer", path)
        values |= {
            "decontaminate": [hashed("--decontaminate", *file) for file in self.benchmarks],
            "decisions": [hashed("--decisions", path) for path in self.decision_files],
            "descriptions": [hashed("--descriptions", path) for path in self.description_files],
        }
        recorded: dict[str, Any] = json.loads(json.dumps(values))
        return recorded


def _check_value(name: str, value: Any, metadata: Mapping[str, Any]) -> None:
    words, limits = metadata["words"], metadata["limits"]
    for word in value if isinstance(value, tuple) else (value,):
        if words and word not in words:
            raise SettingError(f"{name} {word!r}: use {' or '.join(words)}{did_you_mean(word, words)}")
    if limits and not limits[0] <= value <= limits[1]:
        up_to = "" if limits[1] == math.inf else f" to {limits[1]:g}"
        raise SettingError(f"{name} {value}: a number from {limits[0]:g}{up_to} is wanted")


def _check_together(config: BuildConfig) -> None:
    """Settings fit one another."""
    if not 0 < config.test_size < 1:
        raise SettingError(f"test_size {config.test_size}: a share between 0 and 1 is wanted, such as 0.1")
    room = 1 - config.test_size
    if not 0 <= config.validation_size < room:
        raise SettingError(
            f"validation_size {config.validation_size}: a share from 0 to less than {room:g}, which test_size "
            f"{config.test_size} leaves, is wanted, such as 0.05"
        )
    if not config.verify and (rendered := [name for name in config.drop_findings if name in RENDER_FINDINGS]):
        raise SettingError(f"drop_findings {rendered[0]!r}: only rendered programs have it; add --verify")
    if config.previews and not config.verify:
        raise SettingError("previews: only a config whose programs are rendered has them; add --verify")
    if config.system_prompt.encode("utf-8", "replace").decode("utf-8") != config.system_prompt:
        raise SettingError("system_prompt: a text in UTF-8 is wanted; it holds other bytes")
    taken = TRAINERS.get(config.trainer, EXPORT_FORMATS)
    if config.format not in taken:
        given = " or ".join(map(repr, taken))
        raise SettingError(f"format {config.format!r}: {config.trainer} is given {given}; leave out one of both")
    if config.layout_pairs and config.format not in PAIR_FORMATS:
        raise SettingError(f"layout_pairs: is for the formats {', '.join(PAIR_FORMATS)}")
    if config.max_tokens and not config.tokenizer:
        raise SettingError(f"max_tokens {config.max_tokens}: name the tokenizer that counts, with --tokenizer")
    if config.drop_long and not config.max_tokens:
        raise SettingError("drop_long: say how many tokens a row may have, with --max-tokens")
    if config.balance and not config.limit:
        raise SettingError(f"balance {config.balance!r}: say how many rows to draw, with --limit")


_CURATED: dict[str, Any] = {
    "deduplicate_programs": True,
    "near_duplicates": 0.9,
    "check_pairs": True,
    "check_api": True,
    "drop_findings": _CHECK_FINDINGS,
    "dialect": "ce",
    "drop_reported_errors": True,
    "augmentation_factor": 1.0,
    "validation_size": 0.05,
}
_PRESETS: dict[str, dict[str, Any]] = {
    "curated": _CURATED,
    "verified": {**_CURATED, "verify": True, "drop_findings": (*_CHECK_FINDINGS, "text_overlap")},
    "all": {"deduplicate": False},
    "deduplicated": {},
    "no_augment": {"deduplicate": False, "augmentation_factor": 1.0},
}
CONFIG_NAMES = tuple(_PRESETS)
CONFIG_HELP = {
    "curated": "recommended: one row for each description and each program, near duplicates included; rows that "
    "do not fit, contradict or calculate wrongly dropped; no program with names, modules or files that Manim lacks; "
    "without augmentation; 5 % validation",
    "verified": "as curated, and every program was rendered by the Manim release named in the manifest; none writes "
    "texts over one another",
    "all": "every valid row of every source that does not leak, shuffled pairs put together again or dropped; train "
    "augmented 2.5x",
    "deduplicated": "as all, one row for each normalised description, from the best source",
    "no_augment": "as all, without augmentation",
}
DEFAULT_CONFIG = "deduplicated"
"""Of `build`, `load` and `load_dataset`."""
DEFAULT_EXPORT = "all"
"""Of the command `export`: without `--deduplicate`, nothing is deduplicated."""
_NAMED_BY_DEDUPLICATION = {"deduplicated": "all", "all": "deduplicated", "no_augment": "deduplicated"}
"""For each preset whose name says whether rows are deduplicated, the one that it becomes if they are not, or are."""

CONFIGS: dict[str, BuildConfig] = {name: BuildConfig(name=name, **changes) for name, changes in _PRESETS.items()}
"""The presets by name."""
DECISIONS_FILE = "decisions.jsonl"
"""Taken where it stands beside the file of settings, or in the output folder, and no other is named."""
BUILT_BY_DEFAULT = tuple(name for name, config in CONFIGS.items() if not config.verify)
"""What is built where no config is named: rendering takes what not every machine has, and is asked for by name."""


def setting_names() -> tuple[str, ...]:
    """Names of all settings that may be changed on top of a preset."""
    return tuple(item.name for item in fields(BuildConfig) if item.name != "name")


def make_config(name: str = DEFAULT_CONFIG, **settings: Any) -> BuildConfig:
    """A preset with single settings changed; values may come as TOML, JSON or keyword arguments give them.

    A config is called `deduplicated` only if it is: `deduplicated` without `deduplicate` is called `all`, and `all` or
    `no_augment` with it `deduplicated`.

    Raises:
        SettingError: an unknown preset or setting (the nearest right one is named), or a value out of range.
    """
    name = named(name, CONFIGS)
    if name not in CONFIGS:
        raise SettingError(f"no config is named {name!r}{nearest(name, CONFIGS)}")
    known = {item.name: item for item in fields(BuildConfig) if item.name != "name"}
    values = {}
    for key, value in settings.items():
        if key not in known:
            raise SettingError(f"no setting is named {key!r}{nearest(key, known)}")
        values[key] = checked_value(key, value, known[key].default)
        if isinstance(values[key], str) and known[key].metadata["words"]:
            values[key] = named(values[key], known[key].metadata["words"])
    if values.get("trainer") in TRAINERS:
        values.setdefault("format", TRAINERS[values["trainer"]][0])
    if values.get("trainer") or values.get("format") not in (None, *FORMATS):
        values.setdefault("augmentation_factor", 1.0)  # a trainer sees each answer once an epoch
    preset = CONFIGS[name]
    if values.get("deduplicate", preset.deduplicate) != preset.deduplicate:
        values["name"] = _NAMED_BY_DEDUPLICATION.get(name, name)
    return replace(preset, **values)


def read_toml(path: Path, flag: str) -> dict[str, Any]:
    """The content of a TOML file that a flag named.

    Raises:
        SettingError: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(f"{flag} {path}: {error.strerror}") from error
    except ValueError as error:
        raise SettingError(f"{flag} {path}: not TOML: {error}") from error


def named(name: str, known: Iterable[str]) -> str:
    """The known name that a person means: case and `-` for `_` do not count, unless several names differ in them."""
    names = list(known)
    alike = [other for other in names if _plain(other) == _plain(name)]
    return alike[0] if len(alike) == 1 and name not in names else name


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_")


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest right one, or all that there are."""
    names = list(known)
    return did_you_mean(name, names) or f" (there are: {', '.join(sorted(names))})"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The same where all that there are have been named: the nearest right one, if one is near."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
