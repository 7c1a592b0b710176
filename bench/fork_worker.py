#!/usr/bin/env python3
"""The worker kit: a warm call beside a bare echo script, a fresh fork of a process with 100 MB, and
the memory of eight workers that were forked from one with pandas.

Part of `make bench` (`bench/run.py --only fork`); by itself: bench/fork_worker.py [--quick]
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

PYTHON_DIRECTORY = pathlib.Path(__file__).resolve().parent.parent / "python"
WORKERS = 8

BARE = """
import sys
for line in sys.stdin:
    print(line, end="", flush=True)
"""

ECHO = """
from hob_worker import Worker
worker = Worker()
@worker.method
def echo(**params):
    return params
worker.run()
"""

# A hundred megabytes of small objects.
OBJECTS = """
import resource
objects = []
while resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 100 << 10:
    objects.append({"number": len(objects), "name": str(len(objects)), "values": [len(objects), 1.5]})
"""

LARGE = OBJECTS + ECHO

# The floor: what a fork costs until the child has said a word, without anything around it.
FORKS = OBJECTS + """
import gc, os, sys, time
gc.collect()
gc.freeze()
times = []
for _ in range(int(sys.argv[1])):
    began = time.perf_counter()
    source, target = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(target, b"x")
        os._exit(0)
    os.read(source, 1)
    times.append(time.perf_counter() - began)
    os.waitpid(pid, 0)
    os.close(source)
    os.close(target)
print(times)
"""

PANDAS = """
import time
import pandas
from hob_worker import Worker
worker = Worker()
@worker.method
def total(rows: int) -> float:
    frame = pandas.DataFrame({"group": [i % 7 for i in range(rows)], "value": range(rows)})
    found = frame.groupby("group").value.sum()
    time.sleep(0.3)
    return float(found.sum())
worker.run()
"""


class Worker:
    """A worker process that is asked over its pipes; it ends with the block."""

    def __init__(self, command, script=None):
        environment = {**os.environ, "PYTHONPATH": str(PYTHON_DIRECTORY)}
        self.process = subprocess.Popen([*command, *([script] if script else [])], bufsize=0,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=environment)
        self.input, self.output = self.process.stdin.fileno(), self.process.stdout.fileno()
        self.lines = self.process.stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def send(self, method, params, number=1):
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        os.write(self.input, json.dumps(request).encode() + b"\n")

    def times(self, count, pause=0.0):
        """Seconds from a request to its answer, the next one `pause` seconds after the last; the first
        fifth has warmed up and is left out."""
        times = []
        for _ in range(count):
            time.sleep(pause)
            began = time.perf_counter()
            self.send("echo", {"text": "hello"})
            os.read(self.output, 65536)
            times.append(time.perf_counter() - began)
        return times[count // 5:]


def micro(seconds):
    return [one * 1e6 for one in seconds]


def forked(*options, python=sys.executable):
    return [python, "-m", "hob_worker", "--fork", *options, "--"]


def shared_memory(pid):
    """PSS in MB: what is private, and a share of what is shared."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE).group(1)) / 1024


def resident(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Rss:\s+(\d+) kB", text, re.MULTILINE).group(1)) / 1024


def python_with_pandas():
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            if subprocess.run([python, "-c", "import pandas"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0:
                return python
    return None


def bench_calls(bench, echo):
    with Worker([sys.executable, "-c", BARE]) as bare, Worker([sys.executable], echo) as kit:
        floor = micro(bare.times(bench.count(10000)))
        bench.add("warm call of the worker kit", micro(kit.times(bench.count(10000))), "us",
                  "print of each line", floor)


def bench_fresh(bench, large):
    count = bench.count(300)
    forks = subprocess.run([sys.executable, "-c", FORKS, str(count)], stdout=subprocess.PIPE,
                           check=True)
    floor = [took * 1000 for took in json.loads(forks.stdout)]
    for what, options, pause in (("every 20 ms", (), 0.02), ("at once", (), 0.0),
                                 ("no spare, at once", ("--spare", "0"), 0.0)):
        with Worker(forked(*options), large) as zygote:
            zygote.times(5)
            times = [took * 1000 for took in zygote.times(count, pause)]
            bench.add(f"fresh fork of 100 MB, {what}", times, "ms", "bare fork", floor,
                      more={"resident_mb": resident(zygote.process.pid)})


def bench_sharing(bench, script):
    python = python_with_pandas()
    if python is None:
        print("(no Python with pandas: its workers are not measured)")
        return
    with Worker([python], script) as alone:
        alone.send("total", {"rows": 10000})
        alone.lines.readline()
        one = shared_memory(alone.process.pid)
    options = ("--per", "worker", "--children", str(WORKERS), "--preload", "pandas")
    with Worker(forked(*options, python=python), script) as zygote:
        for number in range(WORKERS):
            zygote.send("total", {"rows": 10000}, number)
        for _ in range(WORKERS):
            zygote.lines.readline()
        pid = zygote.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert len(children) == WORKERS, children
        workers = sum(map(shared_memory, children))
        bench.add(f"PSS of {WORKERS} workers from a pandas zygote", workers, "MB", "one by itself",
                  one)
        bench.add("the same with the zygote", workers + shared_memory(pid), "MB", "one by itself",
                  one)


def bench_fork(bench):
    with tempfile.TemporaryDirectory(prefix="hob-bench-") as folder:
        scripts = {}
        for name, text in (("echo", ECHO), ("large", LARGE), ("pandas", PANDAS)):
            scripts[name] = pathlib.Path(folder) / f"{name}_worker.py"
            scripts[name].write_text(text)
        bench_calls(bench, scripts["echo"])
        bench_fresh(bench, scripts["large"])
        bench_sharing(bench, scripts["pandas"])


class Alone:
    """What bench/run.py's Bench is to the functions above."""

    def __init__(self, quick):
        self.quick = quick

    def count(self, full):
        return max(full // 10, 20) if self.quick else full

    def add(self, what, ours, unit, against, theirs, more=None):
        ours, theirs = (statistics.median(side) if isinstance(side, list) else side
                        for side in (ours, theirs))
        print(f"{what:<46} {ours:>9.2f} {unit:<3} {theirs:>9.2f} {ours / theirs:>6.2f}×  {against}",
              flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    bench_fork(Alone(parser.parse_args().quick))
