"""What runs inside the sandbox, with Manim's own Python: imports Manim once, then forks a child for each program.

Started by `builder/render/sandbox.py` and by nothing else. Speaks JSON Lines: `{"ready": release}` first, then for each
request `{"code", "seconds", "wall", "fast", "memory", "frames"}` one answer, `{"outcome", "exception", "message",
"line", "thumbnail", "frames", "scenes", "animations", "milliseconds", "facts"}`. Before it there may be any number of
`{"formula", "svg"}`, each of which is answered by `{"kept": bool}`.
"""

import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

from .case import Case
from .dvi import read_map
from .frames import Eye, Fonts
from .jail import Jail
from .program import MODULE, name_films

JAILED, BARE = "jailed", "bare"


class Line:
    """The two pipes to whoever started the worker, kept away from programs."""

    def __init__(self) -> None:
        self.requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
        self._answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
        with Path(os.devnull).open("r+b") as nothing:
            for descriptor in (0, 1, 2):
                os.dup2(nothing.fileno(), descriptor)

    def send(self, message: dict[str, Any]) -> None:
        """Say one thing."""
        self._answers.write(json.dumps(message) + "\n")
        self._answers.flush()

    def keep_formula(self, name: str, svg: str) -> bool:
        """Hand a formula out, to be stored; whether it was."""
        self.send({"formula": name, "svg": svg})
        return bool(json.loads(self.requests.readline()).get("kept"))


def main() -> None:
    """Answer requests until there are no more."""
    if len(sys.argv) != 3 or sys.argv[1] not in (JAILED, BARE):
        sys.exit("the worker runs programs of strangers: only builder/render/sandbox.py may start it")
    cache = Path(sys.argv[2])
    jail = Jail(sys.argv[1] == JAILED)
    release, eye = _prepare()
    characters, fonts = Fonts(), read_map()
    gc.set_threshold(50_000, 20, 20)
    gc.collect()
    gc.freeze()
    line = Line()
    sys.path.remove(str(Path(__file__).parents[1]))
    line.send({"ready": release})
    try:
        for request in line.requests:
            case = Case(jail, line.keep_formula, cache, eye, characters, fonts)
            line.send(case.judge(json.loads(request)))
    finally:
        jail.close()


def _prepare() -> tuple[str, Eye]:
    """Import Manim and set it as `manim render --dry_run -ql` would: its release, and what looks at its frames."""
    import manim
    from tqdm import std

    config = manim.config
    config.quality = "low_quality"
    config.dry_run = True
    config.write_all = True
    config.progress_bar = "none"
    config.verbosity = "CRITICAL"
    config.input_file = f"{MODULE}.py"
    config.seed = 0  # else each scene starts from random numbers of the system
    std.TqdmDefaultWriteLock.mp_lock = None  # else each program makes one, or all would share one
    eye = Eye()
    eye.install()
    name_films()
    return str(manim.__version__), eye


if __name__ == "__main__":
    main()
