"""What the card says of a build, as Markdown: tables and lines made from the manifest, no number typed by hand."""

import re
import shlex
from collections.abc import Container, Mapping, Sequence
from typing import Any

from builder.config import CONFIG_HELP, CONFIGS
from builder.core.schema import SPLITS
from builder.decide.summary import percent
from builder.report.flow import DROPPED_AS, ended_as

_LONG_LINE = 100
_SHA256 = re.compile(r"[0-9a-f]{64}")
Stats = Mapping[str, Any]

WHEN: Mapping[str, str] = {
    "curated": "you fine-tune a model: the cleanest pairs, each once",
    "verified": "no program may be in that does not run: the strictest choice",
    "deduplicated": "you want one answer to each prompt, or compare with work that removed equal descriptions",
    "all": "you choose and weigh rows yourself",
    "no_augment": "you choose rows yourself, and want prompts as their authors wrote them",
}
"""For each config, when to use it."""


def number(value: float) -> str:
    """With commas."""
    return f"{value:,}"


def cell(text: object) -> str:
    """A text from outside, as a cell of a table or a line: on one line, nothing in it is Markdown's or HTML's."""
    line = " ".join(str(text).split())
    for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "\\|"), ("`", "'"), ("[", "\\[")):
        line = line.replace(sign, written)
    return line


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], numbers: Container[int]) -> str:
    """A Markdown table; columns at the places of `numbers` hold such."""
    under = ["---:" if place in numbers else "---" for place in range(len(titles))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (titles, under, *rows))


def configs_table(names: Sequence[str], statistics: Mapping[str, Stats], default: str) -> str:
    """Each config with its rows, what became of pairs, what it holds and when to use it."""
    validated = any(statistics[name]["splits"]["validation"]["rows"] for name in names)
    splits = [split for split in SPLITS if split != "validation" or validated]
    rows = []
    for name in names:
        help_text = CONFIG_HELP[name].removeprefix("recommended: ")
        notes = ["recommended"] * (help_text != CONFIG_HELP[name]) + ["default"] * (name == default)
        counts = [number(statistics[name]["splits"][split]["rows"]) for split in splits]
        label = f"`{name}`" + (f" ({', '.join(notes)})" if notes else "")
        rows.append([label, *counts, *_pairs(statistics[name]), help_text, WHEN.get(name, "")])
    titles = ["config", *splits, "pairs as published", "re-paired", "dropped for want of a pair"]
    numbers = range(1, len(titles))
    return table([*titles, "what it holds", "use it when"], rows, numbers=numbers)


def _pairs(stats: Stats) -> list[str]:
    """Whose codes rows have, as shares of the rows that are kept or were dropped as `unpaired`."""
    pairs = stats["pairing"].get("pairs")
    if not pairs:
        return ["-", "-", "-"]
    total = max(sum(pairs.values()), 1)
    published = percent((pairs["as_published"] + pairs["at_random"]) / total)
    random = f" ({percent(pairs['at_random'] / total)} at random)" if pairs["at_random"] else ""
    return [published + random, percent(pairs["repaired"] / total), percent(pairs["unpaired"] / total)]


def funnel_table(stats: Stats) -> str:
    """Rows by source: read, where dropped ones went and the sides of kept ones; columns without any are left out."""
    lines = stats["funnel_by_source"]
    sides = [side for side in SPLITS if side != "validation" or sum(line.get(side, 0) for line in lines)]
    ended = [ended_as(line) for line in lines]
    ends = [name for name in DROPPED_AS if sum(counts[name] for counts in ended)]
    titles = ["source", "read", *ends, *(f"kept in {side}" for side in sides)]
    counts = [
        [line["read"], *(found[name] for name in ends), *(line[side] for side in sides)]
        for line, found in zip(lines, ended, strict=True)
    ]
    rows = [[f"`{line['source']}`", *map(number, row)] for line, row in zip(lines, counts, strict=True)]
    if len(lines) > 1:
        rows.append(["all", *(number(sum(column)) for column in zip(*counts, strict=True))])
    return table(titles, rows, numbers=range(1, len(titles)))


def rebuild_commands(manifest: Mapping[str, Any]) -> str:
    """What to type to make the same bytes again; configs with the same settings share a command."""
    sources = manifest["sources"]
    by_flags: dict[str, list[str]] = {}
    for name, settings in manifest["configs"].items():
        by_flags.setdefault(_flags(name, settings, sources), []).append(name)
    commands = (
        " ".join(["python -m builder build", *(f"--config {name}" for name in names), *([flags] if flags else [])])
        for flags, names in by_flags.items()
    )
    return "\n".join(_broken(command) for command in commands)


def _broken(command: str) -> str:
    """A long command on lines that a shell joins."""
    if len(command) <= _LONG_LINE:
        return command
    return command.replace(" --local ", " \\\n    --local ").replace(" --datasets ", " \\\n    --datasets ")


def _flags(name: str, settings: Mapping[str, Any], sources: Sequence[Mapping[str, Any]]) -> str:
    """Flags for what differs from the preset, and for what was read."""
    preset = CONFIGS[name]
    words: list[str] = []
    for key, value in settings.items():
        usual = getattr(preset, key, None)
        flag = "--" + key.replace("_", "-")
        if key == "name" or usual is None or value == (list(usual) if isinstance(usual, tuple) else usual):
            continue
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
        elif key == "tokenizer" and _SHA256.fullmatch(value):
            words += [flag, "FILE"]
        elif key in ("decontaminate", "decisions", "descriptions"):
            words += [flag, *(f"FILE_{place}" for place in range(1, len(value) + 1))]
        elif key == "drop_findings":
            words += [flag, ",".join(value) or "none"]
        elif isinstance(value, list):
            words += [word for item in value for word in (flag, shlex.quote(f"{item[0]}={item[1]}"))]
        else:
            words += [flag, shlex.quote(str(value))]
    if settings.get("verify"):
        words.append("--verdicts verdicts.parquet")
    if not settings.get("sample"):
        words += [f"--local {source['name']}=FILE" for source in sources if source["kind"] == "file"]
        words += ["--datasets", *(source["name"] for source in sources)]
        words += ["--locked"] * any(source["kind"] != "file" for source in sources)
    return " ".join(words)
