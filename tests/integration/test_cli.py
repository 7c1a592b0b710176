"""Runs the hob executable as a user does. HOB names the executable.

Python 3 standard library only."""

import csv
import errno
import fcntl
import io
import json
import os
import pty
import re
import resource
import shutil
import signal
import stat
import struct
import subprocess
import tempfile
import termios
import unittest

HOB = os.path.abspath(os.environ.get("HOB", "build/src/hob"))
COMMANDS = ["field", "read", "convert", "write", "list", "run", "shim", "warm", "why", "serve",
            "session", "call", "pool", "stdio", "profile", "config", "help", "completion"]
GROUPS = ["config", "pool", "session", "warm"]  # of commands with subcommands

PEOPLE = [
    {"name": "Ada", "born": 1815, "note": "a, \"b\""},
    {"name": "環境", "born": 1906, "note": None},
]

TALK = """---
title: Deep $PLACE
author:
- given: Neil
draft: no
date: 2024-03-05
---
Text
"""


def run(*words, program=None, stdin=b"", cwd=None, **environment):
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "PLACE")}
    env.update(environment)
    return subprocess.run([program or HOB, *words], input=stdin, capture_output=True, cwd=cwd,
                          env=env, timeout=60)


def on_terminal(*words, columns=80, cwd=None, **environment):
    """What the command writes to a terminal of that width."""
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
    env["TERM"] = "xterm"
    env.update(environment)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen([HOB, *words], stdout=theirs, stdin=subprocess.DEVNULL, cwd=cwd,
                               env=env)
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    process.wait(60)
    return b"".join(parts).decode().replace("\r\n", "\n")


class Scratch(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="hob-cli-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.write("people.json", json.dumps(PEOPLE))
        self.write("people.csv", 'name,born,note\nAda,1815,"a, ""b"""\n環境,1906,\n')
        self.write("people.yml", "- name: Ada\n  born: 1815\n- name: 環境\n  born: 1906\n")
        self.write("interface.yml", "title: People\ninput:\n  type: json\n"
                                    "  filename: people.json\n  select_columns: [name, born]\n")
        self.write("talk.md", TALK)
        self.write("_lamd.yml", "venue: Hall\n")

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, data):
        mode = "wb" if isinstance(data, bytes) else "w"
        with open(self.path(name), mode, **({} if mode == "wb" else {"encoding": "utf-8"})) as file:
            file.write(data)
        return self.path(name)

    def hob(self, *words, **options):
        return run(*words, cwd=self.directory, **options)

    def succeeds(self, *words, **options):
        result = self.hob(*words, **options)
        self.assertEqual((result.returncode, result.stderr), (0, b""), words)
        return result.stdout.decode()

    def fails(self, status, *words, **options):
        """Nothing on stdout, and a message of one line; returns it."""
        result = self.hob(*words, **options)
        message = result.stderr.decode()
        self.assertEqual((result.returncode, result.stdout), (status, b""), (words, message))
        self.assertRegex(message, r"\A(hob|mdfield)[^\n]*: [^\n]+\n\Z")
        return message


class Usage(Scratch):
    def test_mistakes_are_one_line_and_status_2(self):
        for words, message in [
            ([], "hob: no command was given ('hob --help' lists all commands)"),
            (["feild"], "hob: there is no command 'feild' (did you mean 'hob field'?)"),
            (["xyzzy"], "hob: there is no command 'xyzzy' ('hob --help' lists all commands)"),
            (["--frob"], "hob: unknown option '--frob' ('hob --help' lists all commands)"),
            (["read", "--fromat", "csv", "x"],
             "hob read: unknown option '--fromat' (did you mean '--format'?)"),
            (["read"], "hob read: FILE|INTERFACE is missing "
                       "(usage: hob read [OPTION]... FILE|INTERFACE)"),
            (["read", "a", "b"], "hob read: unexpected argument 'b' "
                                 "(usage: hob read [OPTION]... FILE|INTERFACE)"),
            (["field", "title"],
             "hob field: FILE is missing (usage: hob field [OPTION]... FIELD FILE)"),
            (["field", "batch", "talk.md"],
             "hob field: batch needs --fields FIELD... (see 'hob field --help')"),
            (["help", "raed"], "hob help: there is no command 'raed' (did you mean 'read'?)"),
            (["read", "-", "--format", "csv"],
             "hob read: what standard input holds must be said with --type "
             "(see 'hob read --help')"),
            (["read", "people.csv", "--rows", "-1"],
             "hob read: --rows cannot be '-1': it is a whole number from 1 "
             "(see 'hob read --help')"),
        ]:
            with self.subTest(words=words):
                self.assertEqual(self.fails(2, *words), message + "\n")

    def test_wrong_choices_name_the_right_ones(self):
        self.assertIn("table json ndjson csv yaml",
                      self.fails(2, "read", "people.csv", "--format", "xml"))
        self.assertRegex(self.fails(2, "read", "people.csv", "--type", "xml"), r"\bcsv\b.*\byaml\b")
        self.assertIn("bash, zsh and fish", self.fails(2, "completion", "tcsh"))

    def test_control_characters_in_messages_are_harmless(self):
        result = self.hob("read", "\x1b[2J\n.csv")
        self.assertNotIn(b"\x1b", result.stderr)
        self.assertEqual(result.stderr.count(b"\n"), 1)


