"""What a zygote promises: isolation, clear ends, and nothing left behind."""

import os
import pathlib
import signal
import subprocess
import sys
import unittest

from .harness import METHODS, WorkerTest, alive, children_of, wait_for

REQUESTS = int(os.environ.get("HOB_TEST_FORKS", "2000"))


def descriptors_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Isolation(WorkerTest):
    def test_a_fresh_process_for_every_request(self):
        zygote = self.zygote()
        pids = {zygote.result("pid") for _ in range(20)}
        self.assertEqual(len(pids), 20)
        self.assertNotIn(zygote.pid, pids)
        self.assertEqual({zygote.result("count") for _ in range(5)}, {1})

    def test_a_process_for_every_worker(self):
        zygote = self.zygote("--per", "worker", "--children", "1")
        self.assertEqual([zygote.result("count") for _ in range(5)], [1, 2, 3, 4, 5])

    def test_random_numbers_differ(self):
        for preload in ("random", "numpy"):
            if preload != "random" and subprocess.run([sys.executable, "-c", "import numpy"],
                                                      stderr=subprocess.DEVNULL).returncode:
                continue
            method = "import random, sys\n@worker.method\ndef draw():\n" \
                     "    numpy = sys.modules.get('numpy')\n" \
                     "    return numpy.random.random() if numpy else random.random()\n"
            zygote = self.zygote("--preload", preload, methods=METHODS + method)
            self.assertEqual(len({zygote.result("draw") for _ in range(10)}), 10)

    def test_after_fork_runs_in_each_child(self):
        methods = METHODS + "opened = []\n@worker.after_fork\ndef connect(): opened.append(os.getpid())\n" \
                            "@worker.method\ndef mine(): return opened == [os.getpid()]\n"
        zygote = self.zygote(methods=methods)
        self.assertTrue(zygote.result("mine"))

    def test_no_more_run_at_once_than_children(self):
        zygote = self.zygote("--children", "2", "--spare", "0")
        for number in range(3):
            zygote.send(number, "wait")
        for _ in range(2):
            self.assertIn(zygote.line()["params"]["id"], (0, 1))
        self.assertEqual(zygote.call("ping", number="p")["result"], "pong")
        self.assertEqual(len(children_of(zygote.pid)), 2)
        zygote.cancel(2)
        self.assertEqual(zygote.line()["id"], 2)
        zygote.cancel(0)
        zygote.cancel(1)
        self.assertCountEqual([zygote.line()["id"], zygote.line()["id"]], [0, 1])

    def test_a_child_has_no_descriptor_of_another(self):
        zygote = self.zygote("--spare", "3", methods=METHODS + "@worker.method\ndef descriptors():\n"
                             "    return sorted(int(n) for n in os.listdir('/proc/self/fd'))\n")
        found = [zygote.result("descriptors") for _ in range(3)]
        # 0 to 2, the channel, the lifeline, and the one that lists the directory
        self.assertEqual({len(numbers) for numbers in found}, {6}, found)


class Deaths(WorkerTest):
    def test_a_signal_is_named_with_the_last_words(self):
        zygote = self.zygote()
        error = zygote.call("die", [signal.SIGSEGV, "I was dividing"])["error"]
        self.assertIn("signal 11 (SIGSEGV)", error["message"])
        self.assertIn("I was dividing", error["message"])
        self.assertEqual(error["data"]["signal"], 11)
        self.assertEqual(error["data"]["stderr"][-1], "I was dividing")
        self.assertEqual(zygote.call("die", [0])["error"]["data"]["status"], 9)
        self.assertEqual(zygote.result("ping"), "pong")
        self.assertIn("I was dividing", zygote.errors())

    def test_a_cancelled_request_is_killed_even_if_it_never_looks(self):
        for per in ("request", "worker"):
            zygote = self.zygote("--per", per)
            zygote.send(1, "spin")
            child = zygote.line()["params"]["value"]
            zygote.cancel(1)
            self.assertEqual(zygote.line()["error"]["code"], -32800)
            self.assertFalse(alive(child))
            self.assertEqual(zygote.result("echo", {"a": 1}), {"a": 1})

    def test_what_a_method_started_does_not_outlive_it(self):
        zygote = self.zygote()
        child, grandchild = zygote.result("family")
        wait_for(lambda: not alive(child) and not alive(grandchild), "the end of the family")

    def test_killed_spares_are_replaced(self):
        zygote = self.zygote()
        for _ in range(8):
            spares = wait_for(lambda: len(children_of(zygote.pid)) == 2 and children_of(zygote.pid),
                              "spares")
            for spare in spares:
                os.kill(spare, signal.SIGKILL)
            self.assertEqual(zygote.result("echo", {"a": 1}), {"a": 1})
        self.assertEqual(zygote.end(), ([], 0))

    def test_the_death_of_the_zygote_ends_all_children(self):
        for per in ("request", "worker"):
            zygote = self.zygote("--per", per, "--children", "3", methods=METHODS + """
@worker.method
def busy():
    started = subprocess.Popen(["sleep", "1000"]).pid
    worker.current.progress([os.getpid(), started])
    while True:
        pass
""")
            pids = []
            for number in range(3):
                zygote.send(number, "busy")
            for _ in range(3):
                pids += zygote.line()["params"]["value"]
            pids += children_of(zygote.pid)
            zygote.process.kill()
            wait_for(lambda pids=pids: not any(map(alive, pids)), "the end of all children")

    def test_children_that_cannot_start_end_the_zygote(self):
        zygote = self.zygote(methods=METHODS + "@worker.after_fork\ndef fail(): 1 / 0\n")
        self.assertEqual(zygote.process.wait(60), 1)
        self.assertIn("ended before their first request", zygote.errors())
        self.assertIn("ZeroDivisionError", zygote.errors())

    def test_without_descriptors_for_more_children_requests_wait(self):
        zygote = self.zygote("--children", "30", methods=METHODS +
                             "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))\n")
        for number in range(30):
            zygote.send(number, "sleep", [0.05])
        answers, status = zygote.end()
        self.assertEqual((sorted(answer["id"] for answer in answers), status), (list(range(30)), 0))
        self.assertEqual([answer for answer in answers if "result" not in answer], [])
        self.assertIn("Too many open files", zygote.errors())

    def test_a_flood_on_stderr_is_passed_on(self):
        zygote = self.zygote(methods=METHODS + "@worker.method\ndef flood(end: str):\n"
                             "    for _ in range(64): os.write(2, b'x' * 100000 + end.encode())\n")
        for end in ("\n", ""):
            self.assertIsNone(zygote.result("flood", [end]))
        wait_for(lambda: zygote.errors().count("x") == 2 * 6400000, "all of it")

    def test_end_of_input_with_requests_running(self):
        zygote = self.zygote("--children", "2")
        for number in range(6):
            zygote.send(number, "sleep", [0.02])
        answers, status = zygote.end()
        self.assertEqual((sorted(answer["id"] for answer in answers), status), (list(range(6)), 0))

    def test_sigterm_refuses_what_waits(self):
        zygote = self.zygote("--children", "1", methods=METHODS + "@worker.method\ndef slow():\n"
                             "    worker.current.progress(0)\n    time.sleep(0.2)\n")
        zygote.send(1, "slow")
        zygote.send(2, "slow")
        zygote.line()
        self.assertEqual(zygote.call("ping", number=3)["result"], "pong")  # so it has read 2
        zygote.process.send_signal(signal.SIGTERM)
        answers = {answer["id"]: answer for answer in (zygote.line(), zygote.line())}
        self.assertEqual(answers[2]["error"]["data"], {"started": False})
        self.assertIn("result", answers[1])
        self.assertEqual(zygote.process.wait(60), 0)


