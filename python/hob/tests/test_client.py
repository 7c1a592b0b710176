"""The client against a real hobd."""

import datetime
import json
import math
import os
import signal
import socket
import subprocess
import sys
import threading

import hob
from hob._arrow import read as read_stream
from hob.table import Table
from .support import PATIENCE, PYTHON, ClientTest, environment, wait_for, working_in

MIXED = """
- {i: 1, f: 1.5, s: "héllo", b: true, u: 18446744073709551615, m: [1, {a: 2}], 7: x,
   d: 2024-01-05 10:30:00, z: 2024-01-05 10:30:00.25+02:00, n: null}
- {i: -2, f: .nan, s: null, b: false, u: 0, m: x, 7: "",
   d: 1999-12-31 23:59:59.000001, z: 1969-01-05 10:30:00+02:00, n: null}
- {i: 3, f: .inf, s: "", b: true, u: 5, m: null, 7: "日本", d: null, z: null, n: null}
"""


class Reading(ClientTest):
    def setUp(self):
        super().setUp()
        self.client = hob.Client(self.serve())
        self.addCleanup(self.client.close)

    def test_a_file_by_its_ending(self):
        table = self.client.read("people.csv")
        self.assertEqual(table.columns, ["name", "age", "height"])
        self.assertEqual(table.dtypes, {"name": "object", "age": "int64", "height": "float64"})
        self.assertEqual((table.shape, len(table)), ((3, 3), 3))
        self.assertEqual(table["height"], [1.65, None, 1.68])
        self.assertEqual(list(table)[1], {"name": "Alan", "age": 41, "height": None})
        self.assertEqual(table.rows[0], ("Ada", 36, 1.65))
        self.assertEqual(table.to_columns()["age"], table.to_dict("list")["age"])
        self.assertEqual(table.to_dict()["name"], {0: "Ada", 1: "Alan", 2: "Grace"})
        self.assertIn("name", table)
        self.assertNotIn("nothing", table)
        self.assertIn("3 x 3: name, age, height", repr(table))
        with self.assertRaisesRegex(KeyError, "no column 'nothing'; it has 'name'"):
            table["nothing"]

    def test_by_type_options_interface_and_mapping(self):
        self.write("odd.txt", "a;b\n1;x\n")
        self.assertEqual(self.client.read("odd.txt", type="csv", delimiter=";").rows, [(1, "x")])
        whole = self.client.read("people.csv")
        for source in ("people.yml", ["nothing.yml", "people.yml"],
                       {"type": "csv", "filename": "people.csv"},
                       {"input": {"type": "csv", "filename": "people.csv"}}):
            self.assertEqual(self.client.read(source), whole)
        self.assertEqual(self.client.read("people.yml", field="input"), whole)
        self.write("rows.yml", "- {a: 1}\n- {a: 2}\n")
        self.assertEqual(self.client.read("rows.yml", type="yaml")["a"], [1, 2])
        self.write("_lynguine.yml", "input: {type: local, data: [{x: 1}]}\n")
        self.assertEqual(self.client.read()["x"], [1])

    def test_every_type_as_it_is(self):
        self.write("mixed.yml", MIXED)
        table = self.client.read("mixed.yml", type="yaml")
        east = datetime.timezone(datetime.timedelta(hours=2))
        self.assertEqual(table.to_columns(), {
            "i": [1, -2, 3], "f": [1.5, None, math.inf], "s": ["héllo", None, ""],
            "b": [True, False, True], "u": [2 ** 64 - 1, 0, 5], "m": [[1, {"a": 2}], "x", None],
            7: ["x", "", "日本"],
            "d": [datetime.datetime(2024, 1, 5, 10, 30),
                  datetime.datetime(1999, 12, 31, 23, 59, 59, 1), None],
            "z": [datetime.datetime(2024, 1, 5, 10, 30, 0, 250000, east),
                  datetime.datetime(1969, 1, 5, 10, 30, tzinfo=east), None],
            "n": [None, None, None]})
        self.assertEqual([table.dtypes[name] for name in ("i", "u", "b", "d", "z", "m", 7)],
                         ["int64", "uint64", "bool", "datetime64[ns]",
                          "datetime64[ns, UTC+02:00]", "object", "object"])

    def test_json_has_the_same_but_infinities(self):
        self.write("mixed.yml", MIXED.replace(".inf", "2.5"))
        arrow = self.client.read("mixed.yml", type="yaml")
        listed = self.client.read("mixed.yml", type="yaml", form="json")
        self.assertEqual(listed.to_columns(), arrow.to_columns())
        self.assertEqual(listed.dtypes, arrow.dtypes)

    def test_tables_without_rows_or_columns(self):
        self.write("empty.csv", "a,b\n")
        for form in ("arrow", "json"):
            self.assertEqual(self.client.read("empty.csv", form=form).shape, (0, 2))
            table = self.client.read({"type": "local", "data": {}}, form=form)
            self.assertEqual((table.shape, table.rows), ((1, 0), [()]))

    def test_a_large_table_in_many_batches(self):
        rows = 200000
        self.write("large.csv", "n,text,flag,hole\n" + "".join(
            "%d,t%d,%s,%s\n" % (i, i % 977, i % 3 == 0, i if i % 5 else "") for i in range(rows)))
        table = self.client.read("large.csv")
        self.assertEqual(table["n"], list(range(rows)))
        self.assertEqual(table["text"], ["t%d" % (i % 977) for i in range(rows)])
        self.assertEqual(table["flag"], [i % 3 == 0 for i in range(rows)])
        self.assertEqual(table["hole"], [i if i % 5 else None for i in range(rows)])

    def test_mistakes_are_the_exceptions_that_python_has_for_them(self):
        self.write("bad.json", "[1,")
        for ask, kinds, status in (
                (lambda: self.client.read("nothing.csv"), (FileNotFoundError,), 404),
                (lambda: self.client.read("nothing.yml"), (FileNotFoundError,), 404),
                (lambda: self.client.read("nothing.yml"), (ValueError,), 404),  # as lynguine
                (lambda: self.client.read(["a.yml", "b.yml"]), (FileNotFoundError,), 404),
                (lambda: self.client.read("/etc/group", type="csv"), (PermissionError,), 403),
                (lambda: self.client.read("bad.json"), (ValueError,), 422),
                (lambda: self.client.read({"type": 7}), (ValueError, TypeError), 400),
                (lambda: self.client.read("people.yml", field="nothing"), (ValueError, KeyError),
                 None),
                (lambda: self.client.get_session("none"), (KeyError,), 404),
                (lambda: self.client.compute("nothing", [{"a": 1}]), (ValueError, KeyError), None),
                (lambda: self.client.request("GET", "/api/nothing"), (ValueError,), 404),
                (lambda: self.client.interface_field("a", "nothing.yml"),
                 (FileNotFoundError,), 404)):
            with self.assertRaises(kinds) as caught:
                ask()
            self.assertIsInstance(caught.exception, hob.Error)
            self.assertTrue(caught.exception.message)
            if status is not None:
                self.assertEqual(caught.exception.status, status)
        with self.assertRaises(ValueError) as caught:
            self.client.request("GET", "/api/nothing")
        self.assertNotIsInstance(caught.exception, FileNotFoundError)

    def test_fields(self):
        self.write("talk.md", "---\ntitle: Peat\n---\nText\n")
        self.write("_lamd.yml", "venue: Shed\n")
        self.assertEqual(self.client.interface_field("title", "people.yml"), "People")
        self.assertIsNone(self.client.interface_field("nothing", "people.yml"))
        self.assertEqual(self.client.talk_field("title", "talk.md"), "Peat")
        for configs in ("_lamd.yml", ["_lamd.yml"]):
            self.assertEqual(self.client.talk_field("venue", "talk.md", configs), "Shed")
        self.assertEqual(self.client.talk_field("venue", "talk.md"), "")

    def test_what_is_written_is_read_again(self):
        whole = self.client.read("people.csv")
        for data in (whole, whole.to_records(), whole.to_columns(),
                     {"records": whole.to_records(), "columns": whole.columns}):
            self.assertIn("3 records", self.client.write(data, "out.csv"))
            self.assertEqual(self.client.read("out.csv"), whole)
        self.client.write([{"a": 1}], {"type": "json", "filename": "out.txt"})
        self.assertEqual(self.read("out.txt"), '[{"a": 1}]')
        os.mkdir("sub")
        self.client.write([{"a": 1}], "out.json", directory="sub")
        self.assertEqual(self.client.read({"type": "json", "filename": "out.json",
                                           "directory": "sub"})["a"], [1])
        with self.assertRaises(PermissionError):
            self.client.write([{"a": 1}], "/etc/hob-test.csv")

    def test_computing(self):
        params = {"field": "hi", "args": {"template": "Hi {{n}}"}, "row_args": {"n": "name"}}
        table = self.client.compute("render_liquid", [{"name": "Ada"}, {"name": None}], params)
        self.assertEqual(table["hi"], ["Hi Ada", "Hi "])
        self.assertIsNone(self.client.compute("render_liquid", None, {"field": "hi"}))

    def test_about_the_server(self):
        self.assertTrue(self.client.ping())
        self.assertEqual(self.client.health()["status"], "ok")
        self.assertEqual(self.client.status()["pid"], self.server.process.pid)

    def test_threads(self):
        whole, faults = self.client.read("people.csv"), []

        def work():
            for _ in range(40):
                if self.client.read("people.csv") != whole:
                    faults.append("another table")
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])


