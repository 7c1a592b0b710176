"""Runs `hob convert` and `hob write`, and NDJSON as an input, as a user does. HOB names the
executable.

Python 3 standard library only."""

import json
import os
import pty
import select
import shutil
import stat
import subprocess
import tempfile
import time
import unittest

HOB = os.path.abspath(os.environ.get("HOB", "build/src/hob"))

PEOPLE = [{"name": "Ada", "born": 1815, "note": 'a, "b"'},
          {"name": "環境", "born": 1906, "note": None}]
LINES = "".join(json.dumps(person) + "\n" for person in PEOPLE)


class Scratch(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="hob-convert-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        os.mkdir(self.path("tmp"))
        self.write("people.json", json.dumps(PEOPLE))
        self.write("people.ndjson", LINES)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8", newline="") as file:
            file.write(text)

    def read(self, name):
        with open(self.path(name), encoding="utf-8", newline="") as file:
            return file.read()

    def hob(self, *words, stdin=""):
        return subprocess.run([HOB, *words], input=stdin.encode(), capture_output=True,
                              cwd=self.directory, timeout=60,
                              env={**os.environ, "TMPDIR": self.path("tmp")})

    def succeeds(self, *words, **options):
        done = self.hob(*words, **options)
        self.assertEqual((done.returncode, done.stderr), (0, b""), words)
        return done.stdout.decode()

    def fails(self, status, *words, **options):
        """Nothing on stdout, and a message of one line; returns it."""
        done = self.hob(*words, **options)
        message = done.stderr.decode()
        self.assertEqual((done.returncode, done.stdout), (status, b""), (words, message))
        self.assertRegex(message, r"\Ahob[^\n]*: [^\n]+\n\Z")
        return message

    def records(self, name, *words):
        return json.loads(self.succeeds("read", name, "--format", "json", *words))

    def tearDown(self):
        self.assertEqual(os.listdir(self.path("tmp")), [], "temporary files are left")


class Lines(Scratch):
    def test_a_record_a_line_is_read(self):
        self.assertEqual(self.records("people.ndjson"), PEOPLE)
        shutil.copy(self.path("people.ndjson"), self.path("people.jsonl"))
        self.assertEqual(self.records("people.jsonl"), PEOPLE)
        out = self.succeeds("read", "-", "--type", "ndjson", "--format", "json", stdin=LINES)
        self.assertEqual(json.loads(out), PEOPLE)

    def test_blank_lines_carriage_returns_and_a_missing_end_are_no_trouble(self):
        self.write("odd.ndjson", '\n{"a": 1}\r\n  \t\n\r\n{"a": 2}')
        self.assertEqual(self.records("odd.ndjson"), [{"a": 1}, {"a": 2}])

    def test_lines_are_typed_as_a_list_of_them_would_be(self):
        for records in [[{"a": 1}, {"a": None}, {"b": "x"}], [{"a": 1}, {"a": 2.5}, {"a": "x"}],
                        [{"a": 9223372036854775808}, {"a": 1}], [{}, {}], [],
                        [{"a": [1, {"b": None}]}, {"a": True}], [{"a": True}, {"a": None}]]:
            with self.subTest(records=records):
                self.write("list.json", json.dumps(records))
                self.write("list.ndjson", "".join(json.dumps(row) + "\n" for row in records))
                self.assertEqual(self.succeeds("read", "list.ndjson", "--types"),
                                 self.succeeds("read", "list.json", "--types"))

    def test_a_broken_line_is_named(self):
        for line in ['{"a": 1', '{"a" 1}', '[1]', '3', '{"a": 1} {"a": 2}', '{"a": 1},']:
            with self.subTest(line=line):
                self.write("bad.ndjson", '{"a": 1}\n\n%s\n{"a": 2}\n' % line)
                message = self.fails(1, "read", "bad.ndjson")
                self.assertIn("reading 'bad.ndjson' as ndjson: record in line 3: ", message)

    def test_a_broken_line_is_named_when_columns_are_mixed(self):
        self.write("bad.ndjson", '{"a": 1}\n{"a": 2.5}\n{"a": "x"}\n[]\n')
        self.assertIn("line 4", self.fails(1, "read", "bad.ndjson"))


class Convert(Scratch):
    def test_every_format_of_files_goes_there_and_back(self):
        for ending in ["csv", "json", "ndjson", "yml"]:
            with self.subTest(ending=ending):
                self.assertEqual(self.succeeds("convert", "people.json", "out." + ending), "")
                back = self.succeeds("convert", "out." + ending, "-", "--to", "ndjson")
                self.assertEqual([{**{"note": None}, **json.loads(line)}
                                  for line in back.splitlines()], PEOPLE)

    def test_standard_input_and_output(self):
        out = self.succeeds("convert", "-", "-", "--from", "ndjson", "--to", "csv", stdin=LINES)
        self.assertEqual(out, 'name,born,note\nAda,1815,"a, ""b"""\n環境,1906,\n')
        self.assertEqual(self.succeeds("convert", "-", "out.csv", "--from=ndjson", stdin=LINES), "")
        self.assertEqual(self.read("out.csv"), out)

    def test_types_that_are_given_win_over_endings(self):
        self.succeeds("convert", "people.json", "out.txt", "--to", "csv")
        self.assertEqual(self.succeeds("convert", "out.txt", "-", "-fcsv", "-tndjson"),
                         self.succeeds("convert", "people.json", "-", "-tndjson"))

    def test_options_are_keys_of_the_flows(self):
        self.write("semicolon.csv", "a;b\n1;2\n")
        for words, expected in [
            (["-O", "delimiter=;"], "a;b\n1;2\n"),
            (["-O", "from.delimiter=;"], "a,b\n1,2\n"),
            (["-O", "from.delimiter=;", "--option", "to.delimiter=|"], "a|b\n1|2\n"),
            (["-O", 'from.delimiter=";"', "-O", 'to.delimiter="\\t"'], "a\tb\n1\t2\n"),
            (["-O", "from.delimiter=;", "-O", "from.select_columns=[b]"], "b\n2\n"),
            (["-O", "from.delimiter=;", "-O", "rename_columns={a: x}"], "x,b\n1,2\n"),
        ]:
            with self.subTest(words=words):
                self.assertEqual(self.succeeds("convert", "semicolon.csv", "-", "--to", "csv",
                                               *words), expected)

    def test_tsv_is_written_as_it_is_read(self):
        self.write("t.csv", 'a,b\n1,"x,y"\n')
        self.succeeds("convert", "t.csv", "o.tsv")
        self.assertEqual(self.read("o.tsv"), "a\tb\n1\tx,y\n")
        self.assertEqual(self.records("o.tsv"), self.records("t.csv"))
        self.succeeds("convert", "t.csv", "o.tsv", "-O", "to.delimiter=,")
        self.assertEqual(self.read("o.tsv"), self.read("t.csv"))

    def test_every_line_end_in_a_text_survives_csv(self):
        rows = [{"a": "lone\rreturn", "b": 1}, {"a": "both\r\n", "b": 2}, {"a": "\r", "b": 3}]
        self.write("ends.json", json.dumps(rows))
        self.succeeds("convert", "ends.json", "ends.csv")
        self.assertEqual(self.read("ends.csv"),
                         'a,b\n"lone\rreturn",1\n"both\r\n",2\n"\r",3\n')
        self.assertEqual(self.records("ends.csv"), rows)

    def test_wrong_command_lines_are_status_2(self):
        for words, part in [
            (["people.json"], "OUT is missing"),
            (["-", "out.csv"], "--from"),
            (["people.json", "-"], "--to"),
            (["people.json", "out.xyz"], "--to"),
            (["people.json", "out"], "--to"),
            (["people.json", "out.csv", "--from", "xyz"], "csv"),
            (["people.json", "out.csv", "--to", "local"], "csv"),
            (["people.json", "out.csv", "-O", "sheet"], "KEY=VALUE"),
            (["people.json", "out.csv", "-O", "=x"], "KEY=VALUE"),
            (["people.json", "out.csv", "-O", "delimiter=[1"], "YAML"),
            (["people.json", "out.csv", "-O", "to.delimiter=ab"], "one ASCII character"),
            (["people.json", "out.csv", "-O", "delimiter=ab"], "one ASCII character"),
            (["people.json", "-", "--to", "csv", "-O", "to.quotechar=ä"], "one ASCII character"),
            (["people.json", "out.csv", "-O", "to.delimiter="], "cannot be empty"),
            (["people.csv", "out.csv", "-O", "from.delimiter=''"], "cannot be empty"),
            (["people.json", "out.csv", "-O", "filename=x"], "filename"),
            (["people.json", "out.csv", "-O", "to.type=x"], "type"),
            (["people.json", "out.csv", "--max-file-size", "0"], "--max-file-size"),
        ]:
            with self.subTest(words=words):
                self.assertIn(part, self.fails(2, "convert", *words))
        self.assertFalse(os.path.exists(self.path("out.csv")))

    def test_failures_are_status_1_and_leave_the_old_file(self):
        self.write("out.csv", "old")
        self.write("bad.json", '[{"a": 1}')
        self.write("what.xyz", "x")
        for words in [["nope.json", "out.csv"], ["bad.json", "out.csv"], ["what.xyz", "out.csv"],
                      [".", "out.csv"], ["people.json", "nowhere/out.csv"],
                      ["people.json", "out.csv", "--max-file-size", "10"]]:
            with self.subTest(words=words):
                self.fails(1, "convert", *words)
        self.assertEqual(self.read("out.csv"), "old")
        self.assertEqual(sorted(name for name in os.listdir(self.directory) if name[0] == "."), [])

    def test_a_file_can_be_converted_onto_itself(self):
        self.write("same.csv", "a\n1\n")
        self.succeeds("convert", "same.csv", "same.csv", "-O", "from.rename_columns={a: b}")
        self.assertEqual(self.read("same.csv"), "b\n1\n")

    def test_a_pipe_is_written_to_and_not_replaced(self):
        os.mkfifo(self.path("pipe.csv"))
        reader = subprocess.Popen(["cat", self.path("pipe.csv")], stdout=subprocess.PIPE)
        self.addCleanup(reader.kill)
        self.succeeds("convert", "people.json", "pipe.csv")
        self.assertTrue(reader.communicate(timeout=60)[0].startswith(b"name,born,note\n"))
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("pipe.csv")).st_mode))

    def test_a_full_disk_is_reported(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([HOB, "convert", "people.json", "-", "--to", "csv"], stdout=full,
                                  stderr=subprocess.PIPE, cwd=self.directory)
        self.assertEqual((done.returncode, done.stderr),
                         (1, b"hob: cannot write to standard output: No space left on device "
                             b"(free some disk space, or write elsewhere)\n"))

    def test_a_closed_pipe_ends_quietly_and_leaves_nothing(self):
        self.write("many.csv", "a\n" + "0123456789\n" * 200000)
        process = subprocess.Popen([HOB, "convert", "many.csv", "-", "--to", "ndjson"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   cwd=self.directory,
                                   env={**os.environ, "TMPDIR": self.path("tmp")})
        process.stdout.read(10)
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        self.assertNotEqual(process.wait(60), 0)


class Write(Scratch):
    def test_records_in_any_form_are_written(self):
        self.succeeds("convert", "people.json", "expected.csv")
        for name, text in [("json", json.dumps(PEOPLE)), ("ndjson", LINES),
                           ("indented json", "\n " + json.dumps(PEOPLE, indent=2)),
                           ("csv", self.read("expected.csv"))]:
            with self.subTest(form=name):
                self.assertEqual(self.succeeds("write", "out.csv", stdin=text), "")
                self.assertEqual(self.read("out.csv"), self.read("expected.csv"))

    def test_mappings_are_told_apart(self):
        for text, expected in [('{"a": 1}', [{"a": 1}]), ('{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
                               ('{\n"a": [1, 2]\n}', [{"a": 1}, {"a": 2}])]:
            with self.subTest(text=text):
                self.succeeds("write", "out.json", stdin=text)
                self.assertEqual(json.loads(self.read("out.json")), expected)

    def test_the_form_can_be_given(self):
        self.succeeds("write", "out.json", "--from", "csv", stdin="[a\n1\n")
        self.assertEqual(json.loads(self.read("out.json")), [{"[a": 1}])
        self.succeeds("write", "out.json", "--from", "json", stdin='{"a": [1, 2]}')
        self.assertEqual(json.loads(self.read("out.json")), [{"a": 1}, {"a": 2}])

    def test_standard_output_and_options(self):
        self.assertEqual(self.succeeds("write", "-", "--type", "csv", "-O", "delimiter=;",
                                       stdin='[{"a": 1, "b": 2}]'), "a;b\n1;2\n")

    def test_an_interface_says_where(self):
        self.write("i.yml", "output: {type: csv, filename: out.csv}\n")
        self.succeeds("write", "--interface", "i.yml", stdin='[{"a": 1, "b": 2}]')
        self.assertEqual(self.read("out.csv"), "a,b\n1,2\n")
        self.succeeds("write", "-i", "i.yml", "-O", "delimiter=;", stdin='[{"a": 1, "b": 2}]')
        self.assertEqual(self.read("out.csv"), "a;b\n1;2\n")

    def test_wrong_command_lines_are_status_2(self):
        self.write("i.yml", "output: {type: csv, filename: out.csv}\n")
        self.write("none.yml", "input: {type: csv, filename: out.csv}\n")
        for words, part in [([], "--interface"), (["out.csv", "-i", "i.yml"], "both"),
                            (["-i", "i.yml", "--type", "csv"], "--type"),
                            (["out.csv", "--from", "yaml"], "json ndjson csv"),
                            (["-"], "--type"), (["out.xyz"], "--type"),
                            (["-i", "none.yml"], "'output'")]:
            with self.subTest(words=words):
                self.assertIn(part, self.fails(2, "write", *words, stdin="[]"))

    def test_broken_records_leave_the_old_file(self):
        self.write("out.csv", "old")
        for text, form in [('[{"a": 1}', "json"), ('{"a": 1}\n{"a": \n', "ndjson"), ("", "csv"),
                           ('a,b\n1,2,3\n', "csv")]:
            with self.subTest(text=text):
                self.assertIn("reading standard input as " + form,
                              self.fails(1, "write", "out.csv", stdin=text))
        self.assertIn("standard input", self.fails(1, "write", "out.csv", "--max-file-size", "2",
                                                   stdin="a\n1\n"))
        self.assertEqual(self.read("out.csv"), "old")


class Streaming(Scratch):
    def test_large_answers_are_whole_in_every_format(self):
        rows = [{"n": i, "t": "x" * (i % 50), "f": i / 4} for i in range(100000)]
        self.write("large.json", json.dumps(rows))
        out = self.succeeds("read", "large.json", "--format", "ndjson")
        self.assertEqual([json.loads(line) for line in out.splitlines()], rows)
        self.assertEqual(self.records("large.json"), rows)
        lines = self.succeeds("read", "large.json", "--format", "csv").splitlines()
        self.assertEqual(lines, ["n,t,f"] + ["%d,%s,%r" % (row["n"], row["t"], row["f"])
                                             for row in rows])

    def test_a_full_disk_is_reported_half_way_too(self):
        self.write("large.csv", "a\n" + "0123456789\n" * 300000)
        for name in ["csv", "ndjson", "json", "arrow"]:
            with self.subTest(format=name), open("/dev/full", "wb") as full:
                done = subprocess.run([HOB, "read", "large.csv", "--format", name], stdout=full,
                                      stderr=subprocess.PIPE, cwd=self.directory)
                self.assertEqual((done.returncode, done.stderr),
                                 (1, b"hob: cannot write to standard output: "
                                     b"No space left on device "
                                     b"(free some disk space, or write elsewhere)\n"))

    def test_a_closed_pipe_is_no_message_where_the_signal_is_ignored(self):
        self.write("large.csv", "a\n" + "0123456789\n" * 300000)
        command = "trap '' PIPE; '%s' read large.csv --format csv; echo $? >&2" % HOB
        process = subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, cwd=self.directory)
        process.stdout.read(10)
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"1\n")
        process.stderr.close()
        process.wait(60)


class Progress(Scratch):
    """Standard input is a pipe that stays open, so that the command has to wait."""

    def start(self, stderr):
        return subprocess.Popen([HOB, "write", "out.csv"], stdin=subprocess.PIPE, stderr=stderr,
                                cwd=self.directory)

    def wait_for(self, descriptor, what):
        seen, end = b"", time.monotonic() + 30
        while what not in seen and time.monotonic() < end:
            if select.select([descriptor], [], [], 1)[0]:
                seen += os.read(descriptor, 65536)
        self.assertIn(what, seen)
        return seen

    def test_a_terminal_is_told_and_the_line_cleared(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        process = self.start(theirs)
        os.close(theirs)
        self.wait_for(ours, b"reading standard input")
        process.stdin.write(b"a\n1\n")
        process.stdin.close()
        rest = b""
        while select.select([ours], [], [], 30)[0]:
            try:
                rest += os.read(ours, 65536)
            except OSError: # the other end is closed
                break
        self.assertEqual(process.wait(60), 0)
        self.assertTrue(rest.endswith(b"\r\x1b[K"), rest)
        self.assertEqual(self.read("out.csv"), "a\n1\n")

    def test_nothing_else_hears_of_it(self):
        ours, theirs = os.pipe()
        self.addCleanup(os.close, ours)
        process = self.start(theirs)
        os.close(theirs)
        self.assertEqual(select.select([ours], [], [], 1.5)[0], [])
        process.stdin.write(b"a\n1\n")
        process.stdin.close()
        self.assertEqual(process.wait(60), 0)
        self.assertEqual(os.read(ours, 100), b"")


if __name__ == "__main__":
    unittest.main()
