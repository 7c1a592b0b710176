"""hob.lynguine: programs written for lynguine's client, and lynguine's client itself."""

import importlib.util
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import hob
from hob.lynguine import Interface, LynguineServer, ServerClient, ServerInterface, Session
from hob.lynguine.client import server_url
from .support import PATIENCE, PYTHON, ClientTest, environment, wait_for

HAS_PANDAS = importlib.util.find_spec("pandas") is not None

# As a user of lynguine wrote it; the server's URL comes in as an argument.
PROGRAM = """
import sys
from lynguine.client import ServerClient

with ServerClient(server_url=sys.argv[1], timeout=20.0, max_retries=3) as client:
    assert client.ping()
    print(client.health_check()["status"])
    frame = client.read_data(interface_file="people.yml", directory=".")
    print(frame.shape, list(frame.columns), list(frame["name"]))
    frame = client.read_data(data_source={"type": "csv", "filename": "people.csv"})
    print(frame.to_dict("records")[0])
    client.write_data(frame, {"type": "csv", "filename": "copy.csv"})
    result = client.compute("render_liquid", frame, {
        "field": "hi", "args": {"template": "Hi {{n}}"}, "row_args": {"n": "name"}})
    print(list(result["hi"]))
    session = client.create_session("session.yml", directory=".")
    for index in session.get_indices():
        session.set_index(index)
        session.set_column("score")
        session.set_value(len(index))
    print(session.get_value(), session.get_shape(), len(client.list_sessions()))
    print(len(client.get_session(session.session_id).get_columns()))
    session.delete()
    try:
        client.read_data(interface_file="nothing.yml")
    except ValueError as error:
        print("no", "nothing.yml" in str(error))
"""

PRINTED = """ok
(3, 3) ['name', 'age', 'height'] ['Ada', 'Alan', 'Grace']
{'name': 'Ada', 'age': 36, 'height': 1.65}
['Hi Ada', 'Hi Alan', 'Hi Grace']
5 (4, 7) 1
7
no True
"""

# Stands for the lynguine that a user has: a client that starts its server as lynguine's does, finds
# it by its health and its lock file, and is content when another client was faster.
LYNGUINE = """
import json, os, subprocess, sys, tempfile, time, urllib.request

def get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.loads(answer.read())

def is_there(url):
    try:
        return get(url + "/api/health")["status"] == "ok" and "status" in get(url + "/api/ping")
    except OSError:
        return False

def server_of(port):
    lock = os.path.join(tempfile.gettempdir(), "lynguine-server-127.0.0.1-%d.lock" % port)
    with open(lock) as file:
        pid = int(file.read().strip())
    os.kill(pid, 0)
    return pid

def start(port, idle_timeout=0):
    url = "http://127.0.0.1:%d" % port
    command = [sys.executable, "-m", "lynguine.server", "--host", "127.0.0.1", "--port", str(port)]
    if idle_timeout:
        command += ["--idle-timeout", str(idle_timeout)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    deadline = time.monotonic() + 30
    while not is_there(url):
        assert time.monotonic() < deadline, process.poll()
        time.sleep(0.01)
    status = get(url + "/api/status")
    assert status["pid"] == server_of(port)
    if status["pid"] != process.pid:  # another was faster: this one finds the port taken, and ends
        assert process.wait(60) == 1
    question = urllib.request.Request(url + "/api/read_data", json.dumps(
        {"interface_file": "people.yml", "directory": "."}).encode(),
        {"Content-Type": "application/json"})
    print(json.dumps([status, get(question)["data"]["shape"]]), flush=True)
"""


def free_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def parameters(function):
    return [(name, parameter.default)
            for name, parameter in inspect.signature(function).parameters.items()
            if name != "self" and parameter.kind is not inspect.Parameter.KEYWORD_ONLY]


class Signatures(ClientTest):
    def test_they_are_lynguines(self):
        none = inspect.Parameter.empty
        self.assertEqual(parameters(ServerClient), [
            ("server_url", "http://127.0.0.1:8765"), ("timeout", 30.0), ("auto_start", False),
            ("idle_timeout", 0), ("max_retries", 3), ("retry_delay", 1.0)])
        for name, expected in {
                "ping": [], "health_check": [], "list_sessions": [], "close": [],
                "read_data": [("interface_file", None), ("directory", "."),
                              ("interface_field", None), ("data_source", None)],
                "write_data": [("data", none), ("output", none)],
                "compute": [("operation", none), ("data", None), ("params", None)],
                "create_session": [("interface_file", none), ("directory", "."),
                                   ("interface_field", None), ("timeout", 3600)],
                "get_session": [("session_id", none)]}.items():
            self.assertEqual(parameters(getattr(ServerClient, name)), expected, name)

    def test_every_operation_of_a_session_is_a_method(self):
        with hob.Server() as server:
            operations = server.client.request("GET", "/openapi.json").body.decode()
        for name in ("get_value", "set_value", "get_value_at", "set_index", "get_index",
                     "set_column", "get_column", "get_shape", "get_columns", "get_indices",
                     "get_input_columns", "get_output_columns", "get_series_columns",
                     "get_column_type", "set_selector", "get_selector", "set_subindex",
                     "get_subindex", "get_subseries", "set_value_at", "get_slice",
                     "get_column_data", "get_row_data", "filter", "add_row", "add_column",
                     "drop_column", "run_compute", "undo", "save", "reload"):
            self.assertTrue(inspect.isfunction(getattr(Session, name)), name)
            self.assertIn(name, operations)