class Streams(ClientTest):
    def test_a_stream_that_is_cut_or_changed_is_an_error_or_a_table_and_nothing_else(self):
        self.write("mixed.yml", MIXED)
        with hob.Client(self.serve()) as client:
            stream = client.read("mixed.yml", type="yaml")._stream
        for size in range(len(stream) - 8):
            with self.assertRaises(hob.Error):
                Table.from_arrow(stream[:size])
        for place in range(0, len(stream), 3):
            for value in (0, 0x7f, 0xff):
                changed = stream[:place] + bytes([value]) + stream[place + 1:]
                try:
                    columns, rows = read_stream(changed)
                    self.assertLess(rows * len(columns), 1 << 20)
                    for column in columns:
                        column.values()
                except (hob.Error, ValueError, OverflowError):
                    pass


class Sessions(ClientTest):
    def setUp(self):
        super().setUp()
        self.client = hob.Client(self.serve())
        self.addCleanup(self.client.close)

    def test_a_session_from_beginning_to_end(self):
        with self.client.create_session("session.yml", timeout=60) as session:
            self.assertEqual(session.get_indices(), ["Ada", "Alan", "Grace"])
            self.assertEqual(session.get_columns(),
                             ["age", "height", "score", "note", "date", "title", "mins"])
            self.assertEqual(session.get_shape(), (4, 7))
            self.assertEqual(session.get_input_columns(), ["age", "height"])
            self.assertIn("score", session.get_output_columns())
            self.assertEqual(session.get_series_columns(), ["date", "title", "mins"])
            self.assertEqual(session.get_column_type("score"), "output")
            self.assertIsNone(session.get_column_type("nothing"))
            session.set_index("Alan")
            session.set_column("score")
            session.set_value({"nested": [1, None]})
            self.assertEqual(session.get_value(), {"nested": [1, None]})
            self.assertEqual((session.get_index(), session.get_column()), ("Alan", "score"))
            session.set_value(2)
            session.set_value_at("Grace", "score", 3)
            self.assertEqual(session.get_value_at("Grace", "score"), 3)
            self.assertEqual(session.get_selector(), "date")
            session.set_selector("title")
            session.set_index("Ada")
            session.set_subindex("Notes")
            self.assertEqual(session.get_subindex(), "Notes")
            self.assertEqual(session.get_subseries()["mins"], [30, 45])
            session.add_row("Zed", {"score": 9})
            session.add_column("extra", 7)
            self.assertEqual(session.get_value_at("Zed", "extra"), 7)
            session.drop_column("extra")
            session.undo()
            self.assertIn("extra", session.get_columns())
            self.assertEqual(session.get_slice(0, 2, ["age"])["records"],
                             [{"age": 36}, {"age": 41}])
            self.assertEqual(session.get_column_data("age")["values"][:3], [36, 41, 85])
            self.assertEqual(session.get_row_data("Ada", ["age"])["row"], {"age": 36})
            self.assertEqual(session.filter("age", ">", 40)["indices"], ["Alan", "Grace"])
            self.assertEqual(session.filter("score", "is_null")["count"], 1)
            session.run_compute([])
            session.save()
            self.assertIn("out.csv", self.files())
            session.reload(keep=False)
            self.assertEqual(session.info()["timeout"], 60)
            self.assertEqual([one["session_id"] for one in self.client.list_sessions()],
                             [session.session_id])
            again = self.client.get_session(session.session_id)
            self.assertEqual(again.get_value_at("Grace", "score"), 3)
        self.assertEqual(self.client.list_sessions(), [])
        with self.assertRaises(KeyError):
            session.get_value()

    def test_mistakes(self):
        with self.assertRaises(FileNotFoundError):
            self.client.create_session("nothing.yml")
        with self.client.create_session("session.yml") as session:
            with self.assertRaises(KeyError):
                session.set_index("Nobody")
            with self.assertRaises(KeyError):
                session.get_value_at("Ada", "nothing")


