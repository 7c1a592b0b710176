"""What the tests of a server's life share: a user of their own, with a place for sockets and one for
state, and a look at which servers run there.
"""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from harness import HOBD, PATIENCE, ServerTest, wait_for

HOB = os.environ.get("HOB", "hob")
ASK = os.environ.get("ASK", "ask")


class LifeTest(ServerTest):
    """Servers at the default place, which nobody but this test has."""

    def setUp(self):
        super().setUp()
        # The path of a unix socket is short.
        self.run_directory = tempfile.mkdtemp(prefix="hob-run-")
        self.addCleanup(shutil.rmtree, self.run_directory, ignore_errors=True)
        self.state = self.path("state")
        self.temporary = self.path("tmp")
        os.mkdir(self.temporary)
        self.socket = os.path.join(self.run_directory, "hob", "hobd.sock")
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=self.run_directory,
                                HOB_STATE=self.state, TMPDIR=self.temporary,
                                PATH="%s:%s" % (os.path.dirname(HOBD), os.environ["PATH"]))
        for name in ("HOB_SERVER", "HOB_AUTOSTART", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID"):
            self.environment.pop(name, None)
        self.addCleanup(self.end_daemons)

    def daemons(self):
        """The process numbers of servers that were started with this test's environment."""
        mark = ("XDG_RUNTIME_DIR=%s" % self.run_directory).encode()
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open("/proc/%s/environ" % name, "rb") as file:
                    own = mark in file.read().split(b"\0")
                with open("/proc/%s/comm" % name, encoding="utf-8") as file:
                    own = own and file.read().strip() == "hobd"
            except OSError:
                continue
            if own:
                found.append(int(name))
        return found

    def end_daemons(self):
        for process in self.daemons():
            try:
                os.kill(process, signal.SIGTERM)
            except ProcessLookupError:
                pass
        try:
            wait_for(lambda: not self.daemons(), "the servers to end")
        finally:
            for process in self.daemons():
                os.kill(process, signal.SIGKILL)

    def hob(self, *words, environment=None, directory=None):
        return subprocess.run([HOB, *words], cwd=directory or self.directory, text=True,
                              capture_output=True, timeout=3 * PATIENCE, check=False,
                              env=dict(self.environment, **(environment or {})))

    def spawn_ask(self, *words, environment=None, directory=None):
        return subprocess.Popen([ASK, *words], cwd=directory or self.directory, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE,
                                env=dict(self.environment, **(environment or {})))

    def ask(self, *words, **more):
        """Status, answer and errors of one request through the client library."""
        process = self.spawn_ask(*words, **more)
        answer, errors = process.communicate(timeout=3 * PATIENCE)
        return process.returncode, answer, errors

    def spawn_server(self, *options, directory=None, environment=None, program=None, **more):
        """A server in the foreground; waits until it listens."""
        process = subprocess.Popen([program or HOBD, *options], cwd=directory or self.directory,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE,
                                   env=dict(self.environment, **(environment or {})), **more)
        self.addCleanup(process.communicate)  # ends when the successors have, too
        self.addCleanup(self.end_daemons)
        line = process.stdout.readline().decode()
        self.assertIn("listening on", line)
        process.url = line.split()[-1]
        return process

    def status(self):
        code, answer, errors = self.ask("GET", "/api/status")
        self.assertEqual((code, errors), (0, ""))
        return json.loads(answer)


class LocalConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


def request(connection, method, path, body=None, headers=None):
    connection.request(method, path, json.dumps(body) if body is not None else None, headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.will_close


class Load:
    """Threads that ask all the time; `failed` holds what went wrong, `answered` counts."""

    def __init__(self):
        self.failed, self.answered, self.threads = [], 0, []
        self.lock, self.ending = threading.Lock(), threading.Event()

    def add(self, work):
        self.threads.append(threading.Thread(target=self.run, args=(work,)))

    def run(self, work):
        while not self.ending.is_set():
            try:
                work()
                with self.lock:
                    self.answered += 1
            except Exception as error:  # pylint: disable=broad-except
                with self.lock:
                    self.failed.append("%s: %r" % (time.time(), error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *ignored):
        self.ending.set()
        for thread in self.threads:
            thread.join(3 * PATIENCE)
