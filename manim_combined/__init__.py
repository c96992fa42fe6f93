"""The combined Manim fine-tuning dataset.

`ManimCombined` is the Hugging Face `datasets` builder; `load` builds a config if need be and loads it. A build
also writes its data into this folder by default, so that `load_dataset("manim_combined", "deduplicated")`
works from the folder above.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from manim_combined.dataset import ManimCombined
    from manim_combined.loading import load

__all__ = ["ManimCombined", "load"]


def __getattr__(name: str) -> Any:  # `datasets` takes a second to import: only who needs it waits
    if name == "ManimCombined":
        from manim_combined.dataset import ManimCombined

        return ManimCombined
    if name == "load":
        from manim_combined.loading import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
