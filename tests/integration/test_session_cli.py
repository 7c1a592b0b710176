#!/usr/bin/env python3
"""`hob session` and its shell, against a real hobd on a unix socket.

Environment: HOB and HOBD, the paths of the programs; HOB_LINE_EDITING is 1 when hob was built with
libedit.
"""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import PATIENCE, ServerTest, wait_for  # noqa: E402

HOB = os.environ.get("HOB", "hob")
LINE_EDITING = os.environ.get("HOB_LINE_EDITING") == "1"

PEOPLE = "name,age,height\nAda,36,1.65\nAlan,41,\nGrace,85,1.68\n"
TALKS = "name,date,title,mins\nAda,d1,Notes,30\nAda,d2,Loops,45\nAlan,d3,Machines,20\n"
INTERFACE = """
input: {type: csv, filename: people.csv, directory: ., index: name}
output: {type: csv, filename: out.csv, directory: ., index: name, columns: [score, note]}
series: {type: csv, filename: talks.csv, directory: ., index: name, selector: date}
"""
NUMBERS = "id,no\n7,a\n8,b\n"
NUMBERS_INTERFACE = """
part:
  input: {type: csv, filename: numbers.csv, directory: ., index: id}
"""


class SessionCliTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.write("people.csv", PEOPLE)
        self.write("talks.csv", TALKS)
        self.write("i.yml", INTERFACE)
        self.write("numbers.csv", NUMBERS)
        self.write("n.yml", NUMBERS_INTERFACE)
        os.makedirs(self.path("run/hob"), mode=0o700)
        os.chmod(self.path("run/hob"), 0o700)
        self.socket = self.path("run/hob/hobd.sock")
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=self.path("run"),
                                HOB_STATE=self.path("state"), LC_ALL="C.UTF-8", TERM="xterm",
                                HOB_AUTOSTART="0")
        for name in ("HOB_SERVER", "HOB_SESSION"):
            self.environment.pop(name, None)

    def start(self, *options, **more):
        self.server = super().start(*options, socket_path=self.socket,
                                    environment={"HOB_STATE": self.path("state")}, **more)
        return self.server

    def run_hob(self, *words, stdin="", **environment):
        return subprocess.run([HOB, "session", *words], input=stdin, cwd=self.directory,
                              env=dict(self.environment, **environment), timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def do(self, *words, **more):
        """What a command prints that succeeds, without the line end."""
        done = self.run_hob(*words, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return done.stdout[:-1] if done.stdout.endswith("\n") else done.stdout

    def fails(self, status, message, *words, **more):
        """The hint of a command that fails so."""
        done = self.run_hob(*words, **more)
        self.assertEqual((done.returncode, done.stdout), (status, ""), words)
        self.assertIn(message, done.stderr)
        self.assertNotIn("Sanitizer", done.stderr)
        return done.stderr

    def rows(self, *words, **more):
        """A table as it is printed: the cells of each line, without the rule and the shape."""
        lines = self.do(*words, **more).split("\n")
        self.assertRegex(lines[-1], r"^\d+ rows? × \d+ columns?$")
        return [re.split(r"\s{2,}", line.strip()) for line in lines[:1] + lines[2:-1]]


class Commands(SessionCliTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.id = self.do("open", "i.yml")

    def test_open_prints_an_id_and_list_and_info_tell_of_it(self):
        self.assertRegex(self.id, r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        head, row = self.rows("list")
        self.assertEqual(head, ["session", "file", "field", "rows", "columns", "idle"])
        self.assertEqual(row[:2], [self.id, "i.yml"])
        told = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in self.do("info").split("\n")
                    if "  " in line)
        self.assertEqual((told["session"], told["rows"]), (self.id, "4"))
        self.assertEqual(told["columns"], "age, height, score, note, date, title, mins")
        self.assertEqual(told["files"], "as they were read")
        self.write("people.csv", PEOPLE + "Zoe,1,1\n")
        self.assertIn("changed since they were read", self.do("info"))

    def test_open_takes_a_directory_a_field_and_a_timeout(self):
        os.mkdir(self.path("below"))
        for name in ("n.yml", "numbers.csv"):
            os.rename(self.path(name), self.path("below/" + name))
        session = self.do("open", "n.yml", "-d", "below", "--field", "part", "--timeout", "0")
        told = json.loads(self.do("info", "-s", session, "--json"))["session"]
        self.assertEqual((told["directory"], told["interface_field"], told["timeout"]),
                         ("below", "part", 0))
        self.assertIn("timeout", self.fails(2, "timeout", "open", "i.yml", "--timeout", "soon"))

    def test_hints_are_in_words_of_the_command_line(self):
        told = [self.fails(1, "nope", "get", "nope"), self.fails(1, "Nobody", "get", "age", "Nobody"),
                self.fails(1, "there is a row", "add-row", "Ada"), self.fails(2, "compute", "compute"),
                self.fails(1, "Session not found", "info", "-s", "0" * 8 + self.id[8:])]
        self.do("set", "42", "--column", "score")
        self.write("out.csv", "changed,by\nanother,program\n")
        told.append(self.fails(1, "changed", "save"))
        for text, words in zip(told, ("'hob session info'", "'hob session do get_indices'",
                                      "'hob session set'", "hob session compute '{field",
                                      "'hob session list'", "'hob session save --force'")):
            self.assertIn(words, text)
            self.assertNotRegex(text, "GET /|add_column|set_value|\"force\"|`save`")
        answer = self.server.request("POST", "/api/sessions/%s/set_column" % self.id,
                                     {"column": "nope"})
        self.assertIn("add_column makes one", answer.json["hint"])

    def test_get_and_set(self):
        self.assertEqual(self.do("get"), "36")
        self.assertEqual(self.do("get", "height"), "1.65")
        self.assertEqual(self.do("get", "age", "Alan"), "41")
        self.assertEqual(self.do("get", "height", "Alan"), "")
        self.assertEqual(self.do("set", "42", "--column", "note"), "")
        self.assertEqual(json.loads(self.do("get", "note", "--json"))["value"], 42)
        for word, value in (('"42"', "42"), ("yes", True), ("1.5", 1.5), ("[1, a]", [1, "a"]),
                            ("Notes: part 1", "Notes: part 1"), ("a # b", "a # b"), ("", ""),
                            ("*star", "*star"), ("2024-01-05", "2024-01-05"), ("it's", "it's"),
                            ("'it''s'", "it's"), ("two\nlines", "two\nlines"), ("- x", "- x"),
                            ("é漢", "é漢"), ("0x1F", 31),
                            ("--- 42", "--- 42"), ("42 # x", "42 # x"), (" x ", " x "),
                            ("2024-02-30", "2024-02-30"), ("key:", "key:"), ("<<", "<<")):
            self.do("set", "-c", "note", "-i", "Grace", "--", word)
            told = json.loads(self.do("get", "note", "Grace", "--json"))["value"]
            self.assertEqual((word, told), (word, value))
        self.do("focus", "-c", "score")
        self.do("set", "7")
        self.do("set", "8", "--index", "Alan")
        self.assertEqual((self.do("get"), self.do("get", "score", "Alan")), ("7", "8"))
        self.fails(2, "not UTF-8", "set", b"\xff")
        self.assertIn("quotes", self.fails(2, "cannot read the value", "set", '"open'))

    def test_focus_is_shown_and_moved_all_of_it(self):
        self.assertEqual(self.do("focus").split("\n")[:2],
                         ["index     Ada", "column    age"])
        self.do("focus", "--index", "Ada", "--column", "mins", "--selector", "title",
                "--subindex", "Notes")
        self.assertEqual(json.loads(self.do("focus", "--json")),
                         {"index": "Ada", "column": "mins", "selector": "title",
                          "subindex": "Notes"})
        self.assertEqual(self.do("get"), "30")
        self.fails(1, "Index", "focus", "--index", "Nobody")
        self.fails(1, "not a series column", "focus", "--selector", "age")

    def test_slices_rows_and_columns(self):
        self.assertEqual(self.rows("slice", "--columns", "age,height"),
                         [["index", "age", "height"], ["Ada", "36", "1.65"],
                          ["Alan", "41", "null"], ["Grace", "85", "1.68"]])
        self.assertEqual([row[0] for row in self.rows("slice", "1", "-c", "age")],
                         ["index", "Alan", "Grace"])
        self.assertEqual([row[0] for row in self.rows("slice", "-c", "age", "--", "-1")],
                         ["index", "Grace"])
        self.assertEqual([row[0] for row in self.rows("slice", "0", "1", "-c", "age")],
                         ["index", "Ada"])
        self.assertEqual(self.do("row", "Alan", "--columns", "age"), "age  41")
        self.assertEqual(self.do("row").split("\n")[0], "age     36")
        self.assertEqual(self.rows("column", "mins")[1:],
                         [["Ada", "[30, 45]"], ["Alan", "[20]"], ["Grace", "[]"]])
        self.assertEqual(self.rows("column")[0], ["index", "age"])
        self.fails(2, "start", "slice", "one")

    def test_names_of_columns_are_texts_and_labels_are_values(self):
        session = self.do("open", "n.yml", "--field", "part")
        self.assertEqual(self.do("get", "no", "7", "-s", session), "a")
        self.assertEqual(self.do("get", '"no"', "8", "-s", session), "b")
        self.assertEqual(self.rows("slice", "--columns", "'no'", "-s", session)[1], ["7", "a"])
        self.fails(1, "2021", "get", "2021", "7", "-s", session)
        self.fails(1, "Index", "get", "no", '"7"', "-s", session)

    def test_filter(self):
        self.assertEqual([row[0] for row in self.rows("filter", "age", ">", "40")],
                         ["index", "Alan", "Grace"])
        self.assertEqual(self.rows("filter", "age", "in", "[36, 85]", "--columns", "height"),
                         [["index", "height"], ["Ada", "1.65"], ["Grace", "1.68"]])
        self.assertEqual(self.do("filter", "height", "is_null", "--labels"), "Alan")
        self.assertEqual(self.do("filter", "name", "starts_with", "A", "-l"), "Ada\nAlan")
        self.fails(2, "--labels", "filter", "age", ">", "40", "--labels", "--columns", "age")

    def test_edits_of_rows_and_columns_undo_save_reload(self):
        self.do("add-row", "Zed", "score=9", "note=came = late")
        self.assertEqual(self.do("get", "note", "Zed"), "came = late")
        self.do("add-column", "checked", "no")
        self.assertEqual(self.do("get", "checked", "Zed"), "False")
        self.do("drop-column", "checked")
        self.fails(1, "checked", "get", "checked")
        self.assertEqual(self.do("undo"), "undone; 2 more can be")
        self.assertEqual(self.do("get", "checked", "Ada"), "False")
        self.assertRegex(self.do("save"), r"^wrote \S+out\.csv: 1 row, 3 columns$")
        self.assertEqual(self.read("out.csv"), "name,score,note\nZed,9,came = late\n")
        self.assertEqual(self.do("save"), "nothing had changed")
        self.assertEqual(len(self.do("save", "--all").split("\n")), 2)
        self.write("out.csv", "name,score,note\nAda,1,x\n")
        self.do("set", "5", "-c", "score", "-i", "Grace")
        self.fails(1, "out.csv", "save")
        self.assertIn("rows", self.do("reload", "--discard"))
        self.assertEqual((self.do("get", "score", "Ada"), self.do("get", "score", "Grace")),
                         ("1", ""))
        self.do("set", "6", "-c", "score", "-i", "Grace")
        self.write("out.csv", "name,score,note\nAda,2,x\n")
        self.do("save", "--force")
        self.assertIn("Grace,6", self.read("out.csv"))
        self.fails(2, "COLUMN=VALUE", "add-row", "Zed", "score")

    def test_save_says_which_files_of_a_directory(self):
        self.write("d.yml", "output: {type: json_directory, index: name,"
                            " source: [{directory: notes, glob: '*.json'}]}\n")
        os.mkdir(self.path("notes"))
        self.write("notes/ada.json", '{"name": "Ada", "score": 1}')
        session = self.do("open", "d.yml")
        self.do("set", "2", "-c", "score", "-i", "Ada", "-s", session)
        self.assertRegex(self.do("save", "-s", session),
                         r"^wrote 1 file, \S+/notes/ada\.json: 1 row, \d columns$")
        self.write("notes/alan.json", '{"name": "Alan", "score": 1}')
        self.do("reload", "-s", session)
        self.assertRegex(self.do("save", "--all", "-s", session),
                         r"^wrote 2 files, the first \S+/notes/ada\.json: 2 rows, \d columns$")

    def test_compute(self):
        self.fails(2, "compute", "compute")
        self.assertIn("stamp", self.do("compute", "{field: stamp, function: today}"))
        self.assertRegex(self.do("get", "stamp"), r"^\d{4}-\d\d-\d\d")

    def test_every_operation_can_be_had(self):
        self.assertEqual(self.do("do", "get_shape"), "4 rows, 7 columns")
        self.assertEqual(self.do("do", "get_indices"), "Ada\nAlan\nGrace")
        self.assertEqual(self.do("do", "get_series_columns"), "date\ntitle\nmins")
        self.assertEqual(self.do("do", "get_column_type", '{"column": "age"}'), "input")
        self.assertEqual(self.do("do", "get_column_type", "{column: score}"), "output")
        self.assertEqual(self.rows("do", "get_subseries")[1:],
                         [["d1", "Notes", "30"], ["d2", "Loops", "45"]])
        self.assertEqual(json.loads(self.do("do", "get_index", "--json")),
                         {"status": "success", "index": "Ada"})
        self.fails(1, "unknown operation", "do", "get_nothing")
        self.fails(2, "no operation", "do", "../status")
        self.fails(2, "mapping", "do", "get_shape", "5")

    def test_which_session_is_meant(self):
        other = self.do("open", "n.yml", "--field", "part")
        prefix = next(other[:n] for n in range(1, 37) if not self.id.startswith(other[:n]))
        self.assertEqual(self.do("get", "no", "7", "--session", prefix), "a")
        self.assertEqual(self.do("get", "no", "7", HOB_SESSION=prefix), "a")
        self.assertEqual(self.do("get", "-s", self.id, HOB_SESSION=prefix), "36")
        told = self.fails(2, "several sessions", "get")
        self.assertIn(self.id[:8] + " (i.yml)", told)
        self.assertIn(other[:8] + " (n.yml)", told)
        self.assertIn("hob session list", self.fails(1, "no session 'zzz'", "get", "-s", "zzz"))
        gone = "0" * 8 + "-0000-0000-0000-" + "0" * 12
        self.fails(1, "not found", "get", "-s", gone)
        self.assertEqual(self.do("close", "-s", prefix), "")
        self.assertEqual(self.do("get"), "36")
        self.do("close")
        self.assertIn("hob session open", self.fails(1, "there are no sessions", "get"))
        self.assertEqual(self.do("list"), "")

    def test_other_ways_to_the_server(self):
        for server in ("http://127.0.0.1:%d" % self.server.port,
                       "localhost:%d/" % self.server.port, "unix:" + self.socket, self.socket):
            self.assertEqual(self.do("get", "--server", server), "36")
            self.assertEqual(self.do("get", HOB_SERVER=server), "36")

    def test_wrong_arguments_are_told(self):
        for status, message, words in (
                (2, "no command was given", ()), (2, "did you mean 'hob session get'", ("gett",)),
                (2, "VALUE is missing", ("set",)), (2, "FILE is missing", ("open",)),
                (2, "unexpected argument", ("get", "a", "b", "c")),
                (2, "unknown option", ("get", "--jso")), (2, "needs a value", ("get", "-s")),
                (1, "nope.yml", ("open", "nope.yml")), (1, "nope", ("get", "nope")),
                (1, "https", ("list", "--server", "https://localhost:1")),
                (2, "no address", ("list", "--server", "nowhere"))):
            self.fails(status, message, *words)

    def test_the_status_tells_what_is_not_there_from_what_cannot_be_understood(self):
        """As the table in docs/sessions.md has it."""
        for status, message, words in (
                (2, "expected a column", ("filter", "age >")), (2, "'start' must be", ("slice", "a")),
                (2, "cannot read the value", ("set", "[1")), (2, "no `compute`", ("compute",)),
                (2, "required parameter", ("do", "set_value")),
                (1, "no column 'shoes'", ("filter", "shoes > 3")),
                (1, "\"Nobody\" not found", ("row", "Nobody")),
                (1, "nothing to undo", ("undo",)), (1, "unknown operation", ("do", "dance")),
                (1, "row of this index already", ("add-row", "Ada")),
                (1, "there is no session", ("get", "-s", "fffffff"))):
            self.fails(status, message, *words)

    def test_every_command_explains_itself(self):
        names = re.findall(r"^  ([a-z-]+) ", self.do("--help"), re.M)
        for name in ("open", "list", "info", "get", "set", "focus", "slice", "row", "column",
                     "filter", "add-row", "add-column", "drop-column", "compute", "undo", "save",
                     "reload", "close", "do", "shell"):
            self.assertIn(name, names)
            self.assertIn("Usage: hob session " + name, self.do(name, "--help"))

    def test_it_is_told_when_sessions_cannot_be_kept(self):
        self.server.signal(signal.SIGTERM)
        self.server.process.wait(PATIENCE)
        self.server = ServerTest.start(self, socket_path=self.socket,
                                       environment={"HOB_STATE": self.path("people.csv/below")})
        status = subprocess.run([HOB, "serve", "--status"], env=self.environment, text=True,
                                stdout=subprocess.PIPE, check=True).stdout
        self.assertNotIn("in memory only", status)
        done = self.run_hob("open", "i.yml")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"^hob: warning: sessions are kept in memory only, .*Not a directory")
        status = subprocess.run([HOB, "serve", "--status"], env=self.environment, text=True,
                                stdout=subprocess.PIPE, check=True).stdout
        self.assertRegex(status, r"sessions +1, in memory only: .*Not a directory")

    def test_a_restarted_server_has_the_session(self):
        self.do("set", "5", "-c", "score")
        self.server.expected = (0, -signal.SIGKILL)
        self.server.signal(signal.SIGKILL)
        self.server.process.wait()
        self.fails(1, "nobody listens", "get")
        self.start()
        self.assertEqual(self.do("get", "score"), "5")


class Changed(SessionCliTest):
    """A session that comes back with other files than it was opened from."""

    def come_back(self):
        self.start(expected=(0, -signal.SIGKILL))
        session = self.do("open", "i.yml")
        self.do("set", "5", "-c", "score", "-i", "Ada")
        self.do("set", "6", "-c", "score", "-i", "Grace")
        self.server.signal(signal.SIGKILL)
        self.server.process.wait()
        self.write("people.csv", PEOPLE.replace("36", "37").replace("Grace,85", "Edith,85"))
        self.start()
        return session

    def test_every_command_says_so_beside_its_answer_until_it_is_reloaded(self):
        self.come_back()
        for command, answer in ((("get", "age", "Ada"), "37\n"), (("undo",), "undone"),
                                (("get", "score", "Ada"), "5\n")):
            done = self.run_hob(*command)
            self.assertEqual(done.returncode, 0)
            self.assertTrue(done.stdout.startswith(answer), done.stdout)
            self.assertRegex(done.stderr, "^hob: warning: the files of this session changed.*"
                                          "1 edit fits no more.*`reload`.*\n$")
        done = self.run_hob("get", "age", "Ada", "--json")
        self.assertEqual(done.stderr, "")
        self.assertEqual(json.loads(done.stdout)["source_changed"], True)
        self.assertIn("reload", self.do("info"))
        self.do("reload")
        self.assertEqual(self.do("get", "age", "Ada"), "37")

    def test_a_shell_says_so_once(self):
        done = self.run_hob("shell", self.come_back(),
                            stdin="get age Ada\nget score Ada\nreload\nget score Ada\n")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr.count("changed"), 1)
        self.assertEqual([line for line in done.stdout.split("\n") if line.isdigit()],
                         ["37", "5", "5"])


class WithoutServer(SessionCliTest):
    def answers(self, answer):
        """The address of a server that gives this answer once."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        return "http://127.0.0.1:%d" % listener.getsockname()[1]

    def test_what_answers_is_no_hobd(self):
        page = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"
        for answer, message in ((page, "not hobd's"), (b"SSH-2.0-x\r\n", "no proper HTTP"),
                                (page.replace(b"<html>", b'{"a":1'), "not hobd's"),
                                (page.replace(b"<html>", b"[    ]"), "which sessions it has"),
                                (page.replace(b"200", b"500"), "status 500")):
            self.fails(1, message, "get", "--server", self.answers(answer))

    def test_nobody_listens(self):
        self.assertIn(self.socket, self.fails(1, "nobody listens", "list",
                                              HOB_SERVER="unix:" + self.socket))
        self.fails(1, "nobody listens", "list", HOB_SERVER="http://127.0.0.1:1")


class Script(SessionCliTest):
    """The shell, when its standard input is no terminal."""

    def setUp(self):
        super().setUp()
        self.start()

    def test_commands_are_run_line_by_line_without_a_prompt(self):
        done = self.run_hob("shell", "i.yml", stdin="\n".join([
            "# a comment", "", "get age Alan", "  get  age  Grace  ", 'set "42" -c note',
            "get note --json", "set 42 -c note", "get note --json", "set 'two words' -c note",
            "get note", "filter age > 40 --labels", 'add-row Zed note="came late"',
            "get note Zed", "get age Ada"]))
        self.assertEqual(done.stdout, '41\n85\n{"status":"success","value":"42"}\n'
                         '{"status":"success","value":42}\ntwo words\nAlan\nGrace\ncame late\n36\n')
        self.assertEqual(done.returncode, 0)
        session = re.search(r"'hob session shell ([0-9a-f]{8})'", done.stderr).group(1)
        done = self.run_hob("shell", session, stdin="get note Zed\n")
        self.assertEqual((done.returncode, done.stdout), (0, "came late\n"))

    def test_the_first_error_ends_it(self):
        for line, message in (("get nope", "nope"), ("gett", "did you mean 'get'"),
                              ("get 'open", "a quote is not closed"), ("shell i.yml", "no command"),
                              ("get --server x", "stays with its server"),
                              ("get a b c", "unexpected argument"), ("get a\0b", "no text")):
            done = self.run_hob("shell", "i.yml", "--close",
                                stdin="get age\n%s\nget height\n" % line)
            self.assertEqual((done.returncode, done.stdout), (1, "36\n"), line)
            self.assertIn(message, done.stderr)
            self.assertIn("stopped at line 2", done.stderr)
        self.assertEqual(self.do("list"), "")

    def test_the_session_ends_with_close_and_goes_on_with_exit(self):
        for stdin, options, left in (("close\nget age\n", (), False), ("exit\nnope\n", (), True),
                                     ("exit\n", ("--close",), False)):
            done = self.run_hob("shell", "i.yml", *options, stdin=stdin)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
            self.assertEqual("the session goes on" in done.stderr, left)
            self.assertEqual(self.do("list") != "", left)
            if left:
                self.do("close")

    def test_it_has_all_commands_and_help(self):
        stdin = "help\nhelp get\nget --help\nlist\ninfo\nopen n.yml --field part\nget no 8\n"
        done = self.run_hob("shell", "i.yml", stdin=stdin)
        self.assertEqual((done.returncode, done.stderr.count("hob:")), (0, 0), done.stderr)
        self.assertEqual(done.stdout.count("Usage: get "), 2)
        self.assertIn("  filter CONDITION...", done.stdout)
        self.assertTrue(done.stdout.endswith("\nb\n"))
        other = re.search(r"shell ([0-9a-f]+)", done.stderr).group(1)
        first = next(s["session_id"] for s in json.loads(self.do("list", "--json"))["sessions"]
                     if not s["session_id"].startswith(other))
        done = self.run_hob("shell", other, stdin="get age Ada -s %s\nget no 7\n" % first)
        self.assertEqual(done.stdout, "36\na\n")

    def test_what_is_no_session_and_no_file(self):
        self.fails(1, "nope.yml", "shell", "nope.yml")
        self.fails(1, "abad", "shell", "abad")
        self.fails(1, "not found", "shell", "0" * 8 + "-0000-0000-0000-" + "0" * 12)


class Terminal:
    """A shell on a pseudo terminal."""

    def __init__(self, test, *words):
        self.text = ""
        self.process, self.descriptor = pty.fork()
        if self.process == 0:
            os.chdir(test.directory)
            # libedit never frees the names of functions that are added to it.
            sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
            os.execve(HOB, [HOB, "session", "shell", *words],
                      dict(test.environment, ASAN_OPTIONS=sanitizer))
        self.test = test
        self.seen = 0

    def type(self, keys):
        os.write(self.descriptor, keys.encode())

    def fill(self):
        if select.select([self.descriptor], [], [], 0.02)[0]:
            try:
                self.text += os.read(self.descriptor, 65536).decode("utf-8", "replace")
            except OSError:
                pass
        return self.text

    def expect(self, pattern):
        """Waits for it behind what was expected before."""
        found = wait_for(lambda: re.compile(pattern).search(self.fill(), self.seen),
                         "%r in %r" % (pattern, self.text[self.seen:]))
        self.seen = found.end()
        return found

    def end(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.fill()
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process != 0:
                os.close(self.descriptor)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        raise AssertionError("the shell does not end: %r" % self.text)


class Interactive(SessionCliTest):
    def setUp(self):
        super().setUp()
        self.start()

    def test_it_prompts_with_the_focus_and_survives_errors(self):
        shell = Terminal(self, "i.yml")
        shell.expect(r"i\.yml Ada age> ")
        shell.type("get nope\r")
        shell.expect("not found")
        shell.expect(r"i\.yml Ada age> ")
        shell.type("focus -i Grace -c height\r")
        shell.expect(r"i\.yml Grace height> ")
        shell.type("get\r")
        shell.expect(r"\n1\.68\r\n")
        shell.expect("> ")
        shell.type("\x04")
        shell.expect(r"the session goes on: 'hob session shell [0-9a-f]{8}'")
        self.assertEqual(shell.end(), 0)

    def test_tables_fit_the_terminal(self):
        self.write("wide.csv", "name,text\nAda," + "x" * 300 + "\n")
        self.write("wide.yml", "input: {type: csv, filename: wide.csv, directory: ., index: name}")
        shell = Terminal(self, "wide.yml", "--close")
        shell.expect("> ")
        shell.type("slice\r")
        self.assertLess(len(shell.expect(r"\nAda +(x+…)").group(1)), 80)
        shell.expect("> ")
        shell.type("exit\r")
        self.assertEqual(shell.end(), 0)
        self.assertEqual(self.do("list"), "")

    @unittest.skipUnless(LINE_EDITING, "built without libedit")
    def test_tab_completes_commands_options_columns_and_labels(self):
        shell = Terminal(self, "i.yml", "--close")
        shell.expect("> ")
        shell.type("ge\thei\tAl\t\r")
        shell.expect(r"\n\r\n")
        shell.expect("> ")
        shell.type("focus --co\tsc\t--in\tGr\t\r")
        shell.expect(r"i\.yml Grace score> ")
        shell.type("row \t\t")
        shell.expect(r"Ada +Alan +Grace")
        shell.type("Ad\t--columns age,hei\t\r")
        shell.expect(r"age +36\r\nheight +1\.65")
        shell.expect("> ")
        shell.type("do get_sha\t\r")
        shell.expect(r"4 rows, 7 columns")
        shell.expect("> ")
        shell.type("add-row Éàd score=5\r")
        shell.expect("> ")
        shell.type("add-row 'Éa long one' score=6\r")
        shell.expect("> ")
        shell.type("get sc\tÉà\t\r")
        shell.expect(r"\n5\.?0?\r\n")
        shell.expect("> ")
        shell.type("get sc\tÉa\t\r")
        shell.expect(r"\n6\.?0?\r\n")
        shell.type("exit\r")
        self.assertEqual(shell.end(), 0)

    @unittest.skipUnless(LINE_EDITING, "built without libedit")
    def test_ctrl_c_clears_the_line_and_history_is_kept(self):
        shell = Terminal(self, "i.yml", "--close")
        shell.expect("> ")
        shell.type("close --garbäge\x1b[D\x1b[D\x03")
        shell.expect(r"\^C")
        shell.expect("> ")
        shell.type("get age Alan\r")
        shell.expect(r"\n41\r\n")
        shell.expect("> ")
        shell.type("\x1b[A\x1b[D\x1b[D\x1b[D\x1b[Dé\x7f\x1b[C\x1b[C\x1b[C\x1b[C\x7f\x7f\x7fda\r")
        shell.expect(r"\n36\r\n")
        shell.expect("> ")
        shell.type("exit\r")
        self.assertEqual(shell.end(), 0)
        shell = Terminal(self, "i.yml", "--close")
        shell.expect("> ")
        shell.type("\x1b[A\x1b[A\r")
        shell.expect(r"\n36\r\n")
        shell.type("exit\r")
        self.assertEqual(shell.end(), 0)
        self.assertEqual(os.stat(self.path("state/shell_history")).st_mode & 0o077, 0)

    def kept(self):
        """The history as it is in the file, which libedit writes with blanks as \\040."""
        path = self.path("state/shell_history")
        return self.read("state/shell_history").replace("\\040", " ") if os.path.exists(path) else ""

    @unittest.skipUnless(LINE_EDITING, "built without libedit")
    def test_shells_at_the_same_time_keep_each_others_history(self):
        shells = [Terminal(self, "i.yml", "--close") for _ in range(3)]
        for shell in shells:
            shell.expect("> ")
        for number in range(4):
            for shell, label in zip(shells, ("Ada", "Alan", "Grace")):
                shell.type("get age %s # %d\r" % (label, number))
        wait_for(lambda: [shell.fill() for shell in shells] and self.kept().count("# 3\n") == 3,
                 "the lines, while the shells go on")
        os.kill(shells[0].process, signal.SIGKILL)
        self.assertEqual(shells[0].end(), -signal.SIGKILL)
        for shell in shells[1:]:
            shell.type("exit\r")
            self.assertEqual(shell.end(), 0)
        lines = self.kept().split("\n")
        for label in ("Ada", "Alan", "Grace"):
            own = [line for line in lines if line.startswith("get age " + label)]
            self.assertEqual(own, ["get age %s # %d" % (label, number) for number in range(4)])
        self.assertEqual([name for name in os.listdir(self.path("state")) if "history" in name],
                         ["shell_history"])

    def is_stopped(self):
        tasks = "/proc/%d/task" % self.server.process.pid
        states = []
        for task in os.listdir(tasks):
            with open("%s/%s/stat" % (tasks, task), encoding="ascii") as file:
                states.append(file.read().rsplit(")", 1)[1].split()[0])
        return all(state == "T" for state in states)

    def interrupt(self, shell):
        self.server.signal(signal.SIGSTOP)
        try:
            wait_for(self.is_stopped, "every thread to stop")
            shell.type("get age\r")
            shell.expect(r"get age\r\n")
            # Pressed before the shell waits it is forgotten, as one that is pressed for nothing.
            wait_for(lambda: shell.type("\x03") or "interrupted" in shell.fill(), "the interrupt")
        finally:
            self.server.signal(signal.SIGCONT)

    def test_ctrl_c_stops_waiting_for_a_server_that_hangs(self):
        shell = Terminal(self, "i.yml")
        shell.expect("> ")
        self.interrupt(shell)
        shell.type("\x03")
        shell.expect(r"> ")
        shell.type("get age Alan\r")
        shell.expect(r"\n41\r\n")
        shell.type("close\r")
        self.assertEqual(shell.end(), 0)


if __name__ == "__main__":
    unittest.main()
