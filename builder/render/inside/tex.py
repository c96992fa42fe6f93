"""Formulas: LaTeX runs in clean children of the worker, never in a program's own, and the cache knows only their work.

A program's Manim finds a formula in the cache, which is read-only to it and named by a hash of the whole TeX text and
how it is compiled. If it is not there, it sends the text to the worker; the worker runs LaTeX and dvisvgm on it in a
child that has nothing of the program but that text, and hands the SVG out of the sandbox, where it is stored. So a
program can neither put another picture under a formula's name nor make LaTeX see its files.
"""

import hashlib
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from .ahead import MOST, formulas_in, is_safe
from .dvi import canonical, lines_for, without_ghostscript

_FILE_NOT_FOUND = re.compile(
    r"File `([^'/]+\.(?:sty|cls|def|fd|clo|cfg|ldf|enc))' not found|definition file (\S+\.ldf)\s[^!]*not found"
)
_SIGNS = (
    (re.compile(r"Metric \(TFM\) file(?: or installed font)? not found"), "a font of LaTeX is missing"),
    (re.compile(r"mktex(?:pk|tfm|mf)[^\n]*(?:failed|don't know how|not found)"), "a font of LaTeX is missing"),
    (re.compile(r"font file '[^']*' not found|can't find font|no font file found", re.IGNORECASE), "a font is missing"),
    (re.compile(r"fontspec error: \"font-not-found\"|The font \"[^\"]*\" cannot be found"), "a font is missing"),
    (re.compile(r"I can't find the format file|kpathsea: Can't find"), "the installation of LaTeX is broken"),
)


def fault_in_log(log: str) -> str:
    """What the machine lacks, by LaTeX's own words; empty if it is not known to lack anything."""
    if found := _FILE_NOT_FOUND.search(log):
        return f"LaTeX's {found[1] or found[2]} is not installed"
    return next((fault for pattern, fault in _SIGNS if pattern.search(log)), "")


PREAMBLE = (
    "\\documentclass[preview]{standalone}\n\\usepackage[english]{babel}\n\\usepackage{amsmath}\n\\usepackage{amssymb}\n"
)
"""Of Manim's default template, up to the document."""
FORMAT = hashlib.blake2b(PREAMBLE.encode(), digest_size=16).hexdigest() + ".fmt"
"""The name of the format among the formulas, whose folder is named by the releases of the tools."""
_DOCUMENT = "\\begin{document}"
_FOLDER = Path("quick")


