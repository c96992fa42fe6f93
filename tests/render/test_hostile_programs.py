"""Programs that use up what they can: the machine, the programs beside them and others' verdicts are as they were."""

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from textwrap import dedent

import psutil
import pytest

from builder.render.sandbox import Sandbox
from builder.render.setup import Setup, manim_python
from builder.render.verdict import Outcome, Verdict
from tests.render.conftest import Judge, processes
from tests.render.programs import GOOD, HARMLESS, by_c, scene

pytestmark = pytest.mark.render

ROOT = Path(__file__).parents[2]


def test_an_endless_loop_is_a_timeout(judge: Judge) -> None:
    """Processor time is limited, whatever signals a program ignores."""
    verdict = judge(scene("while True: pass", "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)"))
    assert (verdict.outcome, verdict.exception) == (Outcome.TIMEOUT, "Timeout")
    assert verdict.seconds < 22  # by the clock at the latest, on a machine that is busy


def test_many_processes_together_have_one_budget_of_time(judge: Judge) -> None:
    """A program does not gain time by sharing work among processes."""
    verdict = judge(scene("while True: pass", "import os\n[os.fork() for _ in range(3)]"))
    assert verdict.outcome is Outcome.TIMEOUT
    assert verdict.seconds < 22  # by the clock at the latest, on a machine that is busy


def test_sleeping_is_a_timeout(sandbox: Sandbox) -> None:
    """A program that only waits holds no place for long: half its processor time, and what its animations take."""
    verdict = sandbox.render("import time\ntime.sleep(1000)")
    assert (verdict.outcome, verdict.exception) == (Outcome.TIMEOUT, "Timeout")
    assert 1.9 < verdict.seconds < 5
    slow = "import time\nself.add(Square())\nfor _ in range(3):\n    self.wait(4)\n    time.sleep(1)"
    assert sandbox.render(scene(slow)).outcome is Outcome.PASSED


def test_ten_thousand_seconds_of_wait_delay_nobody(judge: Judge) -> None:
    """A long wait of a still scene costs nothing, one of a moving scene is ended when its time is over."""
    assert judge(scene("self.add(Square())\nself.wait(10_000)")).outcome is Outcome.PASSED
    moving = (
        "square = Square()\nsquare.add_updater(lambda one, dt: one.rotate(dt))\nself.add(square)\nself.wait(10_000)"
    )
    assert judge(scene(moving)).outcome is Outcome.TIMEOUT


def test_a_memory_bomb_fails(judge: Judge) -> None:
    """Memory is limited for one process."""
    verdict = judge("held = []\nwhile True:\n    held.append(bytearray(50_000_000))")
    assert verdict.outcome is Outcome.FAILED
    assert verdict.exception in ("MemoryLimit", "MemoryError")


@pytest.mark.parametrize("kind", ["bytearray(150_000_000)", "mmap.mmap(-1, 150_000_000).write(b'x' * 150_000_000)"])
def test_a_memory_bomb_of_many_processes_fails(judge: Judge, kind: str) -> None:
    """Memory is counted over all processes of a program, shared memory included."""
    verdict = judge(f"import mmap, os, time\nfor _ in range(4): os.fork()\nheld = {kind}\ntime.sleep(60)")
    assert (verdict.outcome, verdict.exception) == (Outcome.FAILED, "MemoryLimit")


def test_files_in_memory_are_small(judge: Judge) -> None:
    """Scratch folders are memory, too: they are full before they could hurt."""
    code = """
    import ctypes, os
    folders = ("/scratch", "/tmp", "/dev/shm", "/", "/dev", "/proc", "/worker", "/formulas", "/usr", "/var/lib/texmf")
    folders = {os.path.realpath(folder) for folder in folders if os.access(folder, os.W_OK)}
    written = 0
    for folder in folders:
        try:
            for number in range(10_000):
                with open(f"{folder}/big{number}", "wb") as out:
                    written += out.write(b"x" * 50_000_000)
        except OSError:
            pass
    descriptor = ctypes.CDLL(None).memfd_create(b"hidden", 0)
    print(written < 400_000_000, descriptor)
    """
    verdict = judge(scene(HARMLESS, by_c(code)))
    assert (verdict.exception, verdict.message) == ("SystemExit", "True -1")


def test_a_fork_bomb_fails(judge: Judge) -> None:
    """The number of processes is limited, and all of them are gone afterwards."""
    verdict = judge("import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass")
    assert verdict.outcome in (Outcome.FAILED, Outcome.TIMEOUT)
    assert verdict.exception in ("ProcessLimit", "Timeout", "MemoryLimit")


def test_a_child_that_detaches_is_gone_with_its_program(judge: Judge) -> None:
    """Neither a new session nor a second fork lets a process live on."""
    code = """
    import os, signal, subprocess, time
    for number in range(1, 32):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(1000)
        os._exit(0)
    subprocess.Popen(["/usr/bin/setsid", "sleep", "1000"], start_new_session=True)
    """
    assert judge(scene(HARMLESS, code)).outcome is Outcome.PASSED


