#!/usr/bin/env python3
"""What hobd promises of sessions: that they survive, stay apart, and cost nobody else anything."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import HOBD, Connection, ServerTest, wait_for  # noqa: E402

PEOPLE = "name,age,height\nAda,36,1.65\nAlan,41,\nGrace,85,1.68\n"
TALKS = "name,date,title,mins\nAda,d1,Notes,30\nAda,d2,Loops,45\nAlan,d3,Machines,20\n"
INTERFACE = """
input: {type: csv, filename: people.csv, directory: ., index: name}
output: {type: csv, filename: out.csv, directory: ., index: name, columns: [score, note]}
series: {type: csv, filename: talks.csv, directory: ., index: name, selector: date}
"""
KILLED = (0, -signal.SIGKILL)
# Sanitizers keep what was freed.
SANITIZED = os.path.getsize(HOBD) > 0 and b"__asan_init" in open(HOBD, "rb").read()
KILLS = int(os.environ.get("HOB_TEST_KILLS", "10"))


class SessionTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.write("people.csv", PEOPLE)
        self.write("talks.csv", TALKS)
        self.write("i.yml", INTERFACE)
        self.state = self.path("state")

    def start(self, *options, **more):
        environment = dict({"HOB_STATE": self.state}, **more.pop("environment", {}))
        self.server = super().start(*options, environment=environment, **more)
        return self.server

    def restart(self, *options, **more):
        self.server.signal(signal.SIGKILL)
        self.server.process.wait()
        return self.start(*options, **more)

    def ask(self, method, path, body=None, status=200):
        answer = self.server.request(method, "/api/sessions" + path, body)
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def create(self, **parameters):
        body = dict({"interface_file": "i.yml"}, **parameters)
        return self.ask("POST", "", body)["session"]["session_id"]

    def do(self, session, operation, status=200, **parameters):
        return self.ask("POST", "/%s/%s" % (session, operation), parameters, status)

    def score(self, session, index):
        return self.do(session, "get_value_at", index=index, column="score")["value"]


class Durability(SessionTest):
    def test_a_killed_server_has_every_session_edit_and_focus_when_it_is_started_again(self):
        self.start(expected=KILLED)
        session, other = self.create(), self.create()
        self.do(session, "set_index", index="Alan")
        self.do(session, "set_column", column="score")
        self.do(session, "set_value", value={"nested": [1, None]})
        self.do(session, "set_selector", column="title")
        self.do(session, "set_index", index="Ada")
        self.do(session, "set_subindex", value="Notes")
        self.do(session, "set_value_at", index="Ada", column="mins", value=31)
        self.do(session, "add_column", column="extra", value=7)
        self.do(session, "add_row", index="Zed", values={"score": 9, "extra": 8})
        self.do(session, "drop_column", column="note")
        before = self.do(session, "get_slice")
        self.restart()
        listed = self.ask("GET", "")["sessions"]
        self.assertEqual([s["session_id"] for s in listed], [other, session])
        self.assertEqual(listed[1]["columns"][-1], "extra")
        self.assertEqual(self.do(session, "get_index")["index"], "Ada")
        self.assertEqual(self.do(session, "get_column")["column"], "score")
        self.assertEqual(self.do(session, "get_selector")["selector"], "title")
        self.assertEqual(self.do(session, "get_subindex")["subindex"], "Notes")
        self.assertEqual(self.do(session, "get_slice"), before)
        self.assertEqual(self.do(other, "get_columns")["columns"],
                         ["age", "height", "score", "note", "date", "title", "mins"])

    def test_undo_goes_on_over_a_restart(self):
        self.start(expected=KILLED)
        session = self.create()
        for value in (1, 2, 3):
            self.do(session, "set_value_at", index="Ada", column="score", value=value)
        self.do(session, "undo")
        self.restart()
        self.assertEqual(self.score(session, "Ada"), 2)
        self.do(session, "undo")
        self.assertEqual(self.score(session, "Ada"), 1)
        self.do(session, "undo")
        self.assertIsNone(self.score(session, "Ada"))
        self.do(session, "undo", status=422)

    def test_undo_of_an_edit_that_does_not_fit_any_more_takes_back_no_other(self):
        self.write("out.csv", "name,score,note,b\nAda,10,x,20\n")
        self.start(expected=KILLED)
        session = self.create()
        self.do(session, "add_column", column="k")
        self.do(session, "set_value_at", index="Ada", column="k", value=5)
        self.do(session, "drop_column", column="b")
        self.do(session, "undo")
        self.do(session, "drop_column", column="b")
        self.do(session, "save")
        self.restart()
        self.assertEqual(self.do(session, "get_value_at", index="Ada", column="k")["value"], 5)
        self.do(session, "undo", status=422)

    def test_undo_fits_its_edit_when_another_program_took_a_column_away(self):
        self.write("out.csv", "name,score,note,b\nAda,10,x,20\n")
        self.start()
        session = self.create()
        self.do(session, "set_value_at", index="Ada", column="score", value=100)
        self.do(session, "set_value_at", index="Ada", column="b", value=200)
        self.do(session, "undo")
        self.write("out.csv", "name,score,note\nAda,10,x\n")
        self.do(session, "reload", keep=True)
        self.assertEqual(self.score(session, "Ada"), 100)
        self.do(session, "undo")
        self.assertEqual(self.score(session, "Ada"), 10)

    def test_the_focus_is_what_it_was_however_it_moved(self):
        self.write("out.csv", "name,score,note\nAda,1,x\n")
        self.start(expected=KILLED)
        session = self.create()
        self.do(session, "set_column", column="note")
        self.do(session, "drop_column", column="note")     # moves it to the first column
        self.do(session, "add_row", index="Zed")
        self.do(session, "set_index", index="Zed")
        self.do(session, "undo")                           # to the first row
        self.do(session, "add_column", column="note")
        self.do(session, "set_selector", column="date")
        self.assertEqual(self.do(session, "get_subindex")["subindex"], "d2")  # chosen by asking
        self.do(session, "add_row", index="Ada", values={"date": "d9", "title": "New"})
        before = [self.do(session, what) for what in
                  ("get_column", "get_index", "get_selector", "get_subindex")]
        self.assertEqual(before, [{"status": "success", name: value} for name, value in
                                  (("column", "age"), ("index", "Ada"), ("selector", "date"),
                                   ("subindex", "d2"))])
        self.restart()
        self.assertEqual([self.do(session, what) for what in
                          ("get_column", "get_index", "get_selector", "get_subindex")], before)

    def test_the_focus_after_a_reload_outlives_the_server(self):
        self.start(expected=KILLED)
        session = self.create()
        self.do(session, "set_index", index="Grace")
        self.write("people.csv", PEOPLE.replace("Grace,85,1.68\n", ""))
        self.do(session, "reload")
        self.assertEqual(self.do(session, "get_index")["index"], "Ada")
        self.write("people.csv", PEOPLE)
        self.restart()
        self.assertEqual(self.do(session, "get_index")["index"], "Ada")

    def stored(self, query):
        with contextlib.closing(sqlite3.connect(self.state + "/state.db")) as database:
            return database.execute(query).fetchall()

    def test_a_new_column_costs_the_journal_its_own_name_only(self):
        self.start(expected=KILLED)
        session = self.create()
        before = self.stored("SELECT length(columns) FROM sessions")
        for i in range(200):
            self.do(session, "add_column", column="column_%d" % i)
        self.do(session, "drop_column", column="column_7")
        self.do(session, "drop_column", column="score")
        self.do(session, "undo")
        self.do(session, "add_column", column="last")
        self.assertEqual(self.stored("SELECT length(columns) FROM sessions"), before)
        (count, size), = self.stored("SELECT count(*), sum(length(name)) FROM columns")
        self.assertEqual(count, 202)
        self.assertLess(size, 202 * 14)
        columns = self.do(session, "get_columns")["columns"]
        self.assertEqual(columns[-2:], ["column_199", "last"])
        self.restart(expected=KILLED)
        listed, = self.ask("GET", "")["sessions"]
        self.assertEqual(listed["columns"], columns)
        self.assertEqual(listed["shape"], [4, len(columns)])
        self.assertEqual(self.do(session, "get_columns")["columns"], columns)
        self.do(session, "drop_column", column="last")
        self.restart(expected=KILLED)
        listed, = self.ask("GET", "")["sessions"]
        self.assertEqual(listed["columns"], columns[:-1])

    def test_columns_are_told_right_after_a_snapshot_and_with_other_files(self):
        self.start(expected=KILLED)
        session = self.create()
        for i in range(3):
            self.do(session, "add_column", column="gone_%d" % i)
            self.do(session, "undo")
        self.do(session, "add_column", column="first")
        self.write("people.csv", PEOPLE.replace("age,", "age,born,").replace("36,", "36,1815,"))
        self.restart(expected=KILLED)
        self.do(session, "get_value")
        self.do(session, "add_column", column="second")
        columns = self.do(session, "get_columns")["columns"]
        self.assertIn("born", columns)
        self.restart(expected=KILLED)
        self.assertEqual(self.ask("GET", "")["sessions"][0]["columns"], columns)

    def test_sessions_of_the_first_version_of_the_state_are_there(self):
        os.mkdir(self.state)
        with contextlib.closing(sqlite3.connect(self.state + "/state.db")) as database:
            database.executescript(
                "PRAGMA user_version = 1;"
                "CREATE TABLE sessions(id TEXT PRIMARY KEY, place TEXT NOT NULL, request TEXT NOT"
                " NULL, sources TEXT NOT NULL, focus TEXT NOT NULL, summary TEXT NOT NULL,"
                " created REAL NOT NULL, accessed REAL NOT NULL);"
                "CREATE TABLE edits(session TEXT NOT NULL, seq INTEGER NOT NULL, records TEXT NOT"
                " NULL, PRIMARY KEY(session, seq)) WITHOUT ROWID;")
            now = time.time()
            for name, summary in (("old", ',"shape":[4,3],"columns":["age","hei\\"ght",2020]'),
                                  ("odd", "no members")):
                database.execute("INSERT INTO sessions VALUES(?, ?, ?, '[]', '{}', ?, ?, ?)",
                                 (name, self.directory, '{"interface_file":"i.yml"}', summary,
                                  now, now))
            database.execute("INSERT INTO edits VALUES('old', 1, ?)",
                             ('{"op":"set","column":"score","index":"Ada","value":5}\n',))
            database.commit()
        self.start(expected=KILLED)
        listed = {s["session_id"]: s for s in self.ask("GET", "")["sessions"]}
        self.assertEqual(listed["old"]["columns"], ["age", 'hei"ght', 2020])
        self.assertEqual(listed["old"]["shape"], [4, 3])
        self.assertEqual(self.score("old", "Ada"), 5)
        self.assertEqual(self.do("odd", "get_columns")["columns"][0], "age")
        self.restart(expected=KILLED)
        self.assertEqual(self.ask("GET", "/old")["session"]["columns"][:2], ["age", "height"])

    def test_a_deleted_session_stays_deleted(self):
        self.start(expected=KILLED)
        session, other = self.create(), self.create()
        self.ask("DELETE", "/" + session)
        self.restart()
        self.ask("GET", "/" + session, status=404)
        self.ask("GET", "/" + other)

    def test_sessions_of_another_directory_are_not_seen(self):
        self.start()
        self.create()
        os.mkdir(self.path("elsewhere"))
        for name in ("people.csv", "talks.csv", "i.yml"):
            self.write("elsewhere/" + name, self.read(name))
        directory, self.directory = self.directory, self.path("elsewhere")
        self.start()
        self.directory = directory
        self.assertEqual(self.ask("GET", "")["total_sessions"], 0)
        self.create()

    def test_a_second_server_of_the_same_directory_keeps_its_sessions_in_memory(self):
        first = self.start()
        session = self.create()
        second = self.start()
        self.assertEqual(self.ask("GET", "")["total_sessions"], 0)
        self.assertIn("memory only", self.ask("POST", "", {"interface_file": "i.yml"})["warning"])
        self.assertIn("memory only", second.log())
        self.server = first
        self.ask("GET", "/" + session)

    def test_a_state_directory_that_cannot_be_made_is_one_warning(self):
        self.write("file", "")
        server = self.start(environment={"HOB_STATE": self.path("file/below")})
        session = self.create()
        self.assertIn("memory only", self.ask("POST", "", {"interface_file": "i.yml"})["warning"])
        self.do(session, "set_value_at", index="Ada", column="score", value=1)
        self.do(session, "reload")
        self.assertEqual(self.score(session, "Ada"), 1)
        self.create()
        self.assertEqual(server.log().count("memory only"), 1)

    def test_nothing_is_written_before_somebody_opens_a_session(self):
        self.start()
        self.server.request("GET", "/api/ping")
        self.assertFalse(os.path.exists(self.state))

    def test_another_writer_of_the_state_holds_up_edits_but_nothing_else(self):
        for durability in ("power", "process"):
            self.start("--durability", durability)
            session = self.create()
            with contextlib.closing(sqlite3.connect(self.state + "/state.db")) as database:
                database.execute("BEGIN IMMEDIATE")
                with self.server.connect() as connection:
                    body = b'{"index": "Ada", "column": "score", "value": 5}'
                    path = "/api/sessions/%s/set_value_at" % session
                    head = connection.head("POST", path, {"Content-Length": str(len(body))})
                    connection.send(head + body)
                    for _ in range(20):
                        self.assertEqual(self.server.request("GET", "/api/ping").status, 200)
                        self.ask("GET", "/" + session)
                    database.rollback()
                    self.assertEqual(connection.read().status, 200)
            self.assertEqual(self.score(session, "Ada"), 5)
            self.server.signal(signal.SIGTERM)
            self.server.process.wait()

    def test_clients_lose_nothing_when_the_server_is_killed_under_them(self):
        self.kill_under_clients(KILLS)

    def test_nor_do_they_where_only_the_process_has_to_be_survived(self):
        self.kill_under_clients(max(KILLS // 2, 1), "--durability", "process")

    def kill_under_clients(self, kills, *options):
        generator = random.Random(7)
        self.start(*options, expected=KILLED)
        sessions = [self.create() for _ in range(16)]
        known = [0] * len(sessions)
        for _ in range(kills):
            self.edit_until_killed(sessions, known, generator.uniform(0.02, 0.3))
            self.start(*options, expected=KILLED)
            for i, session in enumerate(sessions):
                values = [self.score(session, name) for name in ("Ada", "Alan")]
                self.assertIn(values[0] or 0, (known[i], known[i] + 1), "of %d" % i)
                self.assertEqual(values[0] or 0, values[1] or 0, "an edit was half applied")
                known[i] = values[0] or 0
        self.assertGreater(min(known), 0, "nobody got an edit through")

    def edit_until_killed(self, sessions, known, seconds):
        """Each client counts up in both rows with one edit, until its connection breaks."""
        def work(i):
            try:
                with Connection(address) as connection:
                    while True:
                        value = known[i] + 1
                        answer = connection.request(
                            "POST", "/api/sessions/%s/run_compute" % sessions[i],
                            {"compute": {"field": "score", "function": "identity",
                                         "args": {"value": value}}})
                        if answer is None or answer.status != 200:
                            return
                        known[i] = value
            except (OSError, AssertionError):
                return
        address = self.server.address
        threads = [threading.Thread(target=work, args=(i,)) for i in range(len(sessions))]
        for thread in threads:
            thread.start()
        threading.Timer(seconds, self.server.signal, (signal.SIGKILL,)).start()
        for thread in threads:
            thread.join()
        self.server.process.wait()


class Privacy(SessionTest):
    def modes(self):
        return {name: os.stat(os.path.join(self.state, name)).st_mode & 0o777
                for name in os.listdir(self.state)}

    def test_nobody_else_can_read_sessions_in_a_directory_that_others_can_enter(self):
        os.mkdir(self.state, 0o755)
        os.chmod(self.state, 0o755)
        self.start(expected=KILLED)
        session = self.create()
        self.do(session, "set_value_at", index="Ada", column="score", value=5)
        modes = self.modes()
        self.assertIn("state.db-wal", modes)
        self.assertEqual(set(modes.values()), {0o600}, modes)
        self.server.signal(signal.SIGKILL)
        self.server.process.wait()
        for name in modes:  # as versions before have made them
            os.chmod(os.path.join(self.state, name), 0o644)
        self.start()
        self.assertEqual(self.score(session, "Ada"), 5)
        modes = self.modes()
        self.assertEqual({modes[name] for name in modes if name.startswith("state.db")}, {0o600})

    def test_a_state_directory_that_others_may_write_to_is_refused(self):
        os.mkdir(self.state)
        os.chmod(self.state, 0o777)
        self.start()
        answer = self.ask("POST", "", {"interface_file": "i.yml"})
        self.assertIn("other users may write to it", answer["warning"])
        self.assertEqual(os.listdir(self.state), [])


class Labels(SessionTest):
    def test_a_row_that_was_added_by_a_number_is_saved_once_also_after_a_kill(self):
        self.start(expected=KILLED)
        session = self.create()
        for label in (55.5, 7, True):
            self.do(session, "add_row", index=label, values={"score": 1, "title": "t"})
            self.do(session, "set_index", index=label)
        self.do(session, "save")
        saved = self.read("out.csv"), self.read("talks.csv")
        shape = self.do(session, "get_shape")
        indices = self.do(session, "get_indices")
        self.restart(expected=KILLED)
        self.assertEqual(self.do(session, "get_shape"), shape)
        self.assertEqual(self.do(session, "get_indices"), indices)
        for label in (55.5, "7", True):
            self.do(session, "set_value_at", index=label, column="score", value=1)
        self.do(session, "save", all=True)
        self.assertEqual((self.read("out.csv"), self.read("talks.csv")), saved)

    def test_an_entry_without_a_subindex_stays_in_focus_over_a_kill(self):
        self.write("talks.csv", TALKS + "Grace,,Empty,1\n")
        self.start(expected=KILLED)
        session = self.create()
        self.do(session, "set_index", index="Grace")
        self.do(session, "set_selector", column="date")
        self.assertIsNone(self.do(session, "get_subindex")["subindex"])
        self.do(session, "add_row", index="Grace", values={"date": "d9", "title": "Full"})
        self.restart(expected=KILLED)
        self.do(session, "set_value_at", index="Grace", column="mins", value=2)
        values = self.do(session, "get_column_data", column="mins")["values"]
        self.assertEqual(values[2], [2, None])

    def test_a_selector_that_is_gone_is_gone_after_a_kill(self):
        self.start(expected=KILLED)
        session = self.create()
        self.do(session, "set_selector", column="mins")
        self.do(session, "drop_column", column="mins")
        self.assertIsNone(self.do(session, "get_selector")["selector"])
        self.restart()
        self.assertIsNone(self.do(session, "get_selector")["selector"])


class Sources(SessionTest):
    def changed(self, session):
        return self.ask("GET", "/" + session)["session"].get("source_changed", False)

    def change_people(self):
        self.write("people.csv", PEOPLE.replace("36", "37") + "New,1,2\n")

    def test_a_session_says_that_its_file_changed_and_reloads_with_its_edits(self):
        self.start()
        session = self.create()
        self.do(session, "set_value_at", index="Ada", column="score", value=5)
        self.assertFalse(self.changed(session))
        self.change_people()
        self.assertTrue(self.changed(session))
        age = dict(index="Ada", column="age")
        self.assertEqual(self.do(session, "get_value_at", **age)["value"], 36)
        self.do(session, "reload", keep=True)
        self.assertFalse(self.changed(session))
        self.assertEqual(self.do(session, "get_value_at", **age)["value"], 37)
        self.assertEqual(self.score(session, "Ada"), 5)
        self.do(session, "reload", keep=False)
        self.assertIsNone(self.score(session, "Ada"))

    def spill(self, session):
        """Uses others until the session is not in memory."""
        for _ in range(200):
            listed = {s["session_id"]: s for s in self.ask("GET", "")["sessions"]}
            if listed[session]["memory_mb"] == 0:
                return
            self.do(self.create(), "set_index", index="Ada")
        self.fail("the session is still in memory")

    def test_a_session_that_was_spilled_says_that_its_files_changed(self):
        self.start("--session-memory", "64K")
        session = self.create()
        self.do(session, "set_index", index="Ada")
        self.do(session, "set_value_at", index="Ada", column="score", value=5)
        self.do(session, "set_value_at", index="Grace", column="score", value=6)
        self.spill(session)
        self.assertNotIn("source_changed", self.do(session, "get_value"))
        self.spill(session)
        self.write("people.csv", PEOPLE.replace("36", "37").replace("Grace,85,1.68\n", ""))
        self.assertTrue(self.changed(session))
        answer = self.do(session, "get_value_at", index="Ada", column="age")
        self.assertEqual(answer, {"status": "success", "value": 37, "source_changed": True,
                                  "edits_lost": 1})
        self.assertTrue(self.do(session, "set_index", index="Alan")["source_changed"])
        self.spill(session)
        self.assertTrue(self.do(session, "get_index")["source_changed"])
        self.assertEqual(self.do(session, "reload", keep=True)["edits_lost"], 1)
        self.assertNotIn("source_changed", self.do(session, "get_index"))
        self.assertFalse(self.changed(session))
        self.assertEqual(self.score(session, "Ada"), 5)
        self.spill(session)
        self.assertNotIn("source_changed", self.do(session, "get_index"))
        self.do(session, "reload", keep=False)
        self.assertIsNone(self.score(session, "Ada"))

    def test_a_session_in_memory_goes_on_with_what_it_read(self):
        self.start()
        session = self.create()
        self.change_people()
        answer = self.do(session, "get_value_at", index="Ada", column="age")
        self.assertEqual(answer, {"status": "success", "value": 36})
        self.assertTrue(self.changed(session))

    def test_a_file_that_changed_while_the_server_was_down_is_noticed(self):
        self.start(expected=KILLED)
        session = self.create()
        self.do(session, "set_value_at", index="Grace", column="score", value=5)
        self.change_people()
        self.restart()
        self.assertTrue(self.changed(session))
        self.assertTrue(self.do(session, "get_shape")["source_changed"])
        self.assertEqual(self.score(session, "Grace"), 5)
        self.assertTrue(self.changed(session))

    def test_save_writes_what_changed_and_says_so(self):
        self.start(expected=KILLED)
        session = self.create()
        self.assertEqual(self.do(session, "save")["written"], [])
        self.do(session, "set_value_at", index="Alan", column="score", value=2)
        self.do(session, "add_row", index="Grace", values={"date": "d9", "title": "COBOL"})
        written = self.do(session, "save")["written"]
        self.assertEqual([(w["flow"], w["rows"]) for w in written], [("output", 1), ("series", 4)])
        self.assertEqual(self.read("out.csv"), "name,score,note\nAlan,2,\n")
        self.assertTrue(self.read("talks.csv").endswith("Grace,d9,COBOL,\n"))
        self.assertFalse(self.changed(session))
        self.do(session, "undo", status=422)
        before = self.do(session, "get_slice")
        self.restart()
        self.assertEqual(self.do(session, "get_slice"), before)
        self.assertFalse(self.changed(session))

    def refused(self, session, *parts, **parameters):
        answer = self.do(session, "save", status=422, **parameters)
        message = answer["error_message"] + answer.get("hint", "")
        for part in parts:
            self.assertIn(part, message)

    def test_save_replaces_nothing_that_another_program_wrote(self):
        theirs = "name,score,note\nAda,7,theirs\n"
        self.write("out.csv", "name,score,note\nAda,1,x\n")
        self.start(expected=KILLED)
        session = self.create()
        self.do(session, "set_value_at", index="Ada", column="score", value=5)
        self.do(session, "add_row", index="Grace", values={"date": "d9", "title": "COBOL"})
        self.write("out.csv", theirs)
        self.refused(session, "out.csv", "another program")
        self.restart()
        self.refused(session, "out.csv", "another program")
        self.do(session, "save", status=400, force=1)
        self.assertEqual(self.read("out.csv"), theirs)
        self.assertEqual(self.read("talks.csv"), TALKS)
        self.do(session, "reload")
        self.do(session, "save")
        self.assertEqual(self.read("out.csv"), "name,score,note\nAda,5,theirs\n")
        self.assertIn("COBOL", self.read("talks.csv"))
        self.assertFalse(self.changed(session))

    def test_a_save_that_cannot_write_one_flow_writes_none(self):
        self.write("out.csv", "name,score,note\nAda,1,x\n")
        self.start()
        session = self.create()
        self.do(session, "set_value_at", index="Ada", column="score", value=5)
        self.do(session, "add_row", index="Grace", values={"date": "d9", "title": "COBOL"})
        os.remove(self.path("talks.csv"))
        os.mkdir(self.path("talks.csv"))
        self.do(session, "save", status=422, force=True)
        self.assertEqual(self.read("out.csv"), "name,score,note\nAda,1,x\n")
        os.rmdir(self.path("talks.csv"))
        written = self.do(session, "save", force=True)["written"]
        self.assertEqual([w["flow"] for w in written], ["output", "series"])
        self.assertEqual(self.read("out.csv"), "name,score,note\nAda,5,x\n")

    def test_save_replaces_what_another_program_wrote_when_it_is_forced(self):
        self.start(expected=KILLED)
        session = self.create()
        self.do(session, "set_value_at", index="Ada", column="score", value=5)
        self.write("out.csv", "name,score,note\nAda,7,theirs\n")
        self.refused(session, "out.csv")
        self.do(session, "save", force=True)
        self.assertEqual(self.read("out.csv"), "name,score,note\nAda,5,\n")
        self.assertFalse(self.changed(session))
        for value in (6, 7):
            self.do(session, "set_value_at", index="Ada", column="score", value=value)
            self.do(session, "save")
            self.restart(expected=KILLED)
        self.assertEqual(self.read("out.csv"), "name,score,note\nAda,7,\n")
        self.assertFalse(self.changed(session))

    def test_a_save_of_one_file_does_not_hide_that_another_changed(self):
        self.start()
        session = self.create()
        self.do(session, "set_value_at", index="Ada", column="score", value=5)
        self.change_people()
        self.write("talks.csv", TALKS + "Alan,d4,More,5\n")
        self.do(session, "save")
        self.assertTrue(self.changed(session))
        self.do(session, "add_row", index="Grace", values={"date": "d9"})
        self.refused(session, "talks.csv")

    def write_notes(self):
        """Output in a directory, a file a row."""
        self.write("i.yml", INTERFACE.replace(
            "{type: csv, filename: out.csv, directory: ., index: name, columns: [score, note]}",
            "{type: yaml_directory, source: [{directory: notes, glob: '*.yml'}], index: name}"))
        os.mkdir(self.path("notes"))
        for name in ("Ada", "Alan"):
            self.write("notes/%s.yml" % name, "name: %s\nscore: 1\n" % name)

    def test_a_directory_of_which_one_file_cannot_be_written_stays_as_it_was(self):
        self.write_notes()
        self.start()
        session = self.create()
        self.do(session, "set_value_at", index="Ada", column="score", value=5)
        os.remove(self.path("notes/Alan.yml"))
        os.mkdir(self.path("notes/Alan.yml"))
        self.refused(session, "Alan.yml", force=True)
        self.assertIn("score: 1", self.read("notes/Ada.yml"))
        os.rmdir(self.path("notes/Alan.yml"))
        self.do(session, "set_value_at", index="Alan", column="sourceFilename", value=7)
        self.refused(session, "sourceFilename", "row 2", force=True)
        self.assertIn("score: 1", self.read("notes/Ada.yml"))
        self.do(session, "undo")
        self.do(session, "save", force=True)
        self.assertIn("score: 5", self.read("notes/Ada.yml"))

    def test_files_of_a_directory_are_replaced_unless_another_program_changed_them(self):
        self.write_notes()
        self.start()
        session = self.create()
        for value in (2, 3):
            self.do(session, "set_value_at", index="Ada", column="score", value=value)
            written = self.do(session, "save")["written"]
            self.assertEqual([os.path.relpath(file, self.directory) for file in written[0]["files"]],
                             ["notes/Ada.yml", "notes/Alan.yml"])
            self.assertIn("score: %d" % value, self.read("notes/Ada.yml"))
            self.assertFalse(self.changed(session))
        self.write("notes/Alan.yml", "name: Alan\nscore: 1000\n")
        self.do(session, "set_value_at", index="Ada", column="score", value=4)
        self.refused(session, "Alan.yml")
        self.assertIn("score: 3", self.read("notes/Ada.yml"))
        self.assertIn("1000", self.read("notes/Alan.yml"))
        self.do(session, "reload")
        self.do(session, "save")
        self.assertIn("score: 4", self.read("notes/Ada.yml"))
        self.assertIn("1000", self.read("notes/Alan.yml"))
        self.assertFalse(self.changed(session))

    def test_save_refuses_to_lose_rows_of_repeated_labels(self):
        file = "name,score,note\nAda,1,x\nAlan,2,y\nAlan,3,z\nAlan,4,z\n"
        self.write("out.csv", file)
        self.start()
        session = self.create()
        self.do(session, "set_value_at", index="Ada", column="score", value=5)
        self.refused(session, "2 rows", '"Alan"', "unique")
        self.refused(session, "2 rows", force=True)
        self.assertEqual(self.read("out.csv"), file)
        self.write("out.csv", "name,score,note\nAda,1,x\nAlan,2,y\n")
        self.do(session, "reload")
        self.do(session, "save")
        self.assertEqual(self.read("out.csv"), "name,score,note\nAda,5,x\nAlan,2,y\n")

    def test_save_refuses_to_lose_columns_that_the_interface_left_out_or_renamed(self):
        file = "name,score,note,secret\nAda,1,x,s\n"
        self.write("out.csv", file)
        self.start()
        for setting in ("ignore_columns: [secret]", "rename_columns: {secret: open}",
                        "select_columns: [name, score]"):
            self.write("i.yml", INTERFACE.replace("columns: [score, note]", setting))
            session = self.create()
            self.assertEqual(self.do(session, "save")["written"], [])
            self.do(session, "set_value_at", index="Ada", column="score", value=5)
            self.refused(session, "`%s`" % setting.split(":")[0], "`output`")
            self.assertEqual(self.read("out.csv"), file)

    def test_a_session_whose_file_is_gone_says_what_is_missing(self):
        self.start(expected=KILLED)
        session = self.create()
        self.restart()
        os.remove(self.path("people.csv"))
        self.assertIn("people.csv", self.do(session, "get_value", status=404)["error_message"])
        self.write("people.csv", PEOPLE)
        self.assertEqual(self.do(session, "get_value")["value"], 36)


class Refusal(SessionTest):
    """The disk refuses the journal for a while: a trigger does what a full disk does, at once."""

    TABLES = (("edits", "INSERT"), ("sessions", "INSERT"), ("sessions", "UPDATE"))

    def tell(self, statement):
        with contextlib.closing(sqlite3.connect(self.state + "/state.db")) as database:
            for table, what in self.TABLES:
                database.execute(statement.format(table=table, what=what))
            database.commit()

    def refuse(self):
        self.tell("CREATE TRIGGER refuse_{what}_{table} BEFORE {what} ON {table} "
                  "BEGIN SELECT RAISE(FAIL, 'the disk is full'); END")

    def accept(self):
        self.tell("DROP TRIGGER refuse_{what}_{table}")

    def rows(self, query):
        with contextlib.closing(sqlite3.connect(self.state + "/state.db")) as database:
            return database.execute(query).fetchall()

    def set_score(self, session, value, **more):
        return self.do(session, "set_value_at", index="Ada", column="score", value=value, **more)

    def test_what_is_saved_after_a_refused_edit_is_still_there_when_the_server_was_killed(self):
        self.start(expected=KILLED)
        session = self.create()
        self.set_score(session, 100)
        self.refuse()
        self.set_score(session, 200, status=500)
        self.accept()
        self.do(session, "save")
        self.assertEqual(self.read("out.csv"), "name,score,note\nAda,200,\n")
        self.restart(expected=KILLED)
        self.assertEqual(self.score(session, "Ada"), 200)
        self.do(session, "set_value_at", index="Grace", column="note", value="q")
        self.do(session, "save")
        self.assertIn("Ada,200", self.read("out.csv"))

    def test_nothing_is_saved_while_the_journal_cannot_be_written(self):
        self.start(expected=KILLED)
        session = self.create()
        self.set_score(session, 100)
        self.do(session, "save")
        before = self.read("out.csv")
        self.refuse()
        self.set_score(session, 200, status=500)
        answer = self.do(session, "save", status=500)
        self.assertIn("save the session", answer["error_message"])
        self.assertEqual(self.read("out.csv"), before)
        self.accept()
        self.assertEqual(self.score(session, "Ada"), 200)
        self.do(session, "save")
        self.assertIn("Ada,200", self.read("out.csv"))
        self.restart(expected=KILLED)
        self.assertEqual(self.score(session, "Ada"), 200)

    def test_a_save_whose_end_the_disk_refuses_is_the_session_s_own_after_a_kill(self):
        """The file is written, and the server killed before the journal has that."""
        self.start(expected=KILLED)
        session = self.create()
        self.do(session, "add_row", index="Ada", values={"date": "d4", "title": "New", "mins": 1})
        self.do(session, "set_selector", column="date")
        self.do(session, "set_index", index="Ada")
        self.do(session, "set_subindex", value="d4")
        self.do(session, "set_value_at", index="Ada", column="mins", value=2)
        self.tell("CREATE TRIGGER IF NOT EXISTS refuse_end BEFORE INSERT ON edits WHEN "
                  "new.records LIKE '%saved%' BEGIN SELECT RAISE(FAIL, 'the disk is full'); END")
        self.do(session, "save", status=500)
        self.assertIn("New", self.read("talks.csv"))
        saved = self.read("talks.csv")
        self.tell("DROP TRIGGER IF EXISTS refuse_end")
        self.restart(expected=KILLED)
        self.assertEqual(self.do(session, "get_column_data", column="title")["values"][0],
                         ["Notes", "Loops", "New"])
        self.do(session, "save", force=True)
        self.assertEqual(self.read("talks.csv"), saved)


    def test_a_session_whose_creation_was_refused_is_not_there(self):
        self.start(expected=KILLED)
        kept = self.create()
        self.refuse()
        refused = self.ask("POST", "", {"interface_file": "i.yml"}, status=500)
        self.assertIn("is not kept", refused["error_message"])
        self.set_score(kept, 5, status=500)
        self.accept()
        listed = [s["session_id"] for s in self.ask("GET", "")["sessions"]]
        self.assertEqual(listed, [kept])
        self.set_score(kept, 6)
        created = self.create()
        self.set_score(created, 7)
        self.restart(expected=KILLED)
        self.assertEqual([self.score(kept, "Ada"), self.score(created, "Ada")], [6, 7])
        self.assertEqual(self.rows("SELECT DISTINCT session FROM edits ORDER BY 1"),
                         self.rows("SELECT id FROM sessions ORDER BY 1"))

    def test_an_edit_of_a_session_that_the_state_does_not_have_is_not_called_safe(self):
        self.start(expected=KILLED)
        session, other = self.create(), self.create()
        with contextlib.closing(sqlite3.connect(self.state + "/state.db")) as database:
            database.execute("DELETE FROM sessions WHERE id = ?", (session,))
            database.commit()
        self.set_score(session, 1, status=500)
        self.do(session, "add_row", index="Zed", status=500)
        self.do(session, "set_index", index="Ada", status=500)
        self.set_score(other, 5)
        self.restart(expected=KILLED)
        self.assertEqual(self.score(other, "Ada"), 5)

    def test_edits_without_a_session_go_when_the_state_is_opened(self):
        self.start(expected=KILLED)
        session = self.create()
        self.set_score(session, 5)
        with contextlib.closing(sqlite3.connect(self.state + "/state.db")) as database:
            for name in ("0", session + "x", "z"):
                database.execute("INSERT INTO edits SELECT ?, seq, records FROM edits LIMIT 1",
                                 (name,))
            database.commit()
        self.restart(expected=KILLED)
        self.assertEqual(self.score(session, "Ada"), 5)
        self.assertEqual(self.rows("SELECT DISTINCT session FROM edits"), [(session,)])


class Series(SessionTest):
    """Entries of a series are not another's, whatever other programs make of the file."""

    MARKS = "name,reviewer,mark\nAda,R1,1\nAda,R2,2\nAlan,R1,3\n"

    def setUp(self):
        super().setUp()
        self.write("s.yml", "input: {type: csv, filename: people.csv, index: name}\n"
                   "series: {type: csv, filename: marks.csv, index: name, selector: reviewer}\n")
        self.write("marks.csv", self.MARKS)

    def mark(self, session, index, reviewer, value):
        self.do(session, "set_index", index=index)
        self.do(session, "set_selector", column="reviewer")
        self.do(session, "set_subindex", value=reviewer)
        self.do(session, "set_column", column="mark")
        self.do(session, "set_value", value=value)

    def marked(self):
        self.start(expected=KILLED)
        session = self.create(interface_file="s.yml")
        self.mark(session, "Ada", "R2", 99)
        return session

    def marks(self):
        """The file; a new entry makes numbers floats for a moment, as in Python's tables."""
        return self.read("marks.csv").replace(".0\n", "\n")

    def insert(self):
        self.write("marks.csv", self.MARKS.replace("mark\n", "mark\nGrace,R1,50\n"))

    INSERTED = "name,reviewer,mark\nGrace,R1,50\nAda,R1,1\nAda,R2,99\nAlan,R1,3\n"

    def test_a_reload_finds_the_entry_that_was_edited_among_rows_that_others_inserted(self):
        session = self.marked()
        self.insert()
        self.assertNotIn("edits_lost", self.do(session, "reload", keep=True))
        self.restart(expected=KILLED)
        self.do(session, "save")
        self.assertEqual(self.marks(), self.INSERTED)

    def test_and_in_another_order(self):
        session = self.marked()
        self.write("marks.csv", "name,reviewer,mark\nAda,R2,2\nAda,R1,1\nAlan,R1,3\n")
        self.do(session, "reload", keep=True)
        self.do(session, "save")
        self.assertEqual(self.marks(),
                         "name,reviewer,mark\nAda,R2,99\nAda,R1,1\nAlan,R1,3\n")

    def test_so_does_a_server_that_is_started_again(self):
        session = self.marked()
        self.insert()
        self.restart(expected=KILLED)
        self.do(session, "save", force=True)
        self.assertEqual(self.marks(), self.INSERTED)
        self.mark(session, "Ada", "R1", 98)
        self.restart(expected=KILLED)
        self.do(session, "save")
        self.assertEqual(self.marks(), self.INSERTED.replace("R1,1", "R1,98"))

    def test_an_edit_of_an_entry_that_others_took_away_is_lost_and_counted(self):
        session = self.marked()
        self.write("marks.csv", self.MARKS.replace("Ada,R2,2\n", "").replace(
            "mark\n", "mark\nGrace,R1,50\n"))
        self.assertEqual(self.do(session, "reload", keep=True)["edits_lost"], 1)
        self.restart(expected=KILLED)
        self.do(session, "save", all=True)
        self.assertEqual(self.marks(),
                         "name,reviewer,mark\nGrace,R1,50\nAda,R1,1\nAlan,R1,3\n")

    def test_entries_that_were_added_stay_with_what_they_got_and_come_once(self):
        session = self.marked()
        self.do(session, "add_row", index="Ada", values={"reviewer": "R3", "mark": 5})
        self.mark(session, "Ada", "R3", 6)
        self.insert()
        self.do(session, "reload", keep=True)
        added = self.INSERTED + "Ada,R3,6\n"
        self.restart(expected=KILLED)
        self.do(session, "save")
        self.assertEqual(self.marks(), added)
        self.write("marks.csv", added.replace("mark\n", "mark\nGrace,R2,51\n"))
        self.do(session, "reload", keep=True)
        self.do(session, "save", all=True)
        self.assertEqual(self.marks(), added.replace("mark\n", "mark\nGrace,R2,51\n"))

    def test_what_was_saved_is_not_done_again_to_what_others_made_of_it(self):
        session = self.marked()
        self.mark(session, "Alan", "R1", 33)
        self.do(session, "set_value_at", index="Ada", column="reviewer", value="R9")
        self.do(session, "save")
        self.mark(session, "Ada", "R2", 7)
        theirs = self.marks().replace("Alan,R1,33", "Alan,R1,34")
        self.write("marks.csv", theirs.replace("mark\n", "mark\nGrace,R1,50\n"))
        before = self.do(session, "get_column_data", column="reviewer")["values"][0]
        self.assertNotIn("edits_lost", self.do(session, "reload", keep=True))
        self.assertEqual(self.do(session, "get_column_data", column="reviewer")["values"][0],
                         before)
        self.do(session, "save", all=True)
        self.assertIn("\nAlan,R1,34\n", self.marks())
        self.assertEqual(self.marks().count("Ada,"), 2)

    def as_the_version_before_wrote_them(self, session):
        with contextlib.closing(sqlite3.connect(self.state + "/state.db")) as database:
            for seq, text in database.execute("SELECT seq, records FROM edits").fetchall():
                records = [json.loads(line) for line in text.splitlines()]
                for record in records:
                    record.pop("new", None)
                    record.pop("files", None)
                database.execute("UPDATE edits SET records = ? WHERE seq = ?", (
                    "".join(json.dumps(r, separators=(",", ":")) + "\n" for r in records), seq))
            database.commit()

    def test_journals_of_the_version_before_are_read(self):
        for change, expected in ((lambda: None, self.MARKS.replace("R2,2", "R2,99")),
                                 (self.insert, self.INSERTED)):
            self.write("marks.csv", self.MARKS)
            session = self.marked()
            self.do(session, "add_row", index="Zed", values={"reviewer": "R1", "mark": 5})
            self.server.signal(signal.SIGKILL)
            self.server.process.wait()
            self.as_the_version_before_wrote_them(session)
            change()
            self.start(expected=KILLED)
            self.do(session, "save", force=True)
            self.assertEqual(self.marks(), expected + "Zed,R1,5\n")
            self.server.signal(signal.SIGKILL)
            self.server.process.wait()


