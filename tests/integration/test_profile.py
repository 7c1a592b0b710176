"""hob profile: structure, sums, order and counts of what it finds; never how long anything takes.

The page is also looked at by a browser without a screen, where there is one.
"""

import html
import html.parser
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

from processes import PATIENCE, end_warm_processes, is_alive, wait_for

HOB = os.environ.get("HOB", "hob")
PYTHON = os.path.realpath(sys.executable)
PHASES = ["process start", "launcher", "interpreter start", "imports", "configuration", "work", "exit"]


def can_follow():
    """Some containers forbid ptrace: then there are no phases, and no traces."""
    done = subprocess.run([HOB, "profile", "--trace", "--json", "-", "--", "true"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return b"cannot follow" not in done.stderr


FOLLOWS = can_follow()


class Page(html.parser.HTMLParser):
    """Checks that tags are closed in order, and gathers what is there."""

    VOID = {"meta", "br"}
    EMPTY = {"rect", "line"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.text, self.ids, self.links = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            assert not name.startswith("on"), name
            if name in ("src", "href", "action"):
                self.links.append(value)
            if name == "id":
                self.ids.append(value)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        self.text.append(data)

    @property
    def all_text(self):
        return "".join(self.text)


class Case(unittest.TestCase):
    def setUp(self):
        self.here = pathlib.Path(tempfile.mkdtemp(prefix="hob-test-profile-"))
        self.addCleanup(shutil.rmtree, self.here)
        self.temporary = self.here / "tmp"
        self.temporary.mkdir()
        self.environment = dict(os.environ, TMPDIR=str(self.temporary), HOB_CONFIG="none",
                                XDG_RUNTIME_DIR=str(self.here), HOB_STATE=str(self.here / "state"))
        self.addCleanup(end_warm_processes, HOB, self.environment)
        for name in ("PYTHONPATH", "PYTHONPROFILEIMPORTTIME", "NO_COLOR"):
            self.environment.pop(name, None)

    def tearDown(self):
        self.assertEqual(os.listdir(self.temporary), [], "temporary files are left")

    def write(self, name, text, executable=False):
        path = self.here / name
        path.write_text(text)
        if executable:
            path.chmod(0o755)
        return str(path)

    def hob(self, *words, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run([HOB, "profile", *words], cwd=self.here, env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE * 4,
                              **options)

    def report(self, *words, status=0, **options):
        done = self.hob("--json", "report.json", *words, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads((self.here / "report.json").read_text())


class Command(Case):
    def profile(self, *words, status=0, **options):
        return self.report("--runs", "2", "--", *words, status=status, **options)

    @unittest.skipUnless(FOLLOWS, "processes can't be followed here")
    def test_phases_are_all_of_a_run(self):
        script = self.write("tool.py", "import json\njson.loads('[1, 2]')\nprint('done')\n")
        found = self.profile(PYTHON, script)
        self.assertTrue(found["phases_known"])
        self.assertEqual([phase["name"] for phase in found["phases"]], PHASES)
        spent = {phase["name"]: phase["ms"] for phase in found["phases"]}
        self.assertAlmostEqual(sum(spent.values()), found["phases_ms"], places=2)
        self.assertTrue(all(ms >= 0 for ms in spent.values()), spent)
        for name in ("process start", "interpreter start", "imports", "configuration"):
            self.assertGreater(spent[name], 0, name)
        self.assertEqual(spent["launcher"], 0)
        self.assertEqual(os.path.realpath(found["interpreter"]), PYTHON)

    @unittest.skipUnless(FOLLOWS, "processes can't be followed here")
    def test_a_launcher_is_told_apart(self):
        script = self.write("tool.py", "pass\n")
        launcher = self.write("launch", "#!/bin/sh\nls / > /dev/null\nexec %s %s\n" % (PYTHON, script),
                              executable=True)
        found = self.profile(launcher)
        spent = {phase["name"]: phase["ms"] for phase in found["phases"]}
        self.assertGreater(spent["launcher"], 0)
        self.assertGreater(spent["interpreter start"], 0)
        self.assertGreaterEqual(found["processes"], 2)

    @unittest.skipUnless(FOLLOWS, "processes can't be followed here")
    def test_imports_are_a_tree(self):
        self.write("inner.py", "x = 1\n")
        self.write("outer.py", "import inner\nimport colorsys\n")
        script = self.write("tool.py", "import outer\n")
        found = self.profile(PYTHON, script)
        modules = [module for module in found["imports"] if not module["interpreter"]]
        names = [module["name"] for module in modules]
        at = names.index("outer")
        self.assertEqual(names[at:at + 3], ["outer", "inner", "colorsys"])
        self.assertEqual([module["depth"] for module in modules[at:at + 3]], [0, 1, 1])
        outer, inner, colorsys = modules[at:at + 3]
        self.assertAlmostEqual(outer["cumulative_ms"], outer["self_ms"] + inner["cumulative_ms"] +
                               colorsys["cumulative_ms"], places=2)
        self.assertIn("site", [module["name"] for module in found["imports"] if module["interpreter"]])

    def test_runs_are_counted_and_ordered(self):
        found = self.report("--runs", "4", "--", PYTHON, "-c", "pass")
        self.assertEqual(found["warm"]["runs"], 4)
        for kind in ("cold", "warm", "followed", "empty_program"):
            times = found[kind]
            if times is not None:
                figures = [times[name + "_ms"] for name in
                           ("lowest", "quartile_low", "median", "quartile_high", "highest")]
                self.assertEqual(figures, sorted(figures))
        self.assertGreater(found["memory"]["peak_bytes"], 0)

    @unittest.skipUnless(FOLLOWS, "processes can't be followed here")
    def test_memory_of_the_main_process(self):
        memory = self.profile(PYTHON, "-c", "pass")["memory"]
        self.assertLessEqual(memory["resident_bytes"], memory["peak_bytes"] * 1.1)
        self.assertEqual(memory["shared_bytes"] + memory["private_bytes"], memory["resident_bytes"])

    @unittest.skipUnless(FOLLOWS, "processes can't be followed here")
    def test_the_program_sees_nothing_of_it(self):
        script = self.write("tool.py", "import os, sys, traceback\n"
                            "try:\n    import no_such_module\nexcept ImportError:\n"
                            "    failure = traceback.format_exc()\n"
                            "hidden = {'_', 'SHLVL'}\n"
                            "seen = (sys.path, sorted(i for i in os.environ.items() if i[0] not in hidden),\n"
                            "        failure, sorted(sys.modules))\n"
                            "open('seen', 'a').write(repr(seen) + '\\n')\n")
        for before in (None, "", "/somewhere"):
            with self.subTest(PYTHONPATH=before):
                if before is not None:
                    self.environment["PYTHONPATH"] = before
                self.profile(PYTHON, script)
                seen = (self.here / "seen").read_text().splitlines()
                (self.here / "seen").unlink()
                self.assertGreater(len(seen), 4)
                views = [eval(line)[:3] for line in seen]  # of this test's own script
                self.assertEqual(views[1:], views[:-1])
                self.assertIn("no_such_module", views[0][2])

    @unittest.skipUnless(FOLLOWS, "processes can't be followed here")
    def test_a_sitecustomize_of_its_own_is_kept(self):
        self.write("sitecustomize.py", "import builtins\nbuiltins.here_i_am = 7\n")
        self.environment["PYTHONPATH"] = str(self.here)
        script = self.write("tool.py", "open('seen', 'a').write('%d\\n' % here_i_am)\n")
        found = self.profile(PYTHON, script)
        self.assertEqual(found["status"], 0)
        self.assertEqual(set((self.here / "seen").read_text().split()), {"7"})

    def test_input_from_a_file_is_the_same_each_time(self):
        data = self.write("data", "first\nsecond\nthird\n")
        script = self.write("tool.py", "import sys\nopen('seen', 'a').write(repr(sys.stdin.read()) + '\\n')\n")
        with open(data) as file:
            os.lseek(file.fileno(), 6, os.SEEK_SET)
            self.profile(PYTHON, script, stdin=file)
        self.assertEqual(set((self.here / "seen").read_text().splitlines()), {repr("second\nthird\n")})

    def test_a_command_that_fails_is_reported(self):
        found = self.profile(PYTHON, "-c", "import sys; print('so be it', file=sys.stderr); sys.exit(3)",
                             status=3)
        self.assertEqual(found["status"], 3)
        self.assertIn("so be it", found["errors"])
        killed = self.profile(PYTHON, "-c", "import os; os.kill(os.getpid(), 15)", status=128 + 15)
        self.assertEqual(killed["status"], 143)
        self.assertGreater(killed["warm"]["median_ms"], 0)

    def test_a_program_that_is_no_python(self):
        found = self.profile("true")
        self.assertFalse(found["phases_known"])
        self.assertIsNone(found["interpreter"])
        self.assertIsNone(found["empty_program"])
        self.assertEqual(found["imports"], [])

    def test_what_is_not_there(self):
        done = self.hob("--", "no-such-program-at-all")
        self.assertEqual(done.returncode, 127)
        self.assertIn(b"no-such-program-at-all", done.stderr)
        done = self.hob("--", self.write("data", "not a program"))
        self.assertEqual(done.returncode, 126)
        self.assertEqual(self.hob("--trace", "--", "no-such-program-at-all").returncode, 127)

    def test_misuse(self):
        for words in (["--runs", "0", "true"], ["--runs", "many", "true"], [], ["--trace"],
                      ["--no-files", "true"], ["--trace", "--drop-caches", "true"],
                      ["--json", "-", "--html", "-", "true"], ["--sometimes", "true"]):
            with self.subTest(words=words):
                done = self.hob(*words)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertEqual(done.stdout, b"")

    def test_a_report_that_cannot_be_written(self):
        done = self.hob("--runs", "1", "--html", "no/such/folder/x.html", "--", "true")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no/such/folder", done.stderr)

    def test_replacements(self):
        talk = self.write("talk.md", "---\ntitle: A title\n---\nText\n")
        text = "#!%s\nprint('%%s')\n" % PYTHON
        same = self.write("mdfield", text % "A title", executable=True)
        found = self.profile(same, "title", talk)
        native, warm, call = found["replacements"]
        self.assertEqual([row["kind"] for row in found["replacements"]],
                         ["native", "warm exec", "warm call"])
        self.assertTrue(native["measured"] and native["same_output"])
        self.assertAlmostEqual(native["saves_ms"],
                               found["warm"]["median_ms"] - native["times"]["median_ms"], places=2)
        self.assertEqual(native["command"][1:], ["field", "title", talk])
        if FOLLOWS:
            self.assertTrue(call["measured"] and call["floor"])
        self.write("mdfield", text % "Another title", executable=True)
        self.assertIs(self.profile(same, "title", talk)["replacements"][0]["same_output"], False)
        self.assertTrue(any("another one" in line for line in
                            json.loads((self.here / "report.json").read_text())["advice"]))

    def test_an_interrupt_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                script = self.write("tool.sh", "sleep 1000 &\necho $! $$ > pids.new\n"
                                    "mv pids.new pids\nsleep 1000\n")
                running = subprocess.Popen([HOB, "profile", "--", "sh", script], cwd=self.here,
                                           env=self.environment, stderr=subprocess.PIPE,
                                           stdout=subprocess.PIPE, start_new_session=True)
                pids = wait_for(lambda: (self.here / "pids").exists() and
                                (self.here / "pids").read_text().split(), "the command to start")
                running.send_signal(number)
                output, errors = running.communicate(timeout=PATIENCE)
                self.assertEqual(running.returncode, 130, errors)
                self.assertIn(b"interrupted", errors)
                wait_for(lambda: not any(is_alive(int(pid)) for pid in pids), "its end")
                (self.here / "pids").unlink()

    def test_the_table(self):
        done = self.hob("--runs", "1", "--", PYTHON, "-c", "import colorsys")
        text = done.stdout.decode()
        self.assertEqual(done.returncode, 0)
        for word in ("warm", "peak", "warm call", "In its place"):
            self.assertIn(word, text)
        if FOLLOWS:
            for phase in PHASES:
                self.assertIn(phase, text)
            self.assertIn("colorsys", text)


@unittest.skipUnless(FOLLOWS, "processes can't be followed here")
class Trace(Case):
    def trace(self, *words, status=0, **options):
        return self.report("--trace", "--runs", "1", "--", *words, status=status, **options)

    @staticmethod
    def group(found, name):
        matching = [group for group in found["groups"] if group["name"].endswith(name)]
        assert len(matching) == 1, [group["name"] for group in found["groups"]]
        return matching[0]

    def test_calls_are_counted_exactly(self):
        tool = self.write("tool", "#!%s\nimport sys\n" % PYTHON, executable=True)
        script = self.write("build.sh", "for i in 1 2 3 4 5 6 7; do %s $i; done\n%s 1\ntrue; (true)\n"
                            "/bin/true; /bin/true\n" % (tool, tool))
        found = self.trace("sh", script)
        group = self.group(found, " tool")
        self.assertEqual(group["calls"], 8)
        self.assertEqual(group["python_calls"], 8)
        self.assertEqual(group["failed"], 0)
        self.assertEqual(group["order"], "serial")
        self.assertEqual([line["calls"] for line in group["lines"]], [2, 1, 1, 1, 1, 1, 1])
        self.assertEqual(self.group(found, "true")["calls"], 2)
        self.assertEqual(self.group(found, "sh build.sh")["calls"], 1)
        self.assertEqual(found["calls"], 10)
        self.assertEqual(sum(group["calls"] for group in found["groups"]), 11)
        self.assertGreater(group["start_up_ms"], 0)
        self.assertLessEqual(group["start_up_ms"], group["time_ms"])

    @unittest.skipUnless(shutil.which("make"), "there is no make")
    def test_make(self):
        tool = self.write("tool", "#!%s\n" % PYTHON, executable=True)
        self.write("Makefile", "all: a b c d\na b c d:\n\t@%s $@\n" % tool)
        self.assertEqual(self.group(self.trace("make", "-s"), " tool")["calls"], 4)

    def test_serial_and_parallel(self):
        # Each waits until it has seen the other: they can only end side by side.
        tool = self.write("tool", "#!%s\nimport os, sys, time\nopen(sys.argv[1], 'w').close()\n"
                          "while not os.path.exists(sys.argv[2]): time.sleep(0.01)\n" % PYTHON,
                          executable=True)
        script = self.write("build.sh", "%s a b & %s b a & wait\n%s a b\n" % (tool, tool, tool))
        found = self.trace("sh", script)
        group = self.group(found, " tool")
        self.assertEqual((group["calls"], group["most_at_once"], group["order"]), (3, 2, "parallel"))
        self.assertGreaterEqual(found["most_at_once"], 2)
        nested = self.trace("sh", "-c", "sh -c 'sh -c /bin/true; :'; :")
        shells = self.group(nested, "sh -c")
        self.assertEqual(shells["order"], "serial")
        self.assertGreaterEqual(shells["calls"], 2)

    def test_times_fit(self):
        found = self.trace("sh", "-c", "/bin/true; /bin/true; :")
        first = found["processes"][0]
        self.assertEqual(first["start_ms"], 0)
        self.assertIsNone(first["parent"])
        for process in found["processes"][1:]:
            self.assertLessEqual(process["start_ms"], process["end_ms"])
            self.assertLess(process["parent"], found["processes"].index(process))
            self.assertLessEqual(process["end_ms"], first["end_ms"] + 0.001)
        owned = sum(group["own_ms"] for group in found["groups"])
        self.assertLessEqual(owned, found["whole_ms"] + 0.01)

    def test_files(self):
        data = self.write("data.txt", "x")
        script = self.write("build.sh", "cat data.txt > out.txt; cat %s > /dev/null; cat nothing\n:\n" % data)
        found = self.trace("sh", script)
        opened = {file["path"]: file["opened"] for file in found["files"]}
        self.assertEqual(opened[data], 2)
        self.assertNotIn(str(self.here / "out.txt"), opened)
        group = self.group(found, "cat")
        self.assertGreaterEqual(group["files_opened"], 2)
        self.assertGreaterEqual(group["files_missing"], 1)
        self.assertEqual(group["failed"], 1)
        done = self.hob("--trace", "--no-files", "--json", "-", "--", "cat", data)
        self.assertIsNone(json.loads(done.stdout)["files"])

    def test_threads_and_execs(self):
        tool = self.write("tool.py", "import os, sys, threading\n"
                          "workers = [threading.Thread(target=lambda: open('data')) for i in range(8)]\n"
                          "[w.start() for w in workers]; [w.join() for w in workers]\n"
                          "threading.Thread(target=lambda: os.execv('/bin/cat', ['cat', 'data'])).start()\n")
        self.write("data", "x")
        found = self.trace(PYTHON, tool)
        self.assertEqual(len(found["processes"]), 1)
        self.assertEqual(found["processes"][0]["group"], "cat")
        opened = {file["path"]: file["opened"] for file in found["files"]}
        self.assertEqual(opened[str(self.here / "data")], 9)

    def test_input_output_and_status_are_its_own(self):
        done = subprocess.run([HOB, "profile", "--trace", "--html", "x.html", "--", "sh", "-c",
                               "cat; echo err >&2; exit 5"], cwd=self.here, env=self.environment, timeout=PATIENCE,
                              input=b"through\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 5)
        self.assertTrue(done.stdout.startswith(b"through\n"))
        self.assertIn(b"err\n", done.stderr)
        done = self.hob("--trace", "--json", "-", "--", "echo", "on the side")
        json.loads(done.stdout)
        self.assertIn(b"on the side", done.stderr)
        self.assertEqual(self.hob("--trace", "--", "sh", "-c", "kill -9 $$").returncode, 137)

    def test_the_terminal_is_its_own(self):
        script = self.write("tool.py", "import os, signal, sys, time\n"
                            "def end(*_): print('caught', flush=True); sys.exit(6)\n"
                            "signal.signal(signal.SIGINT, end)\n"
                            "print('tty', os.isatty(0), os.tcgetpgrp(0) == os.getpgrp(), flush=True)\n"
                            "time.sleep(1000)\n")
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.here)
            os.execve(HOB, [HOB, "profile", "--trace", "--runs", "1", "--", PYTHON, script], self.environment)
        output = b""
        deadline = time.monotonic() + PATIENCE
        sent = False
        while time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    output += os.read(terminal, 65536)
                except OSError:
                    break
            if b"tty True True" in output and not sent:
                os.write(terminal, b"\x03")
                sent = True
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
        self.assertIn(b"caught", output)
        self.assertEqual(status, 6, output)
        self.assertIn(b"Where the time of a build goes", output)

    def test_what_the_command_leaves_running(self):
        script = self.write("build.sh", "(while [ ! -e stop ]; do sleep 0.05; done; echo over > over) "
                            "> /dev/null 2>&1 &\n")
        done = self.hob("--trace", "--runs", "1", "--no-files", "--", "sh", script)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse((self.here / "over").exists())
        (self.here / "stop").touch()
        wait_for((self.here / "over").exists, "what was let go")
        (self.here / "stop").unlink()
        (self.here / "over").unlink()
        running = subprocess.Popen([HOB, "profile", "--trace", "--runs", "1", "--", "sh", script],
                                   cwd=self.here, env=self.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        line = running.stderr.readline()
        self.assertIn(b"waiting", line)
        (self.here / "stop").touch()
        running.communicate(timeout=PATIENCE)
        self.assertEqual(running.returncode, 0)
        self.assertTrue((self.here / "over").exists())

    def test_stopping_and_going_on(self):
        found = self.trace("sh", "-c", "sh -c 'kill -STOP $$; exit 4' & p=$!\n"
                           "(while kill -CONT $p; do sleep 0.02; done) 2> /dev/null & k=$!\n"
                           "wait $p; s=$?; kill $k; exit $s", status=4)
        self.assertEqual(found["status"], 4)

    def test_native_is_measured_for_a_build(self):
        tool = self.write("mdfield", "#!%s\nprint('x')\n" % PYTHON, executable=True)
        talk = self.write("talk.md", "---\ntitle: x\n---\n")
        found = self.trace("sh", "-c", "%s title %s; %s title %s; :" % (tool, talk, tool, talk))
        native = [saving for saving in found["savings"] if saving["kind"] == "native"]
        self.assertEqual([(saving["calls"], saving["floor"]) for saving in native], [(2, False)])
        self.assertAlmostEqual(native[0]["total_ms"],
                               2 * (native[0]["before_ms"] - native[0]["after_ms"]), places=2)


class Pages(Case):
    ODD = "a b'<b>\"&\x1b[31m\u202eü\u4e2d.py"

    def page(self, *words, status=0):
        done = self.hob("--html", "page.html", *words)
        self.assertEqual(done.returncode, status, done.stderr)
        text = (self.here / "page.html").read_text(encoding="utf-8")
        page = Page(text)
        self.assertNotIn("script", page.tags)
        self.assertNotIn("\x1b", text)
        self.assertNotIn("\u202e", text)
        self.assertNotIn("@import", text)
        self.assertNotIn("url(", text)
        self.assertEqual(page.links, [])
        self.assertEqual(len(page.ids), len(set(page.ids)))
        for svg in re.findall(r"<svg[^>]*>", text):
            for name in re.search(r'aria-labelledby="([^"]*)"', svg).group(1).split():
                self.assertIn(name, page.ids)
        return page, done

    def test_odd_names_are_harmless(self):
        script = self.write(self.ODD, "print('x')\n")
        page, done = self.page("--runs", "1", "--", PYTHON, script)
        self.assertNotIn(b"\x1b", done.stdout)
        self.assertIn("<b>\"&␛[31m", page.all_text)
        self.assertNotIn("b", page.tags[:page.tags.index("h1")])
        if FOLLOWS:
            page, done = self.page("--trace", "--runs", "1", "--", "sh", "-c", '%s "$0"; :' % PYTHON, script)
            self.assertNotIn(b"\x1b", done.stdout)
            self.assertIn("<b>\"&␛[31m", page.all_text)
            self.report("--trace", "--runs", "1", "--", PYTHON, script)

    def test_names_that_are_no_text(self):
        script = os.fsencode(self.here) + b"/\xff\xfe.py"
        with open(script, "w") as file:
            file.write("pass\n")
        page, done = self.page("--runs", "1", "--", PYTHON, script)
        done.stdout.decode()
        self.report("--runs", "1", "--", PYTHON, script)
        if FOLLOWS:
            found = self.report("--trace", "--runs", "1", "--", PYTHON, script)
            self.assertIn("\ufffd", found["groups"][0]["name"])

    def test_parts_of_a_page(self):
        script = self.write("tool.py", "import json, email.message\n")
        page, _ = self.page("--runs", "1", "--", PYTHON, script)
        for title in ("Runs", "Memory", "In its place", "Recommendation"):
            self.assertIn(title, page.all_text)
        if FOLLOWS:
            self.assertEqual({"phases-t", "imports-t", "memory-t"} - set(page.ids), set())
            self.assertIn("email.message", page.all_text)
            page, _ = self.page("--trace", "--runs", "1", "--", "sh", "-c", "%s %s; :" % (PYTHON, script))
            self.assertIn("timeline-t", page.ids)
            self.assertIn("Commands", page.all_text)


def read_png(path):
    """Width, height, and the rows of a picture of 8 bits a colour, as browsers write them."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    assert depth == 8 and colour in (2, 6)
    packed, at = b"", 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    step = 3 if colour == 2 else 4
    raw, rows, before = zlib.decompress(packed), [], bytes(width * step)
    for y in range(height):
        kind, line = raw[y * (width * step + 1)], bytearray(raw[y * (width * step + 1) + 1:(y + 1) * (width * step + 1)])
        for x in range(len(line)):
            left = line[x - step] if x >= step else 0
            above, corner = before[x], before[x - step] if x >= step else 0
            if kind == 1:
                line[x] = (line[x] + left) & 255
            elif kind == 2:
                line[x] = (line[x] + above) & 255
            elif kind == 3:
                line[x] = (line[x] + (left + above) // 2) & 255
            elif kind == 4:
                guess = left + above - corner
                near = min((abs(guess - left), 0, left), (abs(guess - above), 1, above),
                           (abs(guess - corner), 2, corner))[2]
                line[x] = (line[x] + near) & 255
        before = bytes(line)
        rows.append([before[x:x + 3] for x in range(0, len(before), step)])
    return width, height, rows


BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


# Put into a copy of a page, which itself has no scripts: what the browser made of it, as JSON.
MEASURES = """<script>
const box = element => { const r = element.getBoundingClientRect();
  return {left: r.left, right: r.right, top: r.top, bottom: r.bottom, width: r.width}; };
const found = {window: innerWidth, page: document.documentElement.scrollWidth,
  overflowing: [...document.querySelectorAll("main > *")].filter(
    e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName), pictures: {}};
for (const svg of document.querySelectorAll("svg"))
  found.pictures[svg.getAttribute("aria-labelledby").split("-")[0]] = {
    ...box(svg),
    bars: [...svg.querySelectorAll("rect")].map(e => ({...box(e), kind: e.getAttribute("class"),
      title: (e.querySelector("title") || e.parentNode.querySelector("title")).textContent})),
    texts: [...svg.querySelectorAll("text")].map(e => ({...box(e), text: e.textContent,
      kind: e.getAttribute("class")}))};
const out = document.createElement("pre");
out.id = "measured";
out.textContent = JSON.stringify(found);
document.body.append(out);
</script>"""


@unittest.skipUnless(BROWSER, "no picture is taken: none of chromium, chromium-browser and google-chrome is installed")
@unittest.skipUnless(FOLLOWS, "processes can't be followed here: there is nothing to look at")
class Looks(Case):
    """What a person would see: colours where the pictures are, bars as long as their figures, words that
    stay where they belong, on a page of the right width."""

    def browse(self, page, width, *more):
        # The page has no need of the network: nothing is to be reached.
        return subprocess.run([BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                               "--disable-dev-shm-usage", "--proxy-server=127.0.0.1:9",
                               "--user-data-dir=%s" % (self.here / "browser"),
                               "--window-size=%d,900" % width, *more, (self.here / page).as_uri()],
                              env=dict(self.environment, TMPDIR=str(self.here), HOME=str(self.here)),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE * 3)

    def picture(self, width):
        shot = self.here / "page.png"
        done = self.browse("page.html", width, "--screenshot=%s" % shot)
        self.assertTrue(shot.exists(), done.stderr)
        return read_png(shot)

    def measured(self, width):
        """What the browser says of the page in a window of this width."""
        text = (self.here / "page.html").read_text(encoding="utf-8")
        text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
        (self.here / "measured.html").write_text(text.replace("</body>", MEASURES + "</body>"), encoding="utf-8")
        done = self.browse("measured.html", width, "--dump-dom")
        shown = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout.decode(), re.DOTALL)
        self.assertTrue(shown, done.stderr)
        return json.loads(html.unescape(shown.group(1)))

    def assert_fits(self, seen):
        """Nothing sticks out: neither of the page nor, what is written, of its picture or bar."""
        self.assertLessEqual(seen["page"], seen["window"])
        self.assertEqual(seen["overflowing"], [])
        for name, picture in seen["pictures"].items():
            for text in picture["texts"]:
                self.assertGreaterEqual(text["left"], picture["left"] - 1, (name, text))
                self.assertLessEqual(text["right"], picture["right"] + 1, (name, text))
                if text["kind"] and text["kind"].split()[0] == "inside":
                    self.assertTrue(any(bar["left"] <= text["left"] + 1 and text["right"] <= bar["right"] + 1
                                        and bar["top"] <= text["top"] + 3 and text["bottom"] <= bar["bottom"] + 3
                                        for bar in picture["bars"]), (name, text))

    def assert_drawn(self, picture, width, colours):
        self.assertEqual(picture[:2], (width, 900))
        counts = {}
        for row in picture[2]:
            for pixel in row:
                counts[pixel] = counts.get(pixel, 0) + 1
        self.assertLess(max(counts.values()), width * 900 * 0.97, "almost all of it is one colour")
        for colour in colours:
            self.assertGreater(counts.get(bytes.fromhex(colour), 0), 60, "#" + colour)

    def test_a_command(self):
        script = self.write("tool.py", "import json, email.message, http.client\n")
        self.assertEqual(self.hob("--runs", "1", "--html", "page.html", "--", PYTHON, script).returncode, 0)
        page, interpreter, imports = "fbfbf9", "2563eb", "c2410c"
        self.assert_drawn(self.picture(1200), 1200, [page, interpreter, imports])
        for width in (1200, 500):
            with self.subTest(width=width):
                self.assert_fits(self.measured(width))

    def test_bars_are_as_long_as_their_figures(self):
        script = self.write("tool.py", "import json, email.message, http.client\n")
        found = self.report("--runs", "1", "--html", "page.html", "--", PYTHON, script)
        pictures = self.measured(1200)["pictures"]
        whole = pictures["phases"]["width"]
        bars = {bar["title"].split(",")[0]: bar["width"] for bar in pictures["phases"]["bars"]}
        for phase in found["phases"]:
            if phase["name"] in bars or phase["ms"] > found["phases_ms"] / 500:
                self.assertAlmostEqual(bars[phase["name"]] / whole, phase["ms"] / found["phases_ms"], delta=0.003)
        modules = {module["name"]: module for module in found["imports"] if not module["interpreter"]}
        drawn = [(modules[bar["title"].split(":")[0]], bar) for bar in pictures["imports"]["bars"]
                 if bar["kind"] == "whole" and bar["title"].split(":")[0] in modules]
        self.assertGreaterEqual(len(drawn), 3)
        longest = max(drawn, key=lambda pair: pair[0]["cumulative_ms"])
        scale = longest[1]["width"] / longest[0]["cumulative_ms"]
        for module, bar in drawn:
            self.assertAlmostEqual(bar["width"], module["cumulative_ms"] * scale, delta=1.5, msg=module["name"])
        memory, sizes = found["memory"], {bar["kind"]: bar["width"] for bar in pictures["memory"]["bars"]}
        for kind in ("private", "shared"):
            self.assertAlmostEqual(sizes[kind] / sizes["peak"], memory[kind + "_bytes"] / memory["peak_bytes"],
                                   delta=0.003)

    def test_a_build(self):
        tool = self.write("tool", "#!%s\n" % PYTHON, executable=True)
        script = self.write("build.sh", "for i in 1 2 3; do %s $i; done\n" % tool)
        self.assertEqual(self.hob("--trace", "--runs", "1", "--html", "page.html", "--", "sh", script).returncode, 0)
        self.assert_drawn(self.picture(1200), 1200, ["fbfbf9", "2563eb"])
        for width in (1200, 500):
            with self.subTest(width=width):
                self.assert_fits(self.measured(width))


if __name__ == "__main__":
    unittest.main()
