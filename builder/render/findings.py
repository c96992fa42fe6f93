"""What is wrong with how scenes look, from what was measured; the thresholds come from labelled frames."""

from collections.abc import Callable, Mapping

from builder.config import RENDER_FINDINGS, UNDRAWABLE
from builder.render.verdict import Fact, Outcome, Verdict

_RULES: Mapping[str, Mapping[str, tuple[Callable[[float], bool], str]]] = {
    "off_frame": {
        "text_cut": (lambda share: share >= 0.02, "{0} is cut by the edge of the frame, {1:.0%}"),
        "shape_cut": (lambda share: share >= 0.05, "{0} is cut by the edge of the frame, {1:.0%}"),
    },
    "text_overlap": {
        "text_overlap": (lambda share: share >= 0.05, "{0} lie on one another, {1:.0%} of the letters"),
        "text_covered": (lambda share: share >= 0.2, "{0} lies under a shape, {1:.0%} of the letters"),
    },
    "low_contrast": {"contrast": (lambda value: value < 2.35, "{0} stands out by {1:.2f}; black on white by 22")},
    "tiny_text": {"text_height": (lambda share: share < 0.012, "letters of {0} are {1:.1%} of the frame high")},
    "invisible": {"invisible": (lambda number: number >= 1, "never to be seen: {0}, {1:.0f} in all")},
    "still": {"moving": (lambda share: share == 0, "nothing moves")},
}
"""By finding: by kind of fact, which values count, and how they are put in words."""
assert (*_RULES, UNDRAWABLE) == RENDER_FINDINGS


def findings(verdict: Verdict) -> dict[str, str]:
    """By name, the findings on a program that passed, with scene, second and objects."""
    facts = {fact.kind: fact for fact in verdict.facts or ()} if verdict.outcome is Outcome.PASSED else {}
    found: dict[str, str] = {}
    for name, rules in _RULES.items():
        shown = [
            _where(fact) + words.format(" and ".join(fact.objects), fact.value)
            for kind, (counts, words) in rules.items()
            if (fact := facts.get(kind)) is not None and counts(fact.value)
        ]
        if shown:
            found[name] = "; ".join(shown)
    if verdict.outcome is Outcome.PASSED and verdict.message.startswith(UNDRAWABLE):
        found[UNDRAWABLE] = f"no font here has {verdict.message.removeprefix(UNDRAWABLE).lstrip(': ')}"
    return found


def _where(fact: Fact) -> str:
    return f"{fact.scene} at {fact.second:g} s: " if fact.scene else ""
