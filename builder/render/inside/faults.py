"""What LaTeX says when it is the machine that lacks something, not the program that is wrong."""

import re

_FILE_NOT_FOUND = re.compile(r"File `([^']+)\.(?:sty|cls|def|fd|clo|cfg)' not found")
_SIGNS = (
    (re.compile(r"Metric \(TFM\) file(?: or installed font)? not found"), "a font of LaTeX is missing"),
    (re.compile(r"mktex(?:pk|tfm|mf)[^\n]*(?:failed|don't know how|not found)"), "a font of LaTeX is missing"),
    (re.compile(r"font file '[^']*' not found|can't find font|no font file found", re.IGNORECASE), "a font is missing"),
    (re.compile(r"fontspec error: \"font-not-found\"|The font \"[^\"]*\" cannot be found"), "a font is missing"),
    (re.compile(r"I can't find the format file|kpathsea: Can't find"), "the installation of LaTeX is broken"),
)
_STANDARD = frozenset(
    """
    algorithm algorithm2e algorithmic algpseudocode amsbsy amscd amsfonts amsmath amssymb amstext
    amsthm array article babel bbm bbold bm booktabs braket calligra cancel centernot chemfig
    circuitikz color colortbl ctex ctexart dsfont empheq enumitem esint esvect etoolbox euler
    eulervm extarrows fontawesome5 fontenc fontspec forest geometry graphicx hyperref inputenc
    latexsym listings lmodern mathabx mathalpha mathbbol mathpazo mathptmx mathrsfs mathspec
    mathtools mhchem microtype multicol multirow musixtex newtxmath newtxtext nicefrac palatino pgf
    pgfplots physics pifont preview ragged2e relsize setspace siunitx skak soul stackengine
    standalone stix stmaryrd textcomp tikz tikz-cd tipa tcolorbox ulem upgreek units wasysym xcolor
    xeCJK xfrac xparse xypic yfonts
    """.split()
)
"""What a LaTeX that renders Manim programs must have: Manim's own templates use it, or many programs do."""


def fault_in_log(log: str) -> str:
    """What the machine lacks, by LaTeX's own words; empty if it is not known to lack anything."""
    for name in _FILE_NOT_FOUND.findall(log):
        if name in _STANDARD:
            return f"LaTeX's {name} is not installed"
    return next((fault for pattern, fault in _SIGNS if pattern.search(log)), "")
