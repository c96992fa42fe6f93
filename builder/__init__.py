"""The library behind the dataset, and its command line (`python -m builder`).

What is exported here is kept stable, and `docs/api.md` shows how to use it; nothing else of the package is a promise.
`builder.pipeline.story` is the story from top to bottom.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from builder import manim_lint as lint
    from builder.config import BuildConfig
    from builder.publish.build_folder import build_dataset as build
    from builder.publish.export import export
    from builder.publish.load import load
    from builder.render.renderer import Renderer
    from builder.report.proof.check import check_folder
    from builder.sources.spec import SourceSpec, register_source

__all__ = [
    "BuildConfig",
    "Renderer",
    "SourceSpec",
    "build",
    "check_folder",
    "export",
    "lint",
    "load",
    "register_source",
]

_PLACES = {
    "BuildConfig": "builder.config:BuildConfig",
    "Renderer": "builder.render.renderer:Renderer",
    "SourceSpec": "builder.sources.spec:SourceSpec",
    "build": "builder.publish.build_folder:build_dataset",
    "check_folder": "builder.report.proof.check:check_folder",
    "export": "builder.publish.export:export",
    "lint": "builder.manim_lint:",
    "load": "builder.publish.load:load",
    "register_source": "builder.sources.spec:register_source",
}


def __getattr__(name: str) -> Any:  # what is exported takes up to two seconds to import: only who needs it waits
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _PLACES[name].partition(":")
    found = import_module(module)
    return getattr(found, attribute) if attribute else found
