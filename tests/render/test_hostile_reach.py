"""Programs that reach for what is not theirs: files, secrets, the network, other processes, others' verdicts."""

import socket
from pathlib import Path

import pytest

from builder.render.sandbox import Sandbox
from builder.render.setup import Setup
from builder.render.verdict import Outcome
from tests.render.conftest import SECRET, Judge
from tests.render.programs import HARMLESS, by_c, scene

pytestmark = pytest.mark.render


def test_writes_to_home_and_to_the_cache_are_refused(judge: Judge, setup: Setup, tmp_path: Path) -> None:
    """A program cannot write outside its scratch folder, and the attempt counts even if it is swallowed."""
    own = tmp_path / "new", setup.formulas() / "new"  # below /tmp, which for a program is its scratch folder
    for place in (*own, Path.home() / "render-test", Path("/formulas/new")):
        swallowed = f"try:\n    open({str(place)!r}, 'w').write('here')\nexcept OSError:\n    pass"
        verdict = judge(scene(HARMLESS, swallowed))
        assert not place.exists()
        if not place.is_relative_to("/tmp"):
            assert verdict.outcome is Outcome.REFUSED
            assert str(place) in verdict.message


def test_a_cached_formula_cannot_be_changed(judge: Judge, setup: Setup) -> None:
    """Not even by C code, under whatever name."""
    kept = {path: path.read_bytes() for path in setup.formulas().rglob("*.svg")}
    assert kept
    code = """
    import ctypes, os
    libc = ctypes.CDLL(None)
    wrong = 0
    for name in os.listdir("/formulas"):
        path = f"/formulas/{name}".encode()
        wrong += libc.open(path, os.O_RDWR) >= 0
        wrong += libc.unlink(path) == 0
        wrong += libc.rename(path, b"/formulas/other") == 0
    wrong += libc.open(b"/formulas/new.svg", os.O_RDWR | os.O_CREAT, 0o644) >= 0
    wrong += libc.mount(b"tmpfs", b"/formulas", b"tmpfs", 0, None) == 0
    wrong += libc.umount2(b"/formulas", 2) == 0
    print(wrong)
    """
    verdict = judge(scene(HARMLESS, by_c(code)))
    assert (verdict.exception, verdict.message) == ("SystemExit", "0")
    assert {path: path.read_bytes() for path in setup.formulas().rglob("*.svg")} == kept


def test_another_picture_for_a_formula_is_seen_by_its_own_program_alone(judge: Judge, setup: Setup) -> None:
    """What a program lays beside its TeX files does not get into the cache; LaTeX's own work does."""
    code = """
    from manim.utils import tex_file_writing
    generate = tex_file_writing.generate_tex_file
    def generate_and_lay(*arguments):
        made = generate(*arguments)
        made.with_suffix(".svg").write_text(
            '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0L9 9L0 9"/></svg>'
        )
        return made
    tex_file_writing.generate_tex_file = generate_and_lay
    """
    before = set(setup.formulas().rglob("*.svg"))
    assert judge(scene("self.add(Tex('poison'))", code)).outcome is Outcome.PASSED
    assert set(setup.formulas().rglob("*.svg")) == before
    assert judge(scene("self.add(Tex('poison'))")).outcome is Outcome.PASSED
    (made,) = set(setup.formulas().rglob("*.svg")) - before
    assert "M0 0L9 9L0 9" not in made.read_text()


