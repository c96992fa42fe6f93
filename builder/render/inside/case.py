"""One program under way: the worker watches what it uses, answers what it asks, and judges how it ended."""

import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from . import usage
from .frames import Eye
from .jail import FAILED_TO_START, MEGABYTE, PROCESSES, Jail, Limits
from .program import MODULE, run_program
from .samples import Samples
from .sampling import share_paths
from .tex import Answer, Client, Formula, compile_formula, formula_of
from .watch import Watch

POLL_SECONDS = 0.05
REPORT_BYTES = 150_000
MESSAGE_CHARACTERS = 300
FORMULA_SECONDS = 60.0
OUTCOMES = ("passed", "failed", "no_scene", "blank")
"""What a program may say of itself."""
_SAID = ("begun", "refused", "outcome", "exception", "message", "line", "thumbnail")
"""The keys of what it says."""
_SPARE_ADDRESS_SPACE = 1024 * MEGABYTE
"""Of libraries that are mapped and never touched."""


def judgement(word: str, exception: str, message: str) -> Answer:
    """An answer by the worker's own judgement."""
    return {"outcome": word, "exception": exception, "message": message[:MESSAGE_CHARACTERS], "line": None}


class Prepared(NamedTuple):
    """What is made once, before the first program."""

    release: str
    """Of Manim."""
    eye: Eye
    fonts: dict[bytes, bytes]
    """Lines of LaTeX's map of fonts."""


