"""Warm exec: a Python command writes its number down and prints it; each run happens once.

Zygotes are killed meanwhile, and some callers, too.
"""

import os
import pathlib
import signal
import subprocess
import sys
import time

from harness import PATIENCE
from link import Violation, same
from world import HOB

CLIENTS = 1
STATUS_LOST = 125   # of a run whose waiting process was killed, before Linux 6.15
SCRIPT = """#!%s
import argparse, decimal, json, os, sys
log = os.open(%r, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
os.write(log, (sys.argv[1] + "\\n").encode())
print(json.dumps({"number": sys.argv[1], "sum": str(decimal.Decimal("0.1") * 3)}))
sys.exit(int(sys.argv[1].split("-")[1]) %% 3)
"""


class Warm:
    def __init__(self, world, number, random):
        self.world, self.number, self.random = world, number, random
        self.name = "warm %d" % number
        self.done = self.given = self.killed = self.warm = 0
        self.log = pathlib.Path(world.safe, "warm%d.log" % number)
        self.script = pathlib.Path(world.safe, "warm%d.py" % number)
        self.script.write_text(SCRIPT % (sys.executable, str(self.log)))
        self.script.chmod(0o700)
        self.ended = set()

    def run(self, until):
        while time.monotonic() < until:
            self.given += 1
            self.once("%d-%d" % (self.number, self.given), self.random.randrange(12) == 0)
            self.done += 1

    def once(self, number, dies):
        kills = self.world.zygote_kills
        process = subprocess.Popen([HOB, "run", "--", str(self.script), number],
                                   cwd=self.world.safe, env=self.world.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        if dies:
            time.sleep(self.random.random() * 0.05)
            process.kill()
        try:
            out, err = process.communicate(timeout=3 * PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Violation("answers", "hob run %s does not end" % number) from None
        if dies and process.returncode == -signal.SIGKILL:
            return
        if process.returncode == STATUS_LOST and self.world.zygote_kills > kills:
            return
        same((int(number.split("-")[1]) % 3, '{"number": "%s", "sum": "0.3"}\n' % number, ""),
             (process.returncode, out, err), "hob run %s" % number)
        self.ended.add(number)

    def finish(self):
        """Each run that ended happened once, each that was killed at most once."""
        seen = self.log.read_text().split() if self.log.exists() else []
        twice = {number for number in seen if seen.count(number) > 1}
        if twice:
            raise Violation("calls", "hob run more than once: %s" % sorted(twice))
        never = self.ended - set(seen)
        if never:
            raise Violation("calls", "hob run ended and never ran: %s" % sorted(never))
        self.log.unlink(missing_ok=True)
        self.ended.clear()


def make(world, random):
    if not (3, 11) <= sys.version_info[:2] <= (3, 12) or not os.access(HOB, os.X_OK):
        return []
    return [Warm(world, number, random()) for number in range(CLIENTS)]
