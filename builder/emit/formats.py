"""What a row looks like: conversations of system, user and assistant."""

from collections.abc import Callable

Message = dict[str, str]


def fenced(code: str) -> str:
    """A program as the assistant says it."""
    return f"```python\n{code}\n```"


def unfenced(text: str) -> str:
    """The program in an assistant's message."""
    return text.removeprefix("```python\n").removesuffix("\n```")


def _sharegpt(system: str, user: str, assistant: str) -> list[Message]:
    return [
        {"from": "system", "value": system},
        {"from": "user", "value": user},
        {"from": "assistant", "value": assistant},
    ]


def _messages(system: str, user: str, assistant: str) -> list[Message]:
    return [
        {"role": "system", "content": system},
        {"role": "user", "content": user},
        {"role": "assistant", "content": assistant},
    ]


FORMATS: dict[str, tuple[str, Callable[[str, str, str], list[Message]]]] = {
    "sharegpt": ("conversations", _sharegpt),
    "messages": ("messages", _messages),
}
"""For each format: the key under which a row holds its messages, and how they are made."""

MESSAGE_KEYS = {"sharegpt": ("conversations", "from", "value"), "messages": ("messages", "role", "content")}
"""For each format: the key of the messages, and in each message those of its role and its text."""
