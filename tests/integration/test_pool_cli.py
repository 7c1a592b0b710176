"""hob call, hob pool and hob stdio: pools as they are used from the command line."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import unittest

from harness import PATIENCE, ServerTest, wait_for
from pools import worker

HOB = os.environ.get("HOB", "hob")
WORKER = """
import json, os, sys, time

def answer(number, **more):
    print(json.dumps({"jsonrpc": "2.0", "id": number, **more}), flush=True)

for line in sys.stdin:
    request = json.loads(line)
    number, params = request.get("id"), request.get("params") or {}
    print("asked for " + request["method"], file=sys.stderr, flush=True)
    if request["method"] == "echo":
        answer(number, result=params)
    elif request["method"] == "text":
        answer(number, result="two\\nlines")
    elif request["method"] == "pid":
        answer(number, result=os.getpid())
    elif request["method"] == "count":
        for step in range(params["to"]):
            print(json.dumps({"jsonrpc": "2.0", "method": "step", "params": {"at": step}}), flush=True)
        answer(number, result=params["to"])
    elif request["method"] == "die":
        sys.exit("this was it")
    elif request["method"] == "wait":
        open(params["file"], "w").close()
        time.sleep(1000)
    elif number is not None:
        answer(number, error={"code": -32601, "message": "no method " + request["method"]})
