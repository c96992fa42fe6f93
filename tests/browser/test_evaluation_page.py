"""`evaluation.html` in Chromium: numbers, filters, and pictures of reference and prediction side by side."""

from pathlib import Path
from typing import Any

import pytest

from builder.evaluate.page import write_page
from tests.evaluate.recorded import recorded
from tests.evaluate.test_score import CIRCLE, OLD, RING, SQUARE, VERDICTS, scored

pytestmark = pytest.mark.browser


def test_the_page_of_an_evaluation(opened: Any, tmp_path: Path) -> None:
    """Rows are filtered by outcome and by text; an open row shows both loops; nothing outside is asked for."""
    found = scored(tmp_path, (SQUARE,), (OLD,), (RING,))
    with recorded(tmp_path / "v.parquet", VERDICTS) as renderer:
        write_page(found, tmp_path, renderer)
    page = opened(tmp_path / "evaluation.html", ready="#filters").page
    shown = page.locator("details:visible")

    assert "0.333" in page.inner_text("table >> nth=0")
    assert page.inner_text("#count") == "3 of 3"
    page.select_option("select[name=outcome]", "failed")
    assert page.inner_text("#count") == "1 of 3"
    assert "made/000002" in shown.inner_text()
    page.select_option("select[name=outcome]", "")
    page.fill("input[name=text]", "draw a CIRCLE")
    assert shown.count() == 1
    shown.locator("summary").click()
    assert [text.strip() for text in shown.locator("pre").all_inner_texts()] == [CIRCLE, SQUARE]
    assert shown.locator("img").count() == 2
    sizes = shown.locator("img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert all(width > 0 for width in sizes)
