"""What the card says of a build, as Markdown: tables and lines made from the manifest, no number typed by hand."""

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from builder.config import CONFIG_HELP, CONFIGS
from builder.core.schema import SPLITS
from builder.decide.summary import percent
from builder.emit.formats import FORMATS
from builder.publish.card_sources import cell, number, table
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

DEFAULT_FORMAT = "sharegpt"
_CHAT = "three messages: `system`, `user` (the prompt), `assistant` (the program, in a Markdown fence)"
_SAID: Mapping[str, str] = {
    "prompt": "two messages: `system` and `user`",
    "completion": "one message, of `assistant`: the program, in a Markdown fence",
    "instruction": "the prompt",
    "input": "always empty",
    "output": "the program, in a Markdown fence",
    "system": "the system message",
}
_COLUMNS: Mapping[str, str] = {
    "source": "name of the source",
    "id": "`<source>/<row number>`, as in `ledger/<config>.parquet`",
    "variant": "0 is the original prompt; 1 and up, the prompt in other words (train only)",
    "license": "licence of the source, as its repository states it; of both, where prompt and program come from two",
    "license_upstream": "licence of the sets in which prompt and program stood first, as their pages state it",
    "license_evidence": "which of the two, prompt and program, stands in which set",
    "official": "a test row of a public benchmark: keep it out of training",
    "prompt": "what the user says, as a text of its own",
    "code": "the program, without its fence",
    "difficulty": "as the source says it; empty where it says none",
    "description_source": "`published`, `template` for a prompt in other words, or `synthetic` where a model wrote it",
    "verdict": "on the program, in configs that ask for one",
    "findings": "what is found of the program, a line each: the first thing that Manim does not have, a result in its "
    "formulas that is wrong, and how it looks where that was measured",
    "duplicates": "how many rows read this one stands for: itself, and those dropped as its duplicates",
    "code_from": "id of the row whose program this one has, if that is another one",
    "dialect": "what the program is written for: `ce` (Manim Community) or `manimgl` (ManimGL)",
}


def configs_table(names: Sequence[str], statistics: Mapping[str, Stats], default: str) -> str:
    """Each config with its rows, what became of pairs, what it holds and when to use it."""
    validated = any(_rows(statistics[name], "validation") for name in names)
    splits = [split for split in SPLITS if split != "validation" or validated]
    rows = []
    for name in names:
        help_text = CONFIG_HELP[name].removeprefix("recommended: ")
        notes = ["recommended"] * (help_text != CONFIG_HELP[name]) + ["default"] * (name == default)
        counts = [number(_rows(statistics[name], split)) for split in splits]
        label = f"`{name}`" + (f" ({', '.join(notes)})" if notes else "")
        rows.append([label, *counts, *_pairs(statistics[name]), help_text, WHEN.get(name, "")])
    titles = ["config", *splits, "pairs as published", "re-paired", "dropped for want of a pair"]
    numbers = range(1, len(titles))
    return table([*titles, "what it holds", "use it when"], rows, numbers=numbers)


def _rows(stats: Stats, split: str) -> int:
    """Rows of a split; 0 in statistics of a build that did not know it."""
    return int(stats["splits"].get(split, {"rows": 0})["rows"])


def _pairs(stats: Stats) -> list[str]:
    """Whose codes rows have, as shares of the rows that are kept or were dropped as `unpaired`."""
    pairs = stats["pairing"].get("pairs")
    if not pairs:
        return ["-", "-", "-"]
    total = max(sum(pairs.values()), 1)
    published = percent((pairs["as_published"] + pairs["at_random"]) / total)
    random = f" ({percent(pairs['at_random'] / total)} at random)" if pairs["at_random"] else ""
    return [published + random, percent(pairs["repaired"] / total), percent(pairs["unpaired"] / total)]


def dropped_findings(manifest: Mapping[str, Any], names: Sequence[str]) -> str:
    """The findings for which configs drop rows, a finding at a time: "`still` in `verified`"."""
    by_finding: dict[str, list[str]] = {}
    for name in names:
        for finding in manifest["configs"][name].get("drop_findings", ()):
            by_finding.setdefault(finding, []).append(name)
    return "; ".join(f"`{finding}` in {listed(having)}" for finding, having in by_finding.items())


def with_setting(manifest: Mapping[str, Any], names: Sequence[str], setting: str, value: object = True) -> str:
    """The configs that were built with a value of a setting, as `listed` has them."""
    return listed([name for name in names if manifest["configs"][name].get(setting) == value])


def listed(names: Sequence[str]) -> str:
    """Names as a text: `a`, `b` and `c`; empty if there is none."""
    found = [f"`{name}`" for name in names]
    return " and ".join([", ".join(found[:-1])] * (len(found) > 1) + found[-1:])


def split_lines(stats: Stats) -> list[str]:
    """Why sources have the shares of test and validation that they have, where these are not those asked for."""
    lines = stats.get("split", {}).get("by_source", ())
    return [f"`{line['source']}`: {line['why']}." for line in lines if line["why"]]


