#!/usr/bin/env python3
"""A server that is killed at any step of its start leaves nothing in the way of the next one."""

import os
import signal
import subprocess
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


if __name__ == "__main__":
    unittest.main()
