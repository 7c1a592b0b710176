#!/usr/bin/env python3
"""Beginning before the C library does (src/cli/enter.c): what is passed on, and what hob becomes.

Environment: REPORT and REPORT_STATIC, report.c linked in two ways; OBJECT, enter.c compiled; NM.
The library that the first one needs lies beside it.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ENVIRONMENT = {"HOB_TEST_VARIABLE": "kept", "PATH": os.environ["PATH"],
               "LD_LIBRARY_PATH": os.path.dirname(os.environ["REPORT"])}
# What begins programs of another machine, where they are tested.
ENVIRONMENT.update({name: value for name, value in os.environ.items() if name.startswith("QEMU_")})


class Enter(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def place(self, program):
        """A program of its own folder: what it becomes is looked for beside it."""
        shutil.copy(program, self.folder / "program")
        return self.folder / "program"

    def put_successor(self, mode):
        successor = self.folder / "hob-run"
        successor.write_text("#!/bin/sh\necho \"became $HOB_TEST_VARIABLE\"\nprintf '%s\\n' \"$@\"\n")
        successor.chmod(mode)

    def run_as(self, program, *words):
        return subprocess.run(words, executable=program, env=ENVIRONMENT, capture_output=True,
                              text=True, timeout=60)

    def assert_begins(self, program, *words):
        done = self.run_as(program, *words)
        self.assertEqual(done.stdout.splitlines(), [*words, "variable=kept", "page=1"], done)
        self.assertEqual(done.stderr, "ended\n", done)
        self.assertEqual(done.returncode, 7, done)

    def each_program(self):
        for name in "REPORT", "REPORT_STATIC":
            if name in os.environ:
                with self.subTest(name):
                    yield self.place(os.environ[name])

    def test_what_is_no_run_begins_with_all_that_it_was_given(self):
        self.put_successor(0o755)
        for program in self.each_program():
            for words in (["hob"], ["hob", "run"], ["hob", "runs", "x"], ["/bin/hob", "read", ""],
                          ["mdfield", "run", "x"], ["./mdlist", "a b", "c" * 5000]):
                self.assert_begins(program, *words)

    def test_a_run_becomes_what_is_beside_it(self):
        self.put_successor(0o755)
        for program in self.each_program():
            for words in (["hob", "run", "x", ""], ["/usr/bin/hob", "run", "--", "a b"],
                          ["pytest", "-q"], ["/shims/mkdocs", "build"], ["hobby", "read"]):
                done = self.run_as(program, *words)
                self.assertEqual((done.stdout, done.stderr, done.returncode),
                                 ("became kept\n" + "".join(f"{word}\n" for word in words[1:]), "", 0))

    def test_a_run_begins_where_nothing_can_be_become(self):
        for program in self.each_program():
            self.assert_begins(program, "hob", "run", "x")
            self.put_successor(0o644)
            self.assert_begins(program, "hob", "run", "x")
            self.assert_begins(program, "a-shim")

    def test_no_function_of_the_c_library_is_called(self):
        listed = subprocess.run([os.environ["NM"], "-u", os.environ["OBJECT"]], check=True,
                                capture_output=True, text=True).stdout
        self.assertEqual(re.findall(r"^ +U (.*)", listed, re.M), ["_start"])


if __name__ == "__main__":
    unittest.main()
