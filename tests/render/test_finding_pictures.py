"""Findings shown in the documentation: each program has its own, and the page says what is measured."""

from collections.abc import Mapping

import pytest

from benchmarks.finding_pictures import EXAMPLES, MOST_BYTES, PAGE, PICTURES, Example, page, worst_first
from builder.config import RENDER_FINDINGS
from builder.render.findings import findings
from builder.render.sandbox import Sandbox
from builder.render.verdict import Outcome, Verdict

pytestmark = pytest.mark.render


@pytest.fixture(scope="module")
def verdicts(sandbox: Sandbox) -> Mapping[str, Verdict]:
    """By the names of examples."""
    return {example.name: sandbox.render(example.program()) for example in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.name for example in EXAMPLES])
def test_each_program_has_its_finding_and_no_other(verdicts: Mapping[str, Verdict], example: Example) -> None:
    """It passes, and has one fault."""
    verdict = verdicts[example.name]
    assert verdict.outcome is Outcome.PASSED
    assert list(findings(verdict)) == [example.finding]


def test_the_page_says_what_is_measured(verdicts: Mapping[str, Verdict]) -> None:
    """Else it is to be made anew: `python -m benchmarks.finding_pictures`."""
    assert PAGE.read_text(encoding="utf-8") == page(worst_first(verdicts))


def test_every_finding_is_shown_and_the_pictures_are_small() -> None:
    """A picture for each program, and none besides."""
    assert {example.finding for example in EXAMPLES} == set(RENDER_FINDINGS)
    pictures = {path.stem: path.stat().st_size for path in (PAGE.parent / PICTURES).iterdir()}
    assert pictures.keys() == {example.name for example in EXAMPLES}
    assert sum(pictures.values()) < MOST_BYTES
