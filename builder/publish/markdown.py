"""Markdown out of numbers and of texts from outside, which can end neither a table nor a comment."""

from collections.abc import Container, Sequence


def number(value: float) -> str:
    """With commas."""
    return f"{value:,}"


def cell(text: object) -> str:
    """A text from outside, as a cell of a table or a line: on one line, nothing in it is Markdown's or HTML's."""
    line = " ".join(str(text).split())
    for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "\\|"), ("`", "'"), ("[", "\\[")):
        line = line.replace(sign, written)
    return line


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], numbers: Container[int] = ()) -> str:
    """A Markdown table; columns at the places of `numbers` hold such."""
    under = ["---:" if place in numbers else "---" for place in range(len(titles))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (titles, under, *rows))
