"""Programs that mean no harm, of the kinds that a sandbox, a dry run or fewer frames could get wrong.

What each does in its scene or in its module; each has the verdict that `manim render -ql -a` gives, as was tried with Manim 0.22.0: `python -m benchmarks.render_speed --honest` tries it again.
"""

# ruff: noqa: E501 - one program a line

import pytest

from builder.render.pool import render_all
from builder.render.setup import Setup
from builder.render.verdict import Outcome, Verdict, program_hash
from tests.render.programs import scene

pytestmark = pytest.mark.render

SHOWN = "self.add(Square())\nself.wait(0.2)\n"
BODIES = {
    # who and where one is
    "asks for the user": "import getpass\nself.add(Text(getpass.getuser()))",
    "asks for the home folder": "import os\nassert os.path.isdir(os.path.expanduser('~'))\n" + SHOWN,
    "asks for the host": "import platform, socket\nself.add(Text(platform.node() + socket.gethostname()))",
    "asks for variables": "import os\nself.add(Text(os.environ.get('USER', 'nobody')))",
    "asks for the time": "import datetime\nself.add(Text(str(datetime.date.today().year)))",
    "asks for its own file": "self.add(Text(open(__file__).readline()))",
    "asks for its arguments": "import sys\nassert sys.argv\n" + SHOWN,
    "asks for processors": "import os\nassert os.cpu_count() > 0\n" + SHOWN,
    "asks for its module": "import sys\nassert sys.modules[__name__].Shown\n" + SHOWN,
    # files
    "writes a temporary file": "import tempfile\nwith tempfile.NamedTemporaryFile() as out: out.write(b'x')\n" + SHOWN,
    "makes a temporary folder": "import tempfile\nwith tempfile.TemporaryDirectory() as made: open(made + '/x', 'w')\n"
    + SHOWN,
    "writes below /tmp": "open('/tmp/of-a-program.txt', 'w').write('x')\n" + SHOWN,
    "writes beside itself": "open('notes.txt', 'w').write('x')\nself.add(Text(open('notes.txt').read()))",
    "makes folders": "import os\nos.makedirs('assets/pictures', exist_ok=True)\n" + SHOWN,
    "makes a picture and shows it": "from PIL import Image\nImage.new('RGB', (9, 9), 'red').save('p.png')\n"
    "self.add(ImageMobject('p.png').scale(9))",
    "makes an SVG and shows it": "open('p.svg', 'w').write('<svg xmlns=\"http://www.w3.org/2000/svg\">"
    '<circle r="9" fill="red"/></svg>\')\nself.add(SVGMobject(\'p.svg\'))',
    "keeps a cache in its home": "import pathlib\n(pathlib.Path.home() / '.cache').mkdir()\n" + SHOWN,
    "writes a table": "import csv\ncsv.writer(open('t.csv', 'w')).writerow([1, 2])\n" + SHOWN,
    "writes to a database": "import sqlite3\nsqlite3.connect('t.db').execute('create table t (x)')\n" + SHOWN,
    "makes a film's folder": "self.renderer.file_writer.movie_file_path.parent.mkdir(parents=True, exist_ok=True)\n"
    + SHOWN,
    "locks a file": "import fcntl\nwith open('lock', 'w') as held: fcntl.flock(held, fcntl.LOCK_EX)\n" + SHOWN,
    "takes a missing file by default": "try:\n    text = open('data.txt').read()\nexcept FileNotFoundError:\n"
    "    text = 'none'\nself.add(Text(text))",
    # output and logs
    "prints": "print('x' * 9999)\n" + SHOWN,
    "writes to standard output": "import sys\nsys.stdout.write('x')\nsys.stdout.flush()\nsys.stderr.write('x')\n"
    + SHOWN,
    "writes to descriptor 1": "import os\nos.write(1, b'x')\n" + SHOWN,
    "logs": "import logging\nlogging.basicConfig(level=10)\nlogging.getLogger(__name__).warning('x')\n" + SHOWN,
    "logs by Manim": "from manim import logger\nlogger.info('x')\n" + SHOWN,
    "warns": "import warnings\nwarnings.warn('x')\n" + SHOWN,
    "prints a traceback": "import traceback\ntry: 1 / 0\nexcept ZeroDivisionError: traceback.print_exc()\n" + SHOWN,
    "formats an error": "import traceback\ntry: 1 / 0\nexcept Exception as error: self.add(Text(traceback.format_exc()[-9:]))",
    # the film
    "asks for its film": "self.add(Text(self.renderer.file_writer.movie_file_path.name))",
    "asks for its picture": "assert self.renderer.file_writer.image_file_path.suffix == '.png'\n" + SHOWN,
    "previews": "self.add(Square())\nwith tempconfig({'preview': True}): self.wait(0.1)",
    "asks for quality": "config.quality = 'high_quality'\n" + SHOWN,
    "asks for no dry run": "assert config.frame_rate == 15 and config.pixel_height == 480\n" + SHOWN,
    "has sections": "self.next_section('one')\n" + SHOWN + "self.next_section('two', skip_animations=True)\n" + SHOWN,
    "has subcaptions": "self.add_subcaption('x', duration=1)\n" + SHOWN,
    "has a sound": "import wave\nwith wave.open('s.wav', 'wb') as out:\n    out.setparams((1, 2, 8000, 0, 'NONE', ''))\n"
    "    out.writeframes(bytes(800))\nself.add_sound('s.wav')\n" + SHOWN,
    "takes the frame itself": "self.add(Square())\nself.wait(0.1)\nassert self.renderer.get_frame().shape[2] == 4",
    "takes a picture of itself": "self.add(Square())\nself.camera.capture_mobjects(self.mobjects)\n"
    "self.camera.get_image().save('s.png')\nself.wait(0.1)",
    "changes the camera's background": "self.camera.background_color = WHITE\nself.add(Square(color=BLACK))",
    "counts its time": "self.add(Square())\nself.wait(1)\nassert abs(self.renderer.time - 1) < 0.1",
    "ends early": "self.add(Square())\nself.wait(0.1)\nreturn",
    # processes and threads
    "starts a thread": "import threading\none = threading.Thread(target=lambda: sum(range(99)))\none.start()\none.join()\n"
    + SHOWN,
    "has a pool of threads": "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as pool:\n"
    "    assert list(pool.map(abs, [-1])) == [1]\n" + SHOWN,
    "has a pool of processes": "from multiprocessing import get_context\nwith get_context('fork').Pool(2) as pool:\n"
    "    assert pool.map(abs, [-1]) == [1]\n" + SHOWN,
    "runs a command": "import subprocess\nself.add(Text(subprocess.run(['echo', 'x'], capture_output=True, text=True).stdout))",
    "runs Python": "import subprocess, sys\nassert subprocess.run([sys.executable, '-c', '1']).returncode == 0\n"
    + SHOWN,
    "runs a coroutine": "import asyncio\nasync def one(): return 1\nassert asyncio.run(one()) == 1\n" + SHOWN,
    "sleeps a little": "import time\ntime.sleep(0.3)\n" + SHOWN,
    "sets an alarm": "import signal\nsignal.signal(signal.SIGALRM, lambda *some: None)\nsignal.alarm(9)\n" + SHOWN,
    "clears up": "import atexit, gc\natexit.register(print)\ngc.collect()\n" + SHOWN,
    # the network, with a way out
    "fetches or not": "import urllib.request\ntry: text = urllib.request.urlopen('http://example.org').read().decode()\n"
    "except OSError: text = 'offline'\nself.add(Text(text[:9]))",
    "looks a name up or not": "import socket\ntry: socket.gethostbyname('example.org')\nexcept socket.gaierror: pass\n"
    + SHOWN,
    "connects or not": "import socket\ntry: socket.create_connection(('192.0.2.1', 80), timeout=1)\n"
    "except (OSError, TimeoutError): pass\n" + SHOWN,
    "fetches by requests or not": "try:\n    import requests\n    requests.get('http://192.0.2.1', timeout=1)\n"
    "except Exception: pass\n" + SHOWN,
    "pairs sockets": "import socket\none, other = socket.socketpair()\none.send(b'x')\nassert other.recv(1) == b'x'\n"
    + SHOWN,
    # the interpreter
    "makes named tuples": "from collections import namedtuple\nfrom typing import NamedTuple\nPair = namedtuple('Pair', 'a b')\n"
    "class Two(NamedTuple):\n    a: int = 1\nassert Pair(1, Two()).b.a == 1\n" + SHOWN,
    "makes a data class": "from dataclasses import dataclass\nfrom enum import Enum\n@dataclass(slots=True)\nclass One:\n"
    "    a: int = 1\nassert One().a == 1 and Enum('E', 'a b').a\n" + SHOWN,
    "asks for a signature": "import inspect\nassert 'radius' in inspect.signature(Circle.__init__).parameters\n"
    + SHOWN,
    "asks for its source": "import inspect\nassert 'construct' in inspect.getsource(type(self))\n" + SHOWN,
    "runs a text": "exec('side = 2')\nassert eval('1 + 1') == 2\n" + SHOWN,
    "copies": "import copy, pickle\nself.add(copy.deepcopy(Square()), Circle().copy())\npickle.dumps([1])",
    "recurses": "import sys\nsys.setrecursionlimit(5000)\n" + SHOWN,
    "seeds": "import random\nrandom.seed(1)\nnp.random.seed(1)\nself.add(Dot([random.random(), np.random.rand(), 0]))",
    "sets defaults": "Square.set_default(color=RED)\n" + SHOWN + "Square.set_default()",
    "adds a method to scenes": "Scene.show = lambda scene: scene.add(Square())\nself.show()\nself.wait(0.1)",
    "imports late": "from manim.utils.color import XKCD\nimport decimal, fractions, statistics\nself.add(Square(color=XKCD.RED))",
    "plots by NumPy": "self.add(Axes().plot(lambda x: np.sin(x)))",
    # animations whose moments matter
    "waits until": "self.add(Square())\nself.wait_until(lambda: self.renderer.time > 0.3, max_time=1)",
    "pauses": "self.add(Square())\nself.pause(0.2)",
    "tracks a value": "tracker = ValueTracker(0)\nself.add(always_redraw(lambda: Square(tracker.get_value() + 1)))\n"
    "self.play(tracker.animate.set_value(2))\nassert tracker.get_value() == 2",
    "follows one another": "self.play(Succession(Create(Square()), Wait(), FadeOut(Circle())))",
    "lags": "self.add(Square())\nself.play(LaggedStart(*[FadeIn(Dot(i * RIGHT)) for i in range(5)], lag_ratio=0.3))",
    "traces a path": "dot = Dot()\nself.add(dot, TracedPath(dot.get_center))\nself.play(dot.animate.shift(RIGHT))",
    "passes a flash": "self.play(ShowPassingFlash(Line(LEFT, RIGHT)))",
    "adds and unwrites": "text = Text('x')\nself.add(text)\nself.play(Unwrite(text))",
    "fades to nothing": "square = Square()\nself.play(FadeIn(square))\nself.play(FadeOut(square))",
}
"""What a scene does; each passes by Manim's own command, too."""
MODULES = {
    "guards its own run": "if __name__ == '__main__':\n    import os\n    os.system('manim -pql x.py')",
    "sets the film up": "config.pixel_height = 1920\nconfig.pixel_width = 1080\nconfig.frame_rate = 60",
    "defines its own scene": "class Base(Scene):\n    def setup(self):\n        self.side = 2\n    def tear_down(self): pass\n"
    "    def construct(self):\n        self.add(Square())",
    "plays in its own way": "class Base(Scene):\n    def play(self, *some, **named):\n        super().play(*some, **named)\n"
    "    def construct(self):\n        self.play(Create(Square()))",
    "logs from the start": "import logging\nlogging.getLogger().setLevel('INFO')\nlog = logging.getLogger(__name__)\nlog.info('x')",
}
FAILING = {
    "raises": ("raise ValueError('x')", "ValueError"),
    "lacks a file": ("self.add(ImageMobject('nowhere.png'))", "OSError"),
    "leaves": ("import sys\nsys.exit(1)", "SystemExit"),
    "is not Manim's": ("self.play(ShowCreation(Square()))", "NameError"),
    "has a negative time": ("self.add(Square())\nself.wait(-1)", "ValueError"),
    "lacks a sound": ("self.add_sound('nowhere.wav')", "OSError"),
}
"""What a scene does, and what Manim's own command says of it."""
HONEST = {name: scene(body) for name, body in BODIES.items()} | {
    name: scene(SHOWN, before) for name, before in MODULES.items()
}


@pytest.fixture(scope="module")
def verdicts(setup: Setup) -> dict[str, Verdict]:
    """All are rendered at once, by two sandboxes."""
    programs = [*HONEST.values(), *(scene(body) for body, _ in FAILING.values())]
    return {verdict.program: verdict for verdict in render_all(setup, programs, 2)}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_program_passes(verdicts: dict[str, Verdict], name: str) -> None:
    """As with Manim's own command."""
    verdict = verdicts[program_hash(HONEST[name])]
    assert (verdict.outcome, verdict.exception, verdict.message) == (Outcome.PASSED, "", "")


@pytest.mark.parametrize("name", FAILING)
def test_a_program_that_manim_fails_is_failed(verdicts: dict[str, Verdict], name: str) -> None:
    """By the same exception."""
    body, exception = FAILING[name]
    verdict = verdicts[program_hash(scene(body))]
    assert (verdict.outcome, verdict.exception) == (Outcome.FAILED, exception)
