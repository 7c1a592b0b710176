#!/usr/bin/env python3
"""The workers of examples/workers answer, and those of tests/pool/workers do what they say they do.

Environment: HOB_ECHO_WORKER, the worker in C.
"""

import ast
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FAULTS = ROOT / "tests" / "pool" / "workers"
EXAMPLES = ROOT / "examples" / "workers"
SHARED = ("plain.py", "tools.py")


def request(number, method="echo", params=None):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


def run(command, *lines, status=0):
    """All that a worker writes, line by line, for these lines."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    done = subprocess.run(list(map(str, command)), input="\n".join(lines).encode() + b"\n", stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, env=environment)
    if done.returncode != status:
        raise AssertionError((command, done.returncode, done.stderr.decode()))
    return done.stdout.splitlines()


def fault(name, *lines, arguments=(), status=0):
    return run([sys.executable, FAULTS / name, *arguments], *lines, status=status)


def results(lines):
    answers = [json.loads(line) for line in lines]
    return [(answer.get("id"), answer.get("result")) for answer in answers]


class Examples(unittest.TestCase):
    def check(self, *command):
        lines = run(command, request(1, params={"a": [1, "x\""]}), request("p", "ping"), request(2, "none"),
                    '{"jsonrpc":"2.0","method":"echo"}')
        answers = {answer["id"]: answer for answer in map(json.loads, lines)}
        self.assertEqual(len(lines), 3)
        self.assertEqual(answers[1]["result"], {"a": [1, "x\""]})
        self.assertEqual(answers["p"]["result"], "pong")
        self.assertEqual(answers[2]["error"]["code"], -32601)

    def test_python(self):
        self.check(sys.executable, EXAMPLES / "echo.py")

    def test_node(self):
        if not shutil.which("node"):
            self.skipTest("no node")
        self.check("node", EXAMPLES / "echo.js")

    def test_c(self):
        self.check(os.environ["HOB_ECHO_WORKER"])
        broken = ["{", "[1]", '{"id":1,}', '{"id":"a\\', '{"a":1 "b":2}', "[" * 100000, '{"a"}', "\0{}"]
        for line in run([os.environ["HOB_ECHO_WORKER"]], *broken):
            self.assertEqual(json.loads(line)["error"]["code"], -32700)
        line, = run([os.environ["HOB_ECHO_WORKER"]], '{"id": 1.50e0, "method":"echo","params":[ 1 ]}')
        self.assertEqual(line, b'{"jsonrpc":"2.0","id":1.50e0,"result":[ 1 ]}')

    def test_kit(self):
        lines = run([sys.executable, EXAMPLES / "tools.py"], request(1, "add", [1, 2]),
                    request(2, "count_words", {"texts": ["a b", "b"], "most": 1}),
                    request(3, "divide", [1, 0]), request(4, "wait", [0.01]), request(5, "add", {"a": "x"}))
        answers = {answer["id"]: answer for answer in map(json.loads, lines) if "id" in answer}
        self.assertEqual([answers[n].get("result") for n in (1, 2, 4)], [3, {"b": 2}, "done"])
        self.assertEqual([answers[n]["error"]["code"] for n in (3, 5)], [1, -32602])
        self.assertEqual(len(lines), 7)


class Faults(unittest.TestCase):
    def test_each_says_what_it_does(self):
        for path in FAULTS.glob("*.py"):
            self.assertTrue(ast.get_docstring(ast.parse(path.read_text())), path)
            self.assertEqual(os.access(path, os.X_OK), path.name not in SHARED, path)

    def test_those_that_answer_in_the_end(self):
        for name in ("echo_worker", "flood_stdout", "unknown_id", "pretty", "not_rpc", "not_utf8", "sized",
                     "slow_bytes", "multiplex", "leak", "flood_stderr"):
            last = fault(name + ".py", request(5, params={"a": 1}))[-1]
            self.assertEqual(json.loads(last)["result"], {"a": 1}, name)

    def test_order_and_number_of_answers(self):
        two = request(1, params=[1]), request(2, params=[2])
        self.assertEqual(results(fault("out_of_order.py", *two)), [(2, [2]), (1, [1])])
        self.assertEqual(results(fault("twice.py", two[0])), [(1, [1]), (1, "again")])
        self.assertEqual(results(fault("wrong_id_only.py", two[0])), [(2, [1])])
        batch, = fault("batch.py", *two)
        self.assertEqual([answer["id"] for answer in json.loads(batch)], [1, 2])

    def test_ends(self):
        self.assertEqual(fault("half_line.py", request(1, "half"), status=7),
                         [b'{"jsonrpc": "2.0", "id": 1, "res'])
        self.assertEqual(fault("crash_at_start.py", status=3), [])
        self.assertEqual(fault("echo_worker.py", request(1, "die", {"status": 4}), status=4), [])
        self.assertEqual(fault("echo_worker.py", request(1, "die", {"signal": 9}), status=-9), [])

    def test_sizes(self):
        self.assertEqual([len(line) for line in fault("sized.py", request(1, "sized", {"bytes": 70000}),
                                                      request(22, "sized", {"bytes": 100}))], [70000, 100])
        self.assertEqual(len(fault("flood_stdout.py", request(1, "flood"), arguments=["2000"])), 2001)
        self.assertEqual(results(fault("leak.py", request(1, "leak"), request(2, "leak"), arguments=["1"])),
                         [(1, 1), (2, 2)])
        self.assertEqual(results(fault("flood_stderr.py", request(1, "flood"), arguments=["1"])), [(1, 1)])

    def test_headers(self):
        body = request(1, params={"a": "é"}).encode()
        for odd in ((), ("case", "more"), ("noise", "split")):
            done = subprocess.run([sys.executable, FAULTS / "headers.py", *odd], timeout=60,
                                  input=b"Content-Length: %d\r\n\r\n%b" % (len(body), body),
                                  stdout=subprocess.PIPE, check=True)
            header, _, answer = done.stdout.partition(b"\r\n\r\n")
            self.assertEqual(json.loads(answer)["result"], {"a": "é"})
            self.assertIn(b"%d" % len(answer), header)

    def test_the_bridge_and_its_fallback_agree(self):
        for tool, arguments in (("word_count", {"text": "a é b"}), ("add", {"a": 1, "b": 2.5}), ("add", {}),
                                ("none", {}), ("echo", {"z": [None, True], "a": "\u2028"})):
            warm = json.loads(fault("execute_tool_daemon.py", request(
                1, "execute_tool", {"tool_name": tool, "args": arguments}))[0])["result"]
            cold = subprocess.run([sys.executable, FAULTS / "execute_tool.py", tool, json.dumps(arguments)],
                                  stdout=subprocess.PIPE, check=True, timeout=60).stdout
            self.assertEqual(warm.encode(), cold)

    def test_mcp(self):
        lines = fault("mcp_server.py", request(1, "tools/list"), request(2, "initialize", {}),
                      request(3, "tools/list"), '{"jsonrpc":"2.0","method":"notifications/initialized"}',
                      request(4, "tools/list"), request(5, "tools/call", {
                          "name": "count", "arguments": {"to": 2}, "_meta": {"progressToken": "t"}}))
        answers = [json.loads(line) for line in lines]
        self.assertEqual(["error" in answer for answer in answers],
                         [True, False, True, False, False, False, False])
        self.assertEqual([answer.get("method") for answer in answers[4:6]], ["notifications/progress"] * 2)
        self.assertEqual(answers[6]["result"]["content"][0]["text"], "counted to 2")


if __name__ == "__main__":
    unittest.main()
