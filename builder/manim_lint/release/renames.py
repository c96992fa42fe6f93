"""Names that Manim renamed, and the nearest right name: by these tables, then by similarity of letters."""

import difflib
from functools import lru_cache

from builder.manim_lint.release.model import known

_SIMILARITY = 0.75
"""From 0 to 1, as `difflib` counts it."""
_MAX_LENGTH = 60
"""Characters; nobody meant a name of Manim's with a longer one."""
RENAMED: dict[str, str] = {
    "ShowCreation": "Create",
    "UnCreate": "Uncreate",
    "UnWrite": "Unwrite",
    "ShowCreationThenDestruction": "ShowPassingFlash",
    "ShowCreationThenFadeAround": "Circumscribe",
    "ShowPassingFlashAround": "Circumscribe",
    "FlashAround": "Circumscribe",
    "CircleIndicate": "Circumscribe",
    "ShowCreationThenDestructionAround": "Circumscribe",
    "WiggleOutThenIn": "Wiggle",
    "Transformation": "Transform",
    "VFadeIn": "FadeIn",
    "VFadeOut": "FadeOut",
    "TexMobject": "MathTex",
    "OldTex": "MathTex",
    "TextMobject": "Tex",
    "TexText": "Tex",
    "OldTexText": "Tex",
    "TexTextMobject": "Tex",
    "ParametricSurface": "Surface",
    "ParametricCurve": "ParametricFunction",
    "SmallDot": "Dot",
    "Point3D": "Dot3D",
    "DashedMobject": "DashedVMobject",
    "VMobjectFromSVGPathstring": "VMobjectFromSVGPath",
    "ThreeDVGroup": "VGroup",
    "get_norm": "np.linalg.norm",
    "FRAME_WIDTH": "config.frame_width",
    "FRAME_HEIGHT": "config.frame_height",
    "FRAME_X_RADIUS": "config.frame_x_radius",
    "FRAME_Y_RADIUS": "config.frame_y_radius",
    "BACKGROUND_COLOR": "config.background_color",
    "TOP": "(config.frame_y_radius * UP)",
    "BOTTOM": "(config.frame_y_radius * DOWN)",
    "LEFT_SIDE": "(config.frame_x_radius * LEFT)",
    "RIGHT_SIDE": "(config.frame_x_radius * RIGHT)",
    "VRIGHT": "RIGHT",
} | {
    f"ease_{way}_{kind}": f"rate_functions.ease_{way}_{kind}"  # not among the names that Manim gives to all
    for way in ("in", "out", "in_out")
    for kind in ("sine", "quad", "cubic", "quart", "quint", "expo", "circ", "back", "elastic", "bounce")
}
"""Names of ManimGL and of older releases by their names, or expressions, of today; their arguments are the same."""

METHODS = {
    "get_graph": "plot",
    "get_line_graph": "plot_line_graph",
    "get_derivative_graph": "plot_derivative_graph",
    "get_implicit_curve": "plot_implicit_curve",
    "get_parametric_curve": "plot_parametric_curve",
    "rotate_in_place": "rotate",
    "scale_in_place": "scale",
}
"""Methods that Manim had and has under other names."""

_SUGGESTED = {
    "ShowCreationThenFadeOut": "Create",
    "FadeInFrom": "FadeIn",
    "FadeInFromDown": "FadeIn",
    "FadeInFromLarge": "FadeIn",
    "FadeInFromPoint": "FadeIn",
    "FadeOutAndShift": "FadeOut",
    "FadeOutAndShiftDown": "FadeOut",
    "FadeOutToPoint": "FadeOut",
    "FadeInAndShift": "FadeIn",
    "FadeInAndShiftFromDirection": "FadeIn",
    "GrowFromSide": "GrowFromEdge",
    "FlashUnder": "ShowPassingFlash",
    "GraphScene": "Axes",
    "InteractiveScene": "Scene",
    "SGroup": "VGroup",
    "OpenGLVGroup": "VGroup",
    "OpenGLVMobject": "VMobject",
    "OpenGLMobject": "Mobject",
    "GlowDot": "Dot",
    "SurfaceMesh": "Surface",
    "TexturedSurface": "Surface",
    "Circle3D": "Circle",
    "NumberedPlane": "NumberPlane",
    "RightTriangle": "Polygon",
    "IsoscelesTriangle": "Polygon",
    "EquilateralTriangle": "Triangle",
    "Parallelogram": "Polygon",
    "Trapezoid": "Polygon",
    "Pentagon": "RegularPolygon",
    "Hexagon": "RegularPolygon",
    "Octagon": "RegularPolygon",
    "Oval": "Ellipse",
    "Curve": "ParametricFunction",
    "Path": "VMobject",
    "Image": "ImageMobject",
    "Cuboid": "Prism",
    "CYAN": "PURE_CYAN",
    "MAGENTA": "PURE_MAGENTA",
    "FRAME_SHAPE": "config.frame_size",
    "DEFAULT_FRAME_HEIGHT": "config.frame_height",
    "ContinualAnimation": "Mobject.add_updater",
    "ApplyToCenters": "LaggedStartMap",
    "LaggedStartMapping": "LaggedStartMap",
    "DEG": "DEGREES",
    "interpolate_colour": "interpolate_color",
    "set_submobjects": "submobjects",
    "get_num_submobjects": "submobjects",
    "add_tip_at_end": "add_tip",
    "get_tex_string": "tex_string",
    "next_to_edge": "to_edge",
    "set_camera_position": "set_camera_orientation",
}
"""Names that are not there, by what does the same or nearly the same in another way."""
REPLACED = _SUGGESTED | RENAMED | METHODS
"""All names that are not there any more, or never were, by those that are."""


@lru_cache(maxsize=4096)
def nearest(name: str, among: frozenset[str] | None = None) -> str:
    """The likeliest right name among those given (by default those of the star import), or nothing."""
    candidates = known().star_names if among is None else among
    replaced = REPLACED.get(name, "").strip("()")
    if replaced and (among is None or replaced.rpartition(".")[2] in candidates or "." in replaced):
        return replaced
    if len(name) > _MAX_LENGTH:
        return ""
    ordered = sorted(candidates)
    folded = name.lower()
    same = next((candidate for candidate in ordered if candidate.lower() == folded), "")
    if same:
        return same
    close = difflib.get_close_matches(name, ordered, n=1, cutoff=_SIMILARITY)
    return close[0] if close else ""
