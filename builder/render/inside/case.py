"""One program under way: the worker watches what it uses, answers what it asks, and judges how it ended."""

import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from .frames import Eye, Fonts, Screen
from .jail import FAILED_TO_START, MEGABYTE, PROCESSES, Jail, Limits, family, memory_of
from .program import MESSAGE_CHARACTERS, MODULE, run_program
from .samples import Samples
from .sampling import share_paths
from .tex import Answer, Client, Formula, compile_formula, compile_together, formulas_of

POLL_SECONDS = 0.05
REPORT_BYTES = 60_000
FORMULA_SECONDS = 60.0
OUTCOMES = ("passed", "failed", "no_scene")
"""What is said of a program in its own process."""
_SAID = ("outcome", "exception", "message", "line", "characters", "facts")
UNDRAWABLE = "undrawable_text"
"""The finding on a program that passed and shows characters that no font has, as boxes: its message begins so."""
_ASLEEP = 0.5
"""Of a program's processor time: so long all its processes may sleep, and as long again as its animations take."""
_SPARE_ADDRESS_SPACE = 1024 * MEGABYTE
"""Of libraries that are mapped and never touched."""


def judgement(word: str, exception: str, message: str) -> Answer:
    """An answer by the worker's own judgement."""
    return {"outcome": word, "exception": exception, "message": message[:MESSAGE_CHARACTERS], "line": None}


