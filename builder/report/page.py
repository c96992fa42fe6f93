"""The page: all sections in one HTML file, with its styles and its script, and nothing from anywhere else."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from builder.report.browser import Browser, browser_of
from builder.report.coverage import Coverage, coverage_of
from builder.report.examples import borderline_pairs, dropped_pairs, overlap, reasons, repairs
from builder.report.explain.explanation import gloss
from builder.report.facts import Facts
from builder.report.flow import funnel_svg
from builder.report.lengths import plots
from builder.report.plots import bars, source_variable, variables
from builder.report.shown import rows_address, visible

_FILES = Path(__file__).parent / "page_files"
COLOURS = _FILES / "colours.js"
"""The script that shows programs in colours."""
_SCRIPTS = (COLOURS, *(_FILES / name for name in ("texts.js", "list.js", "row.js", "desk.js")))
"""One script of the page, in this order."""
_FAR = 0.05
"""Share of the expected rows from which a source is told to be off."""
_MOST_GROWN = 8
"""Reasons that grew which are named one by one."""
_BARS = 22
"""Classes and methods that have a bar; the table has all."""


@dataclass(frozen=True, slots=True)
class Page:
    """A report, to be written."""

    html: bytes
    beside: Mapping[str, bytes]
    """Files to put into the folder beside it, by name."""


def page_of(
    facts: Facts, folder: str = "report_files", *, others: Mapping[str, str] | None = None, review: str = ""
) -> Page:
    """Make the report of one config.

    Args:
        facts: what it tells.
        folder: name of the folder beside it, for what does not go into one file.
        others: names of pages beside it that tell the folder's other configs, by config.
        review: what `review` serves it for: `yes` to write decisions, `render` to render programs too.
    """
    browser = browser_of(facts, folder, review)
    coverage = coverage_of(facts.kept["code"].drop_nulls())
    script, allowed = page_script(*_SCRIPTS)
    html = (
        _environment()
        .get_template("report.html.jinja")
        .render(
            facts=facts,
            stats=facts.statistics,
            splits=facts.splits,
            script=script,
            style=Markup(_styles()),
            script_source=allowed + (" 'self' file:" if browser.beside else ""),
            connect_source="connect-src 'self'; " if review else "",
            pages=others or {},
            funnel=Markup(funnel_svg(facts.statistics, links=True)),
            funnel_narrow=Markup(funnel_svg(facts.statistics, narrow=True, links=True)),
            notices=list(notices(facts)),
            reasons=reasons(facts),
            repairs=repairs(facts),
            overlap=overlap(facts),
            dropped_pairs=dropped_pairs(facts),
            borderline=borderline_pairs(facts),
            mismatched=facts.numbers.get("pairing", {}).get("mismatched"),
            plots=plots(facts),
            coverage=coverage,
            bars=_coverage_bars(coverage),
            browser=browser,
            index=Markup(browser.index),
        )
    )
    return Page(html.encode("utf-8"), _beside(browser))


def _beside(browser: Browser) -> dict[str, bytes]:
    if not browser.beside:
        return {}
    return {f"{name}.js": f'manimReport("{name}","{content}");\n'.encode() for name, content in browser.chunks}


def _coverage_bars(coverage: Coverage) -> dict[str, Any]:
    """The plots of section 5."""
    counted = {
        "classes": (coverage.classes[:_BARS], "{}("),
        "methods": (coverage.methods[:_BARS], ".{}("),
        "scenes": (coverage.scenes[:_BARS], "({})"),
        "features": (coverage.features, ""),
    }
    return {
        name: bars(
            values, words=f"{name} by programs: " + ", ".join(f"{word} {n:,}" for word, n in values), search=search
        )
        for name, (values, search) in counted.items()
    }


def notices(facts: Facts) -> Iterator[tuple[str, str]]:
    """All there is to look at, in the order in which a row meets it: what it is about, in a word or two, and what."""
    manifest, statistics = facts.manifest, facts.statistics
    for name, why in manifest.get("skipped_sources", {}).items():
        yield "source", f"{name} was not read: {why}"
    for source in manifest.get("sources", ()):
        rows, expected = source["rows"], source.get("rows_expected")
        if expected and abs(rows - expected) > _FAR * expected:
            yield "source", f"{source['name']}: {rows:,} rows read, {expected:,} expected"
        if source.get("mirror_of"):
            yield "source", f"{source['name']} was read from its mirror {source['location']}"
    for part in statistics.get("pairing", {}).get("shuffled", ()):
        yield "pairs", part["message"]
    for text in statistics.get("split", {}).get("notices", ()):
        yield "split", text
    official = statistics.get("official_test_rows", {})
    if lost := official.get("read", 0) - official.get("kept", 0):
        yield "official", f"{lost:,} of {official['read']:,} official test rows were dropped"
    if written := statistics.get("synthetic_descriptions"):
        yield "synthetic", f"a model described {written['rows']:,} programs; {written['kept']:,} rows are kept"
    counts: Counter[str] = Counter()
    for by_name in statistics.get("findings", {}).values():
        counts.update(by_name)
    if counts:
        said = ", ".join(f"{name} {rows:,}" for name, rows in counts.most_common())
        yield "findings", f"rows read whose program has a finding: {said}; --drop-findings drops them"
    for text in _grown(statistics, facts.before):
        yield "grew", text


def _grown(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    """Reasons for which more rows of a source were dropped than in the earlier build."""
    if not before:
        return
    earlier = _counts(before)
    more = {key: (rows, rows - earlier.get(key, 0)) for key, rows in _counts(now).items() if rows > earlier.get(key, 0)}
    ranked = sorted(more.items(), key=lambda item: (-item[1][1], item[0]))
    for (source, stage, reason), (rows, by) in ranked[:_MOST_GROWN]:
        yield f"{stage}: {reason} in {source}: {rows:,} rows, {by:,} more than in the earlier build"
    if len(ranked) > _MOST_GROWN:
        yield f"{len(ranked) - _MOST_GROWN:,} more reasons grew since the earlier build"


def _counts(statistics: Mapping[str, Any]) -> dict[tuple[str, str, str], int]:
    return {
        (line["source"], stage, reason): rows
        for line in statistics.get("funnel_by_source", ())
        for stage, reasons in line["dropped"].items()
        for reason, rows in reasons.items()
    }


def _styles() -> str:
    """The style sheet, after the colours of both themes."""
    light, dark = variables(False), variables(True)
    themes = (
        f":root,:root[data-theme=light] .funnel{{{light}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}"
        f"@media screen{{:root[data-theme=dark],:root[data-theme=dark] .funnel{{{dark}}}}}"
        f"@media print{{:root,.funnel.funnel{{{light}}}}}"
    )
    return themes + (_FILES / "report.css").read_text(encoding="utf-8")


def page_script(*files: Path) -> tuple[Markup, str]:
    """Files as one script of a page, and what the page's policy must say to let it run, and no other."""
    script = "".join(file.read_text(encoding="utf-8") for file in files)
    return Markup(script), f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def page_environment(files: Path) -> jinja2.Environment:
    """What makes pages from the templates of a folder: values are escaped, and signs that nobody sees are visible."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(files),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = page_environment(_FILES)
    environment.filters |= {
        "number": lambda value: f"{value:,}",
        "share": _share,
    }
    environment.globals |= {"source_variable": source_variable, "gloss": gloss, "rows_address": rows_address}
    return environment


def _share(part: float, whole: float) -> str:
    """A share in percent, with one digit where it is small."""
    percent = 100 * part / whole if whole else 0.0
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.1f} %"
