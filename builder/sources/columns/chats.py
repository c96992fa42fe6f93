"""Chats: who says what, in whatever form a file holds it, and which program answers which request.

A chat is a list of messages, two lists side by side, the text of either, or one text with the marks of a template.
`human` is called `user`, and `gpt`, `model` and `bot` are called `assistant`.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import orjson

from builder.manim_lint.scenes import outline
from builder.manim_lint.syntax import silent
from builder.prepare.clean_code import clean_code

Turn = tuple[str, object]
"""Who, and what: a text, unless the file holds something else."""

USER, ASSISTANT = "user", "assistant"
_ROLES = {
    **{name: name for name in (USER, ASSISTANT, "system")},
    **dict.fromkeys(("human", "prompter", "instruction", "inst"), USER),
    **dict.fromkeys(("gpt", "model", "bot", "chatgpt", "ai", "response", "/inst"), ASSISTANT),
}
_ROLE_KEYS = ("role", "from", "author", "speaker", "sender")
_CONTENT_KEYS = ("content", "value", "text", "parts", "message")
_MAX_TEXT = 400_000
"""A longer text is not looked into: no pair for fine-tuning comes near."""

_TEMPLATES = tuple(
    (re.compile(start, re.MULTILINE), re.compile(end))
    for start, end in (
        (r"<\|im_start\|>[ \t]*(?P<role>\w+)[ \t]*\n?", r"<\|im_end\|>"),
        (r"<\|start_header_id\|>[ \t]*(?P<role>\w+)[ \t]*<\|end_header_id\|>\s*", r"<\|eot_id\|>|<\|end_of_text\|>"),
        (r"<start_of_turn>[ \t]*(?P<role>\w+)[ \t]*\n?", r"<end_of_turn>"),
        (r"<\|(?P<role>system|user|assistant)\|>[ \t]*\n?", r"<\|end\|>|</s>|<\|endoftext\|>"),
        (r"\[(?P<role>/?INST)\]", r"</?s>|<<SYS>>[^<]*<</SYS>>"),
        (
            r"^#{2,3} ?(?P<role>Instruction|Input|Response|User|Human|Assistant|System)[ \t]*:[ \t]*\n?",
            r"</s>|<\|endoftext\|>",
        ),
    )
)
"""Marks before each message of a text, and those after it."""
_MARKS = re.compile(r"<\||<start_of_turn>|\[INST\]|^#{2,3} ?(?:Instruction|User|Human)[ \t]*:", re.MULTILINE)
_EMPTY_INPUTS = frozenset(("", "none", "n/a", "<noinput>"))

_FEW_WORDS = 4
"""A request of fewer words does not stand on its own."""
_WORD = re.compile(r"[぀-ヿ㐀-鿿]|[^\W_]+")
_POLITE = (
    r"\s*+(?:(?:ok(?:ay)?|thank(?:s| you)|great|nice|good|perfect|now|please|and|but|hmm|sorry|no|yes)\b[\s,.!:]*+)*+"
)
_CHANGE = (
    "make|change|turn|set|move|let|put|use|add|remove|replace|increase|decrease|slow|speed|fix|correct|keep|rewrite"
)
_ASK = r"(?:(?:can|could|would) (?:you|we) )?(?:please )?"
_LEANS = re.compile(
    rf"{_POLITE}{_ASK}(?:(?:{_CHANGE}) (?:it|this|that|them|these|those|your)\b|(?:animate|render|run|draw|show) it\b"
    r"|(?:it|that|again|instead|also)\b|(?:the|your) (?:code|program|script|output|last|previous)\b"
    r"|i (?:get|got|am getting) (?:an?|the|this)\b|there (?:is|was) an? error|the same\b|traceback|\w+error\b"
    r"|what about|how about)",
    re.IGNORECASE,
)
"""How a request begins that only means something after the one before it."""
_CHANGES = re.compile(rf"{_POLITE}{_ASK}(?:{_CHANGE})\b", re.IGNORECASE)
_REPAIRS = re.compile(
    r"\b(?:fix|bugs?|traceback|exception|errors?|\w+Error|crash\w*|fail\w*|broken|wrong|not working"
    r"|(?:does ?n[o']t|does not|did ?n[o']t|won't|cannot|can't) (?:work|run|render|compile))\b",
    re.IGNORECASE,
)
_ALIKE = 0.5
"""Programs that share this part of their lines belong to one task if the request leans on what was said before."""
_NEARLY_THE_SAME = 0.6
"""The same, whatever the request says, if their scenes have the same names too."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, and the answer to it; `None` where the chat has none."""

    request: object
    answer: object
    left_out: str = ""
    """Why this is no row by itself: the request leans on what was said before."""
    dialogue: tuple[tuple[str, str], ...] = ()
    """Role and text of all messages in which a program was repaired, from the request to the answer."""