class Filter(SessionTest):
    def setUp(self):
        super().setUp()
        self.write("people.csv", PEOPLE.replace("height", "height,born")
                   .replace("1.65", "1.65,1815-12-10").replace("41,", "41,,1912-06-23")
                   .replace("1.68", "1.68,1906-12-09"))
        self.start()
        self.session = self.create()

    def rows(self, **parameters):
        answer = self.do(self.session, "filter", **parameters)
        self.assertEqual(answer["count"], len(answer["indices"]))
        return answer["indices"]

    def test_a_condition_finds_rows_by_any_column(self):
        self.do(self.session, "set_value_at", index="Alan", column="score", value=7)
        self.do(self.session, "add_column", column="first name", value="x")
        for where, found in (("age > 40 and height is missing", ["Alan"]),
                             ("age > 40", ["Alan", "Grace"]),
                             ("not (age > 40)", ["Ada"]),
                             ("name starts with \"A\"", ["Ada", "Alan"]),
                             ("score == 7", ["Alan"]),
                             ("score is missing", ["Ada", "Grace"]),
                             ("`first name` == 'x' and age < 40", ["Ada"]),
                             ("born >= \"1900\" and born < \"1910\"", ["Grace"]),
                             ("title contains \"Loops\"", ["Ada"]),
                             (["age > 40", "name contains 'r'"], ["Grace"]),
                             ([], ["Ada", "Alan", "Grace"])):
            self.assertEqual(self.rows(where=where), found, where)

    def test_a_condition_and_a_comparison_must_both_hold(self):
        self.assertEqual(self.rows(where="age > 40", column="name", operator="!=", value="Alan"),
                         ["Grace"])

    def test_a_condition_sees_rows_and_values_that_were_edited(self):
        self.do(self.session, "add_row", index="Zed", values={"score": 1})
        self.do(self.session, "set_value_at", index="Ada", column="mins", value=1)
        self.assertEqual(self.rows(where="age is missing"), ["Zed"])
        self.assertEqual(self.rows(where="mins contains 1"), ["Ada"])
        self.do(self.session, "undo")
        self.do(self.session, "undo")
        self.assertEqual(self.rows(where="age is missing"), [])
        records = self.do(self.session, "filter", where="age > 80", columns=["age"])["records"]
        self.assertEqual(records, [{"age": 85}])

    def test_a_wrong_condition_says_where_and_what(self):
        for where, status, part in (("age >", 400, "character"), ("agee > 1", 422, "character 1"),
                                    ("age > 'x'", 422, "age"), (5, 400, "'where'"),
                                    (["age > 1", {}], 400, "'where'"),
                                    ("a" * 20000, 413, "longer")):
            answer = self.do(self.session, "filter", status=status, where=where)
            self.assertIn(part, answer["error_message"])
        hint = self.do(self.session, "filter", status=422, where="agee > 1")["hint"]
        self.assertIn("height", hint)
        self.do(self.session, "filter", status=400)


