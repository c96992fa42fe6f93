"""Verbs of prompts for animations: recognised by a closed list, inflected by `lemminflect`.

The list only says which words may be instructions to an animator. What a word can be besides (a noun, as in "plot"),
and how it is inflected, comes from the library's dictionary.
"""

from functools import lru_cache

INSTRUCTIONS = frozenset(
    """
    add adjust align animate annotate apply arrange attach begin bounce bring build calculate center centre change
    circle circumscribe clear color colour combine compare compose compute conclude connect construct convert craft
    create decrease define demonstrate depict derive design develop dissolve display divide draw duplicate emphasize
    end enlarge erase evaluate examine expand explain explore extend fade fill flash flip focus follow generate give
    graph group grow hide highlight illustrate implement include increase indicate insert introduce join keep label
    leave loop make map mark merge model morph move multiply outline overlay pan paint pause place play plot portray
    position present produce program project prove provide put recolor recreate reduce reflect remove render repeat
    replace represent reveal rotate scale scatter set shade shift show showcase shrink shuffle simulate sketch slide
    solve spin split stack start stretch surround swap switch trace transform transition translate turn uncreate
    underline unwrite use visualise visualize wait wiggle write zoom
    """.split()
)
CREATION = frozenset("create make produce generate build design develop construct craft compose recreate".split())
"""Verbs that a template must not put behind a creation verb of its own: "Create a scene that creates …"."""


@lru_cache(maxsize=8192)
def parts_of_speech(word: str) -> frozenset[str]:
    """What a word in lower case can be, inflected or not: "VERB", "NOUN", "ADJ" …; empty if no dictionary has it."""
    from lemminflect import getAllLemmas

    return frozenset(getAllLemmas(word))


@lru_cache(maxsize=8192)
def is_base_verb(word: str) -> bool:
    """Whether a word in lower case can be a verb's base form, as in an instruction."""
    if word in INSTRUCTIONS:
        return True
    if not (word.isascii() and word.isalpha() and len(word) < 30):
        return False
    from lemminflect import getAllLemmas

    return word in getAllLemmas(word, upos="VERB").get("VERB", ())


def is_noun_too(verb: str) -> bool:
    """Whether a verb can be a noun as well: "plot", but not "create"."""
    return "NOUN" in parts_of_speech(verb)


@lru_cache(maxsize=1024)
def third_person(verb: str) -> str:
    """The form after "it": "draws", "has", "fades"."""
    from lemminflect import getInflection

    return str(getInflection(verb, "VBZ")[0])


@lru_cache(maxsize=8192)
def instruction_of(form: str) -> str | None:
    """The instruction of which a word is the third person: "shows" gives "show"; `None` if it is none."""
    from lemminflect import getLemma

    if not (form.isascii() and form.isalpha() and form.endswith("s") and len(form) < 30):
        return None
    found = getLemma(form, "VERB")
    return found[0] if found and found[0] in INSTRUCTIONS and third_person(found[0]) == form else None
