"""Starts hobd in a scratch directory, talks to it, and makes sure that nothing is left of it.

Python 3 standard library only. The executable is named by the environment variable HOBD.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from processes import wait_for

HOBD = os.environ.get("HOBD", "hobd")
PATIENCE = float(os.environ.get("HOB_TEST_PATIENCE", "20"))
os.environ["HOB_CONFIG"] = "none"  # not what the user of this machine has set


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "Answer(%r, %r, %r)" % (self.status, self.headers, self.body[:300])


class Connection:
    """One connection, over which bytes are sent and answers are read."""

    def __init__(self, where):
        family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(where)
        self.host = "localhost" if isinstance(where, str) else "127.0.0.1:%d" % where[1]
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def head(self, method, path, headers=None, version="HTTP/1.1"):
        headers = dict({"Host": self.host}, **(headers or {}))
        lines = ["%s %s %s" % (method, path, version)]
        lines += ["%s: %s" % item for item in headers.items() if item[1] is not None]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def request(self, method, path, body=None, headers=None, version="HTTP/1.1"):
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = dict(headers or {})
        if body is not None:
            headers.setdefault("Content-Length", str(len(body)))
        self.send(self.head(method, path, headers, version) + (body or b""))
        return self.read(method)

    def fill(self):
        data = self.socket.recv(65536)
        self.pending += data
        return len(data) > 0

    def read(self, method="GET"):
        """The next answer; None when the server has closed the connection."""
        while b"\r\n\r\n" not in self.pending:
            if not self.fill():
                return None
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = dict((name.lower(), value.strip()) for name, value in
                       (line.split(":", 1) for line in lines[1:]))
        status = int(lines[0].split()[1])
        if method == "HEAD" or status == 304:
            return Answer(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, self.read_chunks())
        body = self.take(int(headers.get("content-length", 0)))
        return Answer(status, headers, body)

    def take(self, size):
        while len(self.pending) < size:
            if not self.fill():
                raise AssertionError("the answer was cut")
        data, self.pending = self.pending[:size], self.pending[size:]
        return data

    def read_chunks(self):
        chunks = []
        while True:
            while b"\r\n" not in self.pending:
                if not self.fill():
                    raise AssertionError("the answer was cut between chunks")
            line, self.pending = self.pending.split(b"\r\n", 1)
            chunk = self.take(int(line, 16) + 2)[:-2]
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)

    def is_closed(self):
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True


class Server:
    def __init__(self, directory, *options, socket_path="none", environment=None):
        self.directory = directory
        self.errors = open(os.path.join(directory, ".stderr"), "w+b")
        self.process = subprocess.Popen(
            [HOBD, "--port", "0", "--socket", socket_path, *options], cwd=directory,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors,
            env=dict(os.environ, **(environment or {})))
        line = self.process.stdout.readline().decode()
        if not line.startswith("hobd: listening on http://"):
            self.process.wait(PATIENCE)
            raise AssertionError("no server: %r %r" % (line, self.log()))
        self.port = int(line.rstrip().rsplit(":", 1)[1])
        self.address = ("127.0.0.1", self.port)

    def log(self):
        self.errors.flush()
        with open(self.errors.name, "rb") as file:
            return file.read().decode("utf-8", "replace")

    def connect(self):
        return Connection(self.address)

    def request(self, method, path, body=None, headers=None):
        with self.connect() as connection:
            return connection.request(method, path, body, headers)

    def status(self):
        return self.request("GET", "/api/status").json

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def signal(self, number):
        os.kill(self.process.pid, number)

    def wait(self):
        status = self.process.wait(PATIENCE)
        self.process.stdout.close()
        return status

    def end(self):
        """Ends the server if it still runs, and says how it ended."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.wait()
            status = "did not stop on SIGTERM"
        self.errors.close()
        return status


class ServerTest(unittest.TestCase):
    """A test with a scratch directory, and servers that must end well."""

    def setUp(self):
        self.directory = os.path.realpath(tempfile.mkdtemp(prefix="hob-test-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.servers = []

    def tearDown(self):
        for server in self.servers:
            log = server.log()
            status = server.end()
            self.assertIn(status, server.expected, log)
            self.assertNotIn("Sanitizer", log)
        left = [name for name in self.files() if name.endswith((".sock", ".tmp"))]
        self.assertEqual(left, [], "the server left files behind")

    def start(self, *options, expected=(0,), **more):
        server = Server(self.directory, *options, **more)
        server.expected = expected
        self.servers.append(server)
        return server

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        """A file as an editor leaves it, old enough that its stamps can be trusted."""
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def files(self):
        return sorted(os.path.relpath(os.path.join(place, name), self.directory)
                      for place, _, names in os.walk(self.directory) for name in names)

    def assert_error(self, answer, status, kind):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertEqual(answer.json["status"], "error")
        self.assertEqual(answer.json["error_type"], kind)
        self.assertTrue(answer.json["error_message"])
