"""One row's life, from the text that was read to the prompts that are written."""

from builder.report.explain.explanation import Explanation, Match, Matches
from builder.report.explain.folder import explain_in_folder
from builder.report.explain.row import explain

__all__ = ["Explanation", "Match", "Matches", "explain", "explain_in_folder"]
