"""What a worker promises, however its methods are run."""

import json
import os
import signal
import sys
import unittest

from .harness import METHODS, WorkerTest, wait_for


class Promises:
    """The tests that each way of running passes; `open` starts it."""

    def setUp(self):
        super().setUp()
        self.worker = self.open()

    def ask(self, text):
        self.worker.write(text.encode() + b"\n")
        return self.worker.raw_line().decode()

    def error(self, text):
        return json.loads(self.ask(text))["error"]

    def test_ids_go_back_as_they_came(self):
        for number in ('1', '-0', '0', '1.50', '1e400', '123456789012345678901234567890', '"a\\u00e9"',
                       'null', 'true', '[1.0,{"a":-0.0}]', '"\\ud800"', '""'):
            answer = self.ask('{"jsonrpc":"2.0","id":%s,"method":"echo"}' % number)
            self.assertEqual(answer, '{"jsonrpc":"2.0","id":%s,"result":{}}' % number)

    def test_errors_of_the_protocol(self):
        self.assertEqual(self.error("{")["code"], -32700)
        self.assertEqual(self.error("[" * 100000)["code"], -32700)
        self.assertEqual(self.error("[]")["code"], -32600)
        self.assertEqual(self.error("3")["code"], -32600)
        self.assertEqual(self.error('{"jsonrpc":"2.0","id":1}')["code"], -32600)
        self.assertEqual(self.error('{"jsonrpc":"1.0","id":1,"method":"ping"}')["code"], -32600)
        self.assertEqual(self.error('{"jsonrpc":"2.0","id":1,"method":5}')["code"], -32600)
        self.assertEqual(self.error('{"jsonrpc":"2.0","id":1,"method":"x"}')["code"], -32601)
        self.assertEqual(self.error('{"jsonrpc":"2.0","id":1,"method":"pid","params":3}')["code"],
                         -32602)
        self.worker.write(b'{"jsonrpc":"2.0","id":1,"method":"\xff"}\n')
        self.assertIn("not UTF-8", self.worker.line()["error"]["message"])

    def test_nothing_that_is_nested_ends_it(self):
        for depth in (200, 900, 970, 980, 985, 990, 995, 1000, 5000):
            deep = "[" * depth + "]" * depth
            for text in ('{"jsonrpc":"2.0","id":%s,"method":"echo"}',
                         '{"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":%s}}',
                         '[{"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":%s}}]',
                         '{"jsonrpc":"2.0","id":2,"method":"$/cancelRequest","params":{"id":%s}}'):
                self.worker.write((text % deep).encode() + b"\n")
                if "cancel" not in text:
                    self.worker.raw_line()
        self.ask_until_pong()

    def ask_until_pong(self):
        """Some of the cancels may have been refused; what matters is that it is alive."""
        self.worker.send("p", "ping")
        answer = self.worker.line()
        while answer["id"] != "p":
            answer = self.worker.line()
        self.assertEqual(answer["result"], "pong")

    def test_answers_and_notifications_get_no_answer(self):
        self.worker.write(b'{"jsonrpc":"2.0","id":1,"result":2}\n\n  \n')
        self.worker.notify("echo", {"a": 1})
        self.worker.notify("$/setTrace", {"value": "off"})
        self.worker.notify("no such method")
        self.assertEqual(self.worker.result("echo", {"b": 2}), {"b": 2})

    def test_batch(self):
        answers = json.loads(self.ask(
            '[{"jsonrpc":"2.0","id":1.0,"method":"echo","params":{"a":1}},'
            '{"jsonrpc":"2.0","method":"echo"},{"id":3},'
            '{"jsonrpc":"2.0","id":"x","method":"ping"},{"jsonrpc":"2.0","id":9,"result":0}]'))
        self.assertCountEqual([(answer["id"], answer.get("result"), "error" in answer)
                               for answer in answers],
                              [(1.0, {"a": 1}, False), (3, None, True), ("x", "pong", False)])
        self.worker.write(b'[{"jsonrpc":"2.0","method":"echo"}]\n')
        self.assertEqual(self.worker.result("ping"), "pong")

    def test_prints_do_not_reach_the_protocol(self):
        self.assertEqual(self.worker.result("noise"), "quiet")
        self.assertEqual(self.worker.call("echo", {"a": 1}, 2),
                         {"jsonrpc": "2.0", "id": 2, "result": {"a": 1}})
        for text in ("from print", "from os.write", "from a child", "from C"):
            wait_for(lambda text=text: text in self.worker.errors(), text)

    def test_no_number_that_json_lacks_goes_out(self):
        self.assertEqual(self.worker.result("nan"), [None, {"x": None}, 1.5])

    def test_what_has_no_json_form_is_an_error(self):
        for method in ("strange", "circle"):
            error = self.worker.call(method)["error"]
            self.assertEqual(error["code"], -32603)
            self.assertIn(method, error["message"])
        self.assertEqual(self.worker.result("ping"), "pong")

    def test_exceptions(self):
        error = self.worker.call("fail")["error"]
        self.assertEqual((error["code"], error["data"]["type"]), (-32603, "KeyError"))
        self.assertIn("in fail", error["data"]["traceback"])
        self.assertNotIn("hob_worker/worker.py", error["data"]["traceback"])
        self.assertEqual(self.worker.call("refuse")["error"],
                         {"code": 42, "message": "not today", "data": {"try": "tomorrow"}})
        self.assertEqual(self.worker.call("leave")["error"]["data"]["type"], "SystemExit")

    def test_params_are_checked(self):
        error = self.worker.call("typed", {"a": 1, "items": [{"b": [1, "x"]}]})["error"]
        self.assertEqual(error["code"], -32602)
        self.assertEqual(error["data"], {"parameter": "items[0].b[1]", "expected": "int",
                                         "got": "str 'x'"})

    def test_cancel(self):
        self.worker.send(7, "wait")
        self.assertEqual(self.worker.line()["params"], {"id": 7, "value": "started"})
        self.worker.cancel(1)
        self.worker.cancel(7)
        self.assertEqual(self.worker.line()["error"]["code"], -32800)
        self.worker.cancel(7)
        self.assertEqual(self.worker.result("ping"), "pong")

    def test_equal_ids_are_both_answered(self):
        self.worker.send(1, "echo", {"n": 1})
        self.worker.send(1, "echo", {"n": 2})
        self.assertCountEqual([self.worker.line()["result"]["n"] for _ in range(2)], [1, 2])

    def test_a_message_in_pieces_and_a_large_one(self):
        self.worker.write(b'{"jsonrpc":"2.0","id":1,"me')
        self.worker.write(b'thod":"ping"}\n{"jsonrpc":')
        self.assertEqual(self.worker.line()["result"], "pong")
        self.worker.write(b'"2.0","id":2,"method":"size","params":["' + b"x" * 5000000 + b'"]}\n')
        self.assertEqual(self.worker.line()["result"], 5000000)
        self.assertEqual(len(self.worker.result("large", [3000000])), 3000000)

    def test_end_of_input_finishes_what_runs(self):
        self.worker.send(1, "sleep", [0.1])
        self.worker.write(b'{"jsonrpc":"2.0","id":2,"method":"ping"}')
        answers, status = self.worker.end()
        self.assertCountEqual([answer["id"] for answer in answers], [1, 2])
        self.assertEqual(status, 0)

    def test_half_a_message_at_the_end(self):
        self.worker.write(b'{"jsonrpc":"2.0","id":2,"meth')
        answers, status = self.worker.end()
        self.assertEqual((answers[0]["error"]["code"], status), (-32700, 0))

    def test_sigterm_finishes_what_runs_and_takes_no_more(self):
        self.worker.send(1, "slow")
        self.assertEqual(self.worker.line()["params"]["value"], "started")
        self.worker.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.worker.line()["result"], "done")
        answers, status = self.worker.end()
        self.assertEqual((answers, status), ([], 0))

    def test_sigterm_while_idle(self):
        self.assertEqual(self.worker.result("ping"), "pong")
        self.worker.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.worker.process.wait(60), 0)

    def test_closed_stdout_ends_it(self):
        self.worker.process.stdout.close()
        self.worker.send(1, "ping")
        self.assertEqual(self.worker.process.wait(60), 1)
        self.assertIn("can't be written", self.worker.errors())
        self.assertNotIn("Traceback", self.worker.errors())

    def test_a_method_that_forks_answers_once(self):
        self.assertEqual(self.worker.result("fork"), "one answer")
        self.assertEqual(self.worker.result("ping"), "pong")
        self.assertEqual(self.worker.end(), ([], 0))

    def test_methods_are_listed(self):
        found = {method["name"]: method for method in self.worker.result("hob.methods")}
        self.assertEqual(found["wait"]["doc"], "Until it is cancelled.")
        self.assertEqual(found["sleep"]["params"],
                         [{"name": "seconds", "type": "number", "required": True}])

    def test_stdin_is_empty_for_methods(self):
        self.assertEqual(self.worker.result("read_stdin"), ["", ""])


