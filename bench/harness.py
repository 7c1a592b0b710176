"""What suites measure with: servers that end with a block, the tools of bench/, and the board."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from board import Figure

ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ["HOB_CONFIG"] = "none"  # not what the user of this machine has set
CV = ROOT / "examples" / "cv"
TALK = "talks/" + sorted(p.name for p in (CV / "talks").glob("*.md"))[0]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended at once")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.005)
    raise RuntimeError(f"{process.args[0]} does not listen")


class Process:
    """A server that is ended by its pid when the block ends."""

    def __init__(self, command, port, cwd=None):
        self.port = port
        self.process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        wait_for(port, self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def memory_of(pid):
    """Resident and private megabytes."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = {key: int(size) for key, size in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
    return found["Rss"] / 1024, (found["Private_Clean"] + found["Private_Dirty"]) / 1024


class Bench:
    """One run: what every suite is given."""

    def __init__(self, build, quick, board):
        self.build = pathlib.Path(build).resolve()
        self.tools = self.build / "bench"
        self.binaries = self.build / "src"
        self.quick = quick
        self.board = board
        self.suite = None
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="hob-bench-"))
        self.curves = {}  # file name: what plot.chart takes
        self.prefix = []  # of the commands that ask a server

    def count(self, full):
        return max(full // 10, 20) if self.quick else full

    def add(self, what, ours, unit, against=None, theirs=None, *_, more=None):
        """A figure of hob's, and of the floor or peer beside it: numbers, or lists of all that was
        measured. The budget is in rows.py."""
        self.board.add(self.suite, what, ours, unit, against, theirs, more or {})

    def curve(self, name, title, x_label, y_label, points, **options):
        """`points`: {name of the curve: [(x, y), ...]}; drawn into bench/results/NAME.svg."""
        self.curves[name] = {"title": title, "x_label": x_label, "y_label": y_label,
                             "curves": points, **options}

    def run_tool(self, *command, cwd=None):
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                              check=True, cwd=cwd)
        return done.stdout

    def spawn(self, count, *commands, cwd=CV):
        """Of each command a Figure in microseconds, one of each in every round."""
        words = []
        for command in commands:
            words += (["--"] if words else []) + list(command)
        printed = self.run_tool(self.tools / "spawn", count, *words, cwd=cwd)
        return [Figure(found["median_us"], found["low_us"], found["high_us"], found["count"])
                for found in map(json.loads, printed.splitlines())]

    def hobd(self, cwd, *more, pinned=False):
        """`pinned`: on the first core, and what asks it as well."""
        port = free_port()
        self.prefix = ["taskset", "-c", "0"] if pinned and shutil.which("taskset") else []
        return Process([*self.prefix, self.binaries / "hobd", "--port", str(port), "--socket",
                        "none", "--state", "none", *more],
                       port, cwd)

    def latency(self, port, method, path, body="-", count=10000, touched=None):
        """Of requests one after the other; {"p50_us", "p99_us", ...}."""
        return json.loads(self.run_tool(
            *self.prefix, self.tools / "http_latency", "127.0.0.1", port, method, path, body,
            self.count(count), *([touched] if touched else [])))

    def load(self, port, path, connections, seconds):
        """Requests a second of so many connections, and how long half of the answers took (us)."""
        threads = min(2, connections)
        printed = self.run_tool("wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s",
                                "--latency", f"http://127.0.0.1:{port}{path}")
        amount, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", printed).groups()
        return (float(re.search(r"Requests/sec:\s+([\d.]+)", printed).group(1)),
                float(amount) * {"us": 1, "ms": 1e3, "s": 1e6}[unit])

    def bare(self):
        port = free_port()
        return Process([self.tools / "floor_microhttpd", str(port)], port)

    def nginx(self):
        port = free_port()
        folder = self.scratch / "nginx"
        folder.mkdir(exist_ok=True)
        text = (ROOT / "bench" / "nginx.conf.in").read_text()
        config = folder / "nginx.conf"
        config.write_text(text.replace("@PORT@", str(port)).replace("@DIRECTORY@", str(folder)))
        return Process(["nginx", "-c", config, "-p", folder, "-e", folder / "error.log"], port)

