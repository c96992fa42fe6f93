"""How much of the cache of formulas a program may fill."""

import os
from pathlib import Path

import pytest

from builder.render import sandbox as formula_cache
from builder.render.sandbox import FormulaCache

SVG = "<?xml" + "x" * 95


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_failing_program_stored_goes(tmp_path: Path) -> None:
    """What others had stored before stays, though it asked for that, too."""
    cache = FormulaCache(tmp_path)
    assert cache.keep("a.svg", SVG)
    cache.end_program(passed=True)
    assert cache.keep("a.svg", SVG)
    assert cache.keep("b.svg", SVG)
    cache.end_program(passed=False)
    assert names(tmp_path) == ["a.svg"]


def test_a_program_can_store_so_much_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next program starts from nothing."""
    monkeypatch.setattr(formula_cache, "PROGRAM_BYTES", 250)
    cache = FormulaCache(tmp_path)
    assert [cache.keep(f"{number}.svg", SVG) for number in range(4)] == [True, True, False, False]
    cache.end_program(passed=True)
    assert cache.keep("3.svg", SVG)


def test_the_oldest_formulas_go_when_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half is left; a format of LaTeX, which lies beside them, is no formula."""
    monkeypatch.setattr(formula_cache, "CACHE_BYTES", 450)
    for number in range(5):
        path = tmp_path / f"{number}.svg"
        path.write_text(SVG)
        os.utime(path, (number, number))
    (tmp_path / "x.fmt").write_text(SVG * 9)
    FormulaCache(tmp_path).trim()
    assert names(tmp_path) == ["3.svg", "4.svg", "x.fmt"]