class Help(Scratch):
    def test_every_command_has_help(self):
        overview = self.succeeds("help")
        self.assertEqual(overview, self.succeeds("--help"))
        for command in COMMANDS:
            with self.subTest(command=command):
                self.assertIn("  %s " % command, overview)
                text = self.succeeds("help", command)
                self.assertEqual(text, self.succeeds(command, "--help"))
                self.assertTrue(text.startswith("Usage: hob %s " % command))
                self.assertIn("Commands:\n" if command in GROUPS else "-h, --help", text)
                self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)

    def test_the_version_is_printed(self):
        self.assertRegex(self.succeeds("--version"), r"\Ahob \d+\.\d+\.\d+\S*\n\Z")

    def test_version_as_a_word_is_told_how_it_is_asked_for(self):
        for word in ("version", "versoin"):
            self.assertIn("did you mean 'hob --version'?", self.fails(2, word))

    def test_formats_are_listed(self):
        text = self.succeeds("help", "formats")
        self.assertRegex(text, r"(?m)^  csv +\S")
        self.assertRegex(text, r"(?m)^  yaml +\S")

    def test_the_reference_has_all_commands_and_no_hidden_option(self):
        text = self.succeeds("help", "--markdown")
        self.assertEqual(re.findall(r"^## hob (\w+)$", text, re.M), COMMANDS)
        self.assertNotIn("--since-year", text)

    def test_every_command_has_a_man_page(self):
        build = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../man/meson.build")
        with open(build, encoding="utf-8") as file:
            names = re.search(r"commands = \[(.*?)\]", file.read(), re.S).group(1)
        self.assertEqual(sorted(re.findall(r"'([\w-]+)'", names)), sorted(COMMANDS))

    def test_man_pages_are_valid_roff(self):
        for words in [[]] + [[command] for command in COMMANDS]:
            page = self.succeeds("help", "--man", *words)
            self.assertTrue(page.startswith(".TH HOB"))
            if shutil.which("groff") is None:
                continue
            checked = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=page.encode(),
                                     capture_output=True)
            self.assertEqual((checked.returncode, checked.stderr), (0, b""), words)


class Completion(Scratch):
    def test_scripts_are_valid(self):
        for shell in ["bash", "zsh", "fish"]:
            script = self.succeeds("completion", shell)
            if shutil.which(shell) is None:
                continue
            checked = subprocess.run([shell, "-n"], input=script.encode(), capture_output=True)
            self.assertEqual((checked.returncode, checked.stderr), (0, b""), shell)

    def complete(self, *words):
        script = self.write("hob.bash", self.succeeds("completion", "bash"))
        line = " ".join("'%s'" % word for word in words)
        asked = ("source '%s'; COMP_WORDS=(%s); COMP_CWORD=%d; _hob; echo \"${COMPREPLY[*]}\""
                 % (script, line, len(words) - 1))
        done = subprocess.run(["bash", "-c", asked], capture_output=True)
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode().split()

    @unittest.skipIf(shutil.which("bash") is None, "needs bash")
    def test_bash_completes_commands_options_and_values(self):
        self.assertEqual(self.complete("hob", "fi"), ["field"])
        self.assertEqual(self.complete("hob", "read", "--fo"), ["--format"])
        self.assertEqual(self.complete("hob", "read", "--format", "n"), ["ndjson"])
        self.assertEqual(self.complete("hob", "help", "r"), ["read", "run"])
        self.assertEqual(self.complete("hob", "completion", "z"), ["zsh"])
        self.assertEqual(self.complete("hob", "read", "people"), [])
        self.assertIn("--config", self.complete("mdfield", "--c"))


