"""What licences of data allow, by SPDX-like id in lower case. A licence that is not in the table is unknown."""

from collections.abc import Mapping

_FREE = (
    "apache-2.0 mit isc 0bsd bsd-2-clause bsd-3-clause unlicense cc0-1.0 pddl odc-by odbl "
    "cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cdla-permissive-1.0 cdla-permissive-2.0 "
    "cdla-sharing-1.0 mpl-2.0 gpl-2.0 gpl-3.0 lgpl-3.0 agpl-3.0"
).split()
_NON_COMMERCIAL = (
    "cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nc-nd-3.0 "
    "cc-by-nc-nd-4.0"
).split()
_NO_CHANGES = "cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0".split()

LICENCES: Mapping[str, tuple[str, ...]] = {
    name: tuple(
        word
        for word, names in (("non-commercial", _NON_COMMERCIAL), ("no changed copies", _NO_CHANGES))
        if name in names
    )
    for name in (*_FREE, *_NON_COMMERCIAL, *_NO_CHANGES)
}
"""For each known licence, what it forbids among what publishing this data and training on it would do."""


def objections(licence: str) -> tuple[str, ...]:
    """Why rows under a licence should not simply be published: what it forbids, or that it is unknown."""
    return LICENCES.get(licence.strip().lower(), ("unknown",))


def is_permissive(licence: str) -> bool:
    """Whether a licence is known and lets anyone pass the rows on, changed, for any use."""
    return not objections(licence)
