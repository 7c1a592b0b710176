#!/usr/bin/env python3
"""Pools of workers behind hobd: workers that hang, flood, lie, end and are slow. See pools.py."""

import concurrent.futures
import json
import os
import signal
import time
import unittest

from harness import wait_for
from pools import PYTHON, PoolTest, request_of, scaled, worker
from processes import is_alive


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

    def leave_during(self, server, method, params):
        """A client calls, and is gone once a worker has begun, which is then ended."""
        before = self.pool(server, "pool")["worker_failures"]
        with server.connect() as connection:
            body = json.dumps(request_of(method, params)).encode()
            connection.send(connection.head("POST", "/api/rpc/pool", {
                "Content-Type": "application/json", "Content-Length": str(len(body))}) + body)
            wait_for(lambda: [one["calls"] for one in self.pool(server, "pool")["workers"]
                              if one["state"] == "busy"] == [1], "the call to begin")
        wait_for(lambda: self.pool(server, "pool")["worker_failures"] > before,
                 "the worker to be ended")

    def test_clients_that_leave_do_not_close_the_pool_for_others(self):
        pool = {"workers": {"max": 1}, "cancel": {"grace": "50ms"},
                "restart": {"backoff": {"first": "10ms", "max": "1m"},
                            "intensity": {"failures": 3, "within": "1m"}}}
        mcp = dict(pool, command=worker("mcp_waits"), protocol="mcp")
        for settings, method, params, after in (
                (dict(pool, command=worker("hang")), "hang", {"sleep": True}, "pid"),
                (mcp, "sleep", [self.path("seen")], "cancelled")):
            with self.subTest(method):
                server = self.serve(pool=settings)
                for _ in range(4):
                    self.leave_during(server, method, params)
                self.result(server, "pool", after)
                self.assertEqual(self.pool(server, "pool")["cancelled"], 4)

    def test_workers_that_hang_at_their_first_call_let_the_pool_rest(self):
        pool = {"command": worker("hang"), "workers": {"max": 1}, "cancel": {"grace": "50ms"},
                "restart": {"backoff": {"first": "10ms", "max": "1m"},
                            "intensity": {"failures": 3, "within": "1m"}}}
        server = self.serve(pool=pool)
        for number in range(1, 5):  # those that have answered do not count
            self.result(server, "pool", "pid")
            self.error(server, "pool", "hang", {"sleep": True}, 504, timeout="500ms")
            wait_for(lambda: self.pool(server, "pool")["worker_failures"] == number, "its end")
        for number in range(5, 8):
            self.error(server, "pool", "hang", {"sleep": True}, 504, timeout="500ms")
            wait_for(lambda: self.pool(server, "pool")["worker_failures"] == number, "its end")
        self.assertIn("3 workers in a row failed", self.error(server, "pool", "pid", None, 503)["message"])

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


if __name__ == "__main__":
    unittest.main()
