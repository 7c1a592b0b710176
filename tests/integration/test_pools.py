#!/usr/bin/env python3
"""Pools of workers behind hobd: what calls are answered, for whoever asks, and how hobd ends.

See pools.py.
"""

import concurrent.futures
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

from harness import wait_for
from pools import PYTHON, WORKERS, Clients, PoolTest, marked, request_of, scaled, worker
from processes import is_alive


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

    def test_the_form_that_a_client_likes_best(self):
        server = self.serve(echo={"command": worker("echo_worker")})
        whole, lines, events = "application/json", "application/x-ndjson", "text/event-stream"
        for accept, form in (
                (None, whole), ("*/*", whole), ("text/*", whole), (whole, whole),
                (events, events), ("Text/Event-Stream", events), (events + "; q=0.1", events),
                (events + ";q=0", whole), (events + ";q=0, */*", whole),
                (events + ";q=0.000, " + lines, lines),
                ("text/event-streams", whole), (events + ";q=2", whole),
                ("%s, %s" % (whole, events), events), ("%s, */*" % events, events),
                ("%s, %s;q=0.9" % (whole, events), whole), ("*/*, %s;q=0.9" % events, whole),
                ("%s;q=0.9, %s" % (whole, events), events),
                ("%s, %s;q=0.5" % (lines, events), lines), ("%s;q=0.5, %s" % (lines, events), events),
                ("%s;q=0.5, %s;q=0.6" % (whole, lines), lines),
                ("%s;q=0.6, %s;q=0.5" % (whole, lines), whole)):
            with self.subTest(accept=accept):
                answer = server.request("POST", "/api/rpc/echo", request_of("echo", [1]),
                                        {"Accept": accept} if accept else {})
                self.assertEqual((answer.status, answer.headers["content-type"]), (200, form))
                self.assertIn(b'"result"', answer.body)

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
        wait_for(lambda: len(marked(self.mark)) >= 9, "all workers and their children")
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

    def test_workers_that_never_stop_talking_do_not_keep_others_waiting(self):
        # As many that one of them has always said something when the only loop looks.
        count = 4
        script = self.write("talks.py", """
import json, os, subprocess, sys
request = json.loads(sys.stdin.readline())
note = json.dumps({"jsonrpc": "2.0", "method": "note"})
talker = subprocess.Popen(["yes", note])
open(os.path.join(sys.argv[1], "talking%d" % os.getpid()), "w").close()
sys.stdin.readline()
talker.kill()
""")
        server = self.serve(options=("--threads", "1"), talks={
            "command": [PYTHON, "-S", script, self.directory], "workers": {"max": count}})
        with server.connect() as talking, server.connect() as other:
            body = json.dumps([request_of("talk", None, number) for number in range(count)]).encode()
            talking.send(talking.head("POST", "/api/rpc/talks", {
                "Content-Type": "application/json", "Content-Length": str(len(body))}) + body)
            wait_for(lambda: sum(name.startswith("talking") for name in self.files()) == count,
                     "the workers to talk")
            other.send(other.head("GET", "/api/status") * 100)
            for _ in range(100):
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

    def greet(self, server, **headers):
        """What a client of MCP is answered to its first request."""
        return self.result(server, "mcp", "initialize", {
            "protocolVersion": "2024-11-05", "capabilities": {},
            "clientInfo": {"name": "stranger", "version": "9"}}, **headers)

    def test_clients_that_initialize_do_not_disturb_each_other(self):
        server = self.serve(mcp={"command": worker("mcp_strict"), "protocol": "mcp", "workers": {"max": 1}})
        first = self.greet(server)
        self.assertEqual((first["serverInfo"], first["instructions"], first["capabilities"]),
                         ({"name": "strict", "version": "1"}, "Call who.", {"tools": {}}))
        hobs = {"client": "hob", "times": 1}
        self.assertEqual(self.result(server, "mcp", "who"), hobs, "before anybody said initialized")
        self.assertEqual(self.greet(server), first)
        self.assertEqual(self.result(server, "mcp", "who"), hobs)
        for note in ("notifications/initialized", "notifications\\/initialized"):
            body = ('{"jsonrpc": "2.0", "method": "%s"}' % note).encode()
            answer = server.request("POST", "/api/rpc/mcp", body, {"Content-Type": "application/json"})
            self.assertEqual((answer.status, answer.body), (202, b""))
        self.assertEqual(self.result(server, "mcp", "ping"), {})
        batch = [request_of("who", None, 1), request_of("initialize", {}, 2), request_of("who", None, 3)]
        answers = server.request("POST", "/api/rpc/mcp", batch).json
        self.assertEqual([one["result"] for one in answers], [hobs, first, hobs])

    def test_initialize_waits_for_no_call_and_for_the_first_worker_only(self):
        seen, go = self.path("seen"), self.path("go")
        server = self.serve(mcp={"command": worker("mcp_strict"), "protocol": "mcp", "workers": {"max": 1},
                                 "queue": {"max": 8}})
        batch = [request_of("wait", [seen, go], 1), *(request_of("initialize", {}, number)
                                                      for number in range(2, 6))]
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            try:
                cold = threads.submit(server.request, "POST", "/api/rpc/mcp", batch)
                wait_for(lambda: os.path.exists(seen), "the call to begin")
                wait_for(lambda: self.pool(server, "mcp")["queued"] == 0, "those to be answered")
                warm = self.greet(server, timeout="20s")
            finally:
                self.write("go", "")
            self.assertEqual([one["result"] for one in cold.result().json], ["waited"] + [warm] * 4)

    def end_worker(self, server):
        """One that has answered something, which is no reason to wait before another is started."""
        self.result(server, "mcp", "ping")
        [pid] = self.workers(server, "mcp")
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not self.workers(server, "mcp"), "the worker to end")

    def test_initialize_tells_of_the_worker_that_is_there(self):
        version = self.write("version", "1")
        server = self.serve(mcp={"command": worker("mcp_strict", version), "protocol": "mcp",
                                 "workers": {"max": 1}, "restart": {"intensity": {"failures": 2}}})
        self.assertEqual(self.greet(server)["serverInfo"]["version"], "1")
        self.end_worker(server)
        self.write("version", "2")
        self.assertEqual(self.greet(server)["serverInfo"]["version"], "2")
        self.end_worker(server)
        self.write("version", "")
        self.assertIn("not today", self.error(server, "mcp", "initialize", {}, 503)["message"])

    def leave_during(self, server, method, *words):
        """A client calls, and is gone once the worker has begun."""
        seen = self.path("seen-%d" % time.monotonic_ns())
        with server.connect() as connection:
            body = json.dumps(request_of(method, [seen, *words])).encode()
            connection.send(connection.head("POST", "/api/rpc/mcp", {
                "Content-Type": "application/json", "Content-Length": str(len(body))}) + body)
            wait_for(lambda: os.path.exists(seen), "the call to begin")
            time.sleep(0.1)

    def test_a_cancelled_call_has_no_answer_and_the_server_stays(self):
        for concurrency in (1, 8):
            with self.subTest(concurrency):
                server = self.serve(mcp={"command": worker("mcp_waits"), "protocol": "mcp",
                                         "workers": {"max": 1, "concurrency": concurrency},
                                         "cancel": {"grace": "30s"}})
                pid = self.result(server, "mcp", "cancelled")["pid"]
                for number in range(1, 4):
                    self.leave_during(server, "wait", self.path("never"))
                    wait_for(lambda: [one["calls"] for one in self.pool(server, "mcp")["workers"]]
                             == [0], "the call to be forgotten")
                    self.assertEqual(self.result(server, "mcp", "cancelled"),
                                     {"pid": pid, "count": number})
                pool = self.pool(server, "mcp")
                self.assertEqual((pool["cancelled"], pool["worker_failures"], pool["recycled"]), (3, 0, 0))

    def test_nobody_hears_what_was_meant_for_a_client_that_left(self):
        """Also when the server goes on all the same, and both have chosen the same token."""
        server = self.serve(mcp={"command": worker("mcp_waits"), "protocol": "mcp",
                                 "workers": {"max": 1, "concurrency": 2}, "cancel": {"grace": "30s"}})

        def talk(steps, text):
            seen = self.path("seen-" + text)
            return seen, json.dumps(request_of("talk", {"words": [seen, steps, text],
                                                        "_meta": {"progressToken": 1}})).encode()
        with server.connect() as connection:
            seen, body = talk(60, "first")
            connection.send(connection.head("POST", "/api/rpc/mcp", {
                "Content-Type": "application/json", "Content-Length": str(len(body))}) + body)
            wait_for(lambda: os.path.exists(seen), "the call to begin")
            time.sleep(0.1)
        wait_for(lambda: [one["calls"] for one in self.pool(server, "mcp")["workers"]] == [0],
                 "the call to be forgotten")
        answer = server.request("POST", "/api/rpc/mcp", talk(80, "second")[1],
                                {"Accept": "application/x-ndjson"})
        self.assertNotIn(b"first", answer.body)
        lines = [json.loads(line) for line in answer.body.splitlines()]
        self.assertEqual({line["params"]["progressToken"] for line in lines[:-1]}, {1})
        self.assertEqual(len(lines), 81)
        self.assertEqual(lines[-1]["result"], {"for": "second"})
        error = self.error(server, "mcp", "wait", [self.path("seen"), self.path("never")], 504, timeout="100ms")
        self.assertNotIn("first", json.dumps(error))

    def test_a_server_that_does_not_hear_of_it_is_replaced(self):
        server = self.serve(mcp={"command": worker("mcp_waits"), "protocol": "mcp",
                                 "workers": {"max": 1}, "cancel": {"grace": "50ms"}})
        pid = self.result(server, "mcp", "cancelled")["pid"]
        self.leave_during(server, "sleep")
        self.assertNotEqual(self.result(server, "mcp", "cancelled")["pid"], pid)

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
