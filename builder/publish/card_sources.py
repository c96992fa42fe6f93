"""Where sources live, under which licences, and how to cite them, for the card. What is not known is not said."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from builder.config import ANY_LICENCE, BY_UPSTREAM
from builder.publish.card_facts import cell

Source = Mapping[str, Any]

HOSTS: Mapping[str, tuple[str, str]] = {
    "huggingface": ("https://huggingface.co/datasets/", "Hugging Face dataset"),
    "kaggle": ("https://www.kaggle.com/datasets/", "Kaggle dataset"),
}
_PLAIN = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
"""A location that may stand in a link as it is."""
_CREATIVE_COMMONS = re.compile(r"cc-(?P<terms>by(?:-nc)?(?:-sa|-nd)?)-(?P<version>\d\.\d)")
_TERMS = {
    "by": "name the authors",
    "nc": "no commercial use",
    "sa": "share what you make of it under the same licence",
    "nd": "pass no changed copies on",
}


@dataclass(frozen=True, slots=True)
class _Known:
    """A public dataset, and what is known of its authors: to cite it by."""

    kind: str
    location: str
    title: str = ""
    authors: str = ""
    arxiv: str = ""
    """Of a paper that reports on it."""


KNOWN: Mapping[str, _Known] = {
    "manimbench": _Known("kaggle", "ravidussilva/manim-sft", "ManimBench", "Ravidu Silva", "2604.18364"),
    "bespoke_manim": _Known("huggingface", "bespokelabs/bespoke-manim"),
    "thanks_dataset": _Known("huggingface", "thanhkt/manim_code"),
    "manim_codegen": _Known("huggingface", "generaleoley/manim-codegen"),
}
"""By the name of the source. Those without authors are cited by their address: none are stated where this was read."""


def address(kind: str, location: str) -> str:
    """The page of a dataset; empty for what has none."""
    return HOSTS[kind][0] + location if kind in HOSTS and _PLAIN.fullmatch(location) else ""


def is_on_hub(source: Source) -> bool:
    """Whether a source was read from a repository of the Hub."""
    return source["kind"] == "huggingface" and bool(address("huggingface", source["location"]))


def origin(source: Source) -> _Known:
    """A source's own place, also if it was read from a mirror, or from a local copy of a public dataset.

    The kind is empty where the place is not known.
    """
    known = KNOWN.get(source["name"])
    place = source.get("mirror_of") or source["location"]
    if known and place in ("", known.location):
        return known
    return _Known("" if source.get("mirror_of") else source["kind"], place)


def source_cell(source: Source) -> str:
    """Where a source was read, as a link."""
    own = origin(source)
    if not source["location"]:
        return "local file" + (f" (public: {_link(own.kind, own.location)})" if own.location else "")
    if source.get("mirror_of"):
        return f"{_link('huggingface', source['location'])} (mirror of {_link(own.kind, own.location)})"
    return _link(own.kind, own.location)


def _link(kind: str, location: str) -> str:
    page = address(kind, location)
    return f"[{location}]({page})" if page else "`" + re.sub(r"[`|\s<>]+", " ", location) + "`"


def source_notes(sources: Sequence[Source], skipped: Mapping[str, str]) -> list[str]:
    """Authors, papers, what licences ask for, and what was not read."""
    notes = []
    for source in sources:
        own = origin(source)
        if own.authors:
            paper = f"[arXiv:{own.arxiv}](https://arxiv.org/abs/{own.arxiv})"
            notes.append(f"`{source['name']}` is {own.title} by {own.authors}; {paper} reports on its test rows.")
    for licence in sorted({source["licence"] for source in sources}):
        found = _CREATIVE_COMMONS.fullmatch(licence)
        if found:
            asked = "; ".join(_TERMS[term] for term in found["terms"].split("-"))
            page = f"https://creativecommons.org/licenses/{found['terms']}/{found['version']}/"
            notes.append(f"[{licence}]({page}) asks: {asked}.")
    notes += [f"Not read: `{name}` ({cell(reason)})." for name, reason in skipped.items()]
    return notes


def bibtex(sources: Sequence[Source], version: str) -> str:
    """An entry for each source that has an address, and one for this project."""
    entries = []
    for source in sources:
        own = origin(source)
        page = address(own.kind, own.location)
        if not page:
            continue
        fields = {
            "title": f"{{{_tex(own.title or own.location)}}}",
            "author": f"{{{own.authors}}}" if own.authors else "",
            "howpublished": f"{{{HOSTS[own.kind][1]} {_tex(own.location)}}}",
            "url": f"{{{page}}}",
            "note": f"{{See arXiv:{own.arxiv}}}" if own.arxiv else "",
        }
        entries.append(_entry("misc", source["name"], fields))
    project = {
        "title": "{manim-combined: one clean fine-tuning set from the public Manim prompt-and-code data}",
        "author": "{{The manim-combined authors}}",
        "version": f"{{{version}}}",
    }
    return "\n\n".join([*entries, _entry("software", "manim_combined", project)])


def _tex(text: str) -> str:
    return text.replace("_", "\\_")


def _entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    lines = "\n".join(f"  {name:<12} = {text}," for name, text in fields.items() if text)
    return f"@{kind}{{{key},\n{lines}\n}}"


def licences_counted(settings: Mapping[str, Any]) -> str:
    """Which rows a config may hold by their licence, as its settings have it."""
    if settings.get("licences", ANY_LICENCE) == ANY_LICENCE:
        return "rows under any licence; none was left out for it"
    if settings.get("licence_basis") == BY_UPSTREAM:
        return (
            "only rows under a licence that lets anyone pass them on: that of the set in which a text stood first, "
            "if known, else that which the repository states"
        )
    return "only rows whose repository states a licence that lets anyone pass them on"
