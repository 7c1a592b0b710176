"""What is tried again, what is not, and how long anything may take."""

import gc
import json
import os
import socket
import tempfile
import threading
import time
import unittest
import weakref

import hob
import hob.client
from hob._address import Address, find, own_socket, parse
from hob.table import Table
from .support import PATIENCE, StubTest, answer, environment

PONG = answer(body={"status": "ok", "message": "pong"})
DONE = answer(body={"status": "success", "message": "Wrote 1 records"})
BUSY = answer(503, {"status": "error", "error_type": "BusyError", "error_message": "full",
                    "hint": "wait"}, ["Retry-After: 0"])
TABLE = answer(body={"status": "success", "data": {
    "records": [{"a": 1}], "columns": ["a"], "shape": [1, 1], "dtypes": {"a": "int64"}}})


def free_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


class Retries(StubTest):
    def client(self, server, **options):
        options.setdefault("retry_delay", 0.001)
        client = hob.Client(server.url, timeout=PATIENCE, **options)
        self.addCleanup(client.close)
        return client

    def test_a_refusal_with_retry_after_is_asked_again_whatever_it_was(self):
        server = self.stub([BUSY, BUSY, DONE])
        self.client(server).write([{"a": 1}], "out.csv")
        self.assertEqual([request.path for request in server.requests], ["/api/write_data"] * 3)
        self.assertEqual(len({request.body for request in server.requests}), 1)

    def test_so_is_429(self):
        server = self.stub([answer(429, headers=["Retry-After: 0"]), DONE])
        self.client(server).write([{"a": 1}], "out.csv")
        self.assertEqual(len(server.requests), 2)

    def test_a_refusal_without_retry_after_is_an_error_at_once(self):
        full = {"error_type": "BusyError", "error_message": "full"}
        server = self.stub([answer(503, full), PONG])
        with self.assertRaisesRegex(hob.BusyError, "full"):
            self.client(server).health()
        self.assertEqual(len(server.requests), 1)

    def test_refusals_come_to_an_end(self):
        server = self.stub([BUSY])
        with self.assertRaisesRegex(hob.BusyError, "full; wait") as caught:
            self.client(server, retries=2).health()
        self.assertEqual(caught.exception.status, 503)
        self.assertEqual(len(server.requests), 3)

    def test_waiting_longer_than_there_is_time_is_not_begun(self):
        server = self.stub([answer(503, {"error_message": "full"}, ["Retry-After: 3600"])])
        with self.assertRaises(hob.BusyError):
            self.client(server).health()
        self.assertEqual(len(server.requests), 1)

    def test_reading_is_done_again_when_the_connection_breaks(self):
        server = self.stub([None, None, TABLE])
        self.assertEqual(self.client(server).read({"type": "csv", "filename": "a.csv"})["a"], [1])
        self.assertEqual(len(server.requests), 3)

    def test_writing_is_not(self):
        server = self.stub([None, DONE])
        with self.assertRaisesRegex(hob.ConnectionFailed, "look before you ask again"):
            self.client(server).write([{"a": 1}], "out.csv")
        self.assertEqual(len(server.requests), 1)

    def test_edits_of_sessions_are_not_but_reading_them_is(self):
        info = answer(body={"status": "success", "session": {"session_id": "x/y"}})
        value = answer(body={"status": "success", "value": 7})
        server = self.stub([info, None, value, None, value])
        session = self.client(server).get_session("x/y")
        self.assertEqual(session.get_value(), 7)
        with self.assertRaises(hob.ConnectionFailed):
            session.set_value(8)
        self.assertEqual([request.path for request in server.requests],
                         ["/api/sessions/x%2Fy"] + ["/api/sessions/x%2Fy/get_value"] * 2
                         + ["/api/sessions/x%2Fy/set_value"])

    def test_an_answer_that_is_cut_is_no_answer(self):
        server = self.stub([(answer(body=b'{"status":', length=500), True), PONG])
        self.assertTrue(self.client(server).ping())
        self.assertEqual(len(server.requests), 2)
        server = self.stub([(answer(body=b'{"status":', length=500), True)])
        with self.assertRaises(hob.ConnectionFailed):
            self.client(server).write([{"a": 1}], "out.csv")

    def test_something_other_than_http_is_an_error(self):
        for rubbish in (b"SSH-2.0-OpenSSH\r\n", b"\0" * 100, b"HTTP/1.1 banana\r\n\r\n"):
            server = self.stub([(rubbish, True)])
            with self.assertRaises(hob.ConnectionFailed):
                self.client(server, retries=0).health()

    def test_answers_that_are_not_what_was_asked_are_errors(self):
        server = self.stub([answer(body=b"<html>")])
        for ask in (lambda client: client.health(), lambda client: client.read("a.csv"),
                    lambda client: client.compute("x", [{"a": 1}])):
            with self.assertRaises(hob.ConnectionFailed):
                ask(self.client(server))

    def test_a_server_that_is_not_there_is_looked_for_again(self):
        port = free_port()

        refused = threading.Event()

        def come_up():
            refused.wait(PATIENCE)
            with socket.create_server(("127.0.0.1", port)) as listener:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(DONE)

        thread = threading.Thread(target=come_up)
        thread.start()
        with hob.Client("127.0.0.1:%d" % port, timeout=PATIENCE, retries=1000,
                        retry_delay=0.01) as client:
            pause = client._transport._pause
            client._transport._pause = lambda tried: refused.set() or pause(tried)
            client.write([{"a": 1}], "out.csv")
        thread.join(PATIENCE)

    def test_none_at_all_is_an_error_that_says_what_to_do(self):
        with hob.Client("http://127.0.0.1:%d" % free_port(), retry_delay=0.001) as client:
            self.assertFalse(client.ping())
            with self.assertRaisesRegex(ConnectionError, "no server at http.*HOB_SERVER"):
                client.health()

    def test_a_connection_that_the_server_closed_meanwhile_is_not_used(self):
        server = self.stub([PONG])
        client = self.client(server, retries=0)
        for _ in range(3):
            self.assertTrue(client.ping())
        self.assertEqual(server.connections, 1)
        server.hang_up()
        wait_until(lambda: not server.open)
        client.write([{"a": 1}], "out.csv")
        self.assertEqual(server.connections, 2)
        self.assertEqual(len(server.requests), 4)

    def test_an_answer_that_ends_with_the_connection_is_whole(self):
        body = b'{"status": "ok", "server": "old"}'
        server = self.stub([(b"HTTP/1.0 200 OK\r\n\r\n" + body, True)])
        client = self.client(server)
        for _ in range(2):
            self.assertEqual(client.health()["server"], "old")
        self.assertEqual(server.connections, 2)

    def test_chunks_are_put_together(self):
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        server = self.stub([head + b'9\r\n{"status"\r\n6\r\n:"ok"}\r\n0\r\n\r\n'])
        client = self.client(server)
        for _ in range(2):
            self.assertEqual(client.health(), {"status": "ok"})
        self.assertEqual(server.connections, 1)


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Deadlines(StubTest):
    def test_silence_ends_at_the_deadline(self):
        release = threading.Event()
        server = self.stub(lambda request: (b"", release.wait(PATIENCE)))
        self.addCleanup(release.set)
        with hob.Client(server.url, timeout=0.05) as client:
            with self.assertRaisesRegex(TimeoutError, "within 0.05 s"):
                client.health()
            with self.assertRaises(hob.DeadlineExceeded):
                client.call("pool", "method", timeout=0.02)
        self.assertEqual(len(server.requests), 2)

    def test_a_trickle_ends_there_too(self):
        over = threading.Event()
        self.addCleanup(over.set)
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def drip():
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not over.wait(0.01):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        with hob.Client("127.0.0.1:%d" % listener.getsockname()[1], timeout=0.2) as client:
            with self.assertRaises(TimeoutError):
                client.health()
        over.set()
        thread.join(PATIENCE)


