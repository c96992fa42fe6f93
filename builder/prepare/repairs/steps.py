"""The table of repair steps, in the order in which they are tried."""

import re

from builder.prepare.repairs import (
    areas,
    colours,
    config,
    dialect,
    graph_scene,
    imports,
    keywords,
    latex,
    play,
    points,
    scenes,
    typos,
    unset,
)
from builder.prepare.repairs.program import Step

STEPS: tuple[Step, ...] = (
    Step("repair:old_imports", dialect.OLD_IMPORTS, dialect.old_imports),
    Step("repair:manim_names", imports.STAR_CLUE, imports.manim_names),
    Step("repair:graph_scene", graph_scene.CLUE, graph_scene.graph_scenes),
    Step("repair:config", config.CLUE, config.config_attributes),
    Step("repair:moved_fades", re.compile(r"\bFade(?:In|Out)(?:From|And|To)"), dialect.moved_fades),
    Step("repair:renamed", re.compile("|".join(rf"\b{name}\b" for name in dialect.RENAMED)), dialect.renamed_names),
    Step("repair:transform_from_unset", unset.CLUE, unset.transformed_from_nothing),
    Step("repair:missing_imports", imports.CLUE, imports.missing_imports),
    Step("repair:typos", typos.CLUE, typos.typos),
    Step("repair:colours", colours.CLUE, colours.colours),
    Step("repair:method_animations", play.METHOD_CLUE, play.method_animations),
    Step("repair:colour_class", colours.CLASS_CLUE, colours.colour_class),
    Step("repair:scene_base", scenes.BASE_CLUE, scenes.scene_bases),
    Step("repair:entry_named", scenes.ENTRY_CLUE, scenes.entry_named),
    Step("repair:body_in_class", scenes.ENTRY_CLUE, scenes.body_in_class),
    Step("repair:renamed_methods", dialect.METHODS_CLUE, dialect.renamed_methods, evident=True),
    Step("repair:areas", areas.CLUE, areas.areas),
    Step("repair:keywords", keywords.CLUE, keywords.keywords),
    Step("repair:played_methods", play.CLUE, play.played_methods, play.plays_a_method, evident=True),
    Step("repair:played_moves", play.CLUE, play.played_moves, play.plays_a_move, evident=True),
    Step("repair:all_mobjects", play.GROUP_CLUE, play.all_mobjects, evident=True),
    Step(
        "repair:fade_vectors",
        re.compile(r"\bFade(?:In|Out)\("),
        dialect.fade_vectors,
        dialect.fades_a_vector,
        evident=True,
    ),
    Step("repair:points", points.CLUE, points.points, points.holds_a_pair, evident=True),
    Step("repair:code_text", keywords.CODE_CLUE, keywords.code_text, evident=True),
    Step("repair:text_of_parts", latex.PARTS_CLUE, latex.text_of_parts, latex.has_parts, evident=True),
    Step("repair:raw_latex", latex.RAW_CLUE, latex.raw_latex, latex.lost_backslash, evident=True),
    Step("repair:tex_math", latex.TEX_CLUE, latex.tex_math, latex.lacks_dollars, evident=True),
    Step("repair:math_dollars", latex.MATH_CLUE, latex.math_dollars, latex.has_dollars, evident=True),
    Step("repair:latex_signs", latex.SIGN_CLUE, latex.latex_signs, latex.has_signs, evident=True),
    Step("repair:nested_environments", latex.SIGN_CLUE, latex.nested_environments, latex.has_signs, evident=True),
)
"""Steps that take one program to the next; a later step sees what the earlier ones made."""
