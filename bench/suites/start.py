"""How soon programs are there: hob's commands as whole processes, a build, hobd's first answer."""

import re
import shutil
import socket
import subprocess
import sys
import time

from harness import CV, ROOT, TALK, free_port
from peers import python_with


def bench_process(bench):
    field = [bench.binaries / "hob", "field", "title", TALK]
    empty = bench.tools / "empty"
    ours, floor = bench.spawn(bench.count(2000), field, [empty])
    bench.add("hob field title talk.md, whole process", ours, "us", "empty C process", floor)
    bench_calls(bench, empty)
    bench_cv(bench, empty)
    client = (f"import sys; sys.path.insert(0, {str(ROOT / 'python')!r}); "
              "from hob import Client, Server, Session")  # `import hob` alone loads nothing yet
    nothing, with_client = bench.spawn(bench.count(200), [sys.executable, "-c", "pass"],
                                       [sys.executable, "-c", client])
    bench.add("import hob in Python", (with_client.median - nothing.median) / 1000, "ms",
              "python3 -c pass", nothing.times(1e-3))
    python = python_with("lamd")
    if python:
        theirs, = bench.spawn(5, [python, "-m", "lamd.mdfield", "title", TALK])
        bench.add("hob field title talk.md, whole process", ours, "us", "Python's mdfield", theirs)


def bench_calls(bench, empty):
    fields = (CV / "fields.txt").read_text().split()
    calls = [f"{bench.binaries}/hob field {fields[i % len(fields)]} {TALK}" for i in range(38)]
    scripts = []
    for name, lines in (("fields", calls), ("nothing", [empty] * 38)):
        path = bench.scratch / f"{name}.sh"
        path.write_text("".join(f"{line} >/dev/null\n" for line in lines))
        scripts.append(["/bin/sh", path])
    ours, floor = bench.spawn(bench.count(100), *scripts)
    bench.add("38 hob field calls from a shell", ours.times(1e-3), "ms", "38 empty processes",
              floor.times(1e-3))


def bench_cv(bench, empty):
    """The example's build, all of it, with hob and with a program that does nothing in its place."""
    folder = bench.scratch / "cv"
    shutil.copytree(CV, folder, ignore=shutil.ignore_patterns("build"))
    found = {bench.binaries / "hob": [], empty: []}
    for turn in range(4 if bench.quick else 11):
        for tool, times in found.items():
            shutil.rmtree(folder / "build", ignore_errors=True)
            said = bench.run_tool("make", "-s", "-C", folder, f"HOB={tool}")
            if turn > 0:
                times.append(float(re.search(r"([\d.]+) ms of tool time", said).group(1)))
    ours, floor = found.values()
    bench.add("make -C examples/cv, time of tools", ours, "ms", "empty processes", floor)


def first_answer(command, cwd, port):
    """Milliseconds from the start of a server to the first byte of an answer."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
                    client.sendall(b"GET /api/ping HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % port)
                    client.recv(1000)
                return (time.perf_counter() - began) * 1000
            except ConnectionRefusedError:
                time.sleep(0.0002)
        raise RuntimeError(f"{command[0]} ended at once")
    finally:
        process.terminate()
        process.wait()


def bench_start(bench):
    ours, floor = [], []
    for turn in range(bench.count(200) + 2):
        port, other = free_port(), free_port()
        one = first_answer([bench.binaries / "hobd", "--port", str(port), "--socket", "none",
                            "--state", "none"], CV, port)
        two = first_answer([bench.tools / "floor_microhttpd", str(other)], CV, other)
        if turn > 1:
            ours.append(one)
            floor.append(two)
    bench.add("hobd, exec to first answer", ours, "ms", "bare libmicrohttpd", floor)
