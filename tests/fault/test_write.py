#!/usr/bin/env python3
"""A write that goes wrong at any step leaves the old file byte for byte.

Every format that writes one file is written over an old file again and again, with the first, the
second, ... system call failing, or the process killed there, until the write gets through. After
each try the file is either the old one or the complete new one, and a try that failed leaves no
other file behind; one that was killed may leave its temporary file, where files must have a name.

Environment: FAIL_AT_LIBRARY and WRITE_FLOW, set by meson.
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

LIBRARY = os.environ["FAIL_AT_LIBRARY"]
WRITER = os.environ["WRITE_FLOW"]
OLD = b"the old file\n" * 100
FORMATS = ["csv", "json", "yaml", "markdown", "bibtex", "excel"]
MOST_CALLS = 200


def has_nameless_files(folder):
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY))
    except (AttributeError, OSError):
        return False
    return True


class WriteFaults(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="hob-fault-")
        self.path = pathlib.Path(self.folder.name) / "t.out"

    def tearDown(self):
        self.folder.cleanup()

    def write(self, kind, **environment):
        self.path.write_bytes(OLD)
        count = pathlib.Path(self.folder.name + ".count")
        count.unlink(missing_ok=True)
        done = subprocess.run(
            [WRITER, f"type: {kind}, sheet: Sheet1, filename: {self.path}"],
            env={**os.environ, "LD_PRELOAD": LIBRARY, "FAIL_COUNT": str(count), **environment},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        made = int(count.read_text()) if count.exists() else None
        count.unlink(missing_ok=True)
        return done, made

    def others(self):
        return [name for name in os.listdir(self.folder.name) if name != "t.out"]

    def expect_whole(self, kind, new):
        content = self.path.read_bytes()
        if kind == "excel":  # holds the time at which it was made
            self.assertTrue(content == OLD or content[:2] == b"PK" and len(content) == len(new))
        else:
            self.assertIn(content, (OLD, new))

    def run_through(self, kind, how):
        done, calls = self.write(kind)
        self.assertEqual(done.returncode, 0, done.stderr)
        new = self.path.read_bytes()
        self.assertNotEqual(new, OLD)
        self.assertGreater(calls, 3)
        self.assertLess(calls, MOST_CALLS)
        failed = left = 0
        for k in range(1, calls + 1):
            done, _ = self.write(kind, FAIL_AT=str(k), FAIL_HOW=how)
            self.expect_whole(kind, new)
            if how == "error":
                self.assertIn(done.returncode, (0, 1))
                self.assertEqual(self.others(), [], f"left behind when call {k} failed")
                if done.returncode == 1:
                    self.assertEqual(self.path.read_bytes(), OLD, f"call {k}")
                    self.assertTrue(done.stderr.strip(), f"no message when call {k} failed")
            else:
                left += len(self.others())
                for name in self.others():
                    self.assertRegex(name, r"^\.hob-.*\.tmp$")
                    os.unlink(os.path.join(self.folder.name, name))
            failed += done.returncode != 0
        self.assertGreater(failed, 2)
        if has_nameless_files(self.folder.name):
            self.assertLessEqual(left, 2, "only between naming and renaming can a file be left")

    def test_a_failing_call_leaves_the_old_file(self):
        for kind in FORMATS:
            with self.subTest(kind):
                self.run_through(kind, "error")

    def test_a_killed_process_leaves_the_old_file_or_the_new_one(self):
        for kind in FORMATS:
            with self.subTest(kind):
                self.run_through(kind, "kill")


class ManyFiles(unittest.TestCase):
    """A flow of a file a row: each file is old or new, and the message says which are new."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="hob-fault-")
        self.addCleanup(self.folder.cleanup)
        self.files = [pathlib.Path(self.folder.name) / f"{name}.yml" for name in "abc"]

    def write(self, **environment):
        for path in self.files:
            path.write_bytes(OLD)
        count = pathlib.Path(self.folder.name + ".count")
        rows = ", ".join(f"{{sourceRoot: {self.folder.name}, sourceDirectory: '', "
                         f"sourceFilename: {path.name}, n: 1}}" for path in self.files)
        done = subprocess.run(
            [WRITER, "type: yaml_directory", f"[{rows}]"],
            env={**os.environ, "LD_PRELOAD": LIBRARY, "FAIL_COUNT": str(count), **environment},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        made = int(count.read_text()) if count.exists() else None
        count.unlink(missing_ok=True)
        return done, made

    def test_a_failing_call_leaves_old_and_new_files_and_says_which(self):
        done, calls = self.write()
        self.assertEqual(done.returncode, 0, done.stderr)
        new = [path.read_bytes() for path in self.files]
        told = set()
        for k in range(1, calls + 1):
            done, _ = self.write(FAIL_AT=str(k), FAIL_HOW="error")
            states = [path.read_bytes() for path in self.files]
            for state, whole in zip(states, new):
                self.assertIn(state, (OLD, whole))
            written = sum(state != OLD for state in states)
            self.assertEqual(sorted(os.listdir(self.folder.name)), ["a.yml", "b.yml", "c.yml"])
            if done.returncode == 0 or written == 0:
                continue
            told.add(written)
            self.assertEqual(states, new[:written] + [OLD] * (3 - written))
            self.assertIn(f"{written} file", done.stderr)
            self.assertIn(str(self.files[written - 1]), done.stderr)
        self.assertEqual(told, {1, 2}, "no failure between files was seen")


if __name__ == "__main__":
    unittest.main()