def turns_of(value: object) -> list[Turn] | None:
    """Roles and contents of a chat, in order; `None` where a value is not one."""
    if isinstance(value, str):
        return _turns_of_text(value)
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        role = next((key for key in _ROLE_KEYS if all(key in item for item in value)), "")
        content = max(_CONTENT_KEYS, key=lambda key: sum(item.get(key) is not None for item in value))
        if not role:
            return None
        pairs = [(item[role], item.get(content)) for item in value]
    elif isinstance(value, dict):
        role = next((key for key in _ROLE_KEYS if isinstance(value.get(key), list)), "")
        content = next((key for key in _CONTENT_KEYS if isinstance(value.get(key), list)), "")
        if not role or not content:
            return None
        pairs = [*zip(value[role], value[content], strict=False)]
    else:
        return None
    return [(role_name(_name(who)), _text(said)) for who, said in pairs if _name(who)]


def role_name(role: str) -> str:
    """What a role is called here."""
    return _ROLES.get(role.lower(), role)


def exchanges(turns: Sequence[Turn]) -> list[Exchange]:
    """What a chat asks and answers, in order: each task with the last complete program that answers it, and the rest.

    A request that stands on its own begins a task. One that leans on those before belongs to them: with an error
    report the program after it takes the place of the one before; with a change it is `left_out`, and so is what
    follows, since it answers no request that stands on its own. A request that stands on its own and is answered by
    no program is there with the answer that it got. There is one exchange at the least.
    """
    said = [(role, text) for role, text in turns if role in (USER, ASSISTANT) and isinstance(text, str)]
    if [role for role, _ in said] == [USER, ASSISTANT]:
        return [Exchange(said[0][1], said[1][1])]
    tasks: list[_Task] = []
    found: list[_Task | Exchange] = []
    pending: list[str] = []
    replies: dict[int, str] = {}
    since: list[tuple[str, str]] = []
    last: str | None = None
    for role, text in said:
        since.append((role, text))
        if role == USER:
            pending.append(text)
            continue
        last = text if pending or tasks else last
        program = _program(text) if pending or tasks else None
        if program is None:
            replies[len(pending) - 1] = text
            continue
        if not tasks or (pending and not _continues(pending, tasks[-1], program)):
            found += _unanswered(pending[: _start(pending)], replies)
            request = next((number for number, turn in enumerate(since) if turn[1] == pending[_start(pending)]), 0)
            tasks.append(_Task(_merged(pending), text, program, since[request:]))
            found.append(tasks[-1])
        elif not pending or any(map(_REPAIRS.search, pending)):
            task = tasks[-1]
            if task.changed:
                found.append(Exchange("\n\n".join(pending) or None, text, AFTER_A_CHANGE))
            else:
                task.answer, task.program, task.turns = text, program, task.turns + since
                task.dialogue = tuple(task.turns)
        else:
            tasks[-1].changed = True
            found.append(Exchange("\n\n".join(pending), text, A_CHANGE))
        pending, replies, since = [], {}, []
    if tasks:
        found += _unanswered(pending, replies)
        return [
            Exchange(one.request, one.answer, dialogue=one.dialogue) if isinstance(one, _Task) else one for one in found
        ]
    first = dict(reversed(turns))
    wish = _merged(pending) if pending else first.get(USER)
    answer = first.get(ASSISTANT) if last is None else last
    return [*_unanswered(pending[: _start(pending)], replies), Exchange(wish, answer)]


A_CHANGE = "a change that leans on what was said before in the chat"
AFTER_A_CHANGE = "a repair of a program that was changed before in the chat"


def last_task(turns: Sequence[Turn]) -> Exchange:
    """The last exchange of a chat that is a task, as `exchanges` finds them."""
    found = exchanges(turns)
    return next((task for task in reversed(found) if not task.left_out), found[-1])


def _unanswered(pending: Sequence[str], replies: Mapping[int, str]) -> list[Exchange]:
    """Requests that stand on their own, and got no program, with what they got."""
    return [Exchange(text, replies.get(number)) for number, text in enumerate(pending) if _stands_alone(text)]


