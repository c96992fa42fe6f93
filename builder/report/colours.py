"""The colours of the report: one for each source, and those of text and background, for a light and a dark page."""

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "page": "#faf9f6",
    "panel": "#ffffff",
    "soft": "#f1efe9",
    "line": "#dedad0",
    "ink": "#1d2230",
    "muted": "#5b6270",
    "accent": "#2f5fb3",
    "good": "#227a50",
    "bad": "#b3402a",
    "none": "#9a9688",
    "hk": "#8a2a7c",  # of programs: keywords, strings, classes, functions, numbers
    "hs": "#226b3c",
    "hc": "#1f5ea8",
    "hf": "#765006",
    "hm": "#a3421c",
}
DARK: Mapping[str, str] = {
    "page": "#10131a",
    "panel": "#181c25",
    "soft": "#212632",
    "line": "#333a49",
    "ink": "#e9ebf1",
    "muted": "#a3abba",
    "accent": "#8db4f5",
    "good": "#74cf9f",
    "bad": "#f0937c",
    "none": "#8a90a0",
    "hk": "#d79be6",
    "hs": "#8fd19e",
    "hc": "#86b8f7",
    "hf": "#e5c07b",
    "hm": "#f0a37e",
}
_SOURCES = (
    ("#4557a6", "#8f9fea"),
    ("#dd7458", "#f09a7e"),
    ("#3f9b82", "#74cdb2"),
    ("#d0992b", "#ecc161"),
    ("#8d5a97", "#c795d1"),
    ("#5b86ad", "#9cc2e3"),
    ("#7d8f3c", "#b9cb79"),
    ("#a8585f", "#e19aa0"),
)
"""Told apart by people who see few colours too; more sources than these share them."""
SOURCE_COLOURS = len(_SOURCES)


def variables(dark: bool) -> str:
    """The colours as CSS custom properties: `--ink`, `--s0` and so on."""
    named = {**(DARK if dark else LIGHT), **{f"s{n}": pair[dark] for n, pair in enumerate(_SOURCES)}}
    return "".join(f"--{name}:{colour};" for name, colour in named.items())


def source_variable(number: int) -> str:
    """The custom property of a source's colour, by its place among the sources."""
    return f"--s{number % SOURCE_COLOURS}"
