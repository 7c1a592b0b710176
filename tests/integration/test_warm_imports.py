#!/usr/bin/env python3
"""hob run: what an import does, reads and finds is the same in a warm run as in a cold one.

HOB names the executable.
"""
import os
import resource
import subprocess
import unittest

from processes import wait_for
from warm_case import HERE, HOB, PYTHON, WarmCase


class WarmImportsTest(WarmCase):
    def setUp(self):
        super().setUp()
        self.site = self.root / "site"
        self.environment["PYTHONPATH"] = str(self.site)

    def install(self, **modules):
        for name, text in modules.items():
            self.script("site/%s.py" % name, text)

    def both(self, *words, **options):
        """A cold run and a warm one, which have to be the same; what they printed."""
        cold, warm = (self.hob("run", *how, "--", *words, **options) for how in (["--cold"], []))
        self.assertEqual((cold.stdout, cold.stderr, cold.returncode),
                         (warm.stdout, warm.stderr, warm.returncode))
        self.assert_warm()
        return warm.stdout

    def refused(self, said):
        lines = said.partition("not preloaded:")[2].splitlines()
        return dict(line.strip().split(": ", 1) for line in lines if ": " in line)

    # --- what an import changes ---

    CHANGES = {
        "sets_variable": ("import os\nos.environ.setdefault('SET_BY_IMPORT', 'x')\n", "environment"),
        "puts_variable": ("import os\nos.putenv('PUT_BY_IMPORT', 'x')\n", "environment"),
        "sets_umask": ("import os\nos.umask(0o077)\n", "umask"),
        "adds_word": ("import sys\nsys.argv.append('added')\n", "sys.argv"),
        "adds_path": ("import sys\nsys.path.insert(0, '/vendored')\n", "sys.path"),
        "sets_stream": ("import sys\nsys.stdout.reconfigure(errors='replace', line_buffering=True)\n",
                        "standard"),
        "sets_stream_anew": ("import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer,\n"
                             "    encoding='latin-1', errors='xmlcharrefreplace')\n", "standard"),
        "stops_collector": ("import gc\ngc.disable()\n", "collector"),
        "sets_recursion": ("import sys\nsys.setrecursionlimit(5000)\n", "recursion"),
        "sets_handler": ("import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)\n", "signals"),
        "sets_hook": ("import sys\nsys.excepthook = lambda *_: print('hook')\n", "hook"),
        "sets_limit": ("import resource as r\nr.setrlimit(r.RLIMIT_NOFILE,\n"
                       "    (99, r.getrlimit(r.RLIMIT_NOFILE)[1]))\n", "limit"),
        "sets_builtin": ("import builtins\nbuiltins.mine = 5\n", "built-in"),
        "sets_timeout": ("import socket\nsocket.setdefaulttimeout(7)\n", "sockets"),
    }

    def test_what_an_import_changes_is_changed_in_each_run(self):
        self.install(**{name: text for name, (text, _) in self.CHANGES.items()})
        path = self.script("uses.py", """\
            import builtins, gc, os, resource, signal, socket, subprocess, sys
            def facts():
                umask = os.umask(0); os.umask(umask)
                stream = sys.stdout
                return [sorted(os.environ), umask, sys.argv, sys.path, stream.encoding, stream.errors,
                        stream.line_buffering, gc.isenabled(), sys.getrecursionlimit(),
                        signal.getsignal(signal.SIGUSR1), sys.excepthook is sys.__excepthook__,
                        resource.getrlimit(resource.RLIMIT_NOFILE), hasattr(builtins, 'mine'),
                        socket.getdefaulttimeout(), os.system('echo $PUT_BY_IMPORT >&2')]
            for name in [None, *%r]:
                if name:
                    __import__(name)
                print(name, facts(), flush=True)
            """ % (sorted(self.CHANGES),))
        said = self.make_warm(PYTHON, self.script("plain.py", "import %s\n" % ", ".join(self.CHANGES)))
        refused = self.refused(said)
        for name, (_, what) in self.CHANGES.items():
            self.assertRegex(refused.get(name, "preloaded"), what, name + said)
        self.make_warm(PYTHON, path)
        for _ in range(2):
            self.assertIn("SET_BY_IMPORT", self.both(PYTHON, path))

    # --- what an import reads ---

    def test_what_an_import_finds_from_the_working_directory_is_found_from_there(self):
        self.install(opens="try: value = open('app.conf').read()\nexcept OSError: value = None\n",
                     finds="import os\nvalue = os.path.exists('app.conf')\n",
                     lists="import os\nvalue = os.listdir('.')\n",
                     scans="import os\nvalue = [e.name for e in os.scandir()]\n",
                     resolves="import os\nvalue = os.path.abspath('data')\n",
                     follows="import os\nvalue = os.path.realpath('.')\n",
                     walks="import pathlib\nvalue = pathlib.Path('data').exists()\n",
                     installed="import os\nvalue = os.path.abspath(__file__)[-12:]\n")
        names = ["opens", "finds", "lists", "scans", "resolves", "follows", "walks", "installed"]
        path = self.script("uses.py", "import %s\nprint([m.value for m in (%s)])\n"
                           % (", ".join(names), ", ".join(names)))
        for place in "ab":
            (self.root / place / "data").mkdir(parents=True)
            self.script(place + "/app.conf", place)
        said = self.make_warm(PYTHON, path)
        self.assertEqual(sorted(self.refused(said)), sorted(names[:-1]), said)
        self.assertIn("  installed\n", said.partition("not preloaded:")[0])
        outputs = {self.both(PYTHON, path, cwd=self.root / place) for place in "ab"}
        self.assertEqual(len(outputs), 2)

    def test_a_file_that_an_import_reads_is_as_its_source(self):
        self.install(configured="import configparser\nvalue = configparser.ConfigParser()\n"
                                "value.read(%r)\nvalue = value.get('a', 'b', fallback=None)\n"
                                % str(self.root / "app.ini"),
                     plugged="import os\nvalue = sorted(os.listdir(%r))\n" % str(self.root / "plugins"),
                     looks="import os\nvalue = os.path.exists(%r)\n" % str(self.root / "flag"))
        (self.root / "plugins").mkdir()
        words = [PYTHON, "-c", "import configured, plugged, looks\n"
                 "print(configured.value, plugged.value, looks.value)"]
        steps = [lambda: self.script("app.ini", "[a]\nb = 1\n"),
                 lambda: self.script("app.ini", "[a]\nb = 22\n"),
                 lambda: self.script("plugins/one", ""),
                 lambda: self.script("flag", "")]
        expected = ["None [] False\n", "1 [] False\n", "22 [] False\n", "22 ['one'] False\n",
                    "22 ['one'] True\n"]
        for step, text in zip([lambda: None, *steps], expected):
            step()
            self.assertEqual(self.hob("run", "--", *words).stdout, text)
            self.assertNotIn("not preloaded", self.make_warm(*words))
            self.assertEqual(self.hob("run", "--", *words).stdout, text)
            self.assert_warm()

    def test_what_differs_from_run_to_run_is_not_kept(self):
        texts = {"starts": ("import subprocess\nvalue = subprocess.run(['true']).returncode\n", "process"),
                 "systems": ("import os\nvalue = os.system('true')\n", "process"),
                 "connects": ("import socket\nvalue = socket.socket().connect_ex(('127.0.0.1', 1))\n",
                              "network"),
                 "pid": ("import os\nvalue = os.getpid()\n", "process id"),
                 "unique": ("import uuid\nvalue = uuid.uuid4()\n", "random"),
                 "unique_by_time": ("import uuid\nvalue = uuid.uuid1()\n", "unique"),
                 "generator": ("import random\nvalue = random.Random().random()\n", "random"),
                 "number": ("import random\nvalue = random.random()\n", "random"),
                 "secret": ("import secrets\nvalue = secrets.token_hex()\n", "random"),
                 "folder": ("import tempfile\nvalue = tempfile.mkdtemp()\n", "."),
                 "file": ("import tempfile\nvalue = tempfile.NamedTemporaryFile().name\n", "."),
                 "makes": ("import os\nvalue = os.makedirs(%r, exist_ok=True)\n"
                           % str(self.root / "made"), "changes files"),
                 "writes": ("value = open(%r, 'w').close()\n" % str(self.root / "written"), "writes"),
                 "words": ("import sys\nvalue = list(sys.argv)\n", "words"),
                 "terminal": ("import sys\nvalue = sys.stdout.isatty()\n", "terminal")}
        kept = {"seeded": "import random\nvalue = random.Random(4).random()\n",
                "place": "import tempfile\nvalue = tempfile.gettempdir()\n",
                "machine": "import platform\nvalue = platform.uname().processor\n"}
        self.install(**{name: text for name, (text, _) in texts.items()}, **kept)
        names = [*texts, *kept]
        path = self.script("uses.py", "import %s\n" % ", ".join(names))
        said = self.make_warm(PYTHON, path)
        refused = self.refused(said)
        for name, (_, what) in texts.items():
            self.assertRegex(refused.get(name, "preloaded"), what, name + said)
        self.assertEqual(sorted(refused), sorted(texts))

    def test_the_standard_library_stays_preloaded(self):
        names = ["random", "secrets", "tempfile", "uuid", "logging", "multiprocessing.process", "asyncio",
                 "decimal", "argparse", "json", "subprocess", "unittest", "email", "zoneinfo",
                 "concurrent.futures", "http.client", "xml.etree.ElementTree", "platform", "pathlib"]
        path = self.script("uses.py", "import %s\n" % ", ".join(names))
        said = self.make_warm(PYTHON, path)
        self.assertNotIn("not preloaded", said)

    def test_the_first_package_of_the_user_is_seen(self):
        words = [PYTHON, "-c", "import csv\ntry: import of_the_user\nexcept ImportError: print('none')\n"
                 "else: print(of_the_user.value)"]
        self.make_warm(*words)
        self.assertEqual(self.both(*words), "none\n")
        place = subprocess.run([PYTHON, "-m", "site", "--user-site"], env=self.environment, text=True,
                               stdout=subprocess.PIPE).stdout.strip()
        os.makedirs(place)
        with open(os.path.join(place, "of_the_user.py"), "w", encoding="utf-8") as file:
            file.write("value = 'there'\n")
        self.assertEqual(self.hob("run", "--", *words).stdout, "there\n")

    # --- before a run begins ---

    def test_a_run_that_turns_out_to_be_stale_warns_once(self):
        self.install(changing="value = 1\n")
        path = self.script("loud.py", "import changing\nprint('\\d', changing.value)\n")
        words = [PYTHON, "-W", "always", path]
        self.make_warm(*words)
        self.assertIn("\\d 1", self.both(*words))
        for number in range(2, 5):
            self.install(changing="value = %d\n" % number * 2)
            done = self.hob("run", "--", *words)
            self.assertIn("ran cold", self.last_run())
            self.assertEqual(done.stderr.count("invalid escape sequence"), 1, done.stderr)
            self.make_warm(*words)

    def test_a_limit_on_files_does_not_end_the_command(self):
        def no_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

        for words in (["true"], [PYTHON, "-c", "pass"]):
            for _ in range(2):
                done = self.hob("run", "--", *words, preexec_fn=no_files)
                self.assertEqual(done.returncode, 0, done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_nothing_is_made_in_another_users_place(self):
        place = self.root / "run"
        os.chown(place, 65534, 65534)
        for _ in range(2):
            self.assertEqual(self.hob("run", "--", PYTHON, "-c", "print(5)").stdout, "5\n")
        self.assertEqual(os.listdir(place), [])
        self.hob("warm", "stop")

    def test_what_readline_reads_is_compared(self):
        words = [PYTHON, "-c", "import readline; print(readline.__name__)"]
        if subprocess.run(words, env=self.environment, stdout=subprocess.DEVNULL).returncode != 0:
            self.skipTest("this Python has no readline")
        self.script(".inputrc", "set bell-style none\n")
        self.assertIn("  TERM\n", self.make_warm(*words))
        self.both(*words)
        self.script(".inputrc", "set bell-style audible\n")
        self.hob("run", "--", *words)
        self.assertIn(".inputrc' has changed", self.last_run())

    # --- sandboxes ---

    def sandboxed(self, kind, *words):
        done = subprocess.run([PYTHON, str(HERE.parent / "warm" / "sandbox.py"), kind, *words],
                              env=self.environment, cwd=self.root, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode == 77:
            self.skipTest("there is no %s here" % kind)
        return done

    def test_a_command_stays_in_the_sandbox_of_its_caller(self):
        path = self.script("tries.py", """\
            import os
            for name, action in (("priority", lambda: os.getpriority(os.PRIO_PROCESS, 0)),
                                 ("secret", lambda: open("secret").read())):
                try: print(name, action())
                except PermissionError as error: print(name, error.strerror)
            """)
        self.script("secret", "known")

        def run(kind, how="--explain"):
            return self.sandboxed(kind, HOB, "run", how, "--", PYTHON, path)

        def is_warm():
            return "ran warm" in run("plain").stderr

        free = run("plain", "--cold").stdout
        self.make_warm(PYTHON, path)
        wait_for(is_warm, "a warm run without new privileges")
        for kind in ("seccomp", "session", "landlock"):
            with self.subTest(kind):
                cold, done = run(kind, "--cold").stdout, run(kind)
                self.assertNotEqual(cold, free)
                self.assertEqual(done.stdout, cold, done.stderr)
                self.assertIn("ran cold", done.stderr)
                self.assertEqual(run("plain").stdout, free)
        self.hob("warm", "stop")
        wait_for(lambda: not list(self.runtime.glob("warm-*.sock")), "the end of the warm processes")
        run("landlock")
        wait_for(lambda: list(self.runtime.glob("warm-*.sock")), "a warm process in the sandbox")
        done = run("plain")
        self.assertEqual(done.stdout, free)
        self.assertIn("sandbox", done.stderr)

    def test_where_all_have_the_same_filter_runs_are_warm(self):
        path = self.script("tries.py", "import os\ntry: os.getpriority(os.PRIO_PROCESS, 0)\n"
                           "except PermissionError as error: print(error)\n")

        def is_warm():
            done = self.sandboxed("session", HOB, "run", "--explain", "--", PYTHON, path)
            self.assertEqual(done.stdout, "[Errno 1] Operation not permitted\n")
            return "ran warm" in done.stderr

        wait_for(is_warm, "a warm run below the filter")


if __name__ == "__main__":
    unittest.main(verbosity=1)
