"""The table of fixes, in the order in which they are tried."""

from builder.manim_lint.fixes import colours, excerpts, geometry, imports, keywords, latex, play, renamed, style
from builder.manim_lint.fixes.program import Step

STEPS: tuple[Step, ...] = (
    Step("repair:unused_imports", imports.IMPORT, imports.unused_imports),
    Step("repair:moved_fades", renamed.FADES, renamed.moved_fades),
    Step("repair:renamed", renamed.NAMES, renamed.renamed_names),
    Step("repair:transform_from_unset", excerpts.TRANSFORM, excerpts.transformed_from_nothing),
    Step("repair:missing_imports", imports.USED, imports.missing_imports),
    Step("repair:manim_names", imports.FROM_MANIM, imports.manim_names),
    Step("repair:colours", colours.COLOUR, colours.colours),
    Step("repair:colour_class", colours.COLOUR_CLASS, colours.colour_class),
    Step("repair:renamed_methods", renamed.METHOD, renamed.renamed_methods, unchecked=True),
    Step("repair:camera_frames", renamed.CAMERA_FRAME, renamed.camera_frames),
    Step("repair:areas", geometry.AREA, geometry.areas),
    Step("repair:tangent_lines", geometry.TANGENT, geometry.tangent_lines),
    Step("repair:keywords", keywords.KEYWORD, keywords.keywords),
    Step("repair:played_methods", play.PLAY, play.played_methods, play.plays_a_method, unchecked=True),
    Step("repair:all_mobjects", play.ALL_MOBJECTS, play.all_mobjects, unchecked=True),
    Step("repair:plain_groups", play.VGROUP, play.plain_groups),
    Step("repair:points", geometry.POINT, geometry.points, geometry.holds_a_pair, unchecked=True),
    Step("repair:raw_latex", latex.ESCAPE, latex.raw_latex, latex.lost_backslash, unchecked=True),
    Step("repair:tex_math", latex.TEX_CALL, latex.tex_math, latex.lacks_dollars, unchecked=True),
    Step("repair:text_latex", latex.TEXT_CALL, latex.text_latex, latex.prints_latex, unchecked=True),
    Step("repair:raw_strings", style.INVALID_ESCAPE, style.raw_strings, unchecked=True),
    Step("repair:repeated_targets", style.TWO_TARGETS, style.repeated_targets, unchecked=True),
    Step("repair:indentation", style.DOUBLED, style.indentation, unchecked=True),
)
"""Steps that take one program to the next; a later step sees what the earlier ones made."""