class Programs(ClientTest):
    maxDiff = None

    def run_program(self, text, *words, **values):
        self.write("program.py", text)
        return subprocess.run(
            [sys.executable, "-W", "error::ResourceWarning", "program.py", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE * 3,
            env=dict(os.environ, **dict({"PYTHONPATH": PYTHON}, **values)))

    def test_one_import_line_is_all_that_changes(self):
        url = self.serve()
        changed = PROGRAM.replace("from lynguine.client", "from hob.lynguine.client")
        done = self.run_program(changed, url)
        self.assertEqual(done.stderr.decode(), "")
        self.assertEqual(done.stdout.decode(), PRINTED)

    def test_a_frame_where_there_is_pandas_and_a_table_where_there_is_none(self):
        with ServerClient(self.serve()) as client:
            frame = client.read_data("people.yml")
            with client.create_session("session.yml") as session:
                entries = session.get_subseries()
        kind = "DataFrame" if HAS_PANDAS else "Table"
        self.assertEqual((type(frame).__name__, type(entries).__name__), (kind, kind))
        self.assertEqual(list(entries["mins"]), [30, 45])

    def test_paths_are_the_servers(self):
        os.mkdir("elsewhere")
        with ServerClient(self.serve()) as client:
            os.chdir("elsewhere")
            self.assertEqual(list(client.read_data("people.yml")["age"]), [36, 41, 85])
            self.write("talk.md", "---\ntitle: Peat\n---\n")
            self.assertEqual(client.extract_talk_field("title", "talk.md"), "Peat")
            self.assertEqual(client.read_interface_field("title", "people.yml"), "People")
            self.assertEqual(client.write_data([{"a": 1}], {"type": "csv", "filename": "o.csv"})
                             ["status"], "success")
        self.assertIn("o.csv", self.files())

    def start_once(self, port, **options):
        """The process of the server that a client started."""
        with ServerClient("http://127.0.0.1:%d" % port, auto_start=True, retry_delay=0.01,
                          **options) as client:
            self.assertTrue(client.ping())
            pid = client._client.status()["pid"]
        return pid

    def end(self, pid):
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not is_running(pid), "the end of the server")

    def test_a_server_is_started_when_asked_for_and_stays(self):
        port = free_port()
        with ServerClient("http://127.0.0.1:%d" % port, retry_delay=0.001) as client:
            self.assertFalse(client.ping())
        pid = self.start_once(port)
        try:
            self.assertEqual(self.start_once(port), pid)
            with ServerClient("http://127.0.0.1:%d" % port) as client:
                self.assertEqual(client.read_data("people.yml").shape, (3, 3))
        finally:
            self.end(pid)

    def test_many_programs_start_one(self):
        port, pids = free_port(), []
        threads = [threading.Thread(target=lambda: pids.append(self.start_once(port)))
                   for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        try:
            self.assertEqual(len(pids), 6)
            self.assertEqual(len(set(pids)), 1)
        finally:
            self.end(pids[0])

    def test_an_unmodified_client_starts_hobd_when_one_variable_is_set(self):
        os.makedirs("site/lynguine")
        self.write("site/lynguine/__init__.py", "HERE = 'the real one'\n")
        self.write("site/lynguine/client.py", LYNGUINE)
        self.write("site/lynguine/server.py", "raise SystemExit(\"the real one's\")\n")
        done = subprocess.run([sys.executable, "-m", "hob.lynguine"], stdout=subprocess.PIPE,
                              check=True, env=dict(os.environ, PYTHONPATH=PYTHON))
        replace = done.stdout.decode().strip()
        path = os.pathsep.join([replace, self.path("site")])
        port, temporary = free_port(), self.path("temporary")
        os.mkdir(temporary)
        lock = os.path.join(temporary, "lynguine-server-127.0.0.1-%d.lock" % port)
        with open(lock, "w", encoding="utf-8") as file:
            file.write(str(os.getpid()))  # of a server that was killed, and whose number is used
        self.write("program.py", "import lynguine, lynguine.client\nprint(lynguine.HERE)\n"
                                 "lynguine.client.start(%d, 600)" % port)
        programs = [subprocess.Popen(
            [sys.executable, "program.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(os.environ, PYTHONPATH=path, TMPDIR=temporary)) for _ in range(5)]
        told = [program.communicate(timeout=3 * PATIENCE) for program in programs]
        self.assertEqual(b"".join(errors for _, errors in told).decode(), "")
        lines = [output.decode().splitlines() for output, _ in told]
        answers = [json.loads(line) for _, line in lines]
        self.end(answers[0][0]["pid"])
        self.assertEqual({real for real, _ in lines}, {"the real one"})
        self.assertEqual(len({status["pid"] for status, _ in answers}), 1)
        for status, shape in answers:
            self.assertEqual(shape, [3, 3])
            self.assertIn("hob_cache", status)
            self.assertEqual(status["idle_timeout"]["timeout_seconds"], 600)
        self.assertFalse(os.path.exists(lock))

    def test_the_module_in_place_of_lynguines_server(self):
        def run(*words, **values):
            return subprocess.run([sys.executable, "-m", "hob.lynguine.server", *words],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=PATIENCE, env=dict(os.environ, PYTHONPATH=PYTHON,
                                                             **values))
        self.write("hobd", "#!/bin/sh\necho \"$@\"\n")
        os.chmod("hobd", 0o755)
        own = self.path("hobd")
        self.assertEqual(run(HOBD=own).stdout,
                         b"--host 127.0.0.1 --port 8765 --socket none\n")
        self.assertEqual(run("--host", "h", "--port", "7", "--idle-timeout", "1000000",
                             "--root", "/x", HOBD=own).stdout,
                         b"--host h --port 7 --socket none --idle-timeout 1000000 --root /x\n")
        missing = run(HOBD="/nothing")
        self.assertEqual((missing.returncode, missing.stdout), (1, b""))
        self.assertIn(b"say where it is with HOBD", missing.stderr)


def is_running(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


class Interfaces(ClientTest):
    def serve_own(self):
        os.mkdir("runtime/hob", 0o700)
        return self.serve(socket_path=self.path("runtime/hob/hobd.sock"))

    def requests(self):
        return self.server.status()["hob_server"]["requests"]

    def test_it_is_read_by_the_server_when_there_is_one(self):
        self.serve_own()
        before = self.requests()
        frame = Interface.from_file("people.yml").read()
        self.assertEqual(list(frame["name"]), ["Ada", "Alan", "Grace"])
        self.assertGreater(self.requests(), before + 1)

    def test_and_without_one_by_itself(self):
        with environment(HOB_SERVER="http://127.0.0.1:%d" % free_port()):
            self.assertEqual(Interface.from_file("people.yml").read().shape, (3, 3))

    def test_whether_is_said_by_the_program_or_the_environment(self):
        self.serve_own()
        for asked, values, used in (
                (False, {}, False), (True, {}, True), (None, {"LYNGUINE_USE_SERVER": "0"}, False),
                (None, {"LAMD_USE_SERVER": "false"}, False), (None, {"LAMD_USE_SERVER": "1"}, True),
                (True, {"LYNGUINE_USE_SERVER": "0"}, True)):
            with environment(**values):
                before = self.requests()
                frame = Interface.from_file("people.yml", use_server=asked).read()
            self.assertEqual(frame.shape, (3, 3))
            self.assertEqual(self.requests() - before > 1, used, (asked, values))

    def test_a_server_that_must_be_there(self):
        with environment(HOB_SERVER="http://127.0.0.1:%d" % free_port()):
            for ask in (lambda: Interface.from_file("people.yml", use_server=True).read(),
                        lambda: ServerInterface.from_file("people.yml").read()):
                with self.assertRaises(ConnectionError):
                    ask()

    def test_a_named_server_and_its_key(self):
        url = self.serve()
        for values in ({"LAMD_SERVER_URL": url}, {"LYNGUINE_SERVER_HOST": url[7:]},
                       {"HOB_SERVER": url}):
            with environment(**values):
                self.assertEqual(ServerInterface.from_file("people.yml").read().shape, (3, 3))
                self.assertEqual(server_url(), url)
        interface = ServerInterface.from_file("people.yml", server_url=url, api_key="k")
        self.assertIsInstance(interface, ServerInterface)
        self.assertEqual(interface.read().shape, (3, 3))
        self.assertEqual(interface["title"], "People")
        self.assertEqual(interface.get("nothing", 7), 7)
        with self.assertRaisesRegex(KeyError, "no field 'nothing'"):
            interface["nothing"]
        with environment(LAMD_SERVER_URL=url):
            self.assertEqual(server_url("http://other:1/"), "http://other:1")

    def test_interfaces_elsewhere(self):
        os.mkdir("below")
        self.write("below/i.yml", INHERITING)
        for use in (False, True):
            if use:
                self.serve_own()
            frame = Interface.from_file("i.yml", directory="below", use_server=use).read()
            self.assertEqual(frame.shape, (3, 3))

    def test_a_server_for_the_length_of_a_with(self):
        with LynguineServer() as server:
            self.assertEqual(server.read("people.yml").shape, (3, 3))
            self.assertEqual(server.read("people.csv").shape, (3, 3))
            self.assertTrue(server.server_url.startswith("http://127.0.0.1:"))
            pid = server._server.pid
        self.assertFalse(is_running(pid))
        url = self.serve()
        with environment(LAMD_SERVER_URL=url), LynguineServer() as server:
            self.assertEqual(server.server_url, url)
            self.assertEqual(server.read("people.yml").shape, (3, 3))
        self.assertTrue(is_running(self.server.process.pid))


INHERITING = "input: {type: csv, filename: people.csv}\n"
