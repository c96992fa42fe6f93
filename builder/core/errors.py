"""What a person can be told: every error here is one message that says what, where and what to do.

The command line catches `BuilderError` once and prints its text; anything else is a bug and keeps its traceback.
"""


class BuilderError(Exception):
    """Something outside the program is wrong: a source, a file, a setting. The text is for a person."""


class SettingError(BuilderError):
    """A setting has no meaning: an unknown name, a number out of range (exit code 2)."""


class SourceError(BuilderError):
    """A source cannot be had or read: no network, no credentials, a missing or broken file."""


class FieldsNotFoundError(SourceError):
    """The description or the code column of a source cannot be told; the text says what to type."""


class OutputError(BuilderError):
    """The output cannot be written, or does not hold what it must."""


class RenderError(BuilderError):
    """Programs cannot be rendered here: no Manim, no sandbox; the text says what to install."""