@dataclass
class Case:
    """A program, its process, and what is known of it so far."""

    jail: Jail
    keep_formula: Callable[[str, str], bool]
    cache: Path
    eye: Eye
    characters: Fonts
    fonts: dict[bytes, bytes]
    """Lines of LaTeX's map of fonts."""
    _screen: Screen = field(default_factory=Screen)
    _report: bytes = b""
    _fault: str = ""
    _formulas: Sequence[Formula] = ()
    _compiler: int = 0
    _compiled: bytes = b""

    def judge(self, request: Answer) -> Answer:
        """Run a program in a child of its own, and say what came of it."""
        self._request = request
        self._samples = Samples(request["frames"])
        report_here, report_there = os.pipe()
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._limits = Limits(request["seconds"], request["memory"] + _SPARE_ADDRESS_SPACE)
        here.setblocking(False)  # a program that asks and never listens must not hold up its judge
        self._dialogue = here
        try:
            with selectors.DefaultSelector() as self._selector, here:
                try:
                    keep = (report_there, there.fileno())
                    child = self.jail.start(lambda: self._run(request, report_there, there), self._limits, keep)
                except OSError as error:
                    return judgement("environment", "SandboxError", str(error))
                finally:
                    os.close(report_there)
                    there.close()
                answer = self._answer(*self._watch(child, report_here)) | self._screen.counted()
                frames = self._samples.encoded() if answer["outcome"] == "passed" else None
                return {**answer, "frames": frames.hex() if frames else None}
        finally:
            os.close(report_here)

    # In the child

    def _run(self, request: Answer, report: int, dialogue: socket.socket) -> None:
        path = Path.cwd() / f"{MODULE}.py"
        path.write_text(request["code"], encoding="utf-8", errors="surrogatepass")
        client = Client(dialogue, self.cache)
        client.install()
        with suppress(Exception):  # each formula can still be asked for by itself
            client.ask_ahead(request["code"])
        share_paths(request["code"])
        self.eye.screen, self.eye.samples = self._screen, self._samples
        run_program(path, request["fast"], self.eye, report)

    # In the worker

    def _watch(self, child: int, report: int) -> tuple[Answer | None, int, float]:
        """Until a child has ended or must: the worker's judgement, if any, the exit status, the processor time."""
        ended = os.pidfd_open(child)
        self._selector.register(ended, selectors.EVENT_READ, "ended")
        self._selector.register(report, selectors.EVENT_READ, "report")
        self._selector.register(self._dialogue, selectors.EVENT_READ, "formula")
        deadline = time.monotonic() + self._request["wall"]
        self._asleep, checked, cause = 0.0, time.monotonic(), None
        while cause is None:
            ready = {key.data: key.fd for key, _ in self._selector.select(POLL_SECONDS)}
            if "report" in ready:
                self._read_report(report)
            if "compiled" in ready:
                self._read_compiled(ready["compiled"])
            if "formula" in ready:
                self._take_formula()
            if "ended" in ready:
                break
            if (passed := time.monotonic() - checked) >= POLL_SECONDS:
                checked += passed
                cause = self._excess(deadline, passed)
        os.close(ended)
        if self._compiler:
            self.jail.end(self._compiler)
            os.close(self._compiled_here)
        status, seconds = self.jail.ended(child) if cause is None else self.jail.end(child)
        self.jail.sweep()
        self._read_report(report)
        return cause, status, seconds

    def _excess(self, deadline: float, passed: float) -> Answer | None:
        """Whether the program takes more than it may; it was looked at some seconds ago."""
        if time.monotonic() > deadline:
            return judgement("timeout", "Timeout", f"more than {self._request['wall']:g} s")
        processes = family(os.getpid())
        if all(process.asleep for process in processes):
            self._asleep += min(passed, 2 * POLL_SECONDS)  # this process may have had to wait for its turn, too
        if self._asleep > self._request["seconds"] * _ASLEEP + self._screen.seconds():
            return judgement("timeout", "Timeout", f"asleep for more than {self._asleep:.0f} s")
        if sum(process.seconds for process in processes) > self._request["seconds"]:
            return judgement("timeout", "Timeout", f"more than {self._request['seconds']:g} s of processor time")
        if len(processes) > PROCESSES:
            return judgement("failed", "ProcessLimit", f"more than {PROCESSES} processes")
        if memory_of(processes, self._request["memory"]) > self._request["memory"]:
            return judgement("failed", "MemoryLimit", f"more than {self._request['memory'] // MEGABYTE} MB")
        if len(self._report) > REPORT_BYTES:
            return judgement("failed", "NoReport", f"a report of more than {REPORT_BYTES} bytes")
        return None

    def _read_report(self, report: int) -> None:
        os.set_blocking(report, False)
        with suppress(BlockingIOError):
            while len(self._report) <= REPORT_BYTES and (part := os.read(report, 65536)):
                self._report += part
            if len(self._report) <= REPORT_BYTES:
                with suppress(KeyError):
                    self._selector.unregister(report)  # it is at its end

    def _answer(self, cause: Answer | None, status: int, seconds: float) -> Answer:
        """The judgement, from what was said under the secret, how the program ended, and what there is to see."""
        said, others = _said(self._report)
        if "refused" in said:
            return judgement("refused", "PermissionError", said["refused"])
        if others:
            return judgement("refused", "PermissionError", "write to a descriptor that is not its own")
        if cause is not None:
            return cause
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number in (signal.SIGXCPU, signal.SIGKILL) and seconds > self._request["seconds"] / 2:
                return judgement("timeout", "Timeout", f"more than {self._request['seconds']:g} s of processor time")
            return judgement("failed", "Killed", signal.Signals(number).name)
        if os.WEXITSTATUS(status) == FAILED_TO_START and not self._report:
            return judgement("environment", "SandboxError", "the program could not be shut off from the rest")
        answer = _ended(said.get("ended", ""))
        if os.WEXITSTATUS(status) or answer is None:
            return judgement("failed", "NoReport", f"exit status {os.WEXITSTATUS(status)}")
        if answer["outcome"] == "failed" and self._fault:
            return judgement("environment", "LaTeX", self._fault)
        if answer["outcome"] == "failed" and "network" in said:
            return judgement("refused", "PermissionError", said["network"])
        return self._seen(answer) if answer["outcome"] == "passed" else answer

    def _seen(self, answer: Answer) -> Answer:
        """The answer on a program that raised nothing, by what the worker sees."""
        picture = self._screen.picture()
        if picture is None:
            return {**answer, "outcome": "blank"}
        answer["facts"] = json.loads(str(answer.pop("facts", "[]")))
        missing = self.characters.undrawable(str(answer.pop("characters", "")))
        if missing:
            answer["message"] = f"{UNDRAWABLE}: {missing!a}"
        return {**answer, "thumbnail": picture.hex() or None}

    # Formulas

    def _take_formula(self) -> None:
        """Start a child on what the program asks for, a formula or several, one request at a time."""
        try:
            request = self._dialogue.recv(REPORT_BYTES)
        except OSError:
            request = b""
        formulas = formulas_of(request)
        if not formulas or self._compiler:
            self._selector.unregister(self._dialogue)  # it has ended, or talks nonsense
            return
        here, there = os.pipe()
        self._formulas, self._compiled, self._compiled_here = formulas, b"", here
        limits = Limits(FORMULA_SECONDS, self._limits.address_space)
        try:
            run = partial(_send_compiled, formulas, self.fonts, self.cache, there)
            self._compiler = self.jail.start(run, limits, (there,))
        except OSError as error:
            os.close(here)
            self._reply({"compiler": "", "complaint": "", "fault": str(error)})
        else:
            self._selector.register(here, selectors.EVENT_READ, "compiled")
        os.close(there)

    def _read_compiled(self, here: int) -> None:
        part = os.read(here, 1 << 20)
        self._compiled += part
        if part:
            return
        self._selector.unregister(here)
        os.close(here)
        self.jail.ended(self._compiler)
        self._compiler = 0
        try:
            self._reply(json.loads(self._compiled))
        except ValueError:
            self._reply({"compiler": "latex", "complaint": "more time or memory than it may take", "fault": ""})

    def _reply(self, answer: Answer) -> None:
        made = zip(self._formulas, answer.pop("svgs", ()), strict=False)
        if not all(self.keep_formula(formula.name(), svg) for formula, svg in made):
            answer = {"compiler": "dvisvgm", "complaint": "", "fault": "formulas cannot be stored"}
        self._fault = self._fault or answer.get("fault", "")
        with suppress(OSError):  # the program may have ended
            self._dialogue.send(json.dumps(answer).encode())


def _send_compiled(formulas: list[Formula], fonts: dict[bytes, bytes], cache: Path, pipe: int) -> None:
    if len(formulas) == 1:
        made = compile_formula(formulas[0], fonts, cache)
        svg = made.pop("svg", None)
        said = {**made, "svgs": [] if svg is None else [svg]}
    else:
        said = {"svgs": compile_together(formulas, fonts, cache)}
    answer = json.dumps(said).encode()
    while answer:
        answer = answer[os.write(pipe, answer) :]


def _said(report: bytes) -> tuple[dict[str, str], bool]:
    """What the hook said, by word, and whether anything else stands in a report; the first line is the secret."""
    secret, *lines = report[:REPORT_BYTES].split(b"\n")
    said: dict[str, str] = {}
    for line in filter(None, lines):
        if not secret or not line.startswith(secret):
            return said, True
        word, _, what = line.removeprefix(secret).decode(errors="replace").partition(" ")
        said.setdefault(word, what)
    return said, False


def _ended(text: str) -> Answer | None:
    """What came of a program, as far as it makes sense: known keys, with values that hold no others."""
    with suppress(ValueError, RecursionError):
        value = json.loads(text)
        if isinstance(value, dict) and value.get("outcome") in OUTCOMES:
            return {key: value[key] for key in _SAID if isinstance(value.get(key), str | int)}
    return None
