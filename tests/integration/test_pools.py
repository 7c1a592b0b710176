#!/usr/bin/env python3
"""Pools of workers behind hobd: every call is answered once, whatever workers, clients and hobd do.

HOBD names the program. HOB_POOL_SCALE multiplies the numbers of calls (1: what make check runs).
"""

import collections
import concurrent.futures
import glob
import json
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from harness import PATIENCE, Connection, ServerTest, wait_for
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


class Basics(PoolTest):
    def test_calls_notifications_and_batches(self):
        server = self.serve(echo={"command": worker("echo_worker")})
        for number in (0, 1, -7, 1.5, 1e300, "text", "", "ünï \"'\\\n", None,
                       2 ** 64, 10 ** 40, "1"):
            answer = self.call(server, "echo", "echo", [number], number)
            self.assertEqual(answer.json, {"jsonrpc": "2.0", "id": number, "result": [number]})
        raw = b'{"jsonrpc":"2.0","id":123456789012345678901234567890.50,"method":"echo","params":{}}'
        self.assertIn(b'"id":123456789012345678901234567890.50',
                      server.request("POST", "/api/rpc/echo", raw).body)
        for wrong in (True, [1], {"a": 1}):
            answer = self.call(server, "echo", "echo", [1], wrong)
            self.assertEqual(answer.json["error"]["code"], -32600)
        note = {"jsonrpc": "2.0", "method": "echo", "params": [1]}
        answer = server.request("POST", "/api/rpc/echo", note)
        self.assertEqual((answer.status, answer.body), (202, b""))
        batch = [request_of("echo", [1], "a"), note, 7, request_of("none", {}, 2), note,
                 request_of("echo", [3], None), []]
        answers = server.request("POST", "/api/rpc/echo", batch).json
        self.assertEqual([one["id"] for one in answers], ["a", None, 2, None, None])
        self.assertEqual([one.get("result") for one in answers], [[1], None, None, [3], None])
        self.assertEqual([one.get("error", {}).get("code") for one in answers],
                         [None, -32600, -32601, None, -32600])
        answer = server.request("POST", "/api/rpc/echo", [note, note])
        self.assertEqual((answer.status, answer.body), (202, b""))

    def test_what_is_no_request(self):
        server = self.serve(echo={"command": worker("echo_worker")})
        for body, status, code in ((b"", 400, -32700), (b"{", 400, -32700), (b"[]", 400, -32600),
                                   (b"[1,", 400, -32700), (b'{"id":1}', 400, -32600),
                                   (b'{"id":1,"method":2}', 400, -32600),
                                   (b'{"id":1,"method":"a","params":1}', 400, -32600),
                                   (b'{"id":1,"method":"\xff"}', 400, -32700),
                                   (b"[" * 600 + b"]" * 600, None, None)):
            answer = server.request("POST", "/api/rpc/echo", body)
            self.assertIn(answer.status, (status, 400, 413), (body[:40], answer))
            self.assertEqual(answer.json["id"], None)
            if code:
                self.assertEqual(answer.json["error"]["code"], code, body[:40])
        many = json.dumps([request_of("echo", [1])] * 10001).encode()
        answer = server.request("POST", "/api/rpc/echo", many)
        self.assertEqual(answer.status, 413, answer)
        self.assertIn("10000", answer.json["error"]["message"])
        self.assertEqual(server.request("POST", "/api/rpc/nobody", b"{}").status, 404)
        for value in ("soon", "-1s", "0"):
            self.assertEqual(self.call(server, "echo", "echo", [1], timeout=value).status, 400)
        self.assertEqual(self.call(server, "echo", "echo", [1], idempotent="maybe").status, 400)
        self.assertEqual(self.call(server, "echo", "echo", [1], timeout="99999999999s").status, 200)
        for value in ("99999999999999999s", "1e300"):
            self.assertIn(self.call(server, "echo", "echo", [1], timeout=value).status, (200, 400))
        self.assertEqual(self.result(server, "echo", "echo", [1]), [1])

    def test_framing_in_headers(self):
        for odd in ((), ("case", "more"), ("split", "noise", "more")):
            with self.subTest(odd):
                server = self.serve(headers={"command": worker("headers", *odd),
                                             "framing": "headers"})
                for number in range(20):
                    params = {"text": "é\n" * number, "n": number}
                    self.assertEqual(self.result(server, "headers", "echo", params), params)

    def test_noise_never_matters(self):
        names = ("pretty", "not_rpc", "not_utf8", "unknown_id", "twice", "slow_bytes")
        server = self.serve(**{name: {"command": worker(name)} for name in names})
        for name in names:
            for number in range(10):
                self.assertEqual(self.result(server, name, "echo", [name, number]), [name, number])
        for name in ("pretty", "not_rpc", "not_utf8", "unknown_id", "twice"):
            self.assertGreater(self.pool(server, name)["noise_lines"], 0, name)

    def test_what_a_worker_printed_instead_of_an_answer_is_told(self):
        server = self.serve(wrong={"command": worker("wrong_id_only")},
                            bytes={"command": worker("not_utf8")})
        for pool, method, printed in (("wrong", "echo", "mine"), ("bytes", "bad", '"caf')):
            for timeout in ("300ms", "3s", "20s"):  # a worker that has not even started prints nothing
                message = self.error(server, pool, method, ["mine"], 504, timeout=timeout)["message"]
                if "printed" in message:
                    break
            self.assertIn("printed what is no answer", message)
            self.assertIn(printed, message)

    def test_workers_that_answer_in_their_own_order(self):
        def pool(name, *arguments):
            return {"command": worker(name, *arguments), "workers": {"max": 1, "concurrency": 4}}
        server = self.serve(batch=pool("batch", 2), order=pool("out_of_order", 2),
                            multiplex=pool("multiplex", 4))
        for name in ("batch", "order", "multiplex"):
            clients = Clients(server, name, 40, 4, lambda number: ("echo", [number]))
            answers = clients.wait()
            self.assertEqual({number: answer.get("result") for number, answer in answers.items()},
                             {number: [number] for number in range(40)}, name)

    def test_limits_of_messages(self):
        limit = 4096
        server = self.serve(sized={"command": worker("sized"), "max_message": limit,
                                   "workers": {"max": 1}})
        for size in (limit - 1, limit):
            self.result(server, "sized", "sized", {"bytes": size})
        pid = self.workers(server, "sized")
        for size in (limit + 1, limit * 3, 1 << 20):
            error = self.error(server, "sized", "sized", {"bytes": size}, 413)
            self.assertEqual(error["code"], -32004)
            self.assertIn("4096", error["message"])
        self.assertEqual(self.result(server, "sized", "echo", [1]), [1])
        self.assertEqual(self.error(server, "sized", "echo", ["x" * limit], 413)["code"], -32004)
        self.assertEqual(self.workers(server, "sized"), pid)

    def test_large_messages(self):
        server = self.serve(echo={"command": worker("echo_worker")}, options=("--max-body", "64M"))
        text = "ü\"\\x" * (scaled(2) << 20)
        self.assertEqual(self.result(server, "echo", "echo", [text]), [text])

    def test_variables_that_switch_pools_off(self):
        fallback = {"command": [PYTHON, "-S", os.path.join(WORKERS, "execute_tool.py"),
                                "{tool_name}", "{args}"]}
        settings = {"command": worker("execute_tool_daemon"), "fallback": fallback}
        for variables in ({"HOB_POOL": "off"}, {"EXARP_PYTHON_POOL_ENABLED": "false"}):
            server = self.serve(variables, tools=dict(settings), none={"command": ["false"]})
            answer = self.call(server, "tools", "execute_tool", {"tool_name": "add",
                                                                 "args": {"a": 1, "b": 2}})
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(answer.headers["x-hob-served-by"], "fallback")
            self.assertEqual(self.pool(server, "tools")["workers"], [])
            self.assertEqual(self.pool(server, "tools")["state"], "off")
            self.assertEqual(self.error(server, "none", "any", status=503)["code"], -32003)
        server = self.serve({"EXARP_PYTHON_POOL_IDLE_TIMEOUT": "1"}, tools=dict(settings))
        self.call(server, "tools", "execute_tool", {"tool_name": "add", "args": {"a": 1, "b": 2}})
        self.assertEqual(len(self.workers(server, "tools")), 1)
        wait_for(lambda: not self.workers(server, "tools"), "the worker to idle out")
        self.assertEqual(self.pool(server, "tools")["worker_failures"], 0)

    def test_the_fallback_answers_the_same_bytes(self):
        fallback = {"command": [PYTHON, "-S", os.path.join(WORKERS, "execute_tool.py"),
                                "{tool_name}", "{args}"], "output": "text"}
        pools = {"command": worker("execute_tool_daemon"), "fallback": fallback}
        server = self.serve(warm=dict(pools), cold=dict(pools, enabled=False))
        for tool, args in (("add", {"a": 1, "b": 2.5}), ("add", {"a": "x"}), ("none", {}),
                           ("word_count", {"text": "zwei Wörter"}), ("echo", {"q": "\"'\\ $HOME `"}),
                           ("echo", {"n": None, "l": [1, [2]], "t": "a\nb\u2028c"})):
            params = {"tool_name": tool, "args": args}
            warm, cold = (self.call(server, name, "execute_tool", params)
                          for name in ("warm", "cold"))
            self.assertEqual((warm.status, warm.body), (200, cold.body), (tool, args))
            self.assertEqual((warm.headers["x-hob-served-by"], cold.headers["x-hob-served-by"]),
                             ("pool", "fallback"))

    def test_what_no_argument_can_hold_is_an_error_of_the_fallback(self):
        server = self.serve(echo={"command": ["true"], "enabled": False,
                                  "fallback": {"command": ["echo", "{a}"]}})
        self.assertEqual(self.result(server, "echo", "any", {"a": "x y"}), "x y")
        error = self.error(server, "echo", "any", {"a": "x\0y"}, 400)
        self.assertIn("U+0000", error["message"])

    def test_fallbacks_are_limited_and_end_with_their_callers(self):
        server = self.serve(off={"command": ["false"], "enabled": False, "queue": {"max": 2},
                                 "workers": {"max": 1}, "fallback": {"command": ["sleep", "60"]}})
        connections = [server.connect() for _ in range(5)]
        for number, connection in enumerate(connections):
            body = json.dumps(request_of("any", {}, number)).encode()
            connection.send(connection.head("POST", "/api/rpc/off",
                                            {"Content-Length": str(len(body))}) + body)
        ready = wait_for(lambda: (lambda some: some if len(some) >= 2 else None)(
            select.select([one.socket for one in connections], [], [], 0)[0]), "refusals")
        for connection in connections:
            if connection.socket in ready:
                answer = connection.read()
                self.assertEqual((answer.status, answer.json["error"]["code"]), (503, -32003))
            connection.close()
        wait_for(lambda: not marked(self.mark), "the fallback to end with its caller")