class Many(SessionTest):
    def test_five_hundred_sessions_are_edited_at_once_and_stay_apart(self):
        self.start(expected=KILLED)
        sessions = [self.create() for _ in range(500)]
        failures = []

        def work(share):
            with self.server.connect() as connection:
                for number in share:
                    answer = connection.request(
                        "POST", "/api/sessions/%s/set_value_at" % sessions[number],
                        {"index": "Ada", "column": "score", "value": number})
                    if answer.status != 200:
                        failures.append(answer)
        threads = [threading.Thread(target=work, args=(range(i, 500, 16),)) for i in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.restart()
        for number in range(0, 500, 7):
            self.assertEqual(self.score(sessions[number], "Ada"), number)
        self.assertEqual(self.ask("GET", "")["total_sessions"], 500)

    def test_edits_of_one_session_by_many_clients_are_all_there(self):
        self.start()
        session = self.create()
        failures = []

        def work(i):
            with self.server.connect() as connection:
                for j in range(20):
                    answer = connection.request(
                        "POST", "/api/sessions/%s/add_row" % session,
                        {"index": "%d-%d" % (i, j), "values": {"score": j}})
                    if answer.status != 200:
                        failures.append(answer)
        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(len(self.do(session, "get_indices")["indices"]), 3 + 8 * 20)

    def test_sessions_beyond_the_memory_limit_are_spilled_and_come_back(self):
        self.start("--session-memory", "64K")
        sessions = [self.create() for _ in range(20)]
        for number, session in enumerate(sessions):
            self.do(session, "set_index", index="Grace")
            self.do(session, "set_value_at", index="Grace", column="score", value=number)
        listed = self.ask("GET", "")
        self.assertLess(listed["total_memory_mb"], 0.1)
        self.assertEqual(listed["total_sessions"], 20)
        for number, session in enumerate(sessions):
            self.assertEqual(self.score(session, "Grace"), number)
            self.assertEqual(self.do(session, "get_index")["index"], "Grace")

    def private_memory(self):
        with open("/proc/%d/smaps_rollup" % self.server.process.pid) as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Private")) / 1024

    @unittest.skipUnless(os.path.exists("/proc/self/smaps_rollup"), "needs Linux")
    def test_a_session_that_is_edited_keeps_to_the_memory_limit(self):
        """A hundred values of 2 MB, each in place of the one before."""
        self.start("--session-memory", "16M")
        session = self.create()
        for number in range(100):
            self.do(session, "set_value_at", index="Ada", column="score",
                    value="%03d" % number + "x" * (2 << 20))
            self.assertLess(self.ask("GET", "")["total_memory_mb"], 16)
        if not SANITIZED:
            self.assertLess(self.private_memory(), 64)
        self.assertEqual(self.do(session, "undo")["remaining"], 0)
        answer = self.do(session, "undo", status=422)
        self.assertIn("nothing further to undo", answer["error_message"])
        self.assertEqual(self.score(session, "Ada")[:3], "098")
        self.do(session, "set_value_at", index="Ada", column="score", value=1)
        self.assertEqual(self.do(session, "undo")["remaining"], 0)

    def test_an_undo_that_was_possible_is_done_again_under_a_smaller_limit(self):
        self.start("--session-memory", "64M", expected=KILLED)
        session = self.create()
        for number in range(8):
            self.do(session, "set_value_at", index="Ada", column="score",
                    value=str(number) + "x" * (1 << 20))
        for _ in range(4):
            self.do(session, "undo")
        self.restart("--session-memory", "8M")
        self.assertEqual(self.score(session, "Ada")[0], "3")

    def test_a_session_larger_than_the_limit_is_dropped_after_each_use(self):
        self.start("--session-memory", "64K")
        session = self.create()
        for number in range(3):
            self.do(session, "set_value_at", index="Ada", column="score",
                    value=str(number) + "x" * (1 << 20))
            self.assertEqual(self.ask("GET", "/" + session)["session"]["memory_mb"], 0)
        self.assertEqual(self.score(session, "Ada")[0], "2")

    def test_a_session_that_nobody_uses_ends(self):
        self.start()
        brief, lasting = self.create(timeout=0.05), self.create(timeout=0)
        wait_for(lambda: self.server.request("GET", "/api/sessions/" + brief + "/get_shape").status
                 == 404 or threading.Event().wait(0.1), "the end of the session")
        self.ask("GET", "/" + lasting)

    def test_a_delete_in_the_middle_of_operations_is_safe(self):
        self.start()
        for _ in range(20):
            session = self.create()
            codes = []

            def work():
                with self.server.connect() as connection:
                    for _ in range(30):
                        answer = connection.request(
                            "POST", "/api/sessions/%s/set_value_at" % session,
                            {"index": "Ada", "column": "score", "value": 1})
                        codes.append(answer.status)
            threads = [threading.Thread(target=work) for _ in range(3)]
            for thread in threads:
                thread.start()
            self.ask("DELETE", "/" + session)
            for thread in threads:
                thread.join()
            self.assertLessEqual(set(codes), {200, 404})
        self.assertEqual(self.ask("GET", "")["total_sessions"], 0)


class Routes(SessionTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.session = self.create()

    def test_paths_that_are_none_are_refused_and_nothing_is_deleted(self):
        for path in ("/get_value/more", "/no_such_operation"):
            answer = self.server.request("GET", "/api/sessions/" + self.session + path)
            self.assert_error(answer, 404, "ValueError")
        answer = self.server.request("DELETE", "/api/sessions/%s/get_value" % self.session)
        self.assert_error(answer, 405, "ValueError")
        answer = self.server.request("DELETE", "/api/sessions")
        self.assert_error(answer, 405, "ValueError")
        self.ask("GET", "/" + self.session)

    def test_what_is_not_there_is_404_and_what_is_not_said_400(self):
        for operation, parameters, status, kind in (
                ("set_index", {"index": "Nobody"}, 404, "KeyError"),
                ("set_index", {"index": True}, 404, "KeyError"),
                ("set_index", {"index": [1]}, 404, "KeyError"),
                ("set_index", {"index": 10 ** 30}, 404, "KeyError"),
                ("set_index", {}, 400, "ValueError"),
                ("set_column", {"column": {}}, 404, "KeyError"),
                ("set_value_at", {"index": "Ada", "column": "age", "value": 1}, 404, "KeyError"),
                ("get_slice", {"start": "x"}, 400, "ValueError"),
                ("get_slice", {"columns": [["a"]]}, 404, "KeyError"),
                ("filter", {"column": "age", "operator": "in", "value": 3}, 400, "ValueError"),
                ("add_row", {"index": "Ada"}, 422, "ValueError"),
                ("add_row", {"index": "X", "values": {"age": 1}}, 404, "KeyError"),
                ("add_column", {"column": "9"}, 422, "ValueError"),
                ("drop_column", {"column": "height"}, 404, "KeyError"),
                ("reload", {"keep": "yes"}, 400, "ValueError")):
            answer = self.server.request(
                "POST", "/api/sessions/%s/%s" % (self.session, operation), parameters)
            self.assert_error(answer, status, kind)
        self.assertEqual(len(self.do(self.session, "get_indices")["indices"]), 3)

    def test_numbers_that_json_cannot_say_are_refused(self):
        self.start()
        session = self.create()
        cell = '"index": "Ada", "column": "score", '
        self.do(session, "set_value_at", index="Ada", column="score", value=1)
        for operation, body in (
                ("set_value_at", '{%s"value": 1e999}' % cell),
                ("set_value_at", '{%s"value": [1, {"a": -1e999}]}' % cell),
                ("add_column", '{"column": "more", "value": 1e999}'),
                ("add_row", '{"index": "New", "values": {"score": 1e999}}'),
                ("add_row", '{"index": 1e999}')):
            answer = self.server.request("POST", "/api/sessions/%s/%s" % (session, operation),
                                         body.encode())
            self.assert_error(answer, 400, "ValueError")
        self.assertEqual(self.score(session, "Ada"), 1)

    def test_creation_checks_its_parameters(self):
        for body, status in (({}, 400), ({"interface_file": ["i.yml"]}, 400),
                             ({"interface_file": "none.yml"}, 404),
                             ({"interface_file": "i.yml", "directory": ".."}, 403),
                             ({"interface_file": "i.yml", "timeout": -1}, 400),
                             ({"interface_file": "i.yml", "timeout": "long"}, 400),
                             ({"interface_file": "i.yml", "interface_field": "zz"}, 422)):
            self.ask("POST", "", body, status)
        self.assertEqual(self.ask("GET", "")["total_sessions"], 1)

    def test_no_descriptor_and_no_session_is_left_after_many(self):
        before = self.server.descriptors()
        for _ in range(50):
            session = self.create()
            self.do(session, "set_value_at", index="Ada", column="score", value=json.dumps({}))
            self.ask("DELETE", "/" + session)
        self.assertLessEqual(self.server.descriptors(), before + 2)
        self.assertEqual(self.ask("GET", "")["total_sessions"], 1)


class Answers(SessionTest):
    def test_an_answer_of_many_large_cells_is_refused(self):
        """A few kilobytes of YAML that name 800 MB, none of its cells more than 110."""
        self.start()
        names = "".join("  a%d: &a%d [%s]\n" % (i, i, ", ".join(["*a%d" % (i - 1)] * 10))
                        for i in range(1, 6))
        self.write("large.yml", "names:\n  a0: &a0 [%s]\n" % ", ".join(["y" * 100] * 10) + names
                   + "wanted:\n  input:\n    type: local\n    index: k\n    data:\n"
                   + "".join("    - {k: %d, b: *a5}\n" % i for i in range(8)))
        session = self.create(interface_file="large.yml", interface_field="wanted")
        for operation, parameters in (
                ("get_slice", {}), ("get_column_data", {"column": "b"}),
                ("filter", {"column": "k", "operator": ">=", "value": 0, "columns": ["b"]}),
                ("get_row_data", {"index": 0, "columns": ["b"] * 8})):
            answer = self.server.request(
                "POST", "/api/sessions/%s/%s" % (session, operation), parameters)
            self.assert_error(answer, 413, "LimitError")
        self.assertEqual(len(self.do(session, "get_indices")["indices"]), 8)


if __name__ == "__main__":
    unittest.main()