class Endurance(WorkerTest):
    def settled(self, zygote):
        """Waits until there are two spares and no zombie; how many descriptors are open then."""
        wait_for(lambda: len(children_of(zygote.pid)) == 2, "two spares, and no zombie")
        zygote.call("ping", number="settled")  # answered when it is not in the middle of a fork
        return descriptors_of(zygote.pid)

    def test_many_requests_leave_nothing(self):
        zygote = self.zygote("--children", "4", "--spare", "2")
        before = self.settled(zygote)
        for start in range(0, REQUESTS, 50):
            for number in range(start, start + 50):
                zygote.send(number, "echo", {"n": number})
            found = {}
            for _ in range(50):
                answer = zygote.line()
                found[answer["id"]] = answer["result"]["n"]
            self.assertEqual(found, {number: number for number in range(start, start + 50)})
        self.assertEqual(self.settled(zygote), before)
        self.assertEqual(zygote.errors(), "")
        self.assertEqual(zygote.end(), ([], 0))

    def test_cancels_and_deaths_leave_nothing(self):
        zygote = self.zygote("--children", "4", "--spare", "2")
        before = self.settled(zygote)
        for _ in range(30):
            for number, method in enumerate(("spin", "die", "wait", "echo")):
                zygote.send(number, method, [signal.SIGKILL] if method == "die" else None)
            for number in (0, 2):
                zygote.cancel(number)
            codes = {}
            while len(codes) < 4:
                answer = zygote.line()
                if "id" in answer:
                    codes[answer["id"]] = answer.get("error", {}).get("code")
            self.assertEqual(codes, {0: -32800, 1: -32000, 2: -32800, 3: None})
        self.assertEqual(self.settled(zygote), before)


class Preloading(WorkerTest):
    def refused(self, text, *words):
        self.script(text, "culprit.py")
        script = self.script(METHODS + "worker.run()")
        zygote = self.started(["sh", "-c", f"cd {self.folder} && exec {sys.executable} -m hob_worker "
                                           f"--fork --preload json,culprit -- {script}"])
        self.assertEqual(zygote.process.wait(60), 1)
        for word in ("'culprit'", *words):
            self.assertIn(word, zygote.errors())

    def test_threads_are_refused(self):
        self.refused("import threading, time\nthreading.Thread(target=time.sleep, args=(1000,), "
                     "name='poller', daemon=True).start()\n", "1 thread", "poller")

    def test_sockets_are_refused(self):
        self.refused("import socket\nkept = socket.socketpair()\n", "2 sockets")

    def test_a_module_that_cannot_be_imported(self):
        self.refused("raise RuntimeError('no licence')", "no licence")

    def test_threads_of_the_script_itself_are_refused(self):
        worker = self.start("threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n"
                            "worker.run(isolation='fork')")
        self.assertEqual(worker.process.wait(60), 1)
        self.assertIn("the worker script left 1 thread", worker.errors())

    def test_stdin_may_be_a_socket(self):
        import socket
        near, far = socket.socketpair()
        with near, far:
            script = self.script(METHODS + "worker.run(isolation='fork')")
            environment = {**os.environ,
                           "PYTHONPATH": str(pathlib.Path(__file__).resolve().parents[2])}
            process = subprocess.Popen([sys.executable, script], stdin=far, stdout=far,
                                       env=environment)
            near.settimeout(60)
            near.sendall(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
            self.assertIn(b"pong", near.recv(1000))
            near.shutdown(socket.SHUT_WR)
            self.assertEqual(process.wait(60), 0)


if __name__ == "__main__":
    unittest.main()
