"""One row's life, from the text that was read to the prompts that are written."""

from builder.explain.explanation import Explanation, Match, Matches
from builder.explain.row import explain

__all__ = ["Explanation", "Match", "Matches", "explain"]