def columns_table(settings: Mapping[str, Any]) -> str:
    """The columns of a config's rows."""
    columns = FORMATS[settings.get("format", DEFAULT_FORMAT)].columns
    rows = [[f"`{name}`", _SAID.get(name, _CHAT)] for name in columns]
    rows += [[f"`{name}`", meaning] for name, meaning in _COLUMNS.items() if name not in columns]
    rows += [["`tokens`", "length of the whole conversation in tokens"]] if settings.get("tokenizer") else []
    rows += [["`preview`", "the last frame of the program, as an image"]] if settings.get("previews") else []
    return table(["column", "meaning"], rows)


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


def config_lines(stats: Stats) -> list[str]:
    """What else is to be known of a config's rows."""
    lines = [f"{cell(part['message'])}." for part in stats["pairing"]["shuffled"]]
    repaired = stats["pairing"]["repaired_pairs"]
    if repaired["rows"]:
        lines.append(
            f"Rows given the code that belongs to their description: {number(repaired['rows'])}, of which "
            f"{number(repaired['kept'])} are kept."
        )
    if written := stats.get("synthetic_descriptions"):
        lines.append(
            f"A model described {number(written['rows'])} programs whose own description is missing or another one's; "
            f"{number(written['kept'])} of these rows are kept, all in train, with `description_source` `synthetic`."
        )
    official = stats["official_test_rows"]
    if official["read"]:
        lines.append(f"Official test rows of a benchmark: {official['kept']} of {official['read']} remain.")
    grown = stats["augmentation"]
    if grown["train_rows_after"] != grown["train_rows_before"]:
        lines.append(
            f"Train holds {number(grown['train_rows_before'])} rows as their authors wrote them, and "
            f"{number(grown['train_rows_after'] - grown['train_rows_before'])} with their prompts in other words."
        )
    return lines


def certificate_table(names: Sequence[str], statistics: Mapping[str, Stats]) -> str:
    """What the proof found in each config; with validation, train against it and it against test have lines too."""
    rows = []
    for name, sides, key in (
        (name, sides, key)
        for name in names
        for sides, key in (
            ("train, test", "certificate"),
            ("train, validation", "validation_certificate"),
            ("validation, test", "validation_test_certificate"),
        )
        if key == "certificate" or key in statistics[name]
    ):
        leaks, proof = statistics[name]["leakage"], statistics[name].get(key) or {}
        scores = [
            f"{pair['score']:.3f}" if (pair := proof.get(f"nearest_{what}")) else "none"
            for what in ("agreeing", "program")
        ]
        official = [number(proof.get(what, 0)) for what in ("official_test_rows", "official_test_rows_near_train")]
        rows.append(
            [
                f"`{name}`: {sides}",
                number(proof.get("test_rows", 0)),
                number(leaks["equal_prompts_across_the_split"]),
                number(leaks["equal_programs_across_the_split"]),
                scores[0],
                str(proof.get("limit", "-")),
                scores[1],
                *official,
            ]
        )
    titles = [
        "config: sides",
        "rows measured on",
        "equal prompts",
        "equal programs",
        "nearest description",
        "limit",
        "nearest program",
    ]
    titles += ["official test rows", "of them near train"]
    return table(titles, rows, numbers=range(1, len(titles)))


def evaluations_table(evaluations: Sequence[Mapping[str, Any]]) -> str:
    """What models wrote for rows of the data, scored: a line each; empty if there is none."""
    rows = []
    for scores in evaluations:
        measured = scores["metrics"]
        shares = [
            f"{percent(found['value'])} ({percent(found['low'])} to {percent(found['high'])})" if found else "-"
            for found in map(measured.get, ("render_success", "parse_rate"))
        ]
        similar = measured.get("visual_similarity")
        rows.append(
            [
                cell(scores["scored"]["predictions"].get("file", "answers")),
                f"`{scores['settings']['config']}`: {scores['settings']['split']}",
                number(scores["counts"]["prompts"]),
                *shares,
                f"{similar['value']:.2f}" if similar else "-",
            ]
        )
    titles = ["answers", "rows", "prompts", "render", "parse", "visual similarity"]
    return table(titles, rows, numbers=(2, 3, 4, 5)) if rows else ""


def steps_table(stats: Stats) -> str:
    """Cleaning steps and repairs with the rows that each changed, most first; empty if none did."""
    steps = sorted(stats["cleaning_and_repairs"].items(), key=lambda item: (-item[1], item[0]))
    parts = [(*name.partition(":")[::2], count) for name, count in steps]
    rows = [[what, f"`{name}`", number(count)] for what, name, count in parts]
    return table(["what", "step", "rows"], rows, numbers=(2,)) if rows else ""


def limits(names: Sequence[str], manim: str) -> list[str]:
    """What the data does not promise."""
    loose = [f"`{name}`" for name in names if not CONFIGS[name].near_duplicates]
    found = []
    if loose:
        found.append(f"Near duplicates are still in {', '.join(loose)}, and so are single wrong pairs.")
    if any(name != "verified" for name in names):
        found.append(
            f"Programs are held against Manim {manim} without being run"
            + ("; only those of `verified` were rendered." if "verified" in names else ": some will fail.")
        )
    found += [
        "A test row that was reworded throughout is not recognised in train.",
        "Prompts are English. How well a program draws its prompt was judged by words, not by looking at the picture.",
    ]
    return found


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
