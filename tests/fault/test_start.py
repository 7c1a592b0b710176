#!/usr/bin/env python3
"""A server that is killed at any step of its start leaves nothing in the way of the next one."""

import os
import signal
import subprocess
import sys
import unittest

from harness import HOBD, PATIENCE
from life import LifeTest

LIBRARY = os.environ["DIE_AT_LIBRARY"]


class Killed(LifeTest):
    def free_port(self):
        process = self.spawn_server("--port", "0", "--socket", "none")
        port = process.url.rsplit(":", 1)[1]
        process.terminate()
        process.wait(PATIENCE)
        return port

    def start_and_die(self, step, port):
        """False when the server had fewer steps than that: it was up, and is ended."""
        process = subprocess.Popen(
            [HOBD, "--port", port, "--log-level", "error"], cwd=self.directory,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=dict(self.environment, LD_PRELOAD=LIBRARY, DIE_AT=str(step)))
        line = process.stdout.readline()
        if line:
            process.terminate()
        process.stdout.close()
        status = process.wait(PATIENCE)
        self.assertIn(status, (0, -signal.SIGKILL))
        return status != 0

    def test_at_every_step_of_a_server_started_by_hand(self):
        port = self.free_port()
        step = 1
        while self.start_and_die(step, port):
            server = self.spawn_server("--port", port)
            self.assertEqual(self.status()["pid"], server.pid, step)
            self.assertEqual(self.daemons(), [server.pid], step)
            server.terminate()
            server.communicate(timeout=PATIENCE)
            self.assertEqual(server.returncode, 0, step)
            left = os.listdir(os.path.join(self.run_directory, "hob"))
            self.assertEqual([name for name in left if not name.endswith(".start")], [], step)
            step += 1
        self.assertGreater(step, 20)
        print("killed at %d steps of a start by hand" % (step - 1))

    def test_at_every_step_of_a_server_started_by_its_first_client(self):
        step = 1
        while True:
            code, answer, errors = self.ask(
                "GET", "/api/ping", environment={"LD_PRELOAD": LIBRARY, "DIE_AT": str(step)})
            if code == 0 and self.daemons():
                break
            if code != 0:
                self.assertRegex(errors, "cannot start the server|nobody listens|ended too early")
            code, answer, errors = self.ask("GET", "/api/ping")
            self.assertEqual((code, errors), (0, ""), step)
            self.assertIn("pong", answer)
            self.assertEqual(len(self.daemons()), 1, step)
            stopped = self.hob("serve", "--stop")
            self.assertEqual((stopped.returncode, stopped.stderr), (0, ""), step)
            step += 1
        self.assertGreater(step, 15)
        print("killed at %d steps of a start by a client" % (step - 1))


# A server that was killed between the fork and the exec of a worker.
COPY = """
import os, socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
copy = os.fork()
if copy == 0:
    os.close(1)
    time.sleep(float(sys.argv[2]))
else:
    print(copy)
"""


class Copied(LifeTest):
    def leave_copy(self, seconds):
        os.makedirs(os.path.dirname(self.socket), 0o700)
        made = subprocess.run([sys.executable, "-c", COPY, self.socket, str(seconds)], check=True,
                              stdout=subprocess.PIPE, text=True)
        return int(made.stdout)

    def test_a_copy_of_a_killed_server_is_waited_for(self):
        self.leave_copy(0.5)
        server = self.spawn_server("--port", "0")
        self.assertEqual(self.status()["pid"], server.pid)

    def test_what_goes_on_listening_is_not_pushed_aside(self):
        self.addCleanup(os.kill, self.leave_copy(300), signal.SIGKILL)
        refused = subprocess.run([HOBD, "--port", "0", "--socket", self.socket],
                                 env=self.environment, cwd=self.directory, capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("another server listens there", refused.stderr)


if __name__ == "__main__":
    unittest.main()