class Faults(PoolTest):
    def test_a_worker_that_hangs(self):
        server = self.serve(hang={"command": worker("hang"), "workers": {"max": 1},
                                  "cancel": {"grace": "50ms"}})
        pid = self.result(server, "hang", "pid")
        error = self.error(server, "hang", "hang", status=504, timeout="100ms")
        self.assertEqual(error["code"], -32002)
        for part in ("pool 'hang'", "worker 1", str(pid), "hang"):
            self.assertIn(part, error["message"])
        self.assertNotEqual(self.result(server, "hang", "pid"), pid)
        wait_for(lambda: not is_alive(pid), "the worker that hangs to end")
        os.kill(self.result(server, "hang", "pid"), signal.SIGSTOP)
        self.error(server, "hang", "echo", [1], status=504, timeout="100ms")
        self.assertEqual(self.result(server, "hang", "echo", [2]), [2])

    def test_a_worker_is_not_blamed_for_a_server_that_stood_still(self):
        """What it said in time counts, also when nobody was there to hear it."""
        went, script = self.path("went"), self.write("slow.py", """
import json, os, sys, time
for line in sys.stdin:
    request = json.loads(line)
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.01)
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": os.getpid()}), flush=True)
""")
        pool = {"command": [PYTHON, "-S", script, went], "workers": {"max": 1},
                "start_timeout": "2s"}
        server = self.serve(call=pool, start=dict(pool, health={"method": "ping"}),
                            fallback={"command": ["true"], "enabled": False, "fallback": {
                                "command": ["sh", "-c", "until [ -e %s ]; do sleep 0.01; done; "
                                            "echo 1" % went]}})
        with concurrent.futures.ThreadPoolExecutor(3) as threads:
            calls = [threads.submit(self.call, server, name, "any", Timeout=limit)
                     for name, limit in (("start", "30s"), ("call", "2s"), ("fallback", "2s"))]
            begin = time.monotonic()
            wait_for(lambda: self.workers(server, "start") and
                     [one["calls"] for one in self.pool(server, "call")["workers"]] == [1] and
                     self.pool(server, "fallback")["fallbacks"], "everything to be under way")
            server.signal(signal.SIGSTOP)
            self.write("went", "")
            time.sleep(max(0.5, begin + 2.5 - time.monotonic()))
            server.signal(signal.SIGCONT)
            for call in calls:
                self.assertIn("result", call.result().json)
        for name in ("start", "call", "fallback"):
            pool = self.pool(server, name)
            self.assertEqual((pool["worker_failures"], pool["timeouts"]), (0, 0), pool)

    def test_a_worker_that_is_asked_whether_it_lives_gets_nothing_else_to_do(self):
        """One that serves what came last first would not answer until the call is done."""
        script = self.write("last_first.py", """
import json, os, select, sys, time
while True:
    data = os.read(0, 65536)
    while data and (select.select([0], [], [], 0.5)[0]):
        more = os.read(0, 65536)
        if not more:
            break
        data += more
    if not data:
        break
    for line in reversed(data.splitlines()):
        request = json.loads(line)
        time.sleep(request.get("params", [0])[0])
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": os.getpid()}),
              flush=True)
""")
        server = self.serve(last={"command": [PYTHON, "-S", script],
                                  "workers": {"max": 1, "concurrency": 4},
                                  "health": {"method": "ping", "after_idle": "500ms",
                                             "timeout": "2s"}})
        pid = self.result(server, "last", "any")
        wait_for(lambda: [one["calls"] for one in self.pool(server, "last")["workers"]] == [1],
                 "a ping")
        self.assertEqual(self.result(server, "last", "any", [2.5]), pid)

    def test_the_queue_has_a_time_limit_too(self):
        server = self.serve(one={"command": worker("echo_worker"), "workers": {"max": 1},
                                 "queue": {"timeout": "50ms"}})
        with server.connect() as busy:
            body = json.dumps(request_of("sleep", {"seconds": 0.5})).encode()
            busy.send(busy.head("POST", "/api/rpc/one", {"Content-Length": str(len(body))}) + body)
            wait_for(lambda: any(one["calls"] for one in self.pool(server, "one")["workers"]), "")
            self.assertIn("queue", self.error(server, "one", "echo", [1], 504)["message"])
            self.assertEqual(busy.read().json["result"], 0.5)

    def test_floods(self):
        server = self.serve(out={"command": worker("flood_stdout", scaled(100000))},
                            err={"command": worker("flood_stderr", scaled(256)),
                                 "request_timeout": "1m"},
                            line={"command": worker("endless_line"), "max_message": "1M",
                                  "workers": {"max": 1}, "cancel": {"grace": "50ms"}})
        self.assertEqual(self.result(server, "out", "flood"), scaled(100000))
        self.assertGreaterEqual(self.pool(server, "out")["noise_lines"], scaled(100000) // 1000)
        for lines in (True, False):
            self.assertEqual(self.result(server, "err", "flood", {"newlines": lines}), scaled(256))
        logs = server.request("GET", "/api/pools/err/logs").json["logs"]
        self.assertLess(len(logs), 70000)
        self.assertEqual(self.error(server, "line", "endless", status=413)["code"], -32004)
        self.error(server, "line", "echo", [1], status=504, timeout="200ms")
        self.assertEqual(self.result(server, "line", "echo", [2]), [2])

    def test_ends_in_the_middle(self):
        server = self.serve(half={"command": worker("half_line")},
                            shut={"command": worker("close_stdout")},
                            deaf={"command": worker("close_stdin"), "workers": {"max": 1}},
                            echo={"command": worker("echo_worker")})
        error = self.error(server, "half", "half", status=502)
        self.assertEqual(error["code"], -32001)
        self.assertIn("exited with status 7", error["message"])
        self.assertEqual(self.result(server, "half", "echo", [1]), [1])
        self.assertIn("standard output", self.error(server, "shut", "close", status=502)["message"])
        self.assertEqual(self.result(server, "shut", "echo", [1]), [1])
        deaf = self.result(server, "deaf", "close")  # its pid, as of every call
        self.assertNotEqual(self.result(server, "deaf", "echo", [1]), deaf)
        error = self.error(server, "echo", "die", {"signal": 9}, status=502)
        self.assertIn("signal 9 (Killed)", error["message"])
        self.assertIn("status 41", self.error(server, "echo", "die", {"status": 41})["message"])

    def test_the_end_of_a_worker_is_not_blamed_on_another_call(self):
        script = self.write("helped.py", """
import json, os, subprocess, sys
subprocess.Popen(["sleep", "1000"])  # has the pipes too: they stay open
late = None
for line in sys.stdin:
    request = json.loads(line)
    if request["method"] == "late":
        late = request["id"]
    elif request["method"] == "$/cancelRequest":
        print(json.dumps({"jsonrpc": "2.0", "id": late, "result": 1}), flush=True)
    elif request["method"] == "die":
        os.kill(os.getpid(), 9)
""")
        server = self.serve(helped={"command": [PYTHON, "-S", script],
                                    "workers": {"max": 1, "concurrency": 4}})
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            other = threads.submit(self.call, server, "helped", "other")
            wait_for(lambda: [one["calls"] for one in self.pool(server, "helped")["workers"]]
                     == [1], "a call")
            self.error(server, "helped", "late", status=504, Timeout="100ms")
            wait_for(lambda: [one["calls"] for one in self.pool(server, "helped")["workers"]]
                     == [1], "the late answer")
            for answer in (self.call(server, "helped", "die"), other.result()):
                self.assertIn("was killed by signal 9", answer.json["error"]["message"])

    def test_the_last_words_of_a_worker_are_told(self):
        script = self.write("words.py", "import sys, os\nsys.stdin.readline()\n"
                            "os.write(2, b'one\\ntwo \\xff\\xfe \\xc3\\nthree')\nos._exit(4)\n")
        server = self.serve(words={"command": [PYTHON, script]})
        message = self.error(server, "words", "m" * 3000 + "é" * 3000, status=502)["message"]
        self.assertIn("status 4", message)
        self.assertIn("three", self.error(server, "words", "any", status=502)["message"])

    def test_workers_that_will_not_end(self):
        server = self.serve(term={"command": worker("ignore_sigterm"), "stop_grace": "100ms",
                                  "workers": {"max": 1}, "idle_timeout": "100ms"},
                            fork={"command": worker("fork_children"), "workers": {"max": 1}})
        pid = self.result(server, "term", "pid")
        wait_for(lambda: not is_alive(pid), "a worker that ignores SIGTERM to be killed")
        parent = self.result(server, "fork", "pid")
        children = self.result(server, "fork", "fork", {"count": 3})
        self.assertTrue(all(map(is_alive, children)))
        os.kill(parent, signal.SIGKILL)
        wait_for(lambda: not any(map(is_alive, children)), "children to end with their worker")
        self.assertEqual(self.result(server, "fork", "echo", [1]), [1])

    def test_what_goes_into_a_session_of_its_own_ends_with_its_worker(self):
        server = self.serve(fork={"command": worker("fork_children"), "workers": {"max": 1}},
                            other={"command": worker("fork_children"), "workers": {"max": 1}})
        others = self.result(server, "other", "fork", {"count": 2, "setsid": True})
        for end in (lambda pid: os.kill(pid, signal.SIGKILL),
                    lambda pid: self.post(server, "fork/restart")):
            children = self.result(server, "fork", "fork", {"count": 3, "setsid": True})
            self.assertTrue(all(map(is_alive, children)))
            end(self.result(server, "fork", "pid"))
            wait_for(lambda: not any(map(is_alive, children)), "children to end with their worker")
        self.assertTrue(all(map(is_alive, others)))

    def test_starts(self):
        server = self.serve(slow={"command": worker("slow_start", 5), "health": {"method": "ping"}},
                            late={"command": worker("slow_start", 3600), "start_timeout": "100ms",
                                  "health": {"method": "ping"},
                                  "restart": {"backoff": {"first": "10ms", "max": "1m"},
                                              "intensity": {"failures": 2}}})
        error = self.error(server, "late", "echo", [1], status=503)
        self.assertIn("not ready within 100 ms", error["message"])
        self.assertEqual(self.result(server, "slow", "echo", [1]), [1])

    def test_a_pool_rests_after_failures_and_recovers(self):
        flag = self.write("broken", "")
        server = self.serve(crash={"command": worker("crash_at_start", flag),
                                   "restart": {"backoff": {"first": "1ms", "max": "300ms"},
                                               "intensity": {"failures": 3}}},
                            missing={"command": [self.path("nowhere")],
                                     "restart": {"intensity": {"failures": 1}}})
        error = self.error(server, "crash", "echo", [1], timeout="10s")
        wait_for(lambda: self.pool(server, "crash")["state"] == "resting" or
                 self.call(server, "crash", "echo", [1]).status == 503, "the pool to rest")
        answer = wait_for(lambda: (lambda one: one if one.status == 503 else None)(
            self.call(server, "crash", "echo", [1])), "a refusal")
        self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
        self.assertIn("status 3", answer.json["error"]["message"] + error["message"])
        self.assertIn("the model file is missing", answer.json["error"]["message"])
        started = self.pool(server, "crash")["worker_failures"]
        for _ in range(200):
            self.call(server, "crash", "echo", [1])
        self.assertLess(self.pool(server, "crash")["worker_failures"] - started, 100)
        os.remove(flag)
        wait_for(lambda: self.call(server, "crash", "echo", [1]).status == 200, "recovery")
        self.assertIn("nowhere", self.error(server, "missing", "echo", status=503)["message"])

    def test_a_worker_that_is_ready_and_ends_is_not_started_all_the_time(self):
        script = self.write("brief.py", "import sys\nsys.stdin.readline()\n"
                            "print('{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}', flush=True)\n")
        server = self.serve(brief={"command": [PYTHON, "-S", script], "health": {"method": "ping"},
                                   "workers": {"min": 1, "max": 1},
                                   "restart": {"backoff": {"first": "200ms", "max": "1m"}}})
        wait_for(lambda: self.pool(server, "brief")["worker_failures"] >= 2, "two ends")
        time.sleep(1)
        self.assertLess(self.pool(server, "brief")["worker_failures"], 8)

    def test_memory(self):
        server = self.serve(soft={"command": worker("leak", 10), "workers": {"max": 1},
                                  "health": {"method": "ping"}, "recycle": {"max_memory": "80M"}},
                            hard={"command": worker("leak", 100), "workers": {"max": 1},
                                  "health": {"method": "ping"}, "memory_limit": "60M"},
                            tight={"command": worker("leak", 1), "health": {"method": "ping"},
                                   "memory_limit": "2M",
                                   "restart": {"intensity": {"failures": 1}}})
        for _ in range(40):
            self.assertEqual(self.result(server, "soft", "leak") % 10, 0)
            time.sleep(0.025)
        soft = self.pool(server, "soft")
        self.assertGreaterEqual(soft["recycled"], 2)
        self.assertEqual((soft["worker_failures"], soft["failures"]), (0, 0))
        script = self.write("hoard.py", "import sys, time\nfor line in sys.stdin:\n"
                            "    if 'hoard' in line:\n        kept = b'x' * (200 << 20)\n"
                            "        time.sleep(60)\n    import json\n"
                            "    print(json.dumps({'id': json.loads(line)['id'], 'result': 1}),"
                            " flush=True)\n")
        hoard = self.serve(hoard={"command": [PYTHON, "-S", script], "memory_limit": "100M",
                                  "health": {"method": "ping"}})
        error = self.error(hoard, "hoard", "hoard", status=502)
        self.assertRegex(error["message"], r"used [12]\d\d MiB: memory_limit is 100 MiB")
        error = self.error(server, "tight", "echo", [1], status=503)
        self.assertRegex(error["message"], r"uses \d+ MiB .*memory_limit .*1\.25 .*2 MiB")

    def test_a_worker_that_is_not_asked_how_it_is_is_weighed_after_its_first_call(self):
        # Before that it may be any size: nobody knows when its program is there.
        server = self.serve(warm={"command": worker("leak", 82), "memory_limit": "100M",
                                  "workers": {"max": 1},
                                  "restart": {"intensity": {"failures": 1}}},
                            small={"command": worker("leak", 0), "memory_limit": "100M",
                                   "workers": {"max": 1}})
        self.result(server, "warm", "leak")
        wait_for(lambda: self.pool(server, "warm")["worker_failures"] == 1, "the worker to end")
        error = self.error(server, "warm", "leak", status=503)
        self.assertRegex(error["message"], r"uses \d+ MiB after its first call: memory_limit .*1\.25 "
                                           r".*100 MiB")
        for _ in range(3):
            self.result(server, "small", "leak")
        self.assertEqual(self.pool(server, "small")["worker_failures"], 0)

    def test_an_answer_that_is_too_large_among_others(self):
        script = self.write("large.py", """
import json, sys, threading, time
lock = threading.Lock()
def serve(request):
    params = request["params"]
    time.sleep(params.get("sleep", 0))
    answer = {"jsonrpc": "2.0", "id": request["id"], "result": "x" * params.get("size", 1)}
    if params.get("last"):
        answer["id"] = answer.pop("id")
    with lock:
        print(json.dumps(answer), flush=True)
for line in sys.stdin:
    threading.Thread(target=serve, args=(json.loads(line),)).start()
""")
        options = {"command": [PYTHON, "-S", script], "max_message": "64K",
                   "cancel": {"grace": "500ms"}, "workers": {"max": 1, "concurrency": 8}}
        server = self.serve(large=options)

        def calls(large):
            with concurrent.futures.ThreadPoolExecutor(4) as threads:
                slow = [threads.submit(self.call, server, "large", "any", {"sleep": 0.5})
                        for _ in range(3)]
                wait_for(lambda: [one["calls"] for one in self.pool(server, "large")["workers"]]
                         == [3], "three calls")
                return (self.call(server, "large", "any", dict(large, size=1 << 17)),
                        [one.result() for one in slow])

        answer, others = calls({})
        self.assertIn("more than 65536 bytes", answer.json["error"]["message"])
        self.assertEqual([other.json.get("result") for other in others], ["x"] * 3)
        answer, others = calls({"last": True})
        for one in [answer, *others]:
            self.assertEqual(one.json["error"]["code"], -32004, one)
            self.assertIn("which had 4 calls", one.json["error"]["message"])
        wait_for(lambda: self.call(server, "large", "any", {}).json.get("result") == "x",
                 "another worker")

    def test_what_is_too_large_and_no_answer_fails_no_call(self):
        script = self.write("large.py", """
import json, sys
def say(**message):
    print(json.dumps(dict({"jsonrpc": "2.0"}, **message)), flush=True)
before = 0
for line in sys.stdin:
    request = json.loads(line)
    if request["method"] == "again":
        say(id=before, result="x" * 100000)
    elif request["method"] == "notify":
        say(method="$/progress", params={"id": request["id"], "value": "x" * 100000})
    say(id=request["id"], result=request["method"])
    before = request["id"]
""")
        server = self.serve(large={"command": [PYTHON, "-S", script], "max_message": "64K",
                                   "workers": {"max": 1}})
        for method in ("first", "again", "notify", "last"):
            self.assertEqual(self.result(server, "large", method), method)
        self.assertEqual(self.pool(server, "large")["noise_lines"], 2)


class Load(PoolTest):
    def test_every_call_is_answered_once_while_workers_are_killed(self):
        # Each worker notes the calls that it begins, before it does anything else.
        begun = self.write("begun.txt", "")
        script = self.write("noting.py", "import json, os, sys\n"
                            "notes = os.open(%r, os.O_WRONLY | os.O_APPEND)\n"
                            "for line in sys.stdin:\n    request = json.loads(line)\n"
                            "    if 'id' not in request: continue\n"
                            "    os.write(notes, b'%%d\\n' %% request['params'][0])\n"
                            "    print(json.dumps({'id': request['id'], "
                            "'result': request['params']}), flush=True)\n" % begun)
        server = self.serve(echo={"command": [PYTHON, "-S", script], "workers": {"max": 4},
                                  "queue": {"max": 10000}})
        rng = random.Random(7)
        count, kills = scaled(10000), 0
        clients = Clients(server, "echo", count, 8, lambda number: ("echo", [number]),
                          lambda number: {"X-Hob-Idempotent": "true" if number % 2 else "false"})
        after = 0
        while clients.is_running():
            pids = self.workers(server, "echo") if len(clients.answers) >= after else []
            if pids:
                try:
                    os.kill(rng.choice(pids), signal.SIGKILL)
                    kills += 1
                    after = len(clients.answers) + rng.randrange(60)
                except ProcessLookupError:
                    pass
            time.sleep(rng.random() * 0.01)
        answers = clients.wait()
        self.assertEqual(sorted(answers), list(range(count)))
        failed = [number for number, answer in answers.items() if "error" in answer]
        for number in failed:
            self.assertEqual(answers[number]["error"]["code"], -32001, answers[number])
            self.assertIn("signal 9", answers[number]["error"]["message"])
        for number, answer in answers.items():
            if number not in failed:
                self.assertEqual(answer["result"], [number])
        idempotent = [number for number in failed if number % 2]
        # Three workers may be killed under the same call, one after another.
        self.assertLessEqual(len(idempotent), max(3, kills // 20), idempotent)
        self.assertLessEqual(len(failed), kills)
        times = collections.Counter(map(int, self.read("begun.txt").split()))
        twice = [number for number, count in times.items() if count > 1]
        self.assertEqual([number for number in twice if number % 2 == 0], [],
                         "begun twice, and nobody said that it may be")
        self.assertEqual([number for number in answers if number not in times and
                          "result" in answers[number]], [])
        print("\n%d calls, %d kills, %d failed (%d of them idempotent)"
              % (count, kills, len(failed), len(idempotent)), file=sys.stderr)

    def test_late_answers_reach_nobody_else(self):
        script = self.write("delay.py", "import json, random, sys, time\nfor line in sys.stdin:\n"
                            "    request = json.loads(line)\n    if 'id' not in request: continue\n"
                            "    time.sleep(random.choice((0, 0, 0, 0.002, 0.012)))\n"
                            "    for _ in range(random.choice((1, 1, 1, 2))):\n"
                            "        print(json.dumps({'id': request['id'], "
                            "'result': request['params']}), flush=True)\n")
        server = self.serve(delay={"command": [PYTHON, "-S", script], "workers": {"max": 4},
                                   "cancel": {"grace": "20ms"}, "queue": {"max": 10000}})
        rng = random.Random(3)
        count = scaled(5000)
        clients = Clients(server, "delay", count, 8, lambda number: ("echo", [number]),
                          lambda number: {"X-Hob-Timeout": rng.choice(("5ms", "10ms", "10s"))})
        answers = clients.wait()
        late = 0
        for number, answer in answers.items():
            if "error" in answer:
                self.assertIn(answer["error"]["code"], (-32002, -32001), answer)
                late += 1
            else:
                self.assertEqual(answer["result"], [number])
        self.assertEqual(len(answers), count)
        self.assertGreater(late, 0)
        print("\n%d calls, %d too late, 0 crossed" % (count, late), file=sys.stderr)

    def test_recycling_loses_nothing(self):
        server = self.serve(echo={"command": worker("echo_worker"), "workers": {"max": 3},
                                  "recycle": {"max_requests": 50}, "queue": {"max": 10000}})
        clients = Clients(server, "echo", 10 ** 9, 6, lambda number: ("echo", [number]))
        # How many calls the old worker answers until the new one is ready is the machine's affair.
        wait_for(lambda: self.pool(server, "echo")["recycled"] >= scaled(4000) // 500 and
                 len(clients.answers) >= scaled(4000), "workers to be recycled")
        clients.numbers = iter(())
        answers = clients.wait()
        count = len(answers)
        self.assertEqual({number: answer.get("result") for number, answer in answers.items()},
                         {number: [number] for number in range(count)})
        pool = self.pool(server, "echo")
        self.assertEqual((pool["failures"], pool["worker_failures"]), (0, 0))
        print("\n%d calls, %d workers recycled" % (count, pool["recycled"]), file=sys.stderr)

    def test_a_worker_that_is_replaced_gets_its_notifications_whole(self):
        """One that is busy with a notification does not read the next, which no pipe holds."""
        go, done = self.path("go"), self.path("done")
        script = self.write("notes.py", """
import json, os, sys, time
go, done = sys.argv[1:]
for line in sys.stdin:
    request = json.loads(line)
    while request["method"] == "block" and not os.path.exists(go):
        time.sleep(0.01)
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": 1}), flush=True)
    if request["method"] == "note":
        with open(done, "w") as file:
            file.write(str(len(request["params"][0])))
""")
        server = self.serve(notes={"command": [PYTHON, "-S", script, go, done],
                                   "workers": {"max": 1}, "stop_grace": "20s"})
        self.result(server, "notes", "any")
        for method, params in (("block", []), ("note", ["x" * 400000])):
            body = {"jsonrpc": "2.0", "method": method, "params": params}
            answer = server.request("POST", "/api/rpc/notes", body,
                                    {"Content-Type": "application/json"})
            self.assertEqual(answer.status, 202)
        self.post(server, "notes/restart")
        wait_for(lambda: [one for one in self.pool(server, "notes")["workers"]
                          if one["state"] == "stopping"], "the worker to be told to end")
        self.write("go", "")
        wait_for(lambda: os.path.exists(done) and self.read("done"), "the notification")
        self.assertIn(self.read("done"), ("400000", b"400000"))

    def test_a_changed_file_replaces_workers_unnoticed(self):
        os.mkdir(self.path("source"))
        version = self.write("source/version.txt", "1")
        script = self.write("watched.py", "import json, sys\nversion = open(%r).read()\n"
                            "for line in sys.stdin:\n    request = json.loads(line)\n"
                            "    print(json.dumps({'id': request['id'], 'result': version}), "
                            "flush=True)\n" % version)
        server = self.serve(watched={"command": [PYTHON, "-S", script], "workers": {"max": 3},
                                     "directory": self.directory, "watch": ["source/**/*.txt"]})
        clients = Clients(server, "watched", 10 ** 9, 4, lambda number: ("version", []))
        for number in range(2, 4):
            wait_for(lambda: self.result(server, "watched", "any", []) == str(number - 1), "start")
            time.sleep(0.05)
            self.write("source/version.txt", str(number))
            pids = set(self.workers(server, "watched"))
            wait_for(lambda: not pids & set(self.workers(server, "watched")), "all to be replaced")
            self.assertEqual(self.result(server, "watched", "any", []), str(number))
        clients.numbers = iter(())
        answers = clients.wait()
        self.assertEqual([one for one in answers.values() if "error" in one], [])
        self.assertEqual(self.pool(server, "watched")["failures"], 0)

    def test_restart_and_drain_under_load(self):
        server = self.serve(echo={"command": worker("echo_worker"), "workers": {"max": 3},
                                  "queue": {"max": 10000}})
        clients = Clients(server, "echo", scaled(3000), 6, lambda number: ("echo", [number]))
        while clients.is_running():
            self.post(server, "echo/restart")
            time.sleep(0.03)
            self.post(server, "echo/drain")
            time.sleep(0.01)
        answers = clients.wait()
        refused = 0
        for number, answer in answers.items():
            if "error" in answer:
                self.assertEqual(answer["error"]["code"], -32003, answer)
                self.assertIn("drained", answer["error"]["message"])
                refused += 1
            else:
                self.assertEqual(answer["result"], [number])
        self.assertEqual(len(answers), scaled(3000))
        self.post(server, "echo/drain")
        wait_for(lambda: not self.workers(server, "echo"), "a drained pool to be empty")
        self.assertEqual(self.pool(server, "echo")["state"], "drained")
        note = {"jsonrpc": "2.0", "method": "echo"}
        self.assertEqual(server.request("POST", "/api/rpc/echo", note).status, 503)
        self.post(server, "echo/restart")
        self.assertEqual(self.result(server, "echo", "echo", [1]), [1])
        self.assertEqual(self.pool(server, "echo")["failures"], 0)

    def test_calls_that_wait_for_a_start_survive_a_drain(self):
        server = self.serve(slow={"command": worker("slow_start", 1), "health": {"method": "ping"},
                                  "workers": {"max": 1}})
        clients = Clients(server, "slow", 4, 4, lambda number: ("echo", [number]))
        wait_for(lambda: self.pool(server, "slow")["queued"] == 4, "calls to wait")
        self.post(server, "slow/drain")
        answers = clients.wait()
        self.assertEqual(sorted(answer.get("result") for answer in answers.values()),
                         [[0], [1], [2], [3]])

    def test_a_full_queue(self):
        server = self.serve(one={"command": worker("echo_worker"), "workers": {"max": 1},
                                 "queue": {"max": 2}})
        clients = Clients(server, "one", 10, 10, lambda number: ("sleep", {"seconds": 0.5}))
        answers = clients.wait()
        errors = [answer["error"] for answer in answers.values() if "error" in answer]
        self.assertGreaterEqual(len(errors), 5)
        for error in errors:
            self.assertEqual(error["code"], -32003)
            self.assertIn("2 calls wait already", error["message"])

    def test_notifications_do_not_pass_by_the_queue(self):
        server = self.serve(deaf={"command": worker("never_reads"), "workers": {"max": 1},
                                  "queue": {"max": 5}, "cancel": {"grace": "50ms"}})
        self.result(server, "deaf", "echo", [1])
        note = {"jsonrpc": "2.0", "method": "echo", "params": ["x" * 30000]}
        statuses = [server.request("POST", "/api/rpc/deaf", note).status for _ in range(3)]
        self.assertEqual(statuses, [202] * 3)
        with server.connect() as connection:
            body = json.dumps([note] * 50).encode()
            connection.send(connection.head("POST", "/api/rpc/deaf",
                                            {"Content-Length": str(len(body)),
                                             "X-Hob-Timeout": "300ms"}) + body)
            self.assertEqual(connection.read().status, 202)
        self.assertGreater(self.pool(server, "deaf")["refused"], 10)


class Clientele(PoolTest):
    def send(self, connection, pool, message, **headers):
        body = json.dumps(message).encode()
        connection.send(connection.head("POST", "/api/rpc/" + pool,
                                        dict({"Content-Length": str(len(body))}, **headers)) + body)

    def test_a_client_that_leaves_stops_its_own_work_alone(self):
        server = self.serve(multiplex={"command": worker("multiplex", 50),
                                       "workers": {"max": 1, "concurrency": 50}})
        pid = self.result(server, "multiplex", "pid")
        with server.connect() as other, server.connect() as leaving, server.connect() as batch:
            self.send(other, "multiplex", request_of("sleep", {"seconds": 1.5}))
            self.send(leaving, "multiplex", request_of("sleep", {"seconds": 3600}))
            self.send(batch, "multiplex", [request_of("sleep", {"seconds": 3600}, number)
                                           for number in range(20)])
            wait_for(lambda: self.pool(server, "multiplex")["workers"][0]["calls"] == 22, "calls")
            time.sleep(0.1)
            leaving.close()
            batch.close()
            wait_for(lambda: self.pool(server, "multiplex")["workers"][0]["calls"] == 1,
                     "the calls of the clients that left to end")
            self.assertEqual(other.read().json["result"], 1.5)
        pool = self.pool(server, "multiplex")
        self.assertEqual((pool["cancelled"], pool["worker_failures"]), (21, 0))
        self.assertEqual(self.result(server, "multiplex", "pid"), pid)

    def test_nobody_cancels_the_call_of_another(self):
        """A worker knows calls by hob's numbers, which a stranger can guess."""
        server = self.serve(many={"command": worker("multiplex", 4),
                                  "workers": {"max": 1, "concurrency": 4}},
                            mcp={"command": worker("mcp_server"), "protocol": "mcp"})
        with server.connect() as connection:
            body = json.dumps(request_of("sleep", {"seconds": 1})).encode()
            connection.send(connection.head("POST", "/api/rpc/many", {
                "Content-Type": "application/json", "Content-Length": str(len(body))}) + body)
            wait_for(lambda: [one["calls"] for one in self.pool(server, "many")["workers"]] == [1],
                     "the call to be given")
            for name in ("$/cancelRequest", "\\u0024/cancelRequest"):
                for number in range(1, 10):
                    body = ('{"jsonrpc": "2.0", "method": "%s", "params": {"id": %d}}'
                            % (name, number)).encode()
                    answer = server.request("POST", "/api/rpc/many", body,
                                            {"Content-Type": "application/json"})
                    self.assertEqual((answer.status, answer.body), (400, b""))
            self.assertEqual(connection.read("POST").json["result"], 1)
        for pool, method in (("many", "$/cancelRequest"), ("mcp", "notifications/cancelled")):
            error = self.error(server, pool, method, {"id": 1}, 400)
            self.assertEqual(error["code"], -32600)
            self.assertIn("is not passed on to workers", error["message"])

    def test_streams(self):
        script = self.write("steps.py", "import json, sys, time\nfor line in sys.stdin:\n"
                            "    request = json.loads(line)\n    if 'id' not in request: continue\n"
                            "    for step in range(request['params'][0]):\n"
                            "        print(json.dumps({'jsonrpc': '2.0', 'method': '$/progress',"
                            " 'params': {'id': request['id'], 'value': step}}), flush=True)\n"
                            "        time.sleep(request['params'][1])\n"
                            "    print(json.dumps({'id': request['id'], 'result': 'done'}),"
                            " flush=True)\n")
        server = self.serve(steps={"command": [PYTHON, "-S", script], "workers": {"max": 2},
                                   "cancel": {"grace": "50ms"}})
        for kind, start in (("application/x-ndjson", b""), ("text/event-stream", b"data: ")):
            for count in (0, 1, 5, 300):
                answer = server.request("POST", "/api/rpc/steps", request_of("go", [count, 0], "x"),
                                        {"Accept": kind})
                self.assertEqual(answer.headers["content-type"], kind)
                lines = [line for line in answer.body.split(b"\n") if line]
                self.assertTrue(all(line.startswith(start) for line in lines))
                messages = [json.loads(line[len(start):]) for line in lines]
                self.assertEqual(messages.pop(), {"jsonrpc": "2.0", "id": "x", "result": "done"})
                self.assertEqual([one["params"] for one in messages],
                                 [{"id": "x", "value": step} for step in range(count)])
        before = wait_for(server.descriptors, "descriptors")
        for number in range(100):
            with server.connect() as connection:
                self.send(connection, "steps", request_of("go", [10 ** 6, 0.001], number),
                          Accept="application/x-ndjson")
                if number % 2:
                    connection.fill()
        self.rests(server, "steps")
        wait_for(lambda: server.descriptors() <= before + 6, "descriptors to be given back")
        for number in range(20):
            server.request("POST", "/api/rpc/steps", request_of("go", [3, 0], number),
                           {"Accept": "application/x-ndjson"})
        wait_for(lambda: server.descriptors() <= before + 6, "descriptors to be given back")

    def test_a_client_that_does_not_read_its_stream(self):
        script = self.write("flood.py", "import json, sys\nfor line in sys.stdin:\n"
                            "    request = json.loads(line)\n    if 'id' not in request: continue\n"
                            "    for step in range(request['params'][0]):\n"
                            "        print(json.dumps({'jsonrpc': '2.0', 'method': 'note',"
                            " 'params': ['x' * 1000]}))\n"
                            "    print(json.dumps({'id': request['id'], 'result': 'done'}),"
                            " flush=True)\n")
        server = self.serve(flood={"command": [PYTHON, "-S", script]})
        with server.connect() as connection:
            self.send(connection, "flood", request_of("go", [scaled(60000)]),
                      Accept="application/x-ndjson")
            wait_for(lambda: self.pool(server, "flood")["workers"] and
                     self.pool(server, "flood")["workers"][0]["served"] == 1, "the call to end")
            with open("/proc/%d/statm" % server.process.pid, encoding="ascii") as file:
                resident = int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
            answer = connection.read()
        self.assertEqual(json.loads(answer.body.strip().rsplit(b"\n", 1)[-1])["result"], "done")
        if "asan" not in os.environ.get("HOBD", "") and "tsan" not in os.environ.get("HOBD", ""):
            self.assertLess(resident, 100 << 20)

    def test_cancelling_leaves_everything_as_it_was(self):
        server = self.serve(multiplex={"command": worker("multiplex", 64), "workers": {"max": 2,
                                       "concurrency": 32}, "queue": {"max": 10000},
                                       # A worker that is slow because the machine is has not hung.
                                       "cancel": {"grace": "1m"}})
        for _ in range(20):
            self.result(server, "multiplex", "echo", [1])
        count, rng, lock = scaled(1000), random.Random(5), threading.Lock()
        before = server.descriptors()

        def leave():
            with server.connect() as connection:
                with lock:
                    pause = rng.choice((0, 0.01, 0.06, 0.08))
                self.send(connection, "multiplex", request_of("sleep", {"seconds": 3600}))
                time.sleep(pause)
        with concurrent.futures.ThreadPoolExecutor(32) as threads:
            for future in [threads.submit(leave) for _ in range(count)]:
                future.result()
        self.rests(server, "multiplex")
        wait_for(lambda: len(self.workers(server, "multiplex")) <= 2, "no more workers than 2")
        wait_for(lambda: server.descriptors() <= before + 6, "descriptors to be given back")
        for worker_status in self.pool(server, "multiplex")["workers"]:
            self.assertEqual((worker_status["state"], worker_status["calls"]), ("idle", 0))
        self.assertEqual(self.result(server, "multiplex", "echo", [2]), [2])
        pool = self.pool(server, "multiplex")
        self.assertGreater(pool["cancelled"], count // 2)
        self.assertEqual(pool["worker_failures"], 0)


class Ends(PoolTest):
    def test_sigterm_lets_calls_finish(self):
        server = self.serve(echo={"command": worker("echo_worker"), "workers": {"max": 2}})
        connections = [server.connect() for _ in range(6)]
        for number, connection in enumerate(connections):
            body = json.dumps(request_of("sleep", {"seconds": 0.3}, number)).encode()
            connection.send(connection.head("POST", "/api/rpc/echo",
                                            {"Content-Length": str(len(body))}) + body)
        wait_for(lambda: self.pool(server, "echo")["calls"] == 6, "calls")
        server.signal(signal.SIGTERM)
        for number, connection in enumerate(connections):
            answer = connection.read()
            self.assertEqual((answer.json["id"], answer.json.get("result")), (number, 0.3), answer)
            connection.close()
        self.assertEqual(server.wait(), 0)

    def test_sigterm_while_streams_run(self):
        server = self.serve(options=("--drain", "1"), hang={"command": worker("hang")},
                            fork={"command": worker("fork_children")})
        connections = [server.connect() for _ in range(4)]
        for number, connection in enumerate(connections):
            pool, method = (("hang", "hang"), ("fork", "fork"))[number % 2]
            body = json.dumps(request_of(method, {"wait": True, "sleep": True}, number)).encode()
            connection.send(connection.head("POST", "/api/rpc/" + pool, {
                "Content-Length": str(len(body)), "Accept": "application/x-ndjson"}) + body)
        wait_for(lambda: self.pool(server, "hang")["calls"] == 2 and
                 self.pool(server, "fork")["calls"] == 2, "calls")
        server.signal(signal.SIGTERM)
        for connection in connections:
            answer = connection.read()
            last = json.loads(answer.body.strip().rsplit(b"\n", 1)[-1])
            self.assertIn("ended before", last["error"]["message"])
            connection.close()
        self.assertEqual(server.wait(), 0)

    def assert_all_die_with(self, server):
        server.signal(signal.SIGKILL)
        server.process.wait()
        wait_for(lambda: not marked(self.mark), "workers to die with hobd")

    def test_sigkill_leaves_nothing(self):
        server = self.serve(expected=(-9,), fork={"command": worker("fork_children"), "workers": {
            "min": 2, "max": 2}}, term={"command": worker("ignore_sigterm"), "workers": {"min": 2}})
        self.result(server, "fork", "fork", {"count": 5})
        self.result(server, "term", "pid")
        self.assertGreaterEqual(len(marked(self.mark)), 9)
        self.assert_all_die_with(server)

    def test_status_has_the_numbers_of_each_pool(self):
        server = self.serve(echo={"command": worker("echo_worker"), "workers": {"max": 1}},
                            idle={"command": worker("echo_worker")})
        self.result(server, "echo", "echo", [1])
        self.error(server, "echo", "die", {"status": 1})
        wait_for(lambda: self.pool(server, "echo")["worker_failures"] == 1, "the end to be seen")
        pools = {pool.pop("name"): pool for pool in server.request("GET", "/api/status").json["hob_pools"]}
        self.assertEqual(pools["idle"], {"state": "ready", "workers": 0, "busy": 0, "queued": 0,
                                         "calls": 0, "failures": 0, "restarts": 0})
        self.assertEqual({key: pools["echo"][key] for key in ("busy", "calls", "failures", "restarts")},
                         {"busy": 0, "calls": 2, "failures": 1, "restarts": 1})

    def test_a_worker_that_never_stops_talking_does_not_keep_others_waiting(self):
        script = self.write("talks.py", """
import json, subprocess, sys
request = json.loads(sys.stdin.readline())
note = json.dumps({"jsonrpc": "2.0", "method": "note"})
talker = subprocess.Popen(["yes", note])
open(sys.argv[1], "w").close()
sys.stdin.readline()
talker.kill()
""")
        server = self.serve(options=("--threads", "1"), talks={
            "command": [PYTHON, "-S", script, self.path("talks")], "workers": {"max": 1}})
        with server.connect() as talking, server.connect() as other:
            body = json.dumps(request_of("talk")).encode()
            talking.send(talking.head("POST", "/api/rpc/talks", {
                "Content-Type": "application/json", "Content-Length": str(len(body))}) + body)
            wait_for(lambda: "talks" in self.files(), "the worker to talk")
            other.send(other.head("GET", "/api/status") * 200)
            for _ in range(200):
                self.assertEqual(other.read().status, 200)

    def test_a_slow_call_does_not_keep_others_waiting(self):
        # More slow calls than there are event loops, each over a connection of its own.
        server = self.serve(slow={"command": worker("echo_worker"), "workers": {"max": 16}},
                            quick={"command": worker("echo_worker"), "workers": {"max": 1}})
        clients = Clients(server, "slow", 16, 16, lambda number: ("sleep", {"seconds": 3600}),
                          headers=lambda number: {"X-Hob-Timeout": "4s"})
        wait_for(lambda: self.pool(server, "slow")["calls"] == 16, "slow calls")
        for number in range(50):
            self.assertEqual(self.result(server, "quick", "echo", [number]), [number])
            self.assertEqual(server.request("GET", "/api/ping").status, 200)
        self.assertTrue(clients.is_running())
        answers = clients.wait()
        self.assertEqual({answer["error"]["code"] for answer in answers.values()}, {-32002})

    def test_sigkill_finds_sessions_of_their_own(self):
        server = self.serve(expected=(-9,), fork={"command": worker("fork_children")})
        children = self.result(server, "fork", "fork", {"count": 3, "setsid": True})
        self.assertTrue(all(map(is_alive, children)))
        self.assert_all_die_with(server)

    def test_sigkill_at_any_moment_leaves_nothing(self):
        rng = random.Random(11)
        for number in range(scaled(8)):
            with self.subTest(number):
                server = self.serve(expected=(-9,),
                                    fork={"command": worker("fork_children"), "workers": {
                                        "min": 3, "max": 6}, "recycle": {"max_requests": 2}},
                                    off={"command": ["false"], "enabled": False, "fallback": {
                                        "command": ["sh", "-c", "sleep 100 & sleep 100"]}})
                clients = [Clients(server, pool, 10 ** 6, 3, lambda _: ("fork", {"count": 1}))
                           for pool in ("fork", "off")]
                time.sleep(rng.random() * (0.05 if number % 2 else 0.6))
                self.assert_all_die_with(server)
                for one in clients:
                    for thread in one.threads:
                        thread.join()

    def test_the_guard_may_die(self):
        server = self.serve(echo={"command": worker("echo_worker"), "workers": {"max": 1}})
        self.result(server, "echo", "pid")
        guards = [int(line.split()[0]) for line in subprocess.run(
            ["ps", "--ppid", str(server.process.pid), "-o", "pid=,comm="], stdout=subprocess.PIPE,
            check=True, text=True).stdout.splitlines() if line.split()[1] == "hob-guard"]
        self.assertEqual(len(guards), 1)
        os.kill(guards[0], signal.SIGKILL)
        self.error(server, "echo", "die", {"status": 1})
        first = self.result(server, "echo", "pid")
        self.error(server, "echo", "die", {"status": 1})
        self.assertNotEqual(self.result(server, "echo", "pid"), first)


class ModelContext(PoolTest):
    def test_a_server_is_hosted_unchanged(self):
        server = self.serve(mcp={"command": worker("mcp_server"), "protocol": "mcp"})
        tools = self.result(server, "mcp", "tools/list")["tools"]
        self.assertEqual([tool["name"] for tool in tools], ["add", "count"])
        added = self.result(server, "mcp", "tools/call", {"name": "add",
                                                          "arguments": {"a": 2, "b": 3}})
        self.assertEqual(added["content"], [{"type": "text", "text": "5"}])
        self.assertEqual(self.error(server, "mcp", "tools/call", {"name": "no"})["code"], -32602)
        answer = server.request("POST", "/api/rpc/mcp", request_of("tools/call", {
            "name": "count", "arguments": {"to": 3}, "_meta": {"progressToken": "mine"}}),
            {"Accept": "application/x-ndjson"})
        lines = [json.loads(line) for line in answer.body.splitlines()]
        self.assertEqual([one["params"]["progress"] for one in lines[:-1]], [1, 2, 3])
        self.assertEqual({one["params"]["progressToken"] for one in lines[:-1]}, {"mine"})
        self.assertEqual(lines[-1]["result"]["content"][0]["text"], "counted to 3")

    @unittest.skipUnless(os.environ.get("HOB_TEST_NPM"), "fetches a package: HOB_TEST_NPM=1 runs it")
    def test_everything(self):
        if shutil.which("npm") is None:
            self.skipTest("npm is not installed")
        place = self.path("npm")
        os.mkdir(place)
        done = subprocess.run(["npm", "install", "--prefix", place, "--no-audit", "--no-fund",
                               "@modelcontextprotocol/server-everything"], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            self.skipTest("npm could not fetch it: %s" % done.stdout.decode()[-300:])
        program = os.path.join(place, "node_modules", ".bin", "mcp-server-everything")
        server = self.serve(mcp={"command": [program, "stdio"], "protocol": "mcp"})
        names = {tool["name"] for tool in self.result(server, "mcp", "tools/list")["tools"]}
        self.assertIn("echo", names)
        said = self.result(server, "mcp", "tools/call", {"name": "echo",
                                                         "arguments": {"message": "hob"}})
        self.assertIn("hob", said["content"][0]["text"])
        print("\n%d tools of server-everything" % len(names), file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
