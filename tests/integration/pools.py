"""What the tests of pools share: a hobd with pools, its workers, and clients that count answers.

HOBD names the program. HOB_POOL_SCALE multiplies the numbers of calls (1: what make check runs).
"""

import glob
import json
import os
import signal
import sys
import threading
import time

from harness import ServerTest, wait_for
from processes import is_alive

WORKERS = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "pool", "workers"))
SCALE = float(os.environ.get("HOB_POOL_SCALE", "1"))
PYTHON = sys.executable
PLAIN = {"restart": {"backoff": {"first": "10ms", "max": "200ms"}, "intensity": {"failures": "off"}},
         "stop_grace": "1s"}


def scaled(number):
    return max(1, int(number * SCALE))


def worker(name, *arguments):
    return [PYTHON, "-S", os.path.join(WORKERS, name + ".py"), *map(str, arguments)]


def request_of(method, params=None, number=1):
    message = {"jsonrpc": "2.0", "id": number, "method": method}
    if params is not None:
        message["params"] = params
    return message


def marked(mark):
    """Processes that have a variable with this value: workers, and what they started."""
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        pid = int(path.split("/")[2])
        try:
            with open(path, "rb") as file:
                if mark.encode() in file.read() and is_alive(pid):
                    found.append(pid)
        except OSError:
            continue
    return found


class PoolTest(ServerTest):
    """A hobd with pools, and nothing left of them at the end."""

    def setUp(self):
        super().setUp()
        self.mark = "HOB_TEST_MARK=%d-%d-%s" % (os.getpid(), time.monotonic_ns(), self.id())

    def tearDown(self):
        super().tearDown()
        try:
            wait_for(lambda: not marked(self.mark), "all workers to end")
        except AssertionError:
            left = marked(self.mark)
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            self.fail("left behind: %r" % left)

    def serve(self, environment=None, expected=(0,), options=(), **pools):
        """Starts hobd with pools; each is a dict of settings."""
        name, _, value = self.mark.partition("=")
        for key, pool in pools.items():
            pools[key] = dict(PLAIN, **pool)
            pools[key]["env"] = dict(pool.get("env", {}), **{name: value})
        path = self.write("hob.yml", json.dumps({"pools": pools}))
        os.chmod(path, 0o600)
        return self.start("--config", path, *options, expected=expected,
                          environment=dict({"HOB_STATE": "none"}, **(environment or {})))

    def call(self, server, pool, method, params=None, number=1, **headers):
        headers = {"X-Hob-" + name.capitalize(): value for name, value in headers.items()}
        return server.request("POST", "/api/rpc/" + pool, request_of(method, params, number),
                              dict({"Content-Type": "application/json"}, **headers))

    def result(self, server, pool, method, params=None, **headers):
        answer = self.call(server, pool, method, params, **headers)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(set(answer.json), {"jsonrpc", "id", "result"}, answer)
        return answer.json["result"]

    def error(self, server, pool, method, params=None, status=None, **headers):
        answer = self.call(server, pool, method, params, **headers)
        self.assertEqual(set(answer.json), {"jsonrpc", "id", "error"}, answer)
        self.assertEqual(answer.json["id"], 1)
        self.assertTrue(answer.json["error"]["message"])
        if status is not None:
            self.assertEqual(answer.status, status, answer)
        return answer.json["error"]

    def pool(self, server, name):
        return server.request("GET", "/api/pools/" + name).json["pool"]

    def workers(self, server, name):
        return [worker["pid"] for worker in self.pool(server, name)["workers"] if worker["pid"]]

    def post(self, server, path):
        answer = server.request("POST", "/api/pools/" + path, b"")
        self.assertEqual(answer.status, 200, answer)

    def rests(self, server, name):
        """Waits until no call is under way in the pool."""
        return wait_for(lambda: not any(one["calls"] for one in self.pool(server, name)["workers"])
                        and self.pool(server, name)["queued"] == 0, "the pool to rest")


class Clients:
    """Threads that call through connections of their own; what they were answered is counted."""

    def __init__(self, server, pool, count, threads, make, headers=None):
        self.server, self.pool, self.make = server, pool, make
        self.headers = headers or (lambda number: {})
        self.numbers = iter(range(count))
        self.lock = threading.Lock()
        self.answers = {}
        self.faults = []
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def next(self):
        with self.lock:
            return next(self.numbers, None)

    def run(self):
        try:
            with self.server.connect() as connection:
                for number in iter(self.next, None):
                    self.ask(connection, number)
        except Exception as fault:  # told by the test
            self.faults.append(repr(fault))

    def ask(self, connection, number):
        method, params = self.make(number)
        answer = connection.request("POST", "/api/rpc/" + self.pool,
                                    request_of(method, params, number), self.headers(number))
        if answer is None:
            raise AssertionError("call %d was not answered" % number)
        message = answer.json
        if message.get("id") != number or ("result" in message) == ("error" in message):
            raise AssertionError("a wrong answer to call %d: %r" % (number, answer))
        with self.lock:
            if number in self.answers:
                raise AssertionError("call %d was answered twice" % number)
            self.answers[number] = message

    def is_running(self):
        return any(thread.is_alive() for thread in self.threads)

    def wait(self):
        for thread in self.threads:
            thread.join()
        if self.faults:
            raise AssertionError(self.faults[:5])
        return self.answers
