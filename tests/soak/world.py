"""What the scenarios share: the folder, the server that runs at the moment, and what was seen."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from disk import Disk
from harness import PATIENCE, wait_for
from link import Interrupted, Link, Violation

HERE = pathlib.Path(__file__).resolve().parent
HOB = os.path.abspath(os.environ.get("HOB", "hob"))
HOBD = os.path.abspath(os.environ.get("HOBD", "hobd"))
# Sanitizers keep what was freed, and find leaks by themselves.
SANITIZED = any(name in pathlib.Path(HOBD).read_bytes() for name in (b"__asan_init", b"__tsan_init"))
POOLS = {"count": {"workers": {"min": 1, "max": 3}, "idle_timeout": "1s"},
         "many": {"workers": {"min": 1, "max": 2, "concurrency": 4}, "idle_timeout": "1s",
                  "recycle": {"max_requests": 40}}}


def is_alive(pid):
    """Whether it runs: one that is dead and only not yet waited for does not."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            return file.read().rsplit(b")", 1)[1].split()[0] not in (b"Z", b"X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def parent_of(pid):
    with open("/proc/%d/stat" % pid, "rb") as file:
        return int(file.read().rsplit(b")", 1)[1].split()[1])


class World:
    """The server's surroundings: `folder` lies on the disk that may be full, `safe` never does."""

    def __init__(self, preload=None):
        self.safe = os.path.realpath(tempfile.mkdtemp(prefix="hob-soak-"))
        self.folder = os.path.join(self.safe, "disk")
        os.mkdir(self.folder)
        self.disk = Disk(self.folder)
        self.mark = "HOB_SOAK_MARK=%d-%d" % (os.getpid(), time.monotonic_ns())
        os.mkdir(os.path.join(self.safe, "run"), 0o700)
        name, _, value = self.mark.partition("=")
        self.environment = {
            "PATH": "%s:/usr/bin:/bin" % os.path.dirname(sys.executable), "LANG": "C.UTF-8",
            "HOME": self.safe, "XDG_RUNTIME_DIR": os.path.join(self.safe, "run"), name: value,
            "HOB_STATE": os.path.join(self.folder, "state"), "HOB_CONFIG": "none",
            # With an arena for each thread the bound to what the allocator keeps is reached late,
            # by chance. It changes nothing about what the program asks for and gives back.
            "MALLOC_ARENA_MAX": "1", "HOB_WARM_IDLE": "300"}
        for kept in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if kept in os.environ:
                self.environment[kept] = os.environ[kept]
        self.preload = preload
        self.lock = threading.Condition()
        self.life = 0           # counts servers
        self.up = False
        self.process = None
        self.killed = set()     # lives that were ended by force
        self.violations = []
        self.routes = set()
        self.worker_kills = self.zygote_kills = self.interruptions = 0
        self.errors = open(os.path.join(self.safe, "stderr"), "ab")
        self.calls = os.path.join(self.safe, "calls.log")
        self.write_settings()

    def write_settings(self):
        worker = [sys.executable, "-S", str(HERE / "count_worker.py"), self.calls]
        common = {"command": worker, "stop_grace": "1s", "restart": {
            "backoff": {"first": "10ms", "max": "100ms"}, "intensity": {"failures": "off"}}}
        self.settings = os.path.join(self.safe, "hob.yml")
        with open(self.settings, "w", encoding="utf-8") as file:
            json.dump({"pools": {name: {**common, **pool} for name, pool in POOLS.items()}}, file)
        os.chmod(self.settings, 0o600)

    # --- the server ---

    def start(self):
        environment = dict(self.environment)
        if self.preload:
            environment["LD_PRELOAD"] = self.preload
            environment["HOB_PLANT"] = os.environ.get("HOB_PLANT", "")
        self.process = subprocess.Popen(
            [HOBD, "--port", "0", "--socket", os.path.join(self.safe, "run", "s"), "--cache", "1M",
             "--session-memory", "2M", "--durability", "process", "--config", self.settings],
            cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.errors, restore_signals=False)
        line = self.process.stdout.readline().decode()
        found = re.match(r"hobd: listening on http://.*:(\d+)$", line.rstrip())
        if not found:
            self.process.wait(PATIENCE)
            raise Violation("answers", "the server does not start: %r, %s" % (line, self.log()[-2000:]))
        with self.lock:
            self.port = int(found.group(1))
            self.life += 1
            self.up = True
            self.lock.notify_all()

    def kill(self):
        """Ends the server by force; everybody who asks it something has an excuse from now on."""
        with self.lock:
            self.up = False
            self.killed.add(self.life)
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdout.close()

    def stop(self):
        """Asks the server to end, as a client may, and expects that it ends well."""
        with Link(self) as link:
            link.expect("POST", "/api/server/stop")
        with self.lock:
            self.up = False
        try:
            status = self.process.wait(3 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        log = self.log()
        if status != 0 or "Sanitizer" in log:
            raise Violation("answers", "the server ended with status %d: %s" % (status, log[-4000:]))

    def wait_until_up(self):
        """The life of the server that runs, once one does."""
        with self.lock:
            if not self.lock.wait_for(lambda: self.up, 3 * PATIENCE):
                raise Violation("answers", "there is no server")
            return self.life

    def was_killed(self, life):
        with self.lock:
            if life in self.killed:
                self.interruptions += 1
            return life in self.killed

    def address(self):
        return ("127.0.0.1", self.port)

    def log(self):
        self.errors.flush()
        return pathlib.Path(self.errors.name).read_text(encoding="utf-8", errors="replace")

    def note_route(self, method, path):
        self.routes.add((method, path.split("?")[0]))

    def report(self, violation):
        with self.lock:
            self.violations.append(violation)

    # --- processes of this run ---

    def owns(self, pid):
        try:
            with open("/proc/%d/environ" % pid, "rb") as file:
                return self.mark.encode() in file.read().split(b"\0") and is_alive(pid)
        except OSError:
            return False

    def processes(self):
        """All that were started in this run, by whomever, and still run."""
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and self.owns(int(name))]

    def end_process(self, pid, number=signal.SIGKILL):
        """Sends a signal to a process of this run, and to no other."""
        if self.owns(pid):
            try:
                os.kill(pid, number)
                return True
            except ProcessLookupError:
                pass
        return False

    def hob(self, *words, timeout=3 * PATIENCE):
        return subprocess.run([HOB, *words], cwd=self.safe, env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout, check=False)

    def zygotes(self):
        listed = self.hob("warm", "list").stdout.partition("warm processes:")[2]
        return [int(line.split()[2]) for line in listed.splitlines() if " pid " in line]

    def workers(self):
        """Process numbers of the pools' workers, as the server tells them."""
        with Link(self) as link:
            try:
                pools = link.expect("GET", "/api/pools").json["pools"]
            except Interrupted:
                return []
        return [one["pid"] for pool in pools for one in pool["workers"] if one["pid"]]

    def close(self):
        """Ends what is left, by number, and removes the folder."""
        for pid in self.processes():
            self.end_process(pid)
        try:
            wait_for(lambda: not self.processes(), "the processes of this run to end")
        finally:
            self.errors.close()
            self.disk.close()
            shutil.rmtree(self.safe, ignore_errors=True)