class Places(ClientTest):
    def test_the_own_socket_and_tcp_answer_alike(self):
        path = self.path("runtime/hob")
        os.mkdir(path, 0o700)
        path += "/hobd.sock"
        url = self.serve(socket_path=path)
        with hob.Client() as own, hob.Client(url) as named, hob.Client(path) as by_path:
            self.assertEqual(own.server, "unix:" + path)
            self.assertEqual(own.read("people.csv"), named.read("people.csv"))
            self.assertEqual(by_path.read("people.yml"), named.read("people.yml"))
            with environment(HOB_SERVER=url), hob.Client() as chosen:
                self.assertEqual(chosen.server, url)
                self.assertTrue(chosen.ping())

    def test_a_relative_path_is_the_clients(self):
        url = self.serve()
        os.mkdir("sub")
        self.write("sub/people.csv", "name\nZed\n")
        with hob.Client(url) as client, hob.Client(url, directory="sub") as below:
            self.assertEqual(below.read("people.csv")["name"], ["Zed"])
            with working_in("sub"):
                self.assertEqual(client.read("people.csv")["name"], ["Zed"])
                self.assertEqual(client.read("people.csv", directory="..")["name"][0], "Ada")

    def test_a_server_that_is_killed_and_comes_back(self):
        with socket.socket() as place:
            place.bind(("127.0.0.1", 0))
            port = place.getsockname()[1]
        # The harness asks for port 0; the last one said counts.
        url = self.serve("--port", str(port), expected=(-signal.SIGKILL,))
        killed, stop, faults, done = self.server, threading.Event(), [], []
        with hob.Client(url, timeout=PATIENCE, retries=1000, retry_delay=0.01) as client:
            whole = client.read("people.csv")

            def work():
                while not stop.is_set():
                    try:
                        if client.read("people.csv") != whole:
                            faults.append("another table")
                        done.append(1)
                    except hob.Error as error:
                        faults.append(error)
                        return
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            self.wait_more(done)
            killed.signal(signal.SIGKILL)
            killed.process.wait(PATIENCE)
            self.serve("--port", str(port))
            self.wait_more(done)
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(faults, [])

    @staticmethod
    def wait_more(done):
        before = len(done)
        wait_for(lambda: len(done) > before + 20, "answers")


