"""The table of repair steps, in the order in which they are tried."""

from builder.manim_lint.fixes import areas, colours, config, graph_scene, imports, keywords, latex, play, points
from builder.manim_lint.fixes import excerpts as unset
from builder.manim_lint.fixes import keywords as arguments
from builder.manim_lint.fixes import latex as latex_signs
from builder.manim_lint.fixes import renamed as dialect
from builder.manim_lint.fixes import renamed as typos
from builder.manim_lint.fixes import scene_base as scenes
from builder.manim_lint.fixes.program import Step

STEPS: tuple[Step, ...] = (
    Step("repair:old_imports", dialect.OLD_IMPORTS, dialect.old_imports),
    Step("repair:graph_scene", graph_scene.CLUE, graph_scene.graph_scenes),
    Step("repair:config", config.CLUE, config.config_attributes),
    Step("repair:moved_fades", dialect.MOVED_CLUE, dialect.moved_fades),
    Step("repair:renamed", dialect.RENAMED_CLUE, dialect.renamed_names),
    Step("repair:transform_from_unset", unset.CLUE, unset.transformed_from_nothing),
    Step("repair:missing_imports", imports.CLUE, imports.missing_imports),
    Step("repair:manim_names", imports.STAR_CLUE, imports.manim_names),
    Step("repair:typos", typos.CLUE, typos.typos),
    Step("repair:colours", colours.CLUE, colours.colours),
    Step("repair:method_animations", play.METHOD_CLUE, play.method_animations),
    Step("repair:colour_class", colours.CLASS_CLUE, colours.colour_class),
    Step("repair:scene_base", scenes.BASE_CLUE, scenes.scene_bases),
    Step("repair:entry_named", scenes.ENTRY_CLUE, scenes.entry_named, fits=scenes.lacks_construct, evident=True),
    Step("repair:body_in_class", scenes.ENTRY_CLUE, scenes.body_in_class, fits=scenes.lacks_construct, evident=True),
    Step("repair:renamed_methods", dialect.METHODS_CLUE, dialect.renamed_methods, evident=True),
    Step("repair:areas", areas.CLUE, areas.areas),
    Step("repair:keywords", keywords.CLUE, keywords.keywords),
    Step("repair:brace_colours", arguments.BRACE_CLUE, arguments.brace_colours),
    Step("repair:played_methods", play.CLUE, play.played_methods, play.plays_a_method, evident=True),
    Step("repair:played_moves", play.CLUE, play.played_moves, play.plays_a_move, evident=True),
    Step("repair:all_mobjects", play.GROUP_CLUE, play.all_mobjects, evident=True),
    Step("repair:alpha_updates", play.UPDATE_CLUE, play.alpha_updates, evident=True),
    Step("repair:unpacked_lists", play.LIST_CLUE, play.unpacked_lists, evident=True),
    Step("repair:other_classes", arguments.CLASS_CLUE, arguments.other_classes, arguments.wants_another, evident=True),
    Step("repair:axis_configs", arguments.CONFIG_CLUE, arguments.axis_configs, arguments.configures_axes, evident=True),
    Step("repair:colour_texts", colours.TEXT_CLUE, colours.colour_texts, colours.names_a_colour, evident=True),
    Step("repair:fade_vectors", dialect.FADE_CLUE, dialect.fade_vectors, dialect.fades_a_vector, evident=True),
    Step("repair:points", points.CLUE, points.points, points.holds_a_pair, evident=True),
    Step("repair:scaled_tuples", points.TUPLE_CLUE, points.scaled_tuples, fits=points.scales_a_tuple, evident=True),
    Step("repair:code_text", arguments.CODE_CLUE, arguments.code_text, evident=True),
    Step("repair:text_of_parts", latex.PARTS_CLUE, latex.text_of_parts, latex.has_parts, evident=True),
    Step(
        "repair:latex_letters",
        latex_signs.LETTER_CLUE,
        latex_signs.latex_letters,
        latex_signs.has_letters,
        evident=True,
    ),
    Step("repair:raw_latex", latex.RAW_CLUE, latex.raw_latex, latex.lost_backslash, evident=True),
    Step("repair:tex_math", latex.TEX_CLUE, latex.tex_math, latex.lacks_dollars, evident=True),
    Step("repair:math_dollars", latex.MATH_CLUE, latex.math_dollars, latex.has_dollars, evident=True),
    Step("repair:latex_signs", latex_signs.SIGN_CLUE, latex_signs.latex_signs, latex_signs.has_signs, evident=True),
    Step(
        "repair:nested_environments",
        latex_signs.SIGN_CLUE,
        latex_signs.nested_environments,
        latex_signs.has_signs,
        evident=True,
    ),
)
"""Steps that take one program to the next; a later step sees what the earlier ones made."""