class Case:
    """A program, its process, and what is known of it so far."""

    def __init__(self, jail: Jail, keep_formula: Callable[[str, str], bool], cache: Path, prepared: Prepared) -> None:
        self._jail = jail
        self._keep_formula = keep_formula
        self._cache = cache
        self._eye = prepared.eye
        self._fonts = prepared.fonts
        self._report = b""
        self._fault = ""
        self._formula: Formula | None = None
        self._compiler = 0
        self._compiled = b""

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
                    child = self._jail.start(lambda: self._run(request, report_there, there), self._limits, keep)
                except OSError as error:
                    return judgement("environment", "SandboxError", str(error))
                finally:
                    os.close(report_there)
                    there.close()
                answer = self._answer(*self._watch(child, report_here)) | self._samples.counted()
                frames = self._samples.encoded() if answer["outcome"] == "passed" else None
                return {**answer, "frames": frames.hex() if frames else None}
        finally:
            os.close(report_here)

    # In the child

    def _run(self, request: Answer, report: int, dialogue: socket.socket) -> None:
        def send(message: Answer) -> None:
            line = json.dumps(message).encode() + b"\n"
            while line:
                line = line[os.write(report, line) :]

        send({"begun": True})  # from here on, an odd end is the program's
        folder = Path.cwd()
        path = folder / f"{MODULE}.py"
        path.write_text(request["code"], encoding="utf-8", errors="surrogatepass")
        Client(dialogue, self._cache).install()
        Watch(folder, lambda what: send({"refused": what})).install()
        share_paths(request["code"])
        self._eye.samples = self._samples
        answer = run_program(path, request["fast"], self._eye)
        picture = self._eye.thumbnail()
        send({**answer, "thumbnail": picture.hex() if picture else None})

    # In the worker

    def _watch(self, child: int, report: int) -> tuple[Answer | None, int, float]:
        """Until a child has ended or must: the worker's judgement, if any, the exit status, the processor time."""
        ended = os.pidfd_open(child)
        self._selector.register(ended, selectors.EVENT_READ, "ended")
        self._selector.register(report, selectors.EVENT_READ, "report")
        self._selector.register(self._dialogue, selectors.EVENT_READ, "formula")
        deadline = time.monotonic() + self._request["wall"]
        checked, cause = 0.0, None
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
            if time.monotonic() - checked >= POLL_SECONDS:
                checked = time.monotonic()
                cause = self._excess(deadline)
        os.close(ended)
        if self._compiler:
            self._jail.end(self._compiler)
            os.close(self._compiled_here)
        status, seconds = self._jail.ended(child) if cause is None else self._jail.end(child)
        self._jail.sweep()
        self._read_report(report)
        return cause, status, seconds

    def _excess(self, deadline: float) -> Answer | None:
        """Whether the program takes more than it may."""
        if time.monotonic() > deadline:
            return judgement("timeout", "Timeout", f"more than {self._request['wall']:g} s")
        processes = usage.family(os.getpid())
        if sum(process.seconds for process in processes) > self._request["seconds"]:
            return judgement("timeout", "Timeout", f"more than {self._request['seconds']:g} s of processor time")
        if len(processes) > PROCESSES:
            return judgement("failed", "ProcessLimit", f"more than {PROCESSES} processes")
        if usage.memory(processes, self._request["memory"]) > self._request["memory"]:
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
        """The judgement; the program's own word counts only if it ended by itself, and well."""
        said = _lines(self._report)
        refused = [line["refused"] for line in said if isinstance(line.get("refused"), str)]
        if refused:
            return judgement("refused", "PermissionError", refused[0])
        if cause is not None:
            return cause
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number in (signal.SIGXCPU, signal.SIGKILL) and seconds > self._request["seconds"] / 2:
                return judgement("timeout", "Timeout", f"more than {self._request['seconds']:g} s of processor time")
            return judgement("failed", "Killed", signal.Signals(number).name)
        if os.WEXITSTATUS(status) == FAILED_TO_START and not self._report:
            return judgement("environment", "SandboxError", "the program could not be shut off from the rest")
        if os.WEXITSTATUS(status) or not said or said[-1].get("outcome") not in OUTCOMES:
            return judgement("failed", "NoReport", f"exit status {os.WEXITSTATUS(status)}")
        if self._fault and said[-1]["outcome"] == "failed":
            return judgement("environment", "LaTeX", self._fault)
        return said[-1]

    # Formulas

    def _take_formula(self) -> None:
        """Start a child on a formula that the program asks for, one at a time."""
        try:
            request = self._dialogue.recv(REPORT_BYTES)
        except OSError:
            request = b""
        formula = formula_of(request)
        if formula is None or self._compiler:
            self._selector.unregister(self._dialogue)  # it has ended, or talks nonsense
            return
        here, there = os.pipe()
        self._formula, self._compiled, self._compiled_here = formula, b"", here
        limits = Limits(FORMULA_SECONDS, self._limits.address_space)
        try:
            run = partial(_send_compiled, formula, self._fonts, self._cache, there)
            self._compiler = self._jail.start(run, limits, (there,))
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
        self._jail.ended(self._compiler)
        self._compiler = 0
        try:
            self._reply(json.loads(self._compiled))
        except ValueError:
            self._reply({"compiler": "latex", "complaint": "more time or memory than it may take", "fault": ""})

    def _reply(self, answer: Answer) -> None:
        assert self._formula is not None
        if "svg" in answer and not self._keep_formula(self._formula.name(), answer["svg"]):
            answer = {"compiler": "dvisvgm", "complaint": "", "fault": "formulas cannot be stored"}
        self._fault = self._fault or answer.get("fault", "")
        with suppress(OSError):  # the program may have ended
            self._dialogue.send(json.dumps({name: answer[name] for name in answer if name != "svg"}).encode())


def _send_compiled(formula: Formula, fonts: dict[bytes, bytes], formulas: Path, pipe: int) -> None:
    answer = json.dumps(compile_formula(formula, fonts, formulas)).encode()
    while answer:
        answer = answer[os.write(pipe, answer) :]


def _lines(report: bytes) -> list[Answer]:
    """What a program said, as far as it makes sense: known keys, with values that hold no others."""
    said = []
    for line in report[:REPORT_BYTES].split(b"\n"):
        with suppress(ValueError, RecursionError):
            value = json.loads(line)
            if isinstance(value, dict):
                said.append({key: value[key] for key in _SAID if isinstance(value.get(key), str | int)})
    return said
