"""The library behind the dataset, and its command line (`python -m builder`).

`SourceSpec` and `register_source` add a source of one's own; `builder.pipeline.story` is the story from top to bottom.
"""

from builder.sources.spec import SourceSpec, register_source

__all__ = ["SourceSpec", "register_source"]
