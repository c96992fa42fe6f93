"""What LaTeX says when it is the machine that lacks something, not the program that is wrong."""

import re

_FILE_NOT_FOUND = re.compile(
    r"File `([^'/]+\.(?:sty|cls|def|fd|clo|cfg|ldf|enc))' not found|definition file (\S+\.ldf)\s[^!]*not found"
)
_SIGNS = (
    (re.compile(r"Metric \(TFM\) file(?: or installed font)? not found"), "a font of LaTeX is missing"),
    (re.compile(r"mktex(?:pk|tfm|mf)[^\n]*(?:failed|don't know how|not found)"), "a font of LaTeX is missing"),
    (re.compile(r"font file '[^']*' not found|can't find font|no font file found", re.IGNORECASE), "a font is missing"),
    (re.compile(r"fontspec error: \"font-not-found\"|The font \"[^\"]*\" cannot be found"), "a font is missing"),
    (re.compile(r"I can't find the format file|kpathsea: Can't find"), "the installation of LaTeX is broken"),
)


def fault_in_log(log: str) -> str:
    """What the machine lacks, by LaTeX's own words; empty if it is not known to lack anything."""
    if found := _FILE_NOT_FOUND.search(log):
        return f"LaTeX's {found[1] or found[2]} is not installed"
    return next((fault for pattern, fault in _SIGNS if pattern.search(log)), "")
