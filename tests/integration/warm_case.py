"""What tests of `hob run` share: a place of their own, and the words that they have in common."""
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "warm"))
import conform  # noqa: E402
from processes import PATIENCE, end_warm_processes  # noqa: E402

HOB = os.path.abspath(os.environ.get("HOB", "hob"))
PYTHON = sys.executable


@unittest.skipUnless((3, 11) <= sys.version_info[:2] <= (3, 12), "needs CPython 3.11 or 3.12")
class WarmCase(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="hob-warm-"))
        (self.root / "run").mkdir(mode=0o700)
        self.runtime = self.root / "run" / "hob"
        self.environment = {"PATH": os.path.dirname(PYTHON) + ":/usr/bin:/bin", "LANG": "C.UTF-8",
                            "HOME": str(self.root), "XDG_RUNTIME_DIR": str(self.root / "run"),
                            "HOB_STATE": str(self.root / "state"), "HOB_WARM_LIMIT": "200",
                            "HOB_WARM_IDLE": "300"}
        self.addCleanup(self.clean)

    def clean(self):
        end_warm_processes(HOB, self.environment)
        shutil.rmtree(self.root, ignore_errors=True)

    # --- helpers ---

    def hob(self, *words, **options):
        options.setdefault("env", self.environment)
        options.setdefault("timeout", PATIENCE)
        options.setdefault("cwd", self.root)
        return subprocess.run([HOB, *map(str, words)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="replace", **options)

    def start(self, *words, **options):
        options.setdefault("env", self.environment)
        options.setdefault("cwd", self.root)
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen([HOB, "run", "--", *map(str, words)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def script(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return str(path)

    def make_warm(self, *words, environment=None):
        """Runs the command once, and waits until a warm process is ready for it."""
        environment = environment or self.environment
        self.hob("run", "--", *words, env=environment)
        said = conform.wait_ready(HOB, list(map(str, words)), environment)
        self.assertIn("is ready for it", said)
        return said

    def zygotes(self):
        """The pids of those that answer."""
        listed = self.hob("warm", "list").stdout.partition("warm processes:")[2]
        return [int(line.split()[2]) for line in listed.splitlines() if " pid " in line]

    def last_run(self):
        return self.hob("why").stdout

    def assert_warm(self):
        self.assertIn("ran warm", self.last_run())

    def wait_output(self, process, text):
        got = b""
        while text not in got:
            ready = select.select([process.stdout], [], [], PATIENCE)[0]
            self.assertTrue(ready, "no output")
            chunk = os.read(process.stdout.fileno(), 4096)
            self.assertTrue(chunk, "ended early: %r" % got)
            got += chunk
        return got
