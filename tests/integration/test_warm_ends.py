#!/usr/bin/env python3
"""hob run: signals, and how runs end: the client ends in the same way, whatever is killed.

HOB names the executable. HOB_TEST_KILLS (default 25) rounds kill something at a random moment.
"""
import ctypes
import os
import random
import resource
import signal
import subprocess
import time
import unittest

from processes import PATIENCE, children_of, is_alive, wait_for
from warm_case import HOB, PYTHON, WarmCase, conform

KILLS = int(os.environ.get("HOB_TEST_KILLS", "25"))
LOST = 125


class WarmEndsTest(WarmCase):
    # --- signals ---

    def test_signals_reach_the_run_and_come_back(self):
        path = self.script("sig.py", "import os, signal, sys, time\n"
                           "signal.signal(signal.SIGUSR1, lambda *a: os.write(1, b'usr1'))\n"
                           "os.write(1, b'up')\n"
                           "while len(sys.argv) < 2: time.sleep(0.05)\n")
        words = [PYTHON, path]
        self.make_warm(*words, "quick")
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            process = self.start(*words)
            self.wait_output(process, b"up")
            process.send_signal(signal.SIGUSR1)
            self.wait_output(process, b"usr1")
            process.send_signal(number)
            out, err = process.communicate(timeout=PATIENCE)
            self.assertEqual(process.returncode, -number, err)
        self.assertIn("ran ", self.last_run())

    def test_a_stopped_run_stops_its_client(self):
        path = self.script("stop.py", "import sys, time\nprint('up', flush=True)\n"
                           "while len(sys.argv) < 2: time.sleep(0.05)\n")
        self.make_warm(PYTHON, path, "quick")
        process = self.start(PYTHON, path)
        self.wait_output(process, b"up")
        process.send_signal(signal.SIGTSTP)
        pid, status = os.waitpid(process.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status))
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, -signal.SIGTERM)

    def test_a_stopped_run_is_continued_or_killed_by_others(self):
        """Its client, which has stopped with it, hears of it all the same."""
        path = self.script("stop.py", """
            import os, signal, sys
            if len(sys.argv) > 1: sys.exit()
            parent, number = os.getpid(), int(os.environ["NUMBER"])
            if os.fork() == 0:
                client = int(input())
                state = lambda pid: open("/proc/%d/stat" % pid).read().rpartition(") ")[2][0]
                while state(parent) != "T" or state(client) != "T": pass
                os.kill(parent, number)
                os._exit(0)
            os.kill(parent, signal.SIGSTOP)
            sys.exit(7)
            """)
        self.make_warm(PYTHON, path, "quick")
        for number, code in ((signal.SIGCONT, 7), (signal.SIGKILL, -signal.SIGKILL)):
            process = self.start(PYTHON, path, stdin=subprocess.PIPE,
                                 env={**self.environment, "NUMBER": str(int(number))})
            process.stdin.write(b"%d\n" % process.pid)
            err = process.communicate(timeout=PATIENCE)[1]
            self.assertEqual(process.returncode, code, err)
        self.assert_warm()

    # --- ends ---

    def test_the_end_is_seen_though_the_zygote_sleeps(self):
        self.make_warm(PYTHON, "-c", "pass")
        zygote, = self.zygotes()
        wait_for(lambda: children_of(zygote), "a spare")
        os.kill(zygote, signal.SIGSTOP)
        try:
            done = self.hob("run", "--explain", "--", PYTHON, "-c", "raise SystemExit(7)")
        finally:
            os.kill(zygote, signal.SIGCONT)
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertIn("ran warm", done.stderr)

    def test_what_a_traced_run_leaves_behind_lives_on(self):
        """Nobody but the tracer can reap the run, and the client has seen it end."""
        path = self.script("behind.py", "import os, subprocess, sys\n"
                           "if len(sys.argv) > 1: sys.exit()\n"
                           "left = subprocess.Popen(['sleep', '600'])\n"
                           "print(os.getpid(), left.pid, flush=True)\ninput()\n")
        self.make_warm(PYTHON, path, "quick")
        process = self.start(PYTHON, path, stdin=subprocess.PIPE)
        run, left = map(int, self.wait_output(process, b"\n").split())
        trace = ctypes.CDLL(None, use_errno=True).ptrace
        trace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        seize = 0x4206
        if trace(seize, run, None, None) != 0:
            process.kill()
            self.skipTest("a process may not be traced here: " + os.strerror(ctypes.get_errno()))
        process.stdin.write(b"\n")
        process.stdin.close()
        process.stdin = None
        wait_for(lambda: process.poll() is not None, "the end of the client")
        self.hob("run", "--", PYTHON, path, "quick")  # the zygote has heard of that by now
        self.assertTrue(is_alive(left))
        os.waitpid(run, 0x40000000)  # __WALL: as a tracer
        os.kill(left, signal.SIGKILL)
        process.communicate()

    def test_a_killed_client_takes_its_run_along(self):
        path = self.script("long.py", "import os, sys, time\nprint(os.getpid(), flush=True)\n"
                           "time.sleep(600 if len(sys.argv) < 2 else 0)\n")
        self.make_warm(PYTHON, path, "quick")
        process = self.start(PYTHON, path)
        pid = int(self.wait_output(process, b"\n"))
        self.assertNotEqual(pid, process.pid)
        process.kill()
        process.communicate()
        wait_for(lambda: not is_alive(pid), "the run to end with its client")

    def test_killing_anything_at_any_moment(self):
        path = self.script("work.py", "import os, sys, time\ntime.sleep(float(sys.argv[1]))\n"
                           "print('done')\nsys.exit(7)\n")
        words = [PYTHON, path]
        self.make_warm(*words, "0")
        choose = random.Random(1)
        ends = {}
        for _ in range(KILLS):
            target = choose.choice(["zygote", "child", "client"])
            zygotes = self.zygotes()
            process = self.start(*words, "%.3f" % choose.uniform(0, 0.05))
            time.sleep(choose.uniform(0, 0.06))
            self.kill(target, zygotes, process)
            out, err = process.communicate(timeout=PATIENCE)
            code = process.returncode
            if code == 7:
                self.assertEqual(out, b"done\n")
            elif code == LOST:
                self.assertEqual(err.count(b"how it ended is not known"), 1, err)
            else:
                self.assertEqual((target != "zygote", code), (True, -signal.SIGKILL),
                                 (target, zygotes, process.pid, out, err))
            ends[target, code] = ends.get((target, code), 0) + 1
        print("%d rounds: %s" % (KILLS, ends))
        done = self.hob("run", "--", *words, "0")
        self.assertEqual((done.stdout, done.returncode), ("done\n", 7))

    def kill(self, target, zygotes, process):
        victims = {"zygote": zygotes[:1], "client": [process.pid],
                   "child": [pid for zygote in zygotes for pid in children_of(zygote)]}[target]
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    # --- what is refused ---

    def test_more_descriptors_than_a_zygote_may_open(self):
        """It cannot take them, and the command runs all the same."""
        def limit(count):
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))

        words = [PYTHON, "-c", "raise SystemExit(7)"]
        for _ in range(2):
            self.hob("run", "--", *words, preexec_fn=limit(64))
        conform.wait_ready(HOB, words, self.environment)
        extra = [os.dup(0) for _ in range(100)]
        try:
            done = self.hob("run", "--explain", "--", *words, pass_fds=extra)
        finally:
            for descriptor in extra:
                os.close(descriptor)
        self.assertEqual(done.returncode, 7, done.stderr)

    def test_what_is_refused_at_the_last_moment_is_run_cold_each_time(self):
        """The process that refuses ends well in the same moment; that is not the command's end."""
        path = self.script("work.py", "pass\n")
        self.make_warm(PYTHON, path)
        self.script("work.py", "print((\n")
        for _ in range(40):
            done = self.hob("run", "--explain", "--", PYTHON, path)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("SyntaxError", done.stderr)
            self.assertIn("does not compile", done.stderr)


if __name__ == "__main__":
    unittest.main()