MORE = METHODS + '''
@worker.method
def noise():
    import ctypes
    print("from print")
    os.write(1, b"from os.write\\n")
    subprocess.run(["echo", "from a child"])
    library = ctypes.CDLL(None)
    library.puts(b"from C")
    library.fflush(None)
    return "quiet"

@worker.method
def nan(): return [float("nan"), {"x": float("-inf")}, 1.5]

@worker.method
def strange(): return {"a": object()}

@worker.method
def circle():
    value = []
    value.append(value)
    return value

@worker.method
def fail(): raise KeyError("x")

@worker.method
def refuse(): raise RpcError(42, "not today", {"try": "tomorrow"})

@worker.method
def leave(): sys.exit(3)

@worker.method
def typed(a: int, items: List[Dict[str, List[int]]]): return a

@worker.method
def size(text: str): return len(text)

@worker.method
def large(count: int): return "x" * count

@worker.method
def slow():
    worker.current.progress("started")
    time.sleep(0.3)
    return "done"

@worker.method
def read_stdin(): return [sys.stdin.read(), os.read(0, 10).decode()]
'''


class OneAfterTheOther(Promises, WorkerTest):
    def open(self):
        return self.start(methods=MORE)

    def test_cancel_of_a_request_that_waits(self):
        self.worker.send(1, "wait")
        self.worker.line()
        self.worker.send(2, "echo")
        self.worker.cancel(2)
        self.worker.cancel(1)
        self.assertEqual([(answer["id"], answer["error"]["code"])
                          for answer in (self.worker.line(), self.worker.line())],
                         [(1, -32800), (2, -32800)])