def test_there_are_no_secrets_to_read(judge: Judge, tmp_path: Path) -> None:
    """Neither the environment nor any file of the user is to be seen."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519").write_text(SECRET)
    code = f"""
    import os, pathlib, subprocess
    found = [name for name in os.environ if "TOKEN" in name or "{SECRET}" in os.environ[name]]
    homes = ("~/.ssh", "/root/.ssh", "/home", "/etc/passwd", "{tmp_path}/.ssh", "{Path.home()}/.cache")
    found += [home for home in homes if os.path.exists(os.path.expanduser(home))]
    found += os.listdir("/proc")
    seen = subprocess.run(["/usr/bin/env"], capture_output=True, text=True).stdout
    raise SystemExit(f"{{found}} {{'{SECRET}' in seen}}")
    """
    verdict = judge(scene(HARMLESS, code))
    assert (verdict.exception, verdict.message) == ("SystemExit", "[] False")


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('127.0.0.1', PORT), timeout=2)",
        "socket.create_connection(('192.0.2.1', 80), timeout=2)",
        "socket.getaddrinfo('example.org', 80)",
        "socket.socket().bind(('0.0.0.0', 8000))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))",
        "urllib.request.urlopen('http://127.0.0.1:PORT/')",
    ],
)
def test_the_network_is_refused(sandbox: Sandbox, attempt: str) -> None:
    """No connection comes about, to this machine or another; a program that can do without is judged by the rest."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        attempt = attempt.replace("PORT", str(server.getsockname()[1]))
        without = f"import socket, urllib.request\ntry:\n    {attempt}\nexcept OSError:\n    pass"
        assert sandbox.render(scene(HARMLESS, without)).outcome is Outcome.PASSED
        verdict = sandbox.render(scene(HARMLESS, f"import socket, urllib.request\n{attempt}"))
        assert (verdict.outcome, "socket" in verdict.message) == (Outcome.REFUSED, True)
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_network_is_not_there_for_other_programs_either(judge: Judge) -> None:
    """What a program starts has no network, though its attempt is not known."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        port = server.getsockname()[1]
        code = f"import subprocess, sys\nask = 'import socket; socket.create_connection((\"127.0.0.1\", {port}))'\n"
        code += "raise SystemExit(subprocess.run([sys.executable, '-c', ask]).returncode)"
        assert judge(scene(HARMLESS, code)).message == "1"
        with pytest.raises(TimeoutError):
            server.accept()


def test_no_other_process_can_be_reached(judge: Judge) -> None:
    """Signals, tracing and the memory of the worker are out of reach, by `ctypes` too, and so are new namespaces."""
    code = """
    import ctypes, os, signal
    libc = ctypes.CDLL(None, use_errno=True)
    reached = []
    for number in set(range(2, 4000)) - {os.getpid()}:
        for call in (lambda: os.kill(number, signal.SIGKILL), lambda: os.sched_setaffinity(number, {0})):
            try:
                call()
                reached.append(number)
            except OSError:
                pass
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass
    calls = {"parent": os.getppid() - 1, "ptrace": libc.ptrace(16, 2, 0, 0) + 1}
    calls["unshare"] = libc.unshare(0x10000000) + 1
    calls["setns"] = libc.setns(0, 0) + 1
    calls["keyctl"] = libc.syscall(250, 0, 0) + 1
    print(reached, sum(calls.values()))
    """
    verdict = judge(scene(HARMLESS, by_c(code)))
    assert (verdict.exception, verdict.message) == ("SystemExit", "[] 0")


def test_a_program_that_crashes_fails(judge: Judge) -> None:
    """A crash in C code is a failure of the program, not of the worker."""
    verdict = judge("import faulthandler\nfaulthandler._read_null()")
    assert (verdict.outcome, verdict.exception, verdict.message) == (Outcome.FAILED, "Killed", "SIGSEGV")


@pytest.mark.parametrize(
    ("formula", "outcome"),
    [
        (r"\immediate\write18{touch /scratch/run; echo x > run.tex} \input{run}", Outcome.FAILED),
        (r"\input{/etc/passwd}", Outcome.FAILED),
        (r"\input{/etc/fonts/fonts.conf}", Outcome.FAILED),
        (r"\input{../../etc/fonts/fonts.conf}", Outcome.FAILED),
        (r"\newwrite\out\immediate\openout\out=/formulas/x.svg \immediate\write\out{x}", Outcome.FAILED),
        (r"\loop\iftrue\repeat", Outcome.TIMEOUT),
    ],
)
def test_latex_runs_nothing_and_reads_nothing_outside(judge: Judge, formula: str, outcome: Outcome) -> None:
    """There is no shell escape, and no file outside LaTeX's own folders."""
    verdict = judge(scene(f"self.add(Tex({formula!r}))"))
    assert verdict.outcome is outcome, verdict


def test_sockets_are_local_ones_only(judge: Judge) -> None:
    """Of no other family, by C code either; pairs of local ones are what processes talk by."""
    code = """
    import ctypes, socket
    families = [family for family in range(1, 46) if ctypes.CDLL(None).socket(family, 1, 0) >= 0]
    one, other = socket.socketpair()
    one.send(b"there")
    print(families, other.recv(9))
    """
    assert judge(scene(HARMLESS, by_c(code))).message == "[1] b'there'"