class Life(StubTest):
    def test_a_client_that_nobody_closes_closes_itself(self):
        server = self.stub([PONG])
        client = hob.Client(server.url)
        client.ping()
        gone = weakref.ref(client)
        del client
        gc.collect()
        self.assertIsNone(gone())
        wait_until(lambda: not server.open)

    def test_a_closed_client_says_so(self):
        server = self.stub([PONG])
        client = hob.Client(server.url)
        client.close()
        client.close()
        with self.assertRaisesRegex(ValueError, "closed"):
            client.health()

    def test_threads_never_share_a_connection(self):
        server = self.stub(lambda request: answer(body={"status": "ok", "echo": request.path}))
        faults = []
        with hob.Client(server.url) as client:
            def work(number):
                for i in range(50):
                    path = "/%d/%d" % (number, i)
                    if client.request("GET", path).json()["echo"] != path:
                        faults.append(path)
            threads = [threading.Thread(target=work, args=(i,)) for i in range(12)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(faults, [])
            self.assertEqual(len(server.requests), 600)
            self.assertLessEqual(len(client._transport._idle), 8)
        wait_until(lambda: not server.open)

    @unittest.skipUnless(hasattr(os, "fork"), "no fork here")
    def test_a_fork_has_connections_of_its_own(self):
        server = self.stub(lambda request: answer(body={"status": "ok", "echo": request.path}))
        with hob.Client(server.url) as client:
            client.request("GET", "/before")
            child = os.fork()
            if child == 0:
                try:
                    good = client.request("GET", "/child").json()["echo"] == "/child"
                    client.close()
                finally:
                    os._exit(0 if good else 1)
            for _ in range(20):
                self.assertEqual(client.request("GET", "/parent").json()["echo"], "/parent")
            self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(server.connections, 2)


class Headers(StubTest):
    def test_a_key_is_a_bearer_token(self):
        server = self.stub([PONG])
        with hob.Client(server.url, api_key="k1") as client:
            client.ping()
        with environment(HOB_API_KEY="k2"), hob.Client(server.url) as client:
            client.ping()
        self.assertEqual([request.headers.get("authorization") for request in server.requests],
                         ["Bearer k1", "Bearer k2"])
        place = hob.client.Place(None, None, "k")
        self.assertNotIn("Authorization", place.headers(Address(host="127.0.0.1")))

    def test_the_own_socket_is_told_where_the_client_works_and_nobody_else(self):
        with tempfile.TemporaryDirectory() as directory:
            own = self.stub([PONG], os.path.join(directory, "s"))
            other = self.stub([PONG])
            for server in (own, other):
                with hob.Client(server.url) as client:
                    client.ping()
                with hob.Client(server.url, directory=directory) as client:
                    client.ping()
            self.assertEqual([request.headers.get("x-hob-directory") for request in own.requests],
                             [os.getcwd(), directory])
            self.assertEqual([request.headers.get("x-hob-directory")
                              for request in other.requests], [None, None])


class Calls(StubTest):
    def setUp(self):
        self.server = self.stub(self.rpc)
        self.client = hob.Client(self.server.url)
        self.addCleanup(self.client.close)

    def rpc(self, request):
        if request.path == "/api/pools":
            return answer(body={"status": "success", "pools": [{"name": "tools"}]})
        if request.path == "/api/rpc/gone":
            return answer(404, {"status": "error", "error_type": "KeyError",
                                "error_message": "no pool 'gone'", "hint": "see hob.yml"})
        if request.path == "/api/rpc/broken":
            return None
        if isinstance(request.json, list):
            return answer(body=[self.reply(message) for message in reversed(request.json)
                                if message["method"] != "vanish"])
        return answer(body=self.reply(request.json))

    @staticmethod
    def reply(message):
        if message["method"] == "fail":
            return {"jsonrpc": "2.0", "id": message["id"],
                    "error": {"code": -32000, "message": "died with signal 9",
                              "data": {"pool": "tools", "hint": "look at its log"}}}
        return {"jsonrpc": "2.0", "id": message["id"], "result": message.get("params")}

    def test_a_call_gives_the_result(self):
        self.assertEqual(self.client.call("a pool", "echo", {"x": [1, None]}), {"x": [1, None]})
        self.assertIsNone(self.client.call("tools", "echo"))
        self.client.call("tools", "echo", timeout=1.5, idempotent=True)
        first, second, third = self.server.requests
        self.assertEqual([(request.headers.get("x-hob-timeout"),
                           request.headers.get("x-hob-idempotent"))
                          for request in (first, third)], [("30000ms", None), ("1500ms", "true")])
        self.assertEqual(first.path, "/api/rpc/a%20pool")
        self.assertEqual(first.json["jsonrpc"], "2.0")
        self.assertNotIn("params", second.json)
        self.assertNotEqual(first.json["id"], second.json["id"])

    def test_an_error_of_a_worker_is_raised_with_all_that_it_says(self):
        with self.assertRaisesRegex(hob.RPCError, "died with signal 9; look at its log") as caught:
            self.client.call("tools", "fail")
        self.assertEqual(caught.exception.code, -32000)
        self.assertEqual(caught.exception.data["pool"], "tools")

    def test_a_batch_is_in_the_order_of_its_calls(self):
        results = self.client.batch("tools", [("echo", 1), {"method": "fail"}, ("vanish", 0),
                                              {"method": "echo", "params": [2]}])
        self.assertEqual((results[0], results[3]), (1, [2]))
        self.assertEqual(results[1].code, -32000)
        self.assertIn("no answer", str(results[2]))
        self.assertEqual(len(self.server.requests), 1)
        self.assertEqual(self.client.batch("tools", []), [])

    def test_no_such_pool(self):
        with self.assertRaisesRegex(KeyError, "no pool 'gone'; see hob.yml"):
            self.client.call("gone", "echo")

    def test_a_call_may_be_made_twice_only_when_the_caller_says_so(self):
        with self.assertRaises(hob.ConnectionFailed):
            self.client.call("broken", "echo")
        self.assertEqual(len(self.server.requests), 1)
        with self.assertRaises(hob.ConnectionFailed):
            self.client.call("broken", "echo", idempotent=True)
        self.assertEqual(len(self.server.requests), 5)

    def test_pools(self):
        self.assertEqual(self.client.pools(), [{"name": "tools"}])


class Addresses(unittest.TestCase):
    def test_servers_are_named_in_these_ways(self):
        for said, url in (("http://h:1", "http://h:1"), ("http://h/", "http://h:8765"),
                          ("https://h", "https://h:443"), ("h", "http://h:8765"),
                          ("127.0.0.1:99", "http://127.0.0.1:99"), ("[::1]:5", "http://[::1]:5"),
                          ("unix:/a/b", "unix:/a/b"), ("unix:///a/b", "unix:/a/b"),
                          ("/a/b", "unix:/a/b")):
            self.assertEqual(parse(said).url, url)
        for said in ("http://h:x", "http://h:0", "http://h:99999", "ftp://h", "http://h/path",
                     "http://u@h", "http://", "[::1", "a b"):
            with self.assertRaises(ValueError, msg=said):
                parse(said)

    def test_where_paths_mean_the_same(self):
        self.assertTrue(Address(path="/x").is_local and Address(host="localhost").is_local)
        self.assertTrue(Address(host="127.0.0.1").is_local and Address(host="::1").is_local)
        self.assertFalse(Address(host="tables.example").is_local)

    def test_where_is_looked_in_turn(self):
        with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as door, \
                environment(XDG_RUNTIME_DIR=directory, HOB_SERVER=None, LYNGUINE_SERVER_HOST=None):
            self.assertEqual(find().url, "http://127.0.0.1:8765")
            os.mkdir(os.path.join(directory, "hob"), 0o700)
            path = os.path.join(directory, "hob", "hobd.sock")
            door.bind(path)
            self.assertEqual(find().url, "unix:" + path)
            with environment(LYNGUINE_SERVER_HOST="tables"):
                self.assertEqual(find().url, "http://tables:8765")
                with environment(HOB_SERVER="h:1"):
                    self.assertEqual(find().url, "http://h:1")
                    self.assertEqual(find("/own").url, "unix:/own")

    def test_a_socket_that_others_could_have_put_there_is_not_used(self):
        with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as door, \
                environment(XDG_RUNTIME_DIR=directory):
            os.mkdir(os.path.join(directory, "hob"), 0o700)
            path = os.path.join(directory, "hob", "hobd.sock")
            with open(path, "w"):
                pass
            with self.assertRaisesRegex(PermissionError, "not a socket"):
                own_socket()
            os.unlink(path)
            door.bind(path)
            self.assertEqual(own_socket(), path)
            os.chmod(os.path.dirname(path), 0o750)
            with self.assertRaisesRegex(PermissionError, "alone"):
                own_socket()


class Requests(StubTest):
    def test_a_path_is_absolute_where_the_server_is_on_this_machine(self):
        server = self.stub([TABLE])
        with hob.Client(server.url) as client:
            client.read("a.csv", delimiter=";")
            client.read("i.yml", field="input")
            client.read("/x/i.yml")
            client.read(["a.yml", "b.yml"], directory="/d")
            client.read("c.csv", directory="/d")
            client.read({"type": "csv", "filename": "a.csv", "directory": "sub"})
        here = os.getcwd()
        self.assertEqual([request.json for request in server.requests], [
            {"data_source": {"type": "auto", "filename": here + "/a.csv", "delimiter": ";"}},
            {"interface_file": "i.yml", "directory": here, "interface_field": "input"},
            {"interface_file": "i.yml", "directory": "/x"},
            {"interface_file": ["a.yml", "b.yml"], "directory": "/d"},
            {"data_source": {"type": "auto", "filename": "/d/c.csv"}},
            {"data_source": {"type": "csv", "filename": "a.csv", "directory": here + "/sub"}}])

    def test_what_json_has_no_word_for_is_written_or_refused(self):
        import datetime
        from hob._data import encode
        self.assertEqual(json.loads(encode({"d": datetime.date(2024, 1, 5), "s": {2, 1},
                                            "t": (1, 2)})),
                         {"d": "2024-01-05", "s": [1, 2], "t": [1, 2]})
        with self.assertRaisesRegex(TypeError, "cannot be written as JSON"):
            encode({"x": object()})
        with hob.Client("http://127.0.0.1:1") as client:
            for wrong in ("text", b"bytes", 7):
                with self.assertRaises(TypeError):
                    client.write(wrong, "out.csv")
            twice = Table.from_json({"records": [{"a": 1}], "columns": ["a", "a"]})
            with self.assertRaisesRegex(ValueError, "several columns are called 'a'"):
                client.write(twice, "out.csv")
            with self.assertRaisesRegex(ValueError, "ending"):
                client.write([{"a": 1}], "out.xyz")
            with self.assertRaisesRegex(ValueError, "form"):
                client.read("a.csv", form="pickle")
