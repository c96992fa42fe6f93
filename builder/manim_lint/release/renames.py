"""The nearest right name: by what Manim renamed, then by similarity of letters."""

import difflib
from functools import lru_cache

from builder.manim_lint.release.model import known

_SIMILARITY = 0.75
"""From 0 to 1, as `difflib` counts it."""
_MAX_LENGTH = 60
"""Characters; nobody meant a name of Manim's with a longer one."""
RENAMED = {
    "ShowCreation": "Create",
    "ShowCreationThenDestruction": "ShowPassingFlash",
    "ShowCreationThenFadeOut": "Create",
    "ShowCreationThenFadeAround": "Circumscribe",
    "ShowCreationThenDestructionAround": "Circumscribe",
    "ShowPassingFlashAround": "Circumscribe",
    "CircleIndicate": "Circumscribe",
    "UnCreate": "Uncreate",
    "FadeInFrom": "FadeIn",
    "FadeInFromDown": "FadeIn",
    "FadeInFromLarge": "FadeIn",
    "FadeInFromPoint": "FadeIn",
    "FadeOutAndShift": "FadeOut",
    "FadeOutAndShiftDown": "FadeOut",
    "FadeOutToPoint": "FadeOut",
    "FadeInAndShift": "FadeIn",
    "FadeInAndShiftFromDirection": "FadeIn",
    "VFadeIn": "FadeIn",
    "VFadeOut": "FadeOut",
    "GrowFromSide": "GrowFromEdge",
    "WiggleOutThenIn": "Wiggle",
    "FlashAround": "Circumscribe",
    "FlashUnder": "ShowPassingFlash",
    "TextMobject": "Text",
    "TexMobject": "MathTex",
    "TexText": "Tex",
    "OldTex": "MathTex",
    "OldTexText": "Tex",
    "GraphScene": "Axes",
    "InteractiveScene": "Scene",
    "ParametricSurface": "Surface",
    "ParametricCurve": "ParametricFunction",
    "SGroup": "VGroup",
    "SmallDot": "Dot",
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
    "FRAME_WIDTH": "config.frame_width",
    "FRAME_HEIGHT": "config.frame_height",
    "FRAME_X_RADIUS": "config.frame_x_radius",
    "FRAME_Y_RADIUS": "config.frame_y_radius",
    "FRAME_SHAPE": "config.frame_size",
    "DEFAULT_FRAME_HEIGHT": "config.frame_height",
    "ContinualAnimation": "Mobject.add_updater",
    "ApplyToCenters": "LaggedStartMap",
    "LaggedStartMapping": "LaggedStartMap",
    "DEG": "DEGREES",
    "get_norm": "np.linalg.norm",
    "interpolate_colour": "interpolate_color",
    "get_graph": "plot",
    "get_parametric_curve": "plot_parametric_curve",
    "get_derivative_graph": "plot_derivative_graph",
    "set_submobjects": "submobjects",
    "rotate_in_place": "rotate",
    "scale_in_place": "scale",
    "get_num_submobjects": "submobjects",
    "add_tip_at_end": "add_tip",
    "get_tex_string": "tex_string",
    "next_to_edge": "to_edge",
    "set_camera_position": "set_camera_orientation",
}
"""Names of ManimGL and of older releases, and what took their place."""


@lru_cache(maxsize=4096)
def nearest(name: str, among: frozenset[str] | None = None) -> str:
    """The likeliest right name among those given (by default those of the star import), or nothing."""
    candidates = known().star_names if among is None else among
    replaced = RENAMED.get(name)
    if replaced is not None and (among is None or replaced.rpartition(".")[2] in candidates or "." in replaced):
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