WORKER = """
import json, os, sys, time
for line in sys.stdin:
    call = json.loads(line)
    answer = {"jsonrpc": "2.0", "id": call["id"]}
    if call["method"] == "die":
        os._exit(3)
    if call["method"] == "hang":
        time.sleep(600)
    if call["method"] == "fail":
        answer["error"] = {"code": 7, "message": "no", "data": call.get("params")}
    else:
        answer["result"] = call.get("params")
    print(json.dumps(answer), flush=True)
"""


class Pools(ClientTest):
    def setUp(self):
        super().setUp()
        self.write("worker.py", WORKER)
        self.write("hob.yml", "pools:\n  tools:\n    command: [%s, worker.py]\n"
                   "    workers: {max: 2}\n" % sys.executable)
        own = hob.Server(config="hob.yml")
        self.client = own.start().client
        self.addCleanup(own.stop)

    def test_calls_and_batches(self):
        self.assertEqual(self.client.call("tools", "echo", {"x": ["é", None]}), {"x": ["é", None]})
        with self.assertRaisesRegex(hob.RPCError, "no") as caught:
            self.client.call("tools", "fail", [1])
        self.assertEqual((caught.exception.code, caught.exception.data), (7, [1]))
        results = self.client.batch("tools", [("echo", [i]) for i in range(20)] + [("fail", None)])
        self.assertEqual(results[:20], [[i] for i in range(20)])
        self.assertEqual(results[20].code, 7)
        self.assertEqual([pool["name"] for pool in self.client.pools()], ["tools"])

    def test_what_goes_wrong(self):
        with self.assertRaisesRegex(hob.CallTimedOut, "tools") as caught:
            self.client.call("tools", "hang", timeout=0.2)
        self.assertIsInstance(caught.exception, TimeoutError)
        with self.assertRaisesRegex(hob.RPCError, "tools"):
            self.client.call("tools", "die")
        self.assertEqual(self.client.call("tools", "echo", [1]), [1])
        with self.assertRaisesRegex(KeyError, "no pool 'nothing'"):
            self.client.call("nothing", "echo")