class Threads(Promises, WorkerTest):
    def open(self):
        return self.start("worker.run(threads=4)", methods=MORE)

    def test_methods_run_at_once(self):
        for number in range(4):
            self.worker.send(number, "wait")
        for _ in range(4):
            self.worker.line()
        self.assertEqual(self.worker.call("ping", number="p")["result"], "pong")
        self.worker.send(9, "echo")
        self.worker.cancel(9)
        for number in range(4):
            self.worker.cancel(number)
        found = {}
        for _ in range(5):
            answer = self.worker.line()
            found[answer["id"]] = answer["error"]["code"]
        self.assertEqual(found, dict.fromkeys([0, 1, 2, 3, 9], -32800))


class Tasks(Promises, WorkerTest):
    ASYNC = MORE + '''
import asyncio
for name in ("wait", "sleep", "slow"):
    worker.methods.pop(name)

@worker.method
async def wait():
    """Until it is cancelled."""
    worker.current.progress("started")
    await asyncio.sleep(3600)

@worker.method
async def sleep(seconds: float): await asyncio.sleep(seconds)

@worker.method
async def slow():
    worker.current.progress("started")
    await asyncio.sleep(0.3)
    return "done"
'''

    def open(self):
        return self.start(methods=self.ASYNC)

    def test_tasks_run_at_once(self):
        for number in range(50):
            self.worker.send(number, "wait")
        for _ in range(50):
            self.worker.line()
        for number in range(50):
            self.worker.cancel(number)
        self.assertEqual({self.worker.line()["error"]["code"] for _ in range(50)}, {-32800})


class TasksAndThreads(Tasks):
    def open(self):
        return self.start("worker.run(threads=2)", methods=self.ASYNC)


class Forks(Promises, WorkerTest):
    def open(self):
        return self.zygote(methods=MORE)


class ForkedWorkers(Promises, WorkerTest):
    def open(self):
        return self.zygote("--per", "worker", "--children", "2", methods=MORE)


class Limits(WorkerTest):
    def test_a_message_that_is_too_long(self):
        worker = self.start("worker.run(limit=1000)")
        exact = b'{"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":"%b"}}'
        fill = 1000 - len(exact % b"")
        worker.write(exact % (b"x" * fill) + b"\n")
        self.assertEqual(len(worker.line()["result"]["a"]), fill)
        for size in (1001, 1000000):
            worker.write(exact % (b"x" * (size - len(exact % b""))) + b"\n")
            self.assertIn("longer than 1000", worker.line()["error"]["message"])
        self.assertEqual(worker.result("ping"), "pong")

    def test_the_caller_of_what_is_too_long_is_told(self):
        worker = self.start("worker.run(limit=1000)")
        for message, number in ((b'{"jsonrpc":"2.0","id":7,"method":"echo","params":["%b"]}', 7),
                                (b' { "id" : "a b" , "method":"echo","params":["%b"]}', "a b"),
                                (b'{"jsonrpc":"2.0","method":"echo","params":{"id":7,"x":"%b"}}', None),
                                (b'{"jsonrpc":"2.0","id":07,"params":["%b"]}', None)):
            worker.write(message % (b"x" * 100000) + b"\n")
            answer = worker.line()
            self.assertEqual((answer["id"], answer["error"]["code"]), (number, -32600))

    def test_a_file_as_input(self):
        source = self.script('{"jsonrpc":"2.0","id":1,"method":"ping"}\n' * 3, "requests.txt")
        for run in ("worker.run()", "worker.run(threads=1)", "worker.run(isolation='fork')",
                    "\n@worker.method\nasync def nothing(): pass\nworker.run()"):
            script = self.script(METHODS + run)
            command = f"{sys.executable} {script} < {source}"
            self.assertEqual([answer["result"] for answer in self.started(["sh", "-c", command])
                             .end()[0]], ["pong"] * 3, run)


