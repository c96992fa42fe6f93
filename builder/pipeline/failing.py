"""Programs as they were before our repairs, beside what became of them, with verdicts on both: for pairs of answers.

A pair counts only if the program before fails and the one after passes. Train rows alone are looked at.
"""

import polars as pl

from builder.config import BuildConfig
from builder.core.events import Events
from builder.core.ledger import REPAIR, drop, kept
from builder.core.row_store import PreparedFile, texts_by_index
from builder.core.schema import Outcome
from builder.manim_lint.dialect import COMMUNITY
from builder.manim_lint.syntax import Steps
from builder.pipeline.build import Prepared
from builder.pipeline.render_rounds import RowMark, marks_of, with_marks
from builder.prepare.cache import EDITED
from builder.prepare.format_code import format_programs
from builder.prepare.trace import trace_code
from builder.render.verdicts import Verdicts

FAILS = (Outcome.FAILED, Outcome.NO_SCENE)
"""Verdicts that say that a program is wrong; the others depend on limits, on the machine, or on what it was asked."""
_LAYOUT = "repair:one_line"
_PAIRS = {"index": pl.UInt32, "rejected": pl.String, "error": pl.String, "only_layout": pl.Boolean}
_GONE = {"index": pl.UInt32, "stage": pl.String, "reason": pl.String, "detail": pl.String}


def with_failing(
    prepared: Prepared, ledger: pl.DataFrame, config: BuildConfig, verdicts: Verdicts, events: Events
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keep of the train rows those that `config.format` has a use for: with a failing program beside the passing one.

    `kto` takes passing programs that have none, too.

    Args:
        prepared: the rows as read.
        ledger: open, decided.
        config: the settings.
        verdicts: who is asked for verdicts.
        events: hears the progress.

    Returns:
        The ledger, and for each row that has one its failing program: `index`, `rejected`, `error` (what it raises)
        and `only_layout` (whether line breaks are all that the passing one has beyond it).
    """
    train = kept(ledger).filter(pl.col("split") == "train")
    rows = train.select("index", pl.col("code_repairs").cast(pl.String), code=pl.coalesce("code_index", "index"))
    repaired = rows.filter(pl.col("code_repairs").str.contains(REPAIR) & ~pl.col("code_repairs").str.contains(EDITED))
    before = _before(prepared, config, repaired["code"].unique().sort())
    wanted = {code: text for code, (text, only_layout) in before.items() if config.layout_pairs or not only_layout}
    both = config.format != "kto"
    asked = rows["code"].filter(rows["code"].is_in(list(wanted))) if both else rows["code"]
    after = marks_of(prepared.files, asked, verdicts, events)
    verdicts.ask(wanted.values(), len(wanted), events)
    pairs, gone = [], []
    for index, code in rows.select("index", "code").iter_rows():
        mark = after.get(code)
        text, only_layout = before.get(code, ("", False))
        found = verdicts.verdict_on(text) if code in wanted else None
        if mark is not None and mark.verdict != Outcome.PASSED:
            gone.append((index, "render", mark.verdict or "not_rendered", mark.detail))
        elif found is not None and found.outcome in FAILS:
            pairs.append((index, text, RowMark.of(found).detail, only_layout))
        elif both:
            reason = "not_repaired" if not text else "not_failing" if code in wanted else "only_layout"
            gone.append((index, "filter", reason, f"before repair: {found.outcome}" if found else ""))
    ledger = with_marks(
        ledger, {index: after[code] for index, code in rows["index", "code"].iter_rows() if code in after}
    )
    for (stage,), part in pl.DataFrame(gone, _GONE, orient="row").group_by("stage", maintain_order=True):
        ledger = drop(ledger, part, str(stage), overrules=True)
    return ledger, pl.DataFrame(pairs, _PAIRS, orient="row")


def _before(prepared: Prepared, config: BuildConfig, codes: pl.Series) -> dict[int, tuple[str, bool]]:
    """By index, a program cleaned and on lines, but not repaired; or still on one line, where that is all we changed.

    Beside it, whether that is so.
    """
    published = [
        PreparedFile(source.path, file.first_index, 0)
        for source, file in zip(prepared.sources, prepared.files, strict=True)
    ]
    found = {}
    for index, text in texts_by_index(published, "code", codes).items():
        traced = trace_code(text)
        community = traced.community if config.dialect == COMMUNITY else None
        found[index] = _last_before_repair(text, community[1] if community else traced.steps)
    if config.format_code:
        laid_out = format_programs([text for text, _ in found.values()])
        found = {index: (text, found[index][1]) for index, text in zip(found, laid_out, strict=True)}
    return found


def _last_before_repair(text: str, steps: Steps) -> tuple[str, bool]:
    only_layout = not any(name.startswith(REPAIR) and name != _LAYOUT for name, _ in steps)
    for name, after in steps:
        if name.startswith(REPAIR) and (only_layout or name != _LAYOUT):
            break
        text = after
    return text, only_layout
