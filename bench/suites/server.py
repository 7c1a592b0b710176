"""hobd over HTTP: what it takes while it is idle, how fast it answers."""

import contextlib
import json
import resource
import shutil
import socket
import time

from harness import CV, TALK, memory_of
from peers import missing
from suites.tables import write_csv

IDLE = 10_000


def bench_memory(bench):
    ours, floors = [], []
    for _ in range(3):
        with bench.hobd(CV) as server, bench.bare() as bare:
            for port in (server.port, bare.port):
                bench.latency(port, "GET", "/api/ping", count=100)
            time.sleep(0.2)
            ours.append(memory_of(server.process.pid))
            floors.append(memory_of(bare.process.pid))
    for at, name in enumerate(("resident", "private")):
        bench.add(f"hobd idle, {name}", [one[at] for one in ours], "MB", "bare libmicrohttpd",
                  [one[at] for one in floors])


def may_have_descriptors(count):
    """Raises the limit of this process and of its children, if that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(hard, count)))


def open_idle(stack, port):
    """Connections that have each asked once, and stay open."""
    question = b"GET /api/ping HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port
    for start in range(0, IDLE, 100):
        some = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
                for _ in range(start, start + 100)]
        for connection in some:
            connection.sendall(question)
        for connection in some:
            if b"pong" not in connection.recv(1000):
                raise RuntimeError("a connection got no answer")


def bench_idle(bench):
    """What ten thousand connections cost that say nothing, and whether others notice: two servers,
    only one of which has them, are asked in turn."""
    may_have_descriptors(IDLE + 1000)
    with bench.hobd(CV) as quiet, bench.hobd(CV) as server, contextlib.ExitStack() as stack:
        open_idle(stack, server.port)
        rounds = [[bench.latency(port, "GET", "/api/ping", count=10000)["p99_us"]
                   for port in (server.port, quiet.port)] for _ in range(9 if bench.quick else 25)]
        among, alone = zip(*rounds)
        bench.add("hobd with 10,000 idle connections, resident", memory_of(server.process.pid)[0],
                  "MB", "the same without", memory_of(quiet.process.pid)[0])
        bench.add("GET /api/ping among 10,000 connections, p99", among, "us", "the same without", alone)


def bench_ping(bench):
    with bench.hobd(CV) as server, bench.bare() as bare:
        columns = [[bench.latency(port, "GET", "/api/ping", count=20000)["p50_us"]
                    for port in (server.port, bare.port)] for _ in range(3 if bench.quick else 9)]
        ours, floor = zip(*columns)
        bench.add("GET /api/ping, 1 connection, p50", ours, "us", "bare libmicrohttpd", floor)
        if shutil.which("wrk"):
            bench_throughput(bench, server, bare)


def bench_throughput(bench, server, bare):
    """In turn, several times, so that what else the machine does meets all alike."""
    rivals = {"hob": (server.port, "/api/ping"), "bare libmicrohttpd": (bare.port, "/api/ping")}
    with contextlib.ExitStack() as stack:
        if not missing(("nginx",), bench.build):
            rivals["nginx"] = (stack.enter_context(bench.nginx()).port, "/")
        found = {name: [] for name in rivals}
        for _ in range(3 if bench.quick else 7):
            for name, (port, path) in rivals.items():
                found[name].append(bench.load(port, path, 8, 1 if bench.quick else 2)[0])
    ours = found.pop("hob")
    for name, theirs in found.items():
        bench.add("GET /api/ping, 8 connections", ours, "/s", name, theirs)


def bench_answers(bench):
    folder = bench.scratch / "data"
    shutil.copytree(CV, folder)
    write_csv(folder / "hundred.csv", 100)
    time.sleep(0.05)  # so that the files are older than the clock's granularity
    field = json.dumps({"field": "title", "markdown_file": TALK, "config_files": ["_lamd.yml"]})
    table = json.dumps({"data_source": {"type": "csv", "filename": "hundred.csv"}})
    questions = {
        "ping": ("GET", "/api/ping", "-", 10000),
        "POST /api/talk/field, unchanged": ("POST", "/api/talk/field", field, 10000),
        "POST /api/talk/field, changed": ("POST", "/api/talk/field", field, 5000, folder / TALK),
        "POST /api/read_data, 100 rows, unchanged": ("POST", "/api/read_data", table, 10000),
        "POST /api/read_data, 100 rows, changed":
            ("POST", "/api/read_data", table, 5000, folder / "hundred.csv"),
    }
    found = {name: [] for name in questions}
    with bench.hobd(folder) as server:
        for _ in range(3 if bench.quick else 9):
            for name, question in questions.items():
                found[name].append(bench.latency(server.port, *question)["p50_us"])
    ping = found.pop("ping")
    for name, times in found.items():
        bench.add(f"{name}, p50", times, "us", "GET /api/ping", ping)