class Headers(WorkerTest):
    def message(self, worker):
        header = b""
        while not header.endswith(b"\r\n\r\n"):
            header += os.read(worker.process.stdout.fileno(), 1)
        length = int(header.split(b":")[1])
        body = b""
        while len(body) < length:
            body += os.read(worker.process.stdout.fileno(), length - len(body))
        return json.loads(body)

    def setUp(self):
        super().setUp()
        self.worker = self.start("worker.run(framing='headers', limit=200)")

    def test_headers(self):
        body = b'{"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":\n1}}'
        for header in (b"Content-Length: %d\r\n\r\n", b"content-length:%d  \r\nX: y\r\n\r\n",
                       b"Content-Type: x\r\nCONTENT-LENGTH:\t%d\r\n\r\n", b"Content-Length: %d\n\n"):
            data = header % len(body) + body
            for piece in (data[:5], data[5:-3], data[-3:]):
                self.worker.write(piece)
            self.assertEqual(self.message(self.worker)["result"], {"a": 1})

    def test_too_long(self):
        self.worker.write(b"Content-Length: 100000\r\n\r\n" + b"x" * 100000)
        self.assertIn("longer than 200", self.message(self.worker)["error"]["message"])
        self.worker.write(b'Content-Length: 40\r\n\r\n{"jsonrpc":"2.0","id":2,"method":"ping"}')
        self.assertEqual(self.message(self.worker)["result"], "pong")
        head, rest = b'Content-Length: 100000\r\n\r\n{"jsonrpc":"2.0",', b'"id":3,"params":['
        for piece in (head, rest, b"x" * (100000 - 17 - len(rest))):
            self.worker.write(piece)
        self.assertEqual(self.message(self.worker)["id"], 3)
        self.worker.write(b'Content-Length: 40\r\n\r\n{"jsonrpc":"2.0","id":4,"method":"ping"}')
        self.assertEqual(self.message(self.worker)["id"], 4)

    def test_no_length(self):
        for header in (b"X: y\r\n\r\n", b"Content-Length: -1\r\n\r\n",
                       b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", b"x" * 20000):
            worker = self.start("worker.run(framing='headers')")
            worker.write(header)
            self.assertEqual(self.message(worker)["error"]["code"], -32700)
            self.assertEqual(worker.process.wait(60), 0)


class Launching(WorkerTest):
    def run_kit(self, *arguments):
        worker = self.started([sys.executable, "-m", "hob_worker", *arguments])
        _, status = worker.end()
        return status, worker.errors()

    def test_wrong_calls_say_what_is_wrong(self):
        silent = self.script("pass", "silent.py")
        for arguments, words in (((), "name the script"), (("--", "/nowhere.py"), "no /nowhere.py"),
                                 (("--preload", "json", "--", silent), "--preload is for --fork"),
                                 (("--", silent), "without calling worker.run()")):
            status, errors = self.run_kit(*arguments)
            self.assertNotEqual(status, 0)
            self.assertIn(words, errors)

    def test_prints_at_import_are_caught(self):
        script = self.script("print('early', flush=True)\n" + METHODS + "worker.run()")
        worker = self.started([sys.executable, "-m", "hob_worker", "--threads", "2", "--", script])
        self.assertEqual(worker.result("ping"), "pong")
        self.assertIn("early", worker.errors())

    def test_a_module_and_its_arguments(self):
        self.script(METHODS + "worker.method('argv')(lambda: sys.argv[1:])\nworker.run()", "named.py")
        worker = self.started(["sh", "-c", f"cd {self.folder} && exec {sys.executable} -m hob_worker "
                                           "-- -m named --x 1"])
        self.assertEqual(worker.result("argv"), ["--x", "1"])

    def test_annotations_that_json_cannot_meet_are_refused(self):
        worker = self.start("worker.method(lambda: 0)\ndef bad(a: bytes): pass\nworker.method(bad)")
        self.assertNotEqual(worker.end()[1], 0)
        self.assertIn("parameter 'a'", worker.errors())

    def test_sigint_stops_like_sigterm(self):
        worker = self.start()
        self.assertEqual(worker.result("ping"), "pong")
        worker.process.send_signal(signal.SIGINT)
        self.assertEqual(worker.process.wait(60), 0)
        self.assertEqual(worker.errors(), "")


if __name__ == "__main__":
    unittest.main()