def test_ten_gigabytes_of_output_go_nowhere(judge: Judge) -> None:
    """What is printed is thrown away, and a file cannot grow large."""
    printing = (
        "import os\nblock = b'x' * 10_000_000\nfor _ in range(1000):\n    os.write(1, block)\n    os.write(2, block)"
    )
    assert judge(scene(HARMLESS, printing)).outcome is Outcome.PASSED
    writing = "with open('big', 'wb') as out:\n    for _ in range(1000):\n        out.write(b'x' * 10_000_000)"
    verdict = judge(writing)
    assert (verdict.outcome, verdict.exception) == (Outcome.FAILED, "OSError")


def test_a_million_mobjects_are_ended(judge: Judge) -> None:
    """A scene that is too large uses up its time or its memory, nobody else's."""
    verdict = judge(scene("self.add(*[Dot() for _ in range(1_000_000)])\nself.wait()"))
    assert (verdict.outcome, verdict.exception) in ((Outcome.TIMEOUT, "Timeout"), (Outcome.FAILED, "MemoryLimit"))


def test_a_worker_that_dies_is_replaced(sandbox: Sandbox) -> None:
    """Should a worker be killed, its program fails and the next one is judged by another worker."""
    children = processes()
    ending = threading.Timer(1.0, lambda: [psutil.Process(child).kill() for child in processes() & children])
    with Sandbox(sandbox.setup) as other:
        other.start()
        children = processes() - children
        ending.start()
        assert other.render("import time\ntime.sleep(100)").exception == "WorkerDied"
        assert other.render(GOOD).outcome is Outcome.PASSED


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_it_holds_for_a_normal_user_as_well(setup: Setup) -> None:
    """bubblewrap needs no root: the same worker, the same verdicts, processes limited and out of reach."""
    code = (
        "from builder.render.sandbox import Sandbox; from builder.render.setup import Setup; from pathlib import Path\n"
    )
    code += "import sys\nwith Sandbox(Setup(Path(sys.argv[1]), timeout=5, tex_cache=Path(sys.argv[2]))) as sandbox:\n"
    code += "    for program in sys.argv[3:]: print(sandbox.render(program).message)"
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    manim, variables = str(manim_python(setup.python)), {"HOME": "/tmp", "PATH": os.environ["PATH"]}
    starts = "import builder, subprocess, sys; sys.exit(subprocess.run([sys.argv[1], '-c', 'import manim']).returncode)"
    command = [*nobody, sys.executable, "-c", starts, manim]
    if subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, check=False).returncode:
        pytest.skip("Python, Manim or the project is not readable for others")
    forks = "import os\ntry:\n    while os.fork(): pass\n    import time; time.sleep(9)\n"
    forks += "except OSError as error:\n    raise SystemExit(error.strerror)"
    alone = "import os\nraise SystemExit(f'{os.getpid()} {os.getppid()}')"
    with tempfile.TemporaryDirectory() as formulas:
        Path(formulas).chmod(0o777)
        command = [*nobody, sys.executable, "-c", code, manim, formulas, GOOD, forks, alone]
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
        assert done.stdout.splitlines() == ["", "Resource temporarily unavailable", "1 0"], done.stderr
        assert list(Path(formulas).rglob("*.svg"))


PAIRS = {
    "sockets": "import socket\ndef pair(): return [one.detach() for one in socket.socketpair()]",
    "pipes": """
    import fcntl
    def pair():
        ends = os.pipe()
        try: fcntl.fcntl(ends[1], 1031, 2**20)  # as large as a pipe may be
        except OSError: pass
        return ends
    """,
}


@pytest.mark.parametrize("kind", PAIRS)
def test_the_memory_of_the_kernel_is_bounded(sandbox: Sandbox, kind: str) -> None:
    """Many processes with all the sockets or pipes that they can open, each full, take less than a program may hold."""
    code = """
    import os, time
    def fill():
        held = []
        try:
            while True:
                held.extend(pair())
                for one in held[-2:]:
                    try:
                        os.set_blocking(one, False)
                        while True: os.write(one, bytes(65536))
                    except OSError: pass
        except OSError: pass
        time.sleep(1)
        return len(held)
    for _ in range(200):
        try:
            if os.fork() == 0:
                fill()
                os._exit(0)
        except OSError: break
    raise SystemExit(fill() < 128)
    """
    free, least = psutil.virtual_memory().available, []
    verdict: list[Verdict] = []
    thread = threading.Thread(
        target=lambda: verdict.append(
            sandbox.render(scene(HARMLESS, f"import os\n{dedent(PAIRS[kind])}\n{dedent(code)}"))
        )
    )
    thread.start()
    while thread.is_alive():
        least.append(psutil.virtual_memory().available)
        thread.join(0.1)
    assert verdict[0].message in ("True", "more than 4 s of processor time")
    assert free - min(least) < 2 * 2**30
