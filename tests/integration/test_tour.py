#!/usr/bin/env python3
"""examples/tour.py, which `make run` runs: it gets through, and Ctrl-C leaves no server behind.

Environment: HOBD, the path of hobd; hob lies beside it.
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from processes import is_alive, wait_for

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARIES = pathlib.Path(os.environ["HOBD"]).resolve().parent


class Tour(unittest.TestCase):
    def start(self, binaries=BINARIES):
        return subprocess.Popen([sys.executable, ROOT / "examples" / "tour.py", binaries],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def test_it_reads_everything_and_stops_the_server(self):
        tour = self.start()
        out = tour.communicate(timeout=120)[0]
        self.assertEqual(tour.returncode, 0, out)
        self.assertIn("24 rows × 10 columns", out)
        self.assertIn("40 talks", out)
        self.assertRegex(out, r"stop hobd +exit status 0")

    def test_ctrl_c_leaves_nothing_behind(self):
        for delay in (0.02, 0.15, 0.4):
            tour = self.start()
            children = pathlib.Path(f"/proc/{tour.pid}/task/{tour.pid}/children")
            time.sleep(delay)
            started = [int(pid) for pid in children.read_text().split()] if children.exists() else []
            tour.send_signal(signal.SIGINT)
            tour.communicate(timeout=60)
            for pid in started:
                self.assertFalse(is_alive(pid), f"{pid} lives on after {delay} s")

    def test_ctrl_c_while_the_server_starts_stops_it_too(self):
        with tempfile.TemporaryDirectory() as folder:
            slow = pathlib.Path(folder, "hobd")
            begun = pathlib.Path(folder, "begun")
            slow.write_text(f"#!/bin/sh\necho $$ >'{begun}'\nwhile [ ! -e '{begun}.over' ]; do :; done\n"
                            f"exec '{BINARIES / 'hobd'}' \"$@\"\n")
            slow.chmod(0o755)
            tour = self.start(folder)
            server = int(wait_for(lambda: begun.exists() and begun.read_text(), "the server to begin"))
            tour.send_signal(signal.SIGINT)
            pathlib.Path(f"{begun}.over").touch()
            out = tour.communicate(timeout=60)[0]
            self.assertEqual(tour.returncode, 130, out)
            self.assertFalse(is_alive(server), out)


if __name__ == "__main__":
    unittest.main()