@dataclass(slots=True)
class _Program:
    lines: frozenset[str]
    scenes: frozenset[str]


@dataclass(slots=True)
class _Task:
    request: str
    answer: str
    program: _Program
    turns: list[tuple[str, str]]
    changed: bool = False
    dialogue: tuple[tuple[str, str], ...] = ()


def _continues(pending: Sequence[str], task: _Task, program: _Program) -> bool:
    """Whether the requests since a task's last program belong to it."""
    same_scenes = program.scenes == task.program.scenes
    alike = len(program.lines & task.program.lines) / max(len(program.lines), len(task.program.lines), 1)
    if not any(map(_stands_alone, pending)) or (same_scenes and alike >= _NEARLY_THE_SAME):
        return True
    asks = any(_CHANGES.match(text) or _REPAIRS.search(text) for text in pending)
    return asks and (same_scenes or alike >= _ALIKE)


def _merged(pending: Sequence[str]) -> str:
    """Requests without a program between them: the last that stands on its own, and what was added to it."""
    return "\n\n".join(pending[_start(pending) :])


def _start(pending: Sequence[str]) -> int:
    """The last request that stands on its own, or the first of all."""
    return max((number for number, text in enumerate(pending) if _stands_alone(text)), default=0)


def _stands_alone(request: str) -> bool:
    return len(_WORD.findall(request[:1000])) >= _FEW_WORDS and not _LEANS.match(request)


def _program(answer: str) -> _Program | None:
    """The whole program in an answer; `None` if it has none."""
    if len(answer) > _MAX_TEXT:
        return None
    code, parsed, _ = clean_code(answer)
    try:
        scenes = outline(parsed.tree).scenes if parsed.tree is not None else ()
    except RecursionError:
        return None
    if not scenes:
        return None
    lines = frozenset(line.strip() for line in code.split("\n") if line.strip())
    return _Program(lines, frozenset(scenes))


def _turns_of_text(text: str) -> list[Turn] | None:
    """The turns of a chat that is one text: JSON, what Python prints of it, or a template's marks."""
    start = text[:200].lstrip()[:2]
    if len(text) > _MAX_TEXT or not start:
        return None
    if start[0] in "[{" and start != "[I":
        return turns_of(value) if isinstance(value := _literal(text), list | dict) else None
    if not _MARKS.search(text):
        return None
    return next((turns for template in _TEMPLATES if (turns := _marked(text, *template))), None)


def _literal(text: str) -> object:
    """The value of a text in JSON, or as Python prints lists and dicts."""
    with suppress(ValueError):
        return orjson.loads(text)
    if any(f"'{key}'" in text for key in _ROLE_KEYS):
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError), silent():
            return ast.literal_eval(text)
    return None


def _marked(text: str, mark: re.Pattern[str], end: re.Pattern[str]) -> list[Turn] | None:
    """The messages after each mark; nothing unless an assistant answers a user."""
    marks = list(mark.finditer(text))
    ends = [found.start() for found in marks[1:]] + [len(text)]
    turns: list[tuple[str, str]] = []
    for found, until in zip(marks, ends, strict=False):  # without marks, there is an end more
        role = role_name(found["role"].lower())
        content = end.sub("", text[found.end() : until]).strip("\n")
        if role == "input" and turns and turns[-1][0] == USER:
            more = content.strip()
            added = turns[-1][1].strip() + ("" if more.lower() in _EMPTY_INPUTS else f"\n\n{more}")
            turns[-1] = (USER, added)
        else:
            turns.append((role, content))
    roles = [role for role, _ in turns]
    if USER not in roles or ASSISTANT not in roles[roles.index(USER) :]:
        return None
    return [*turns]


def _name(who: object) -> str:
    """The name of a role; `{"role": "user"}` names it too."""
    if isinstance(who, dict):
        who = who.get("role") or who.get("name")
    return who if isinstance(who, str) else ""


def _text(content: object) -> object:
    """The text of a message that comes in parts (`[{"type": "text", "text": ...}]`); other contents as they are."""
    if isinstance(content, dict) and ("parts" in content or "text" in content):
        content = content.get("parts") or content.get("text")
    if not isinstance(content, list):
        return content
    parts = [part.get("text") if isinstance(part, dict) else part for part in content]
    return "\n".join(part for part in parts if isinstance(part, str)) or None
