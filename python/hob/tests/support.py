"""What the tests share: real servers in scratch directories, and one that answers by a script."""

import contextlib
import json
import os
import socket
import sys
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(PYTHON), "tests", "integration"))

# The tests work in directories of their own.
if os.sep in os.environ.get("HOBD", ""):
    os.environ["HOBD"] = os.path.abspath(os.environ["HOBD"])

from harness import PATIENCE, ServerTest, wait_for  # noqa: E402,F401

# What a user's environment says must not reach the tests.
for name in ("HOB_SERVER", "LYNGUINE_SERVER_HOST", "LAMD_SERVER_URL", "LYNGUINE_USE_SERVER",
             "LAMD_USE_SERVER", "HOB_API_KEY", "HOB_AUTOSTART", "HOB"):
    os.environ.pop(name, None)

PEOPLE = "name,age,height\nAda,36,1.65\nAlan,41,\nGrace,85,1.68\n"
TALKS = "name,date,title,mins\nAda,d1,Notes,30\nAda,d2,Loops,45\nAlan,d3,Machines,20\n"
INTERFACE = """title: People
input: {type: csv, filename: people.csv, index: name}
"""
SESSION = """
input: {type: csv, filename: people.csv, directory: ., index: name}
output: {type: csv, filename: out.csv, directory: ., index: name, columns: [score, note]}
series: {type: csv, filename: talks.csv, directory: ., index: name, selector: date}
"""


@contextlib.contextmanager
def environment(**values):
    """Variables that are set (None: not set) for a while."""
    before = {name: os.environ.get(name) for name in values}
    try:
        put(values)
        yield
    finally:
        put(before)


def put(values):
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextlib.contextmanager
def working_in(directory):
    before = os.getcwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)


class ClientTest(ServerTest):
    """A test with a real server in a scratch directory, in which the test itself works too."""

    def setUp(self):
        super().setUp()
        private = self.path("runtime")
        os.mkdir(private, 0o700)
        values = environment(XDG_RUNTIME_DIR=private, HOB_STATE="none", HOB_AUTOSTART="0")
        values.__enter__()
        self.addCleanup(values.__exit__, None, None, None)
        here = working_in(self.directory)
        here.__enter__()
        self.addCleanup(here.__exit__, None, None, None)
        self.write("people.csv", PEOPLE)
        self.write("people.yml", INTERFACE)
        self.write("talks.csv", TALKS)
        self.write("session.yml", SESSION)

    def serve(self, *options, **more):
        """The URL of a new server."""
        self.server = self.start("--state", "none", "--config", "none", *options, **more)
        return "http://127.0.0.1:%d" % self.server.port


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body

    @property
    def json(self):
        return json.loads(self.body)


def answer(status=200, body=b"{}", headers=(), length=None):
    """The bytes of an answer."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = ["HTTP/1.1 %d Whatever" % status, "Content-Type: application/json",
             "Content-Length: %d" % (len(body) if length is None else length), *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Stub:
    """A server that does with each request what `script` says: a function of the request that
    returns bytes to send, or None to close the connection without an answer. An answer after which
    the connection is closed is a pair (bytes, True)."""

    def __init__(self, script, path=None):
        self.script, self.requests, self.connections = script, [], 0
        family = socket.AF_INET if path is None else socket.AF_UNIX
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.bind(("127.0.0.1", 0) if path is None else path)
        self.listener.listen(16)
        self.url = "unix:" + path if path else "http://127.0.0.1:%d" % \
            self.listener.getsockname()[1]
        self.open, self.threads, self.lock = [], [], threading.Lock()
        self.accepter = threading.Thread(target=self.accept)
        self.accepter.start()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.accepter.join(PATIENCE)
        self.hang_up()
        for thread in self.threads:
            thread.join(PATIENCE)

    def hang_up(self):
        """Closes what is connected."""
        with self.lock:
            for connection in self.open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.open.append(connection)
                self.connections += 1
            thread = threading.Thread(target=self.serve, args=(connection,))
            self.threads.append(thread)
            thread.start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            with contextlib.suppress(OSError):
                while self.serve_one(connection, stream):
                    pass
            with self.lock:
                self.open.remove(connection)

    def serve_one(self, connection, stream):
        line = stream.readline().decode("latin-1").split()
        if len(line) < 3:
            return False
        headers = {}
        while True:
            name, colon, value = stream.readline().decode("latin-1").partition(":")
            if not colon:
                break
            headers[name.lower()] = value.strip()
        request = Request(line[0], line[1], headers,
                          stream.read(int(headers.get("content-length", 0))))
        with self.lock:
            self.requests.append(request)
        reply = self.script(request)
        if reply is None:
            return False
        data, last = reply if isinstance(reply, tuple) else (reply, False)
        connection.sendall(data)
        return not last


class StubTest(unittest.TestCase):
    """A test of what is asked and what is made of the answer."""

    def stub(self, script, path=None):
        """Starts a stub; a list is the answers in turn, of which the last is repeated."""
        if isinstance(script, list):
            script = self.in_turn(script)
        server = Stub(script, path)
        self.addCleanup(server.__exit__)
        return server

    @staticmethod
    def in_turn(answers):
        left = list(answers)
        return lambda request: left.pop(0) if len(left) > 1 else left[0]