class Field(Scratch):
    def test_fields_are_printed_as_python_prints_them(self):
        for field, expected in [("title", "Deep Space"), ("author", "[{'given': 'Neil'}]"),
                                ("draft", "False"), ("date", "2024-03-05"), ("venue", "Hall"),
                                ("nothing", ""), ("content", "")]:
            with self.subTest(field=field):
                self.assertEqual(self.succeeds("field", field, "talk.md", PLACE="Space"),
                                 expected + "\n")

    def test_batch_prints_names(self):
        expected = "title:Deep $PLACE\nvenue:Hall\ntitle:Deep $PLACE\n"
        for words in [["talk.md", "--fields", "title", "venue", "title"],
                      ["talk.md", "--fields", "title,venue,", "title"],
                      ["--fields", "title", "--fields=venue", "-f", "title", "--", "talk.md"]]:
            self.assertEqual(self.succeeds("field", "batch", *words), expected)

    def test_configs_can_be_named(self):
        self.write("other.yml", "venue: Barn\n")
        self.assertEqual(self.succeeds("field", "venue", "talk.md", "--config", "other.yml"),
                         "Barn\n")
        self.assertEqual(self.succeeds("field", "venue", "talk.md", "-c", "nope.yml",
                                       "-cother.yml"), "Barn\n")

    def test_a_missing_file_is_an_empty_line_and_a_warning(self):
        result = self.hob("field", "venue", "nope.md")
        self.assertEqual((result.returncode, result.stdout), (0, b"\n"))
        self.assertRegex(result.stderr.decode(), r"\Ahob: warning: [^\n]*'nope.md'[^\n]*\n\Z")

    def test_mdfield_is_the_same_command_without_the_warning(self):
        link = self.path("mdfield")
        os.symlink(HOB, link)
        self.assertEqual(self.succeeds("venue", "talk.md", program=link), "Hall\n")
        self.assertEqual(self.succeeds("venue", "nope.md", program=link), "\n")
        self.assertEqual(self.succeeds("batch", "talk.md", "--fields", "venue", program=link),
                         "venue:Hall\n")
        self.assertEqual(self.succeeds("--version", program=link).split()[0], "mdfield")
        self.assertEqual(self.succeeds("batch", "talk.md", "--fields", "a,b", program=link), "a,b:\n")
        self.assertIn("Usage: mdfield ", self.succeeds("--help", program=link))
        self.assertTrue(self.fails(2, "venue", program=link).startswith("mdfield: FILE is missing"))


