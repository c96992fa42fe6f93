"""The command line: `python -m builder COMMAND`. Errors are caught here, once; only this and `terminal` print.

Heavy libraries are imported by the command that needs them, so that `--help` answers at once.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NoReturn

from builder.cli_proof import add_check_arguments, add_diff_arguments, check, diff
from builder.cli_push import add_push_flags
from builder.cli_report import add_report_arguments, report
from builder.config import (
    CONFIG_HELP,
    CONFIG_NAMES,
    CONFIGS,
    DEFAULT_CONFIG,
    BuildConfig,
    default_cache_dir,
    make_config,
    nearest,
    read_toml,
    setting_names,
)
from builder.errors import BuilderError, SettingError

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
PACKAGE_FOLDER = "manim_combined"
_OWN_FLAGS = {"deduplicate": "as --config deduplicated"}
_WITHOUT_SETTINGS = frozenset({"check", "diff", "report"})
"""Commands that read what a build wrote, and build nothing."""
_EPILOG = "exit codes: 0 done, 1 failed, 2 wrong usage"
_EXAMPLES = {
    "build": "python -m builder build --sample\n  python -m builder build --config all --config deduplicated",
    "export": "python -m builder export --deduplicate --output-dir training_set\n"
    "  python -m builder export --local thanks_dataset=rows.jsonl --datasets thanks_dataset",
    "sources": "python -m builder sources\n  python -m builder sources --inspect rows.csv",
    "check": "python -m builder check manim_combined",
    "diff": "python -m builder diff manim_combined_before manim_combined",
    "report": "python -m builder report manim_combined\n"
    "  python -m builder report manim_combined --config all --before manim_combined_before --output all.html",
    "explain": "python -m builder explain manim_codegen/000004 --sample\n"
    '  python -m builder explain "red circle" --config curated --json',
    "push": "python -m builder push --repo org/manim-sft --dry-run\n"
    "  python -m builder push --repo org/manim-sft --public --licences permissive --tag v1.2",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    try:
        parser = _parser()
        given = _parsed(parser, sys.argv[1:] if arguments is None else arguments)
        if not hasattr(given, "run"):
            parser.print_help()
            return WRONG_USAGE
        code: int = given.run(given)
        sys.stdout.flush()
        return code
    except SettingError as error:
        return _failed("wrong setting", str(error), WRONG_USAGE)
    except BuilderError as error:
        return _failed("failed", str(error), FAILED)
    except MemoryError:
        return _failed("failed", "out of memory; use fewer --workers, or fewer --datasets at a time", FAILED)
    except BrokenPipeError:  # who reads this went away (`| head`): the rest has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return _failed("interrupted", "the earlier output is as it was", INTERRUPTED)


def _failed(how: str, text: str, code: int) -> int:
    """Say in one line what went wrong."""
    line = "; ".join(line.strip() for line in text.splitlines() if line.strip())
    print(f"{how}: {line}".encode("utf-8", "backslashreplace").decode(), file=sys.stderr)
    return code


def _build(given: argparse.Namespace) -> int:
    names, settings, output_dir = _settings(given)
    folder = Path(output_dir or PACKAGE_FOLDER)
    configs = [make_config(name, **settings) for name in names or CONFIG_NAMES]
    if "dry_run" in given:
        return _check_sources(configs[0])
    from builder.terminal import Terminal, show_funnel
    from manim_combined.building import build_dataset

    with Terminal() as terminal:
        stats = build_dataset(configs, folder, terminal)
    for name in (config.name for config in configs):
        show_funnel(name, stats[name])
    shown = DEFAULT_CONFIG if DEFAULT_CONFIG in stats else configs[0].name
    print(f"what became of the rows: {folder / 'report.html'}")
    print(f'written to {folder}; load it with: load_dataset("{folder}", "{shown}")')
    return DONE


def _export(given: argparse.Namespace) -> int:
    from builder.pipeline import export
    from builder.terminal import Terminal, show_funnel

    config, output_dir = _one_config(given)
    default = "data_formatted_deduplicated" if config.deduplicate else "data_formatted_with_sources"
    folder = Path(output_dir or default)
    with Terminal() as terminal:
        stats = export(config, folder, terminal)
    show_funnel(config.name, stats)
    print(f"written to {folder}: train.json, test.json, dataset_stats.json, ledger.parquet, report.html, manifest.json")
    return DONE


def _sources(given: argparse.Namespace) -> int:
    from builder.prepare.judge import judge_text
    from builder.sources.inspect import inspect_file, inspect_sources
    from builder.terminal import show_sources

    config, _ = _one_config(given)
    if given.check:
        if config.offline:
            raise SettingError("--check asks the sources, which --offline forbids; use one of them")
        return _check_sources(config)
    one = "inspect" in given
    show_sources([inspect_file(given.inspect, judge_text)] if one else inspect_sources(config, judge_text))
    return DONE


def _check_sources(config: BuildConfig) -> int:
    from builder.sources.checking import check_sources
    from builder.terminal import Terminal, show_sources

    with Terminal() as terminal:
        checked = check_sources(config, terminal)
    show_sources([{"name": source.name, **source.lines} for source in checked])
    return DONE if all(source.reached for source in checked) else FAILED


def _explain(given: argparse.Namespace) -> int:
    from builder.explain import Matches, explain
    from builder.terminal import Terminal
    from builder.terminal_explain import show_explanation, show_matches

    config, _ = _one_config(given)
    with Terminal() as terminal:
        told = explain(config, given.id, terminal)
    if given.json:
        print(json.dumps(asdict(told), indent=2))
    elif isinstance(told, Matches):
        show_matches(told)
    else:
        show_explanation(told)
    return DONE


def _check(given: argparse.Namespace) -> int:
    return DONE if check(given) else FAILED


def _diff(given: argparse.Namespace) -> int:
    diff(given)
    return DONE


def _report(given: argparse.Namespace) -> int:
    report(given)
    return DONE


def _push(given: argparse.Namespace) -> int:
    from builder.cli_push import push

    names, settings, output_dir = _settings(given)
    push(given, names or list(CONFIG_NAMES), settings, Path(output_dir or PACKAGE_FOLDER))
    return DONE


def _one_config(given: argparse.Namespace) -> tuple[BuildConfig, str]:
    names, settings, output_dir = _settings(given)
    if len(names) > 1:
        raise SettingError(f"--config was given {len(names)} times; this command takes one")
    return make_config(names[0] if names else DEFAULT_CONFIG, **settings), output_dir


def _settings(given: argparse.Namespace) -> tuple[list[str], dict[str, Any], str]:
    """Names of configs, settings and the output folder: the file of `--config-file` first, then the flags."""
    flags = vars(given)
    values = _from_file(Path(flags["config_file"])) if "config_file" in flags else {}
    values |= {name: flags[name] for name in (*setting_names(), "config", "output_dir") if name in flags}
    if flags.get("update_lock") == []:
        values["update_lock"] = ["*"]
    if flags.get("no_augmentation"):
        values["augmentation_factor"] = 1.0
    names = values.pop("config", [])
    output_dir = values.pop("output_dir", "")
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SettingError(f"config = {names!r}: a name or a list of names is wanted")
    if not isinstance(output_dir, str):
        raise SettingError(f"output_dir = {output_dir!r}: a text is wanted")
    return names, values, output_dir


def _from_file(path: Path) -> dict[str, Any]:
    values = read_toml(path, "--config-file")
    known = (*setting_names(), "config", "output_dir")
    for key in values:
        if key not in known:
            raise SettingError(f"--config-file {path}: no setting is named {key!r}{nearest(key, known)}")
    return values


class _Parser(argparse.ArgumentParser):
    """Knows its flags, and raises `SettingError` instead of printing the usage and leaving."""

    def __init__(self, **settings: Any) -> None:
        self.flags: list[str] = []
        super().__init__(**settings)
        self.set_defaults(flags=self.flags)

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """As `argparse` does."""
        self.flags += [name for name in names if name.startswith("--")]
        return super().add_argument(*names, **settings)

    def error(self, message: str) -> NoReturn:
        """Never returns."""
        raise SettingError(f"{message}; see {self.prog} --help")


def _parsed(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments, all of them known.

    Raises:
        SettingError: an unknown command or flag; the nearest right one is named.
    """
    command = next((word for word in arguments if not word.startswith("-")), None)
    if command is not None and command not in _EXAMPLES:
        raise SettingError(f"no command is named {command!r}{nearest(command, _EXAMPLES)}")
    given, unknown = parser.parse_known_args(arguments)
    if unknown:
        flag = unknown[0].partition("=")[0]
        if not flag.startswith("-"):
            raise SettingError(f"{flag!r} stands where no value is wanted; see {parser.prog} {command} --help")
        raise SettingError(f"no flag is named {flag!r}{nearest(flag, given.flags)}")
    return given


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m builder",
        description="Turns public Manim prompt-and-code data into one fine-tuning set, with an account of every row.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    build = _command(commands, "build", _build, "build configs of the dataset into a folder that load_dataset reads")
    build.add_argument(
        "--dry-run",
        action="store_true",
        help="list the files that a build would read, cached or not, with their bytes; write nothing",
    )
    _command(commands, "export", _export, "write train.json and test.json for offline fine-tuning")
    sources = _command(
        commands, "sources", _sources, "show each source with its columns, rows, licence and cache state"
    )
    sources.add_argument("--inspect", metavar="FILE", help="show any file or folder, and what to type to build from it")
    sources.add_argument(
        "--check",
        action="store_true",
        default=False,
        help="ask each source: can it be reached, at which revision, with how many rows, how many bytes to fetch",
    )
    push = _command(commands, "push", _push, "push the built dataset to the Hub in one commit, and read it back")
    add_push_flags(push, PACKAGE_FOLDER)
    add_check_arguments(_command(commands, "check", _check, "prove anew that a built or exported folder is sound"))
    add_diff_arguments(_command(commands, "diff", _diff, "compare two builds: what came, went or changed, and why"))
    add_report_arguments(_command(commands, "report", _report, "show a built or exported folder as one HTML page"))
    explain = _command(commands, "explain", _explain, "show one row's life: each change, check and decision, and why")
    explain.add_argument("id", metavar="ID", help="the row, as in the ledger: SOURCE/ROW; or a piece of its prompt")
    explain.add_argument("--json", action="store_true", default=False, help="print it as JSON, texts in full")
    return parser


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], help_text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help_text,
        description=help_text[0].upper() + help_text[1:] + ".",
        epilog=f"example:\n  {_EXAMPLES[name]}\n\n{_EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    if name not in _WITHOUT_SETTINGS:
        _add_settings(parser)
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    configs = "; ".join(f"{config}: {text}" for config, text in CONFIG_HELP.items()).replace("%", "%%")
    parser.add_argument(
        "--config", metavar="NAME", action="append", help=f"a preset (default {DEFAULT_CONFIG}); {configs}"
    )
    parser.add_argument("--config-file", metavar="FILE", help="a TOML file with any of these settings; flags win")
    parser.add_argument("--output-dir", metavar="DIR", help="where to write")
    parser.add_argument("--no-augmentation", action="store_true", help="as --augmentation-factor 1")
    for setting in fields(BuildConfig):
        if setting.name != "name":
            _add_setting(parser, setting.name, setting.default, setting.metadata)


def _add_setting(parser: argparse.ArgumentParser, name: str, default: Any, metadata: Any) -> None:
    flag = "--" + name.replace("_", "-")
    text = _OWN_FLAGS.get(name, metadata["help"]).replace("%", "%%")
    metavar = metadata["metavar"]
    if isinstance(default, bool):
        presets = {getattr(config, name) for config in CONFIGS.values()}
        action = argparse.BooleanOptionalAction if len(presets) > 1 else "store_true"
        parser.add_argument(flag, action=action, help=text)
    elif name == "update_lock":
        parser.add_argument(flag, nargs="*", metavar=metavar, help=text)
    elif name in ("datasets", "decontaminate"):
        parser.add_argument(flag, nargs="+", metavar=metavar, help=text)
    elif isinstance(default, tuple):
        parser.add_argument(flag, action="append", metavar=metavar, help=text)
    else:
        shown = default_cache_dir() if name == "cache_dir" else default
        told = "" if name == "system_prompt" or shown == "" else f" (default {shown})"
        parser.add_argument(flag, type=type(default), metavar=metavar, help=text + told)
