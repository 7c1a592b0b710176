#!/usr/bin/env python3
"""Pools of workers behind hobd, under load: every call is answered once, whatever becomes of workers.

See pools.py.
"""

import collections
import json
import os
import random
import signal
import sys
import time
import unittest

from harness import wait_for
from pools import PYTHON, Clients, PoolTest, scaled, worker


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


if __name__ == "__main__":
    unittest.main()