class Read(Scratch):
    expected = [{"name": "Ada", "born": 1815}, {"name": "環境", "born": 1906}]

    def test_every_source_reads_the_same(self):
        for source in ["people.json", "people.csv", "people.yml", "interface.yml"]:
            with self.subTest(source=source):
                out = self.succeeds("read", source, "--select", "name,born", "--format", "json")
                self.assertEqual(json.loads(out), self.expected)

    def test_standard_input_is_read(self):
        with open(self.path("people.csv"), "rb") as file:
            data = file.read()
        out = self.succeeds("read", "-", "--type", "csv", "-F", "ndjson", stdin=data)
        self.assertEqual([json.loads(line)["name"] for line in out.splitlines()], ["Ada", "環境"])

    def test_every_format_is_written(self):
        rows = list(csv.DictReader(io.StringIO(self.succeeds("read", "people.json", "-Fcsv"))))
        self.assertEqual([row["note"] for row in rows], ['a, "b"', ""])
        lines = self.succeeds("read", "people.json", "--format", "ndjson").splitlines()
        self.assertEqual([json.loads(line) for line in lines], PEOPLE)
        self.assertEqual(json.loads(self.succeeds("read", "people.json", "-Fjson")), PEOPLE)
        self.assertEqual(self.succeeds("read", "people.yml", "--format", "yaml"),
                         "- name: Ada\n  born: 1815\n- name: 環境\n  born: 1906\n")
        self.assertEqual(self.succeeds("read", "people.yml"),
                         "name  born\n────  ────\nAda   1815\n環境  1906\n2 rows × 2 columns\n")

    def test_rows_and_columns_are_chosen(self):
        out = self.succeeds("read", "people.json", "--rows", "1", "-c", "born", "-c", "name",
                            "--format", "csv")
        self.assertEqual(out, "born,name\n1815,Ada\n")
        out = self.succeeds("read", "people.json", "-n1", "-c", "born")
        self.assertEqual(out, "born\n────\n1815\n… 1 more row\n"
                              "2 rows × 1 column\n")
        self.assertIn("name, born, note", self.fails(1, "read", "people.json", "-c", "born,x"))

    def test_a_column_with_a_comma_in_its_name_can_be_chosen(self):
        self.write("comma.json", '[{"a,b": 1, "c": 2}]')
        self.assertEqual(self.succeeds("read", "comma.json", "-c", "a,b", "-Fndjson"),
                         '{"a,b":1}\n')

    def test_a_delimiter_can_be_given(self):
        self.write("tab.csv", "a\tb\n1\t2\n")
        for delimiter in ["\\t", "\t", "\\s+"]:
            self.assertEqual(self.succeeds("read", "tab.csv", "-d", delimiter, "-Fcsv"),
                             "a,b\n1,2\n")

    def test_larger_files_than_allowed_are_refused(self):
        message = self.fails(1, "read", "people.csv", "--max-file-size", "10")
        self.assertIn("--max-file-size", message)
        self.succeeds("read", "people.csv", "--max-file-size", "1K")
        for size in ["", "0", "K", "1X", "-1", "99999999999999999999", "99999999999999999G"]:
            self.fails(2, "read", "people.csv", "--max-file-size", size)

    def test_types_are_shown_on_request(self):
        self.assertEqual(self.succeeds("read", "people.yml", "--types").splitlines()[1],
                         "object  int64")

    def test_an_interface_can_be_read_as_data(self):
        out = self.succeeds("read", "interface.yml", "--type", "yaml", "--format", "json")
        self.assertEqual(json.loads(out)[0]["title"], "People")

    def test_a_field_of_an_interface_is_printed(self):
        self.assertEqual(self.succeeds("read", "interface.yml", "--field", "title"), "People\n")
        out = self.succeeds("read", "interface.yml", "--field", "input", "--format", "json")
        self.assertEqual(json.loads(out)["select_columns"], ["name", "born"])
        self.assertIn("select_columns:\n- name\n",
                      self.succeeds("read", "interface.yml", "-f", "input", "-F", "yaml"))
        self.assertIn("'zz'", self.fails(1, "read", "interface.yml", "--field", "zz"))
        self.assertIn("hob field", self.fails(2, "read", "talk.md", "--field", "title"))

    def test_an_interface_elsewhere_explains_where_paths_start(self):
        os.mkdir(self.path("sub"))
        shutil.move(self.path("people.json"), self.path("sub/people.json"))
        shutil.move(self.path("interface.yml"), self.path("sub/interface.yml"))
        self.assertIn("(paths in an interface start from the working directory",
                      self.fails(1, "read", "sub/interface.yml"))

    def test_output_goes_to_a_file_in_the_format_of_its_name(self):
        self.assertEqual(self.succeeds("read", "people.yml", "-o", "out.csv"), "")
        with open(self.path("out.csv"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "name,born\nAda,1815\n環境,1906\n")
        self.assertIn("--format", self.fails(2, "read", "people.yml", "-o", "out.xyz"))
        self.assertIn("nowhere", self.fails(1, "read", "people.yml", "-o", "nowhere/out.csv"))
        self.assertEqual(sorted(os.listdir(self.directory)),
                         sorted(["people.json", "people.csv", "people.yml", "interface.yml",
                                 "talk.md", "_lamd.yml", "out.csv"]))

    def test_an_output_that_cannot_be_made_is_named(self):
        self.write("cvlists.yml", "all: {template: '{{ name }}'}\n")
        for words in (["read", "people.csv", "-o", "nodir/x.csv"],
                      ["convert", "people.csv", "nodir/x.csv"],
                      ["list", "all", "people.csv", "-o", "nodir/x.csv"],
                      ["profile", "--html", "nodir/x.csv", "--", "true"]):
            with self.subTest(words=words):
                done = self.hob(*words)
                message = done.stderr.decode()
                self.assertEqual(done.returncode, 1, message)
                self.assertIn("cannot write 'nodir/x.csv': cannot open 'nodir'", message)
                self.assertIn("check the name", message)

    def test_a_pipe_is_written_to_and_not_replaced(self):
        os.mkfifo(self.path("pipe.csv"))
        reader = subprocess.Popen(["cat", self.path("pipe.csv")], stdout=subprocess.PIPE)
        self.succeeds("read", "people.yml", "-o", "pipe.csv")
        self.assertTrue(reader.communicate(timeout=60)[0].startswith(b"name,born\n"))
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("pipe.csv")).st_mode))

    def test_a_failure_leaves_the_old_output_as_it_was(self):
        self.write("out.csv", "old")
        self.fails(1, "read", "nope.csv", "-o", "out.csv")
        with open(self.path("out.csv"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "old")


class Templates(Scratch):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("templates"))
        self.write("templates/bold.md", "{{ name | bold }}\n")
        self.write("cvlists.yml", "\n".join([
            "good: {template: '* {{ name }}'}",
            "filter: {template: '* {{ name | bold }}'}",
            "tag: {template: '* {% nope %}{{ name }}'}",
            "open: {template: '* {% if name %}{{ name }}'}",
            "unclosed: {template: '* {{ name'}",
            "footer: {template: '* {{ name }}', footer: '{{ count | bold }}'}",
            "named: {listtemplate: bold}",
            "partial: {template: \"{% include 'bold' %}\"}",
            "gone: {template: \"{% include 'gone' %}{{ name }}\"}", ""]))

    def test_a_list_whose_template_cannot_be_used_is_not_written(self):
        says = {"filter": "unknown filter 'bold'", "tag": "unknown tag 'nope'",
                "open": "'if' is never closed", "unclosed": "never closed",
                "footer": "unknown filter 'bold'", "named": "template 'bold' has a mistake",
                "partial": "unknown filter 'bold'", "gone": "there is no template 'gone'"}
        self.succeeds("list", "good", "people.csv", "-o", "out.md")
        with open(self.path("out.md"), encoding="utf-8") as file:
            good = file.read()
        self.assertEqual(good, "* Ada\n* 環境\n")
        for name, reason in says.items():
            with self.subTest(name=name):
                for words in [[], ["-o", "out.md"]]:
                    message = self.fails(1, "list", name, "people.csv", *words)
                    self.assertIn(reason, message)
                    self.assertIn(f"list '{name}'", message)
                with open(self.path("out.md"), encoding="utf-8") as file:
                    self.assertEqual(file.read(), good)

    def test_a_mistake_is_told_also_when_there_are_no_entries(self):
        self.write("none.csv", "name\n")
        self.assertEqual(self.succeeds("list", "good", "none.csv"), "")
        self.assertIn("bold", self.fails(1, "list", "filter", "none.csv"))

    def test_a_computed_column_whose_template_cannot_be_used_is_not_written(self):
        self.write("computed.yml", "input:\n  type: csv\n  filename: people.csv\n  compute:\n"
                                   "    field: s\n    function: render_liquid\n"
                                   "    args: {template: '{{ name | bold }}'}\n"
                                   "    row_args: {name: name}\n")
        self.write("out.csv", "old")
        for words in [[], ["-o", "out.csv"]]:
            self.assertIn("unknown filter 'bold'", self.fails(1, "read", "computed.yml", *words))
        with open(self.path("out.csv"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "old")


class BadFiles(Scratch):
    def test_each_gives_one_clear_line_that_names_the_file(self):
        files = {
            "truncated.json": b'[{"a": 1}, {"a"',
            "binary.csv": bytes(range(128, 256)) * 50,
            "latin.csv": "a\né\n".encode("latin-1"),
            "ragged.csv": b"a,b\n1,2,3\n1,2\n1,2,3,4\n",
            "quote.csv": b'a,b\n"1,2\n',
            "empty.csv": b"",
            "unknown.zzz": b"x",
            "truncated.yml": b"- a: [1, 2",
            "binary.yml": bytes(range(256)) * 4,
            "nul.yml": b"- a: b\0c\n",
            "deep.yml": b"[" * 10000 + b"]" * 10000,
            "deep.json": b"[" * 10000 + b"]" * 10000,
            "scalar.yml": b"3\n",
            "broken.md": b"---\ntitle: [\n---\n",
        }
        for name, data in files.items():
            with self.subTest(name=name):
                self.write(name, data)
                message = self.fails(1, "read", name)
                self.assertIn(name, message)

    def test_what_is_utf_16_is_said_to_be(self):
        for name in ("u.csv", "u.json", "u.yml", "u.bib", "u.ndjson"):
            with self.subTest(name=name):
                self.write(name, "name\nAda\n".encode("utf-16"))
                self.assertIn("iconv -f utf-16 -t utf-8", self.fails(1, "read", name))

    def test_a_format_that_can_only_be_written_is_said_to_be_one(self):
        self.succeeds("convert", "people.csv", "people.arrows")
        for words in (["read", "people.arrows"], ["convert", "people.arrows", "x.csv"]):
            message = self.fails(1, *words)
            self.assertIn("arrow is a format that can only be written", message)
            self.assertNotIn("--", message)

    def test_interfaces_that_are_broken(self):
        files = {
            "truncated.yml": b"input: {type: csv, filename: [",
            "nul.yml": b"input: a\0b\n",
            "binary.yml": bytes(range(256)) * 4,
            "deep.yml": b"input: " + b"[" * 10000 + b"]" * 10000 + b"\n",
            "list.yml": b"- 1\n",
            "empty.yml": b"",
        }
        for name, data in files.items():
            with self.subTest(name=name):
                self.write(name, data)
                self.assertIn(name, self.fails(1, "read", name, "--field", "input"))

    def test_what_is_no_file(self):
        os.mkdir(self.path("dir.csv"))
        for name in ["nope.csv", "dir.csv", "dir.csv/", "talk.md/x.csv", "nope.yml", "", "nope"]:
            with self.subTest(name=name):
                self.fails(1, "read", name)

    def test_an_unreadable_file(self):
        os.chmod(self.directory, 0o755)
        os.chmod(self.path("people.csv"), 0)
        user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        hob = shutil.copy(HOB, self.path("hob"))
        done = subprocess.run([hob, "read", "people.csv"], capture_output=True, cwd=self.directory,
                              **user)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"'people.csv': Permission denied (check the permissions", done.stderr)

    def check_warning(self, words, expected, *says, program=None):
        """An answer as if the file were empty, and a line that says why."""
        done = self.hob(*words, program=program)
        message = done.stderr.decode()
        name = "mdfield" if program else "hob"
        self.assertEqual((done.returncode, done.stdout.decode()), (0, expected + "\n"), message)
        self.assertRegex(message, rf"\A{name}: warning: [^\n]*\n\Z")
        for text in says:
            self.assertIn(text, message)

    def test_broken_talks_answer_from_the_config_with_a_warning(self):
        link = self.path("mdfield")
        os.symlink(HOB, link)
        files = {"bad.md": (b"---\ntitle: [\n---\n", "line 3"),
                 "binary.md": (bytes(range(256)), "not UTF-8"),
                 "nul.md": (b"---\ntitle: a\0b\n---\n", ""),
                 "open.md": (b"---\ntitle: a\n", "never closed"),
                 "half.md": (b"---\ntitle: a\n---- x\n\nb: [\n---\n", "to close"),
                 "list.md": (b"---\n- a\n---\n", "no mapping")}
        for name, (data, reason) in files.items():
            with self.subTest(name=name):
                self.write(name, data)
                self.check_warning(["field", "venue", name], "Hall", f"'{name}'", reason,
                                   "counts as empty")
                self.check_warning(["venue", name], "Hall", name, program=link)
        self.write("plain.md", "Only text.\n")
        self.write("empty.md", "---\n---\n")
        for name in ("plain.md", "empty.md"):
            self.assertEqual(self.succeeds("field", "venue", name), "Hall\n")

    def test_a_broken_config_is_told_when_it_is_asked(self):
        self.write("bad.yml", "venue: [\n")
        self.write("binary.yml", bytes(range(256)))
        for name in ("bad.yml", "binary.yml"):
            self.assertEqual(self.succeeds("field", "date", "talk.md", "-c", name), "2024-03-05\n")
            self.check_warning(["field", "venue", "talk.md", "-c", name], "", f"{name}'",
                               "counts as empty")
        self.check_warning(["field", "venue", "talk.md", "-c", "nope.yml"], "", "'nope.yml'")
        self.check_warning(["field", "batch", "talk.md", "-c", "bad.yml", "-f", "venue", "x"],
                           "venue:\nx:", "bad.yml'")
        os.unlink(self.path("_lamd.yml"))
        self.assertEqual(self.succeeds("field", "venue", "talk.md"), "\n")