def compile_quickly(text: str, command: list[str], source: Path, formulas: Path) -> bool:
    """Run LaTeX from the format; whether that has made `source` with the ending `.dvi`.

    Args:
        text: The whole TeX text.
        command: What would compile it in the usual way.
        source: Name of the TeX file, in the working folder.
        formulas: Folder of the format.
    """
    ready = formulas.absolute() / FORMAT
    usual = command[0] == "latex" and "-output-format=dvi" in command and text.startswith(PREAMBLE + _DOCUMENT)
    if not usual or not ready.is_file():
        return False
    _FOLDER.mkdir()  # of its own, or what is left of a failure would be seen by the usual way
    rest = "%\n" * PREAMBLE.count("\n") + text.removeprefix(PREAMBLE)  # lines keep their numbers
    (_FOLDER / source).write_text(rest, encoding="utf-8", errors="surrogatepass")
    quick = [command[0], f"-fmt={ready}", *command[1:]]
    done = subprocess.run(quick, cwd=_FOLDER, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    made = (_FOLDER / source).with_suffix(".dvi")
    if done.returncode or not made.is_file():
        return False
    made.replace(made.name)
    return True


REQUEST_BYTES = 150_000
SVG_BYTES = 4 * 2**20
COMPLAINT_CHARACTERS = 120
_DIALOGUE_SECONDS = 600.0
_ATTEMPTS = 5
_FORMATS = frozenset({".dvi", ".xdv", ".pdf"})

_WHOLE = re.compile(re.escape(PREAMBLE + _DOCUMENT) + r"(.*)\\end\{document\}\s*", re.DOTALL)
_NEXT_PAGE = "\\endpreview\n\\preview\n"
"""The class `standalone` makes a page of what stands in the document by these two."""

Answer = dict[str, Any]


class Formula(NamedTuple):
    """A TeX text and how it becomes a picture."""

    text: str
    compilers: tuple[str, ...]
    output_format: str

    def name(self) -> str:
        """Of its file in the cache: 32 hex digits, and the ending."""
        whole = json.dumps([self.text, self.compilers, self.output_format]).encode()
        return hashlib.blake2b(whole, digest_size=16).hexdigest() + ".svg"

    def body(self) -> str | None:
        """What stands in its document; nothing unless it has Manim's default template and can share a run."""
        inside = _WHOLE.fullmatch(self.text)
        usual = self.compilers == ("latex",) and self.output_format == ".dvi"
        return inside[1] if usual and inside is not None and is_safe(inside[1]) else None


def formulas_of(request: bytes) -> list[Formula]:
    """What a program asked for, several only if they may share a run; none if it makes no sense."""
    asked: list[Formula] = []
    with suppress(ValueError, TypeError, RecursionError):
        for text, compilers, output_format in json.loads(request)[:MOST]:
            if isinstance(text, str) and isinstance(compilers, list) and output_format in _FORMATS:
                asked.append(Formula(text, tuple(map(str, compilers)), output_format))
    return asked if len(asked) < 2 or all(one.body() is not None for one in asked) else []


# In a clean child of the worker


def compile_formula(formula: Formula, fonts: dict[bytes, bytes], formulas: Path) -> Answer:
    """Run LaTeX and dvisvgm in the working folder: `{"svg"}`, or `{"compiler", "complaint", "fault"}`.

    `fault` says what the machine lacks, and is empty if the text itself is wrong.

    Args:
        formula: What to compile.
        fonts: What `read_map` returned.
        formulas: The cache, for the format that may be there.
    """
    from manim.utils.tex_file_writing import make_tex_compilation_command

    source = Path("formula.tex")
    source.write_text(formula.text, encoding="utf-8", errors="surrogatepass")
    for compiler in formula.compilers:
        command = make_tex_compilation_command(compiler, formula.output_format, source, Path())
        if shutil.which(command[0]) is None:
            return {"compiler": compiler, "complaint": "", "fault": f"{command[0]} is not installed"}
        if len(formula.compilers) == 1 and compile_quickly(formula.text, command, source, formulas):
            continue
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            return {"compiler": compiler, **_complaint(done.stderr.decode(errors="replace"))}
    return _convert(source.with_suffix(formula.output_format), fonts)


def compile_together(wanted: list[Formula], fonts: dict[bytes, bytes], formulas: Path) -> list[str]:
    """The SVG of each formula, by one run of LaTeX from the format and one of dvisvgm; none if any of them fails.

    Args:
        wanted: At least two that have a `body`.
        fonts: What `read_map` returned.
        formulas: The cache, for the format.
    """
    from manim.utils.tex_file_writing import make_tex_compilation_command

    source = Path("formula.tex")
    text = PREAMBLE + _DOCUMENT + _NEXT_PAGE.join(str(one.body()) for one in wanted) + "\\end{document}\n"
    command = make_tex_compilation_command("latex", ".dvi", source, Path())
    if shutil.which("dvisvgm") is None or not compile_quickly(text, command, source, formulas):
        return []
    dvi = source.with_suffix(".dvi")
    if (quick := without_ghostscript(dvi.read_bytes())) is None:
        return []
    _run_dvisvgm(dvi, fonts, "1-", "page%p.svg", quick)
    made = sorted(Path().glob("page*.svg"), key=lambda path: int(path.stem[4:]))
    if len(made) != len(wanted) or any(path.stat().st_size > SVG_BYTES for path in made):
        return []
    return [canonical(path.read_text(encoding="utf-8")) for path in made]


def _complaint(errors: str) -> Answer:
    log = ""
    with suppress(OSError):
        log = Path("formula.log").read_text(encoding="utf-8", errors="replace")
    complaints = [line for line in log.splitlines() if line.startswith("!")]
    complaint = complaints[0][:COMPLAINT_CHARACTERS] if complaints else ""
    return {"complaint": complaint, "fault": fault_in_log(log + errors)}


def _convert(compiled: Path, fonts: dict[bytes, bytes]) -> Answer:
    if shutil.which("dvisvgm") is None:
        return {"compiler": "dvisvgm", "complaint": "", "fault": "dvisvgm is not installed"}
    quick = without_ghostscript(compiled.read_bytes()) if compiled.suffix == ".dvi" else None
    picture = Path("formula.svg")
    for variables in (quick, None) if quick else (None,):
        errors = _run_dvisvgm(compiled, fonts, "1", picture.name, variables)
        if errors is None and picture.is_file():
            break
    if not picture.is_file() or picture.stat().st_size > SVG_BYTES:
        return {"compiler": "dvisvgm", "complaint": "no picture came of it", "fault": fault_in_log(errors or "")}
    return {"svg": canonical(picture.read_text(encoding="utf-8", errors="replace"))}


def _run_dvisvgm(
    compiled: Path, fonts: dict[bytes, bytes], pages: str, output: str, variables: dict[str, str] | None
) -> str | None:
    """Convert pages of what LaTeX made; what was complained about if it ended badly."""
    options = ["--pdf"] if compiled.suffix == ".pdf" else []
    if compiled.suffix == ".dvi" and (lines := lines_for(compiled.read_bytes(), fonts)):
        Path("formula.map").write_bytes(b"\n".join(lines) + b"\n")
        options = ["--fontmap=formula.map"]
    command = ["dvisvgm", *options, f"--page={pages}", "--no-fonts", "--verbosity=1", f"--output={output}"]
    done = subprocess.run(
        [*command, compiled.name], env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )  # fmt: skip
    return done.stderr.decode(errors="replace") if done.returncode else None


# In the program's process


class Client:
    """Stands in for Manim's own calls of LaTeX in the process of a program."""

    def __init__(self, worker: socket.socket, cache: Path) -> None:
        self._worker = worker
        self._cache = cache

    def install(self) -> None:
        """Put this in the place of Manim's functions."""
        from manim.utils import tex_file_writing

        tex_file_writing.compile_tex = self.compile_tex
        tex_file_writing.convert_to_svg = _converted(tex_file_writing.convert_to_svg)

    def compile_tex(self, tex_file: Path, tex_compiler: str | list[str], output_format: str) -> Path:
        """As Manim's function of this name, except that the SVG is there already when it returns."""
        from manim.utils.tex_file_writing import make_tex_compilation_command

        compilers = [tex_compiler] if isinstance(tex_compiler, str) else list(tex_compiler)
        for compiler in compilers:  # raises what Manim raises for a compiler that it does not know
            make_tex_compilation_command(compiler, output_format, tex_file, tex_file.parent)
        formula = Formula(tex_file.read_text(encoding="utf-8"), tuple(compilers), output_format)
        kept = self._cache / formula.name()
        for _ in range(_ATTEMPTS):  # it may be taken away between, with another program that failed
            if not kept.exists():
                self._ask(formula, tex_file)
            with suppress(FileNotFoundError):
                shutil.copyfile(kept, tex_file.with_suffix(".svg"))
                break
        return tex_file.with_suffix(output_format)

    def ask_ahead(self, code: str) -> None:
        """Before a program begins: have the formulas made together that it will ask for, and that are not there."""
        import manim
        from manim.utils import tex_file_writing

        wanted: dict[Formula, None] = {}

        def note(tex_file: Path, tex_compiler: str, output_format: str) -> Path:
            wanted[Formula(tex_file.read_text(encoding="utf-8"), (tex_compiler,), output_format)] = None
            raise StopIteration

        tex_file_writing.compile_tex = note
        try:
            formulas_in(code, lambda kind, texts, keywords: getattr(manim, kind)(*texts, **keywords))
        finally:
            tex_file_writing.compile_tex = self.compile_tex
        missing = [one for one in wanted if one.body() is not None and not (self._cache / one.name()).exists()]
        if len(missing) > 1:
            self._send(missing[:MOST])

    def _send(self, formulas: list[Formula]) -> Answer:
        message = json.dumps(formulas).encode()
        if len(message) > REQUEST_BYTES:
            raise ValueError(f"more than {REQUEST_BYTES} bytes of TeX")
        self._worker.settimeout(_DIALOGUE_SECONDS)
        self._worker.send(message)
        answer: Answer = json.loads(self._worker.recv(REQUEST_BYTES))
        return answer

    def _ask(self, formula: Formula, tex_file: Path) -> None:
        answer = self._send([formula])
        if "compiler" in answer:
            complaint = f" [{answer['complaint']}]" if answer["complaint"] else ""
            raise ValueError(
                f"{answer['compiler']} error converting to {formula.output_format[1:]}. See log output above or"
                f" the log file: {tex_file.with_suffix('.log')}{complaint}"
            )


def _converted(convert: Callable[..., Path]) -> Callable[..., Path]:
    """Manim's conversion, for files that a program compiled by itself."""

    def convert_to_svg(dvi_file: Path, *arguments: Any, **named: Any) -> Path:
        picture = dvi_file.with_suffix(".svg")
        return picture if picture.exists() else convert(dvi_file, *arguments, **named)

    return convert_to_svg
