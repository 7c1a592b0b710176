#!/usr/bin/env python3
"""hob run: warm runs are cold runs, and nothing is left of them.

HOB names the executable. HOB_TEST_RUNS (default 60) runs are looked at for leaks.
"""
import os
import pty
import re
import resource
import select
import signal
import subprocess
import time
import unittest

from processes import PATIENCE, children_of, is_alive, wait_for
from warm_case import HOB, PYTHON, WarmCase, conform

# For builds with sanitizers: what these two compare is Python with itself, over many minutes.
SHORT = unittest.skipIf(os.environ.get("HOB_TEST_SHORT"), "HOB_TEST_SHORT is set")

RUNS = int(os.environ.get("HOB_TEST_RUNS", "60"))


def verdicts_of(said):
    """What unittest says of each test, and how many there were."""
    return sorted(re.sub(r" in [0-9.]+s$", "", line) for line in said.splitlines()
                  if line.startswith("Ran ") or " ... " in line)


class WarmTest(WarmCase):

    # --- what a run sees and does ---

    @SHORT
    def test_programs_do_the_same_cold_and_warm(self):
        cases, equal, cold_ones = conform.cases(PYTHON), 0, set()
        for start in range(0, len(cases), 30):
            batch = cases[start:start + 30]
            cold = {}
            for case in batch:
                cold[case.name] = [case.run([], self.environment, self.root / "work", merged)
                                   for merged in (False, True)]
                first = case.run([HOB, "run", "--"], self.environment, self.root / "work", False)
                self.assertEqual([], list(conform.differences(cold[case.name][0], first)), case.name)
            for case in batch:
                prepare = None if case.close is not None else case.prepare
                conform.wait_ready(HOB, case.words, {**self.environment, **case.environment}, prepare)
                for merged in (False, True):
                    warm = case.run([HOB, "run", "--"], self.environment, self.root / "work", merged)
                    self.assertEqual([], list(conform.differences(cold[case.name][merged], warm)),
                                     case.name)
                    equal += 1
                    if "ran warm" not in self.last_run():
                        cold_ones.add(case.name)
            self.hob("warm", "stop")
        self.assertEqual(cold_ones, {"syntax_error", "indentation_error"})
        print("%d programs, %d runs equal to cold ones" % (len(cases), equal))

    @SHORT
    def test_the_standard_librarys_own_tests_pass_warm(self):
        tests = "test.test_subprocess"
        of_processes = [tests] if os.environ.get("HOB_TEST_LONG") else \
            ["%s.%s" % (tests, name) for name in ("POSIXProcessTestCase", "RunFuncTestCase", "MiscTests",
                                                  "ContextManagerTests", "CommandsWithSpaces")]
        suites = [["test.test_argparse"], ["test.test_json"], of_processes]
        found = subprocess.run([PYTHON, "-c", "import test.test_argparse, test.test_json, " + tests],
                               stderr=subprocess.DEVNULL, env=self.environment)
        if found.returncode != 0:
            self.skipTest("the standard library's tests are not installed (libpython3-testsuite)")
        for suite in suites:
            words = [PYTHON, "-m", "unittest", "-v", *suite]
            cold = subprocess.run(words, env=self.environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
            self.make_warm(*words)
            warm = self.hob("run", "--", *words, timeout=600)
            self.assert_warm()
            self.assertEqual(cold.returncode, warm.returncode, warm.stderr[-2000:])
            self.assertTrue(verdicts_of(cold.stdout))
            self.assertEqual(verdicts_of(cold.stdout), verdicts_of(warm.stderr))

    def test_modules_and_console_scripts(self):
        self.script("pkg/__init__.py", "")
        tool = self.script("tool", "#!%s\nimport sys, argparse\nprint(sys.argv, __file__)\n" % PYTHON)
        env_tool = self.script("bin/envtool", "#!/usr/bin/env %s\nimport sys\nprint(sys.argv)\n"
                               % os.path.basename(PYTHON))
        os.chmod(tool, 0o755)
        os.chmod(env_tool, 0o755)
        environment = {**self.environment, "PATH": "%s/bin:%s" % (self.root, self.environment["PATH"])}
        for words in ([tool, "a"], ["envtool", "b"], [PYTHON, "-m", "json.tool", "--help"]):
            cold = self.hob("run", "--cold", "--", *words, env=environment)
            self.make_warm(*words, environment=environment)
            warm = self.hob("run", "--", *words, env=environment)
            self.assert_warm()
            self.assertEqual((cold.stdout, cold.stderr, cold.returncode),
                             (warm.stdout, warm.stderr, warm.returncode))

    def test_a_script_without_a_first_line_is_given_to_python(self):
        self.script("plain.py", "import sys; print(sys.argv)")
        for options in (["--cold"], [], []):
            done = self.hob("run", *options, "--", "plain.py", "x", cwd=self.root)
            self.assertEqual((done.stdout, done.returncode), ("['plain.py', 'x']\n", 0), done.stderr)

    def test_what_cannot_be_warm_runs_cold(self):
        for words, reason in ((["echo", "hello"], "no Python"), ([PYTHON, "-V"], "interpreter"),
                              ([PYTHON, "-X", "importtime", "-c", "print('hello')"], "measures")):
            done = self.hob("run", "--explain", "--", *words)
            self.assertEqual(done.returncode, 0)
            self.assertIn("ran cold", done.stderr)
            self.assertIn(reason, done.stderr)
        self.assertEqual(self.hob("run", "--", "no-such-command-here").returncode, 127)
        self.assertEqual(self.hob("run", "--", self.script("no-program", "")).returncode, 126)

    def test_why_tells_of_the_last_run_when_that_could_not_be_warm(self):
        self.make_warm(PYTHON, "-c", "pass")
        self.hob("run", "--", PYTHON, "-c", "pass")
        self.assert_warm()
        folder = self.root / "shims"
        path = self.script("shims/mytool", "#!/bin/sh\necho hello\n")
        os.chmod(path, 0o755)
        os.chmod(self.script("shims/python3", "#!/bin/sh\nexec %s \"$@\"\n" % PYTHON), 0o755)
        os.chmod(self.script("tool", "#!/usr/bin/env python3\nprint('hello')\n"), 0o755)
        self.environment["PATH"] = "%s:%s" % (folder, self.environment["PATH"])
        for words, says in ((["mytool"], [path, "no Python program", "'pyenv which mytool'"]),
                            (["./tool"], [str(folder / "python3"), "'pyenv which python3'"]),
                            (["/bin/echo", "hello"], ["'/bin/echo' is no Python program"])):
            with self.subTest(words=words):
                done = self.hob("run", "--", *words)
                self.assertEqual((done.returncode, done.stdout), (0, "hello\n"), done.stderr)
                said = self.last_run()
                self.assertTrue(said.startswith(words[0]), said)
                self.assertIn("ran cold", said)
                for text in says:
                    self.assertIn(text, said)

    def test_a_relative_place_for_state_is_named_and_the_run_is_cold(self):
        self.environment["HOB_STATE"] = "here"
        done = self.hob("run", "--explain", "--", PYTHON, "-c", "print('hello')")
        self.assertEqual((done.returncode, done.stdout), (0, "hello\n"))
        self.assertIn("ran cold: HOB_STATE is 'here'", done.stderr)
        self.assertIn("ran cold: HOB_STATE is 'here'", self.last_run())
        self.assertFalse((self.root / "here").exists())

    def test_extra_descriptors_are_handed_over(self):
        path = self.script("fd.py", "import os\nprint(os.read(7, 10), os.get_inheritable(7))\n")
        reader, writer = os.pipe()
        os.write(writer, b"through it")
        os.dup2(reader, 7, True)
        self.addCleanup(os.close, 7)
        self.make_warm(PYTHON, "-c", "import os")
        self.make_warm(PYTHON, path)
        os.write(writer, b"once again")
        done = self.hob("run", "--", PYTHON, path, pass_fds=(7,))
        os.close(reader)
        os.close(writer)
        self.assertIn("True", done.stdout)
        self.assert_warm()

    def test_random_numbers_differ_between_runs(self):
        path = self.script("r.py", "import random, uuid\nprint(random.random(), uuid.uuid4())\n")
        self.make_warm(PYTHON, path)
        seen = {self.hob("run", "--", PYTHON, path).stdout for _ in range(5)}
        self.assert_warm()
        self.assertEqual(len(seen), 5)

    # --- terminals ---

    def test_a_terminal_is_a_terminal_and_ctrl_c_interrupts(self):
        path = self.script("tty.py", "import sys, os, time\n"
                           "if len(sys.argv) > 1: sys.exit()\n"
                           "print(sys.stdin.isatty(), sys.stdout.isatty(), os.get_terminal_size())\n"
                           "line = input('? ')\n"
                           "try:\n    print('line', line)\n    time.sleep(60)\n"
                           "except KeyboardInterrupt:\n    print('interrupted')\n")
        environment = dict(self.environment, TERM="dumb")
        self.make_warm(PYTHON, path, "quick", environment=environment)
        outputs = []
        for before in ([], [HOB, "run", "--"]):
            pid, terminal = pty.fork()
            if pid == 0:
                os.chdir(self.root)
                os.execve((before or [PYTHON])[0], [*before, PYTHON, path], environment)
            outputs.append(self.talk(terminal, [(b"? ", b"typed\n"), (b"line typed", b"\x03")]))
            self.assertEqual(os.waitpid(pid, 0)[1], 0)
            os.close(terminal)
        self.assertEqual(outputs[0], outputs[1])
        self.assertIn(b"interrupted", outputs[1])
        self.assert_warm()

    def talk(self, terminal, exchanges):
        got, exchanges = b"", list(exchanges)
        while True:
            self.assertTrue(select.select([terminal], [], [], PATIENCE)[0], got)
            try:
                chunk = os.read(terminal, 4096)
            except OSError:
                return got
            if not chunk:
                return got
            got += chunk
            if exchanges and exchanges[0][0] in got:
                os.write(terminal, exchanges.pop(0)[1])

    # --- what is learned ---

    def test_unsafe_modules_are_named_and_left_out(self):
        site = self.root / "site"
        texts = {"has_thread": "import threading, time\n"
                               "threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\n",
                 "has_socket": "import socket\nkept = socket.socket()\n",
                 "has_file": "kept = open('/etc/hostname')\n",
                 "prints": "print('loaded')\n",
                 "reads_all": "import os\nkept = dict(os.environ)\n",
                 "reads_one": "import os\nkept = os.environ.get('COLOUR')\n",
                 "needs_thread": "import has_thread\n", "harmless": "x = 1\n"}
        for name, text in texts.items():
            self.script("site/%s.py" % name, text)
        environment = {**self.environment, "PYTHONPATH": str(site)}
        path = self.script("uses.py", "".join("import %s\n" % name for name in texts) +
                           "print(reads_one.kept, harmless.x)\n")
        said = self.make_warm(PYTHON, path, environment=environment)
        refused = said.partition("not preloaded:")[2]
        for name, why in (("has_thread", "thread"), ("has_socket", "socket"),
                          ("has_file", "/etc/hostname"), ("prints", "standard output"),
                          ("reads_all", "environment"), ("needs_thread", "thread")):
            self.assertRegex(refused, r"%s: .*%s" % (name, why))
        self.assertIn("  harmless\n", said.partition("not preloaded:")[0])
        for colour in ("red", "blue"):
            done = self.hob("run", "--", PYTHON, path, env={**environment, "COLOUR": colour})
            self.assertEqual(done.stdout, "loaded\n%s 1\n" % colour)

    def test_what_runs_import_is_learned(self):
        path = self.script("late.py", "def f():\n    import decimal\nf()\n")
        self.make_warm(PYTHON, path)
        self.hob("run", "--", PYTHON, path)

        def learned():
            self.hob("run", "--", PYTHON, path)
            said = self.hob("warm", "explain", PYTHON, path).stdout
            return "  decimal\n" in said and "is ready" in said
        wait_for(learned, "decimal to be learned")

    def test_a_change_of_a_loaded_file_is_seen(self):
        self.script("site/changing.py", "value = 'old'\n")
        environment = {**self.environment, "PYTHONPATH": str(self.root / "site")}
        words = [PYTHON, "-c", "import changing; print(changing.value)"]
        self.make_warm(*words, environment=environment)
        self.assertEqual(self.hob("run", "--", *words, env=environment).stdout, "old\n")
        self.assert_warm()
        self.script("site/changing.py", "value = 'new!'\n")
        done = self.hob("run", "--explain", "--", *words, env=environment)
        self.assertEqual(done.stdout, "new!\n")
        self.assertIn("has changed since it was loaded", done.stderr)
        self.make_warm(*words, environment=environment)
        self.assertEqual(self.hob("run", "--", *words, env=environment).stdout, "new!\n")

    def test_a_file_beside_the_program_comes_first(self):
        words = [PYTHON, "-c", "import fractions; print(hasattr(fractions, 'mine'))"]
        self.make_warm(*words)
        (self.root / "here").mkdir()
        self.script("here/fractions.py", "mine = 1\n")
        done = self.hob("run", "--explain", "--", *words, cwd=self.root / "here")
        self.assertEqual(done.stdout, "True\n")
        self.assertIn("stands before", done.stderr)

    def test_the_order_of_variables_makes_no_difference(self):
        words = [PYTHON, "-c", "import os; print(list(os.environ))"]
        self.make_warm(*words)
        turned = dict(reversed(self.environment.items()))
        done = self.hob("run", "--", *words, env=turned)
        self.assert_warm()
        self.assertEqual(done.stdout, self.hob("run", "--cold", "--", *words, env=turned).stdout)

    def test_why_names_the_fields_that_differ(self):
        words = [PYTHON, "-c", "pass"]
        self.make_warm(*words)
        self.hob("run", "--", *words, env={**self.environment, "PYTHONHASHSEED": "1",
                                           "LANG": "C"})
        said = self.last_run()
        self.assertIn("ran cold", said)
        self.assertRegex(said, "LANG was 'C.UTF-8', is 'C'|There is a warm process for it now")

    def test_preload_and_forget(self):
        words = [PYTHON, "-c", "pass"]
        self.make_warm(*words)
        listed = self.hob("warm", "list").stdout
        self.assertIn("-c pass", listed)
        self.hob("run", "--preload", "csv,decimal", "--", *words)
        wait_for(lambda: len(self.zygotes()) == 2, "a second warm process")
        self.assertEqual(self.hob("warm", "forget", *words).returncode, 0)
        self.assertNotIn("-c pass", self.hob("warm", "list").stdout)

    def test_a_module_that_cannot_be_preloaded_is_named_and_left_out(self):
        words = [PYTHON, "-c", "pass"]

        def said_after_a_run():
            self.assertEqual(self.hob("run", "--preload", "nope_mod,csv", "--", *words).returncode, 0)
            return self.last_run()

        said = wait_for(lambda: (lambda said: "ran warm" in said and "nope_mod" in said and said)(
            said_after_a_run()), "a warm run without the module")
        self.assertIn("without 'nope_mod', which cannot be loaded", said)
        self.assertIn("ModuleNotFoundError: No module named 'nope_mod'", said)
        explained = self.hob("warm", "explain", *words).stdout
        self.assertIn("could not be loaded", explained)
        self.assertIn("nope_mod: ModuleNotFoundError", explained)
        self.assertEqual(self.hob("warm", "forget", *words).returncode, 0)
        self.assertNotIn("nope_mod", self.hob("warm", "explain", *words).stdout)

    # --- zygotes ---

    def spare_of(self, zygote):
        """The child that waits for the next run."""
        return wait_for(lambda: (children_of(zygote) or [None])[-1], "a spare")

    def test_a_killed_spare_is_replaced(self):
        words = [PYTHON, "-c", "import sys; print('here'); sys.exit(3)"]
        self.make_warm(*words)
        zygote, = self.zygotes()
        for _ in range(5):
            spare = self.spare_of(zygote)
            os.kill(spare, signal.SIGKILL)
            done = self.hob("run", "--", *words)
            self.assertEqual((done.stdout, done.returncode), ("here\n", 3), done.stderr)
            wait_for(lambda: self.spare_of(zygote) != spare, "another spare")
        self.hob("run", "--", *words)
        self.assert_warm()
        self.assertEqual(self.zygotes(), [zygote])

    def test_pages_that_runs_write_to_are_copied_beforehand(self):
        path = self.script("pages.py", "import resource\n"
                           "before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
                           "import argparse, decimal, email.message, json, logging, urllib.request, "
                           "xml.etree.ElementTree\n"
                           "argparse.ArgumentParser().format_help()\n"
                           "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)\n")
        self.make_warm(PYTHON, path)
        tried = subprocess.run([PYTHON, "-c", "import ctypes"], stderr=subprocess.DEVNULL)
        if tried.returncode != 0 or tuple(map(int, os.uname().release.split(".")[:2])) < (5, 14):
            self.skipTest("needs ctypes, and Linux 5.14")

        def copies():
            return int(self.hob("run", "--", PYTHON, path).stdout)

        first = copies()
        self.assertGreater(first, 50)
        wait_for(lambda: time.sleep(0.1) or copies() < first / 2, "half of the copies to be made before")
        self.assert_warm()

    def test_the_spare_goes_with_its_zygote(self):
        self.make_warm(PYTHON, "-c", "pass")
        for number in (signal.SIGKILL, signal.SIGTERM):
            self.hob("run", "--", PYTHON, "-c", "pass")
            self.make_warm(PYTHON, "-c", "pass")
            zygote, = self.zygotes()
            spare = self.spare_of(zygote)
            os.kill(zygote, number)
            wait_for(lambda: not is_alive(zygote) and not is_alive(spare), "the end of both")

    def test_a_run_knows_nothing_of_the_one_before(self):
        path = self.script("facts.py", "import os, resource, sys, json\n"
                           "if len(sys.argv) > 1: open(sys.argv[1], 'w'); os.environ['LEFT'] = '1'\n"
                           "umask = os.umask(0)\n"
                           "print(json.dumps([dict(os.environ), os.getcwd(), umask, os.getgroups(),\n"
                           "  resource.getrlimit(resource.RLIMIT_NOFILE), sys.argv, sys.path,\n"
                           "  resource.getrlimit(resource.RLIMIT_CORE),\n"
                           "  sorted(set(os.listdir('/proc/self/fd')) - {'3'})]))\n")
        self.make_warm(PYTHON, path)
        for number, (umask, files) in enumerate([(0o077, 300), (0o002, 200), (0o022, 300)]):
            folder = self.root / ("place %d" % number)
            folder.mkdir()
            environment = {**self.environment, "ONLY_%d" % number: "x"}

            def prepare():
                os.umask(umask)
                hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
            cold, warm = (self.hob("run", *options, "--", PYTHON, path, *more, cwd=folder,
                                   env=environment, preexec_fn=prepare)
                          for options, more in ((["--cold"], []), ([], [])))
            self.assertEqual(warm.stdout, cold.stdout, warm.stderr)
            self.assert_warm()
            self.hob("run", "--", PYTHON, path, "left-behind", cwd=folder, env=environment)

    def test_a_script_that_changed_is_compiled_anew(self):
        text = "print('%d', __file__[-9:])\n"
        path = self.script("script.py", text % 0)
        self.make_warm(PYTHON, path)
        for number in range(1, 4):
            for _ in range(4):
                done = self.hob("run", "--", PYTHON, path)
                self.assertEqual(done.stdout, "%d script.py\n" % (number - 1), done.stderr)
                time.sleep(0.1)  # now and then the zygote has compiled it meanwhile, or not
            self.assert_warm()
            self.script("script.py", text % number)

    def test_what_the_compiler_says_is_said_in_every_run(self):
        path = self.script("loud.py", "print('\\d')\n")
        words = [PYTHON, "-W", "always", path]
        self.make_warm(*words)
        for _ in range(4):
            done = self.hob("run", "--", *words)
            self.assertIn("invalid escape sequence", done.stderr)
            time.sleep(0.1)
        self.assert_warm()

    def test_each_command_learns_for_itself(self):
        plain = [PYTHON, self.script("plain.py", "print(1)\n")]
        other = [PYTHON, self.script("other.py", "def f():\n    import decimal\nf()\n")]
        self.make_warm(*plain)
        self.hob("run", "--", *other)  # from the process of the first, which has loaded nothing
        self.make_warm(*other)
        for _ in range(3):
            self.hob("run", "--", *other)
            self.hob("run", "--", *plain)
        self.assertNotIn("decimal", self.hob("warm", "explain", *plain).stdout)

    def test_many_first_runs_make_one_zygote(self):
        words = [PYTHON, "-c", "print(1)"]
        runs = [self.start(*words) for _ in range(25)]
        for run in runs:
            self.assertEqual(run.communicate(timeout=PATIENCE)[0], b"1\n")
            self.assertEqual(run.returncode, 0)
        conform.wait_ready(HOB, words, self.environment)
        self.assertEqual(len(self.zygotes()), 1)

    def test_the_oldest_zygotes_are_ended(self):
        environment = {**self.environment, "HOB_WARM_LIMIT": "2"}
        for number in range(4):
            self.make_warm(PYTHON, "-c", "pass",
                           environment={**environment, "PYTHONHASHSEED": str(number)})
        wait_for(lambda: len(self.zygotes()) <= 2, "two warm processes to be left")

    def test_an_idle_zygote_ends(self):
        environment = {**self.environment, "HOB_WARM_IDLE": "1"}
        self.make_warm(PYTHON, "-c", "pass", environment=environment)
        wait_for(lambda: not list(self.runtime.glob("warm-*.sock")), "the idle process to end")

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_users_do_not_share(self):
        self.make_warm(PYTHON, "-c", "pass")
        path = next(self.runtime.glob("warm-*.sock"))
        tried = subprocess.run(
            [PYTHON, "-c", "import socket, sys, os\nos.setuid(65534)\n"
             "s = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\nprint(s.recv(8))", path],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn("PermissionError", tried.stderr)
        for place in (self.root, self.root / "run", self.runtime):
            os.chmod(place, 0o755)
        os.chmod(path, 0o666)
        tried = subprocess.run(
            [PYTHON, "-c", "import socket, sys, os\nos.setuid(65534)\n"
             "s = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\nprint(s.recv(8))", path],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(tried.stdout, "b''\n", tried.stderr)
        for place in (self.root, self.root / "run", self.runtime):
            os.chmod(place, 0o700)

    def test_nothing_is_left_of_runs(self):
        path = self.script("leak.py", "import json, os, tempfile\n"
                           "with tempfile.TemporaryFile() as f: f.write(b'x')\n")
        words = [PYTHON, path]
        self.make_warm(*words)
        self.hob("run", "--", *words)
        zygote, = self.zygotes()
        time.sleep(0.2)  # what the question opened is closed again
        before = self.state_of(zygote)
        for _ in range(RUNS):
            self.assertEqual(self.hob("run", "--", *words).returncode, 0)
        self.assert_warm()
        wait_for(lambda: self.state_of(zygote) == before, "everything to be as before: %s, %s"
                 % (before, self.state_of(zygote)))

    def state_of(self, zygote):
        return (len(os.listdir("/proc/%d/fd" % zygote)), len(children_of(zygote)),
                sorted(p.name for p in self.runtime.iterdir()))

    # --- shims ---

    def test_shims_stand_for_tools(self):
        tool = self.script("tools/mytool", "#!%s\nimport sys\nprint('tool', sys.argv[1:])\n" % PYTHON)
        other = self.script("venv/bin/other", "#!%s\nprint('other')\n" % PYTHON)
        for path in (tool, other):
            os.chmod(path, 0o755)
        shims = self.root / "shims"
        made = self.hob("shim", "-d", shims, tool, "--from-venv", self.root / "venv")
        self.assertEqual(made.returncode, 0, made.stderr)
        environment = {**self.environment, "PATH": "%s:%s" % (shims, self.environment["PATH"])}
        self.assertEqual(self.hob("shim", "-d", shims, "--check").returncode, 1)
        checked = self.hob("shim", "-d", shims, "--check", env=environment)
        self.assertEqual(checked.returncode, 0)
        self.assertIn("mytool: warm", checked.stdout)
        self.make_warm(tool, environment=environment)
        done = subprocess.run(["mytool", "a", "b"], env=environment, stdout=subprocess.PIPE, text=True)
        self.assertEqual(done.stdout, "tool ['a', 'b']\n")
        self.assert_warm()
        done = subprocess.run([shims / "other"], env=self.environment, stdout=subprocess.PIPE)
        self.assertEqual(done.stdout, b"other\n")


    def test_checking_shims_that_are_not_there(self):
        missing = self.hob("shim", "-d", "nopedir", "--check")
        self.assertEqual((missing.returncode, missing.stdout), (1, ""))
        self.assertIn("'nopedir'", missing.stderr)
        (self.root / "empty").mkdir()
        none = self.hob("shim", "-d", "empty", "--check")
        self.assertEqual((none.returncode, none.stderr), (0, ""))
        self.assertIn("There are no shims in empty", none.stdout)

    def test_a_shim_is_of_a_plain_path(self):
        os.chmod(self.script("s/rep.py", "#!%s\n" % PYTHON), 0o755)
        made = self.hob("shim", "-d", "shims", "./s/rep.py")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn("\t%s/s/rep.py\n" % self.root, (self.root / "shims" / ".hob-shims").read_text())


if __name__ == "__main__":
    unittest.main(verbosity=1)