class Servers(ClientTest):
    def test_a_server_of_ones_own(self):
        with hob.Server() as server:
            pid, place = server.pid, os.path.dirname(server.socket)
            self.assertEqual(server.client.read("people.csv")["name"][0], "Ada")
            with hob.Client(server.url) as client:
                self.assertEqual(client.status()["pid"], pid)
            self.assertEqual(os.stat(place).st_mode & 0o777, 0o700)
        self.assertFalse(os.path.exists(place))
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)
        with self.assertRaisesRegex(ValueError, "not started"):
            server.client
        with server:
            self.assertTrue(server.client.ping())

    def test_of_another_directory_and_roots(self):
        os.mkdir("served")
        self.write("served/a.csv", "a\n1\n")
        with hob.Server("served", roots=["runtime"]) as server:
            self.assertEqual(server.client.read("a.csv")["a"], [1])
            with self.assertRaises(PermissionError):
                server.client.read(self.path("people.csv"))
            self.write("runtime/b.csv", "b\n2\n")
            self.assertEqual(server.client.read(self.path("runtime/b.csv"))["b"], [2])

    def test_one_that_nobody_stops_ends_with_its_object(self):
        import gc
        server = hob.Server().start()
        pid = server.pid
        del server
        gc.collect()
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)

    def test_what_keeps_it_from_starting_is_told(self):
        with self.assertRaisesRegex(hob.ConnectionFailed, "unknown option '--nonsense'"):
            hob.Server(options=["--nonsense"]).start()
        with environment(HOBD="/nothing/hobd"):
            with self.assertRaisesRegex(hob.ConnectionFailed, "no program that is here"):
                hob.Server().start()
        with environment(HOBD="/bin/true"):
            with self.assertRaisesRegex(hob.ConnectionFailed, "said nothing|did not start"):
                hob.Server().start()


class AutoStart(ClientTest):
    def setUp(self):
        super().setUp()
        if "HOB_PROGRAM" not in os.environ:
            self.skipTest("HOB_PROGRAM does not name hob")
        values = environment(HOB=os.environ["HOB_PROGRAM"], HOB_AUTOSTART=None, HOB_CONFIG="none")
        values.__enter__()
        self.addCleanup(values.__exit__, None, None, None)

    def tearDown(self):
        done = self.serve("--stop")
        self.assertEqual(done.returncode, 0, done.stderr)
        super().tearDown()

    @staticmethod
    def serve(*words):
        return subprocess.run([os.environ["HOB_PROGRAM"], "serve", *words], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)

    def ask(self, **options):
        with hob.Client(**options) as client:
            return client.read("people.csv").shape

    def needs_free_port(self):
        with socket.socket() as place:
            if place.connect_ex(("127.0.0.1", 8765)) == 0:
                self.skipTest("something listens on port 8765, where a server is looked for")

    def test_the_users_server_is_started_when_there_is_none(self):
        self.needs_free_port()
        self.assertEqual(self.ask(), (3, 3))
        first = self.serve("--status", "--json").stdout
        self.assertEqual(self.ask(), (3, 3))
        again = self.serve("--status", "--json").stdout
        self.assertEqual(json.loads(first)["pid"], json.loads(again)["pid"])
        # As the commands of hob do: at its socket alone, and not for ever.
        self.assertIsNone(json.loads(first)["hob_server"]["url"])
        self.assertTrue(json.loads(first)["idle_timeout"]["enabled"])

    def test_threads_start_one(self):
        self.needs_free_port()
        shapes = []
        with hob.Client() as client:
            threads = [threading.Thread(
                target=lambda: shapes.append(client.read("people.csv").shape)) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(shapes, [(3, 3)] * 8)

    def test_many_programs_start_one(self):
        self.needs_free_port()
        program = ("import hob\nwith hob.Client() as client:\n"
                   "    print(client.read('people.csv').shape, client.status()['pid'])\n")
        programs = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE,
                                     env=dict(os.environ, PYTHONPATH=PYTHON)) for _ in range(20)]
        told = [process.communicate(timeout=3 * PATIENCE)[0] for process in programs]
        self.assertEqual({process.returncode for process in programs}, {0})
        self.assertEqual(len(set(told)), 1, told)
        self.assertIn(b"(3, 3)", told[0])

    def test_not_where_it_is_turned_off_or_a_server_was_named(self):
        self.needs_free_port()
        with environment(HOB_AUTOSTART="0"), self.assertRaises(ConnectionError):
            self.ask(retry_delay=0.001)
        with self.assertRaises(ConnectionError):
            self.ask(retry_delay=0.001, autostart=False)
        with self.assertRaises(ConnectionError):
            self.ask(retry_delay=0.001, server="http://127.0.0.1:1")
        self.assertEqual(self.serve("--status").returncode, 1)

    def test_what_goes_wrong_is_told(self):
        self.needs_free_port()
        self.write("hob", "#!/bin/sh\necho no room >&2\nexit 1\n")
        os.chmod("hob", 0o755)
        with environment(HOB=self.path("hob")), \
                self.assertRaisesRegex(ConnectionError, "no room; HOB_AUTOSTART=0"):
            self.ask()