"""


class Pools(ServerTest):
    def setUp(self):
        super().setUp()
        pool = {"command": [sys.executable, "-S", self.write("worker.py", WORKER)], "workers": {"max": 1}, "stop_grace": "1s",
                "cancel": {"grace": "100ms"},
                "restart": {"backoff": {"first": "10ms", "max": "100ms"}}}
        mcp = dict(pool, command=worker("mcp_waits"), protocol="mcp", workers={"max": 1, "concurrency": 8})
        strict = dict(pool, command=worker("mcp_strict"), protocol="mcp")
        path = self.write("hob.yml", json.dumps({"pools": {"tools": pool, "mcp": mcp, "strict": strict}}))
        os.chmod(path, 0o600)
        self.server = self.start("--config", path, environment={"HOB_STATE": "none"})
        self.environment = dict(os.environ, HOB_AUTOSTART="0",
                                HOB_SERVER="http://127.0.0.1:%d" % self.server.port)

    def hob(self, *words, status=0, input=""):
        done = subprocess.run([HOB, *words], env=self.environment, input=input, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE * 3)
        self.assertEqual(done.returncode, status, done.stderr)
        self.errors = done.stderr
        return done.stdout


class Call(Pools):
    def test_parameters_and_results(self):
        self.assertEqual(json.loads(self.hob("call", "tools", "echo", '{"a": [1, null, "ü"]}')),
                         {"a": [1, None, "ü"]})
        self.assertEqual(json.loads(self.hob("call", "tools", "echo", "-", input='[{"b": 2}]')), [{"b": 2}])
        self.assertEqual(json.loads(self.hob("call", "tools", "echo")), {})

    def test_a_text_as_it_is(self):
        self.assertEqual(json.loads(self.hob("call", "tools", "text")), "two\nlines")
        self.assertEqual(self.hob("call", "--raw", "tools", "text"), "two\nlines\n")

    def test_notifications_come_first(self):
        lines = [json.loads(line) for line in self.hob("call", "--stream", "tools", "count",
                                                       '{"to": 3}').splitlines()]
        self.assertEqual([line["params"]["at"] for line in lines[:3]], [0, 1, 2])
        self.assertEqual(len(lines), 4)
        self.assertEqual(self.hob("call", "tools", "count", '{"to": 3}').strip(), "3")

    def test_an_answer_that_names_a_method_is_no_notification(self):
        params = '{"method": "echo", "id": 1}'
        self.assertEqual(json.loads(self.hob("call", "--stream", "tools", "echo", params)), json.loads(params))

    def test_errors_of_a_worker(self):
        self.assertEqual(self.hob("call", "tools", "fly", status=1), "")
        self.assertIn("no method fly", self.errors)
        self.hob("call", "tools", "die", status=1)
        self.assertIn("this was it", self.errors)
        self.assertEqual(json.loads(self.hob("call", "tools", "echo", "[1]")), [1], "the next is served")

    def test_what_cannot_be_asked(self):
        for words, said in ((["tools", "echo", "{"], "parameters"), (["tools", "echo", "3"], "object or array"),
                            (["tools", "echo", "{}", "--timeout", "soon"], "soon"), (["tools"], "METHOD")):
            with self.subTest(words=words):
                self.hob("call", *words, status=2)
                self.assertIn(said, self.errors)
        self.hob("call", "toools", "echo", status=1)
        self.assertIn("toools", self.errors)

    def test_a_limit_of_time(self):
        self.hob("call", "--timeout", "200ms", "tools", "wait",
                 json.dumps({"file": os.path.join(self.directory, "seen")}), status=1)
        self.assertEqual(json.loads(self.hob("call", "tools", "echo", "[2]")), [2])

    def test_an_interrupt_cancels(self):
        seen = os.path.join(self.directory, "seen")
        running = subprocess.Popen([HOB, "call", "tools", "wait", json.dumps({"file": seen})],
                                   env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(lambda: os.path.exists(seen), "the worker to begin")
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=PATIENCE)
        self.assertNotEqual(running.returncode, 0)
        self.assertEqual(json.loads(self.hob("call", "tools", "echo", "[3]")), [3], "the worker is free again")


class Pool(Pools):
    def test_list_and_status(self):
        self.hob("call", "tools", "echo")
        title, *lines = self.hob("pool", "list").splitlines()
        self.assertEqual(title.split()[:2], ["POOL", "STATE"])
        self.assertEqual(sorted(line.split()[0] for line in lines), ["mcp", "strict", "tools"])
        found = json.loads(self.hob("pool", "status", "tools", "--json"))
        pool = found.get("pool") or found["pools"][0]
        self.assertEqual((pool["name"], pool["calls"], len(pool["workers"])), ("tools", 1, 1))
        text = self.hob("pool", "status", "tools")
        self.assertIn("worker 1 ", text)
        self.assertIn("calls 1", text)
        self.hob("call", "tools", "die", status=1)
        self.assertIn("last failure", wait_for(
            lambda: (lambda said: "last failure" in said and said)(self.hob("pool", "status", "tools")),
            "the failure to be told"))

    def test_logs(self):
        self.hob("call", "tools", "echo")
        self.assertIn("asked for echo", wait_for(lambda: self.hob("pool", "logs", "tools"), "its words"))

    def test_restart_replaces_workers(self):
        before = self.hob("call", "tools", "pid")
        self.hob("pool", "restart", "tools")
        wait_for(lambda: self.hob("call", "tools", "pid") != before, "another worker")

    def test_a_drained_pool_takes_no_more(self):
        self.hob("call", "tools", "echo")
        self.hob("pool", "drain", "tools")
        self.hob("call", "tools", "echo", status=1)
        self.assertIn("pool 'tools' is drained", self.errors)
        self.assertIn("'hob pool restart tools'", self.errors)
        self.assertNotIn("try again", self.errors)

    def test_a_pool_that_is_not_there(self):
        for command in ("status", "logs", "restart", "drain"):
            with self.subTest(command=command):
                self.hob("pool", command, "toools", status=1)
                self.assertIn("toools", self.errors)


class Timeout(Pools):
    def test_the_time_that_was_given_is_told(self):
        seen = os.path.join(self.directory, "seen")
        self.hob("call", "tools", "wait", json.dumps({"file": seen}), "--timeout", "123ms", status=1)
        self.assertRegex(self.errors, r"(within|waited) 123 ms")


class NoPools(ServerTest):
    def test_list_and_status_say_that_there_are_none(self):
        server = self.start(environment={"HOB_STATE": "none"})
        for what in ("list", "status"):
            done = subprocess.run([HOB, "pool", what, "--server", "http://127.0.0.1:%d" % server.port],
                                  capture_output=True, text=True, timeout=PATIENCE, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("There are no pools", done.stdout)


class Stdio(Pools):
    def lines(self, *requests, raw=None):
        text = raw if raw is not None else "".join(json.dumps(request) + "\n" for request in requests)
        answers = [json.loads(line) for line in self.hob("stdio", "tools", input=text).splitlines()]
        return {json.dumps(answer.get("id")) if isinstance(answer, dict) else "batch": answer
                for answer in answers}

    def test_lines_are_answered_with_their_ids(self):
        found = self.lines(*({"jsonrpc": "2.0", "id": number, "method": "echo", "params": [number]}
                             for number in (1, "a", 2.5)))
        self.assertEqual({key: answer["result"] for key, answer in found.items()},
                         {"1": [1], '"a"': ["a"], "2.5": [2.5]})

    def test_errors_batches_and_notifications(self):
        found = self.lines({"jsonrpc": "2.0", "id": 1, "method": "fly"},
                           {"jsonrpc": "2.0", "method": "echo"},
                           [{"jsonrpc": "2.0", "id": 2, "method": "echo", "params": ["x"]},
                            {"jsonrpc": "2.0", "id": 3, "method": "text"}])
        self.assertEqual(set(found), {"1", "batch"})
        self.assertIn("fly", found["1"]["error"]["message"])
        self.assertEqual(sorted(answer["id"] for answer in found["batch"]), [2, 3])

    def test_a_line_that_is_no_request(self):
        found = self.lines(raw='what?\n{"jsonrpc":"2.0","id":9,"method":"echo","params":["y"]}\n')
        self.assertEqual(found["9"]["result"], ["y"])
        self.assertIn("error", found["null"])

    def test_a_client_of_mcp_is_one_of_many(self):
        """It begins as if the server were its own; what it says then is nobody else's business."""
        with self.relay("strict") as (running, send):
            def ask(number, method, params):
                send(id=number, method=method, params=params)
                return json.loads(running.stdout.readline())
            told = ask(0, "initialize", {"protocolVersion": "2025-06-18", "capabilities": {},
                                         "clientInfo": {"name": "me", "version": "1"}})
            self.assertEqual((told["id"], told["result"]["serverInfo"]["name"]), (0, "strict"))
            who = json.loads(self.hob("call", "strict", "who"))
            self.assertEqual(who, {"client": "hob", "times": 1})
            send(method="notifications/initialized")
            self.assertEqual(ask(1, "who", {}), {"jsonrpc": "2.0", "id": 1, "result": who})
            self.assertEqual(json.loads(self.hob("call", "strict", "initialize")), told["result"])
            self.assertEqual(json.loads(self.hob("call", "strict", "who")), who)

    def test_the_last_line_needs_no_end(self):
        request = '{"jsonrpc":"2.0","id":%d,"method":"echo","params":["z"]}'
        for text, ids in ((request % 1, {"1"}), (request % 1 + "\n" + request % 2, {"1", "2"}),
                          (request % 1 + "\r\n", {"1"}), ("", set()), ("\n\r\n", set())):
            with self.subTest(text=text):
                found = self.lines(raw=text)
                self.assertEqual({key: answer["result"] for key, answer in found.items()},
                                 {key: ["z"] for key in ids})
        self.assertIn("error", self.lines(raw='{"jsonrpc":"2.0","id":1,"meth')["null"])

    def test_a_line_that_is_too_large_ends_nothing(self):
        """Its error has its id where that can be seen from its beginning; what follows is answered."""
        text, after = "x" * (65 << 20), '\n{"jsonrpc":"2.0","id":"next","method":"echo","params":["y"]}\n'
        for line, key in (('{"jsonrpc":"2.0","id":"big","method":"echo","params":["%s"]}', '"big"'),
                          ('{"jsonrpc":"2.0","method":"echo","params":["%s"],"id":7}', "null"),
                          ('{"id":no,"method":"echo","params":["%s"]}', "null"),
                          ('{"id":[1],"method":"echo","params":["%s"]}', "null"), ("%s", "null")):
            with self.subTest(line=line):
                found = self.lines(raw=line % text + after)
                self.assertEqual(set(found), {key, '"next"'})
                self.assertEqual(found['"next"']["result"], ["y"])
                self.assertEqual(found[key]["error"]["code"], -32004)
                self.assertIn("67108864", found[key]["error"]["message"])
        self.assertEqual(set(self.lines(raw='{"id":1,"params":["' + text)), {"1"}, "one without an end")

    @contextlib.contextmanager
    def relay(self, pool):
        """A hob stdio that runs, and a function that sends it a request."""
        running = subprocess.Popen([HOB, "stdio", pool], env=self.environment, text=True, bufsize=1,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            yield running, lambda **request: running.stdin.write(
                json.dumps({"jsonrpc": "2.0", **request}) + "\n")
        finally:
            running.stdin.close()
            running.stdout.close()
            self.assertEqual(running.wait(PATIENCE), 0)

    def rest_of(self, running):
        """What it says until it ends, which it does with its input."""
        running.stdin.close()
        return [json.loads(line) for line in running.stdout]

    def test_a_cancelled_request_frees_the_worker(self):
        seen = os.path.join(self.directory, "seen")
        with self.relay("tools") as (running, send):
            send(id=1, method="wait", params={"file": seen})
            wait_for(lambda: os.path.exists(seen), "the worker to begin")
            send(method="$/cancelRequest", params={"id": 2})
            send(method="$/cancelRequest", params={"id": 1})
            send(id=2, method="echo", params=["z"])
            first, second = sorted(self.rest_of(running), key=lambda answer: answer["id"])
            self.assertEqual((first["id"], first["error"]["code"]), (1, -32800))
            self.assertEqual((second["id"], second["result"]), (2, ["z"]))

    def test_what_waits_can_be_cancelled(self):
        """More requests than are asked at once do not keep hob from hearing what comes after."""
        seen = os.path.join(self.directory, "seen")
        with self.relay("tools") as (running, send):
            for number in range(1, 31):
                send(id=number, method="wait", params={"file": seen})
            running.stdin.write('{"jsonrpc":"2.0","method":"$\\/cancelRequest","params":{"id":30}}\n')
            answer = json.loads(running.stdout.readline())
            self.assertEqual((answer["id"], answer["error"]["code"]), (30, -32800))
            send(method="notifications/cancelled", params={"requestId": 29})
            for number in range(1, 30):
                send(method="$/cancelRequest", params={"id": number})
            answers = self.rest_of(running)
            self.assertEqual(sorted(answer["id"] for answer in answers), list(range(1, 29)))
            self.assertEqual({answer["error"]["code"] for answer in answers}, {-32800})

    def test_cancelled_as_mcp_has_it(self):
        """The request that its client names, no other's, and no answer to it any more."""
        seen, go = (os.path.join(self.directory, name) for name in ("seen", "go"))
        with self.relay("mcp") as (mine, send), self.relay("mcp") as (others, send_others):
            send_others(id=1, method="wait", params=[seen + "-others", go])
            send(id=1, method="wait", params=[seen + "-1", go])
            send(id="1", method="wait", params=[seen + "-2", go])
            wait_for(lambda: all(os.path.exists(seen + one) for one in ("-others", "-1", "-2")),
                     "the calls to begin")
            for params in ({"requestId": 1, "reason": "no longer"}, {"requestId": 7}, {"id": 1}, {}):
                send(method="notifications/cancelled", params=params)
            found = wait_for(lambda: (lambda result: result["count"] and result)(
                json.loads(self.hob("call", "mcp", "cancelled"))), "the worker to be told")
            self.assertEqual(found["count"], 1)
            with open(go, "w", encoding="ascii"):
                pass
            result = {"pid": found["pid"]}
            self.assertEqual([(answer["id"], answer.get("result")) for answer in self.rest_of(mine)],
                             [("1", result)])
            self.assertEqual([(answer["id"], answer.get("result"))
                              for answer in self.rest_of(others)], [(1, result)])


if __name__ == "__main__":
    unittest.main()
