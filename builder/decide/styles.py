"""Plain words for the looks by which the parts of a source are told apart."""

STYLES: tuple[tuple[str, str], ...] = (
    ("wrapped descriptions", "descriptions without a wrapper"),
    ("descriptions of several lines", "descriptions of one line"),
    ("short descriptions", "descriptions that are not short"),
    ("long descriptions", "descriptions that are not long"),
    ("descriptions that end with a question mark", "descriptions that end otherwise"),
    ("descriptions that ask for something", "descriptions that ask for nothing"),
    ("code on one line", "code of several lines"),
    ("code after an escaped line end", "code without an escaped line end"),
    ("fenced code", "code without a fence"),
    ("code without imports", "code with imports"),
    ("short code", "code that is not short"),
    ("long code", "code that is not long"),
    ("descriptions in another script", "descriptions in Latin letters"),
)
"""For each bit of `builder.prepare.style.Style`: a part that shows it, and a part that does not."""

WHOLE = "all rows"
"""The label of a part that is a whole source."""


def label_of(path: tuple[tuple[int, bool], ...]) -> str:
    """Words for a part: bits, and whether its rows show them; "all rows" if there are none."""
    return ", ".join(STYLES[bit][0 if shown else 1] for bit, shown in path) or WHOLE