class Killed(Scratch):
    def test_what_ends_a_command_while_it_writes_leaves_nothing_beside_the_target(self):
        """The signal for too large a file, as it certainly comes in the middle of a write; any
        other ends a process likewise (tests/fault/test_write.py kills it at every step)."""
        try:
            os.close(os.open(self.directory, os.O_TMPFILE | os.O_WRONLY))
        except (AttributeError, OSError):
            self.skipTest("this file system has no files without names")
        self.write("people.csv", "name\n" + "Ada\n" * 10000)
        self.write("out.json", "old")
        before = sorted(os.listdir(self.directory))
        for name in ("out.json", "new.json"):
            done = subprocess.run([HOB, "convert", "people.csv", name], cwd=self.directory,
                                  preexec_fn=limit_files, stderr=subprocess.DEVNULL, timeout=60)
            self.assertEqual(done.returncode, -signal.SIGXFSZ)
            self.assertEqual(sorted(os.listdir(self.directory)), before)
            with open(self.path("out.json"), encoding="utf-8") as file:
                self.assertEqual(file.read(), "old")


def limit_files():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (9999, 9999))


class Output(Scratch):
    def test_a_full_disk_is_reported(self):
        with open("/dev/full", "wb") as full:
            for words in [["field", "title", "talk.md"], ["read", "people.yml"], ["help"]]:
                done = subprocess.run([HOB, *words], stdout=full, stderr=subprocess.PIPE,
                                      cwd=self.directory)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stderr, b"hob: cannot write to standard output: "
                                              b"No space left on device "
                                              b"(free some disk space, or write elsewhere)\n")

    def test_a_closed_pipe_ends_quietly(self):
        self.write("many.csv", "a\n" + "0123456789\n" * 100000)
        process = subprocess.Popen([HOB, "read", "many.csv"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, cwd=self.directory)
        process.stdout.read(10)
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        self.assertNotEqual(process.wait(60), 0)

    def test_a_pipe_gets_whole_cells_without_color(self):
        self.write("long.json", json.dumps([{"a": "x" * 300, "b": None}]))
        out = self.succeeds("read", "long.json", TERM="xterm")
        self.assertIn("x" * 300, out)
        self.assertNotIn("\x1b", out)


class Terminal(Scratch):
    def test_tables_fit_the_width(self):
        self.write("long.json", json.dumps([{"a": "x" * 300, "b": "y" * 300, "c": 1}] * 3))
        for columns in [40, 80, 132]:
            out = on_terminal("read", "long.json", columns=columns, cwd=self.directory,
                              NO_COLOR="1")
            self.assertIn("…", out)
            self.assertEqual(max(len(line) for line in out.splitlines()), columns)

    def test_color_is_only_for_terminals_that_want_it(self):
        self.assertIn("\x1b[1mname\x1b[0m", on_terminal("read", "people.yml", cwd=self.directory))
        for environment in [{"NO_COLOR": "1"}, {"TERM": "dumb"}]:
            out = on_terminal("read", "people.yml", cwd=self.directory, **environment)
            self.assertNotIn("\x1b", out)
        self.assertIn("\x1b", on_terminal("read", "people.yml", cwd=self.directory, NO_COLOR=""))

    def test_the_middle_of_a_long_table_is_left_out(self):
        self.write("many.json", json.dumps([{"n": i} for i in range(1000)]))
        out = on_terminal("read", "many.json", cwd=self.directory, NO_COLOR="1").splitlines()
        self.assertEqual(out[51], " 49")
        self.assertEqual(out[52], "… 940 more rows (use --rows N or --format csv)")
        self.assertEqual(out[53:], ["990", "991", "992", "993", "994", "995", "996", "997", "998",
                                    "999", "1000 rows × 1 column"])
        out = on_terminal("read", "many.json", "--rows", "3", cwd=self.directory, NO_COLOR="1")
        self.assertIn("… 997 more rows", out)

    def test_a_file_cannot_drive_the_terminal(self):
        self.write("evil.json", json.dumps([{"\x1b]0;x\x07": "\x1b[2J\x9b2J\r\n"}]))
        out = on_terminal("read", "evil.json", cwd=self.directory, NO_COLOR="1")
        self.assertNotRegex(out, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")


if __name__ == "__main__":
    unittest.main()
