"""Only frames that are looked at are drawn, and moments between them computed only where they can matter.

Until something is seen, all is as in Manim. Then, of each animation, the last frame alone is drawn. If nothing but
Manim's own code says how it goes, only its start, its middle and its end are computed: what lies between cannot raise
anything, and leaves nothing behind. An updater, a function of the program or a class that changes how things move makes
it go through all its moments, as ever.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from types import FunctionType
from typing import Any

_NAMES = ("svgelements", "path_obj")


def share_paths(code: str) -> None:
    """Let copies share outlines from now on, unless a program names them, and so might change one."""
    from svgelements import Path

    if not any(name in code for name in _NAMES):
        Path.__deepcopy__ = _itself


def _itself(path: Any, _: dict[int, Any]) -> Any:
    return path


_MOVING = frozenset(
    """
    play_internal update_to_time update_self update_mobjects update_meshes should_update_mobjects update interpolate
    interpolate_color interpolate_mobject interpolate_submobject pointwise_become_partial become begin finish
    align_data align_points get_sub_alpha get_all_mobjects get_family set_points __setattr__ __getattribute__
    """.split()
)
"""Methods by which a class of a program may take part in an animation."""
_PARTS = ("mobject", "starting_mobject", "target_mobject", "target_copy")
"""Where an animation has its mobjects; some only once it has begun, which in a group may be later."""
_DEPTH = 8
"""Of groups of animations; deeper ones go through all their moments."""


def sample_frames(
    seen: Callable[[], bool], pass_over: Callable[..., None], due: Callable[[float, float], bool]
) -> None:
    """Let scenes render so from now on.

    Args:
        seen: Whether something was seen already.
        pass_over: The renderer's `add_frame`, which nobody looks at.
        due: Whether a frame that stands from a moment on for so many seconds is asked for.
    """
    from manim import Scene
    from manim.renderer.cairo_renderer import CairoRenderer

    play_all, render = Scene.play_internal, CairoRenderer.render

    def play_internal(scene: Any, skip_rendering: bool = False) -> None:
        usual = skip_rendering or scene.skip_animation_preview or scene.renderer.skip_animations
        if usual or type(scene.renderer) is not CairoRenderer or scene.stop_condition is not None or not seen():
            play_all(scene, skip_rendering)
            return
        _play(scene, render, pass_over, due)

    Scene.play_internal = play_internal


def _play(
    scene: Any, draw: Callable[..., None], pass_over: Callable[..., None], due: Callable[[float, float], bool]
) -> None:
    """As `Scene.play_internal`, with fewer frames."""
    scene.duration = scene.get_run_time(scene.animations)
    scene.time_progression = scene._get_animation_time_progression(scene.animations, scene.duration)
    times = list(scene.time_progression)
    start, seconds = scene.renderer.time, 1 / scene.renderer.camera.frame_rate
    shown = {number for number in range(len(times)) if due(start + number * seconds, seconds)} | {len(times) - 1}
    computed = {0, len(times) // 2, *shown} if _is_plain(scene) else range(len(times))
    for number, time in enumerate(times):
        if number in computed:
            scene.update_to_time(time)
        if number in shown:
            draw(scene.renderer, scene, time, scene.moving_mobjects)
            continue
        if hasattr(scene.renderer.camera, "reset_rotation_matrix"):  # what it tells of itself is as if it had drawn
            scene.renderer.camera.reset_rotation_matrix()
        pass_over(scene.renderer, None)  # the clock goes on
    for animation in scene.animations:
        animation.finish()
        animation.clean_up_from_scene(scene)
    scene.update_mobjects(0)
    scene.renderer.static_image = None
    scene.time_progression.close()


def _is_plain(scene: Any) -> bool:
    """Whether only Manim's own code says how the animations of a scene go."""
    if scene.updaters or not _is_manims(type(scene)):
        return False
    animations = list(_flat(scene.animations, _DEPTH))
    if not all(animation is not None and _is_own(animation) for animation in animations):
        return False
    involved = ([vars(animation)[name] for name in _PARTS if name in vars(animation)] for animation in animations)
    return all(map(_is_still, _families(chain(scene.mobjects, scene.foreground_mobjects, *involved))))


def _flat(animations: Iterable[Any], depth: int) -> Iterator[Any]:
    """Animations and those in groups; `None` for what lies too deep."""
    for animation in animations:
        yield animation if depth else None
        if depth:
            yield from _flat(getattr(animation, "animations", ()), depth - 1)


def _is_own(animation: Any) -> bool:
    """Whether an animation is Manim's, is given no function by the program, and depends on no earlier moment."""
    from manim import PhaseFlow

    kind = type(animation)
    if not kind.__module__.startswith("manim.") or isinstance(animation, PhaseFlow):
        return False
    functions = (value for value in vars(animation).values() if isinstance(value, FunctionType))
    return all(function.__module__.startswith("manim.") for function in functions)


def _families(mobjects: Iterable[Any]) -> Iterator[Any]:
    known: set[int] = set()
    left = list(mobjects)
    while left:
        mobject = left.pop()
        if id(mobject) not in known:
            known.add(id(mobject))
            if mobject is not None:
                yield mobject
            left += getattr(mobject, "submobjects", ())


def _is_still(mobject: Any) -> bool:
    """Whether nothing moves a mobject but its animation."""
    return not getattr(mobject, "updaters", True) and _is_manims(type(mobject))


_known: dict[type, bool] = {}


def _is_manims(kind: type) -> bool:
    """Whether a class moves as Manim's do, the program's own too."""
    if kind not in _known:
        foreign = (one for one in kind.__mro__ if not _is_from_manim(one))
        _known[kind] = not any(_MOVING & vars(one).keys() for one in foreign)
    return _known[kind]


def _is_from_manim(kind: type) -> bool:
    """Or from what Manim's classes are made of."""
    return kind.__module__.split(".")[0] in ("manim", "builtins", "abc", "typing", "collections")
