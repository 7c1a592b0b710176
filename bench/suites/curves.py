"""The curves that are drawn: latency against connections, throughput against workers, memory against
sessions. (Time against rows comes with the suite `growth`.) Nothing is promised of them as curves."""

import contextlib
import shutil
import statistics

import pools
import sessions
from harness import CV, Process, free_port, memory_of
from peers import missing


def latency_against_connections(bench):
    counts = [1, 16, 256] if bench.quick else [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    rounds = 1 if bench.quick else 3
    with bench.hobd(CV) as server, bench.bare() as bare, contextlib.ExitStack() as stack:
        rivals = {"hob": (server.port, "/api/ping"), "bare libmicrohttpd": (bare.port, "/api/ping")}
        if not bench.quick and not missing(("nginx",), bench.build):
            rivals["nginx"] = (stack.enter_context(bench.nginx()).port, "/")
        points = {name: [] for name in rivals}
        for connections in counts:
            found = {name: [] for name in rivals}
            for _ in range(rounds):
                for name, (port, path) in rivals.items():
                    found[name].append(bench.load(port, path, connections, 1)[1])
            for name, times in found.items():
                points[name].append((connections, statistics.median(times)))
            bench.add(f"GET /api/ping, {connections} connections in a hurry, p50", found["hob"], "us",
                      "bare libmicrohttpd", found["bare libmicrohttpd"])
    bench.curve("latency", "GET /api/ping: half of the answers come within", "connections, all asking",
                "microseconds", points)


def throughput_against_workers(bench):
    counts = [1, 2, 4] if bench.quick else [1, 2, 3, 4, 6, 8]
    rounds = 1 if bench.quick else 3
    points = {"hob's pool": []}
    with_peer = not missing(("uwsgi",), bench.build)
    if with_peer:
        points["uWSGI's HTTP server"] = []
    for workers in counts:
        with contextlib.ExitStack() as stack:
            ours = stack.enter_context(pools.start_hobd(bench, workers, free_port, Process))
            theirs = with_peer and stack.enter_context(
                pools.start_uwsgi(bench, workers, free_port, Process))
            found, other = [], []
            bench.latency(ours.port, "POST", "/api/rpc/echo", pools.BODY, 1000)  # all have started
            for _ in range(rounds):
                found.append(pools.throughput(bench, ours.port, "/api/rpc/echo"))
                if theirs:
                    other.append(pools.throughput(bench, theirs.port, "/"))
        points["hob's pool"].append((workers, statistics.median(found)))
        if with_peer:
            points["uWSGI's HTTP server"].append((workers, statistics.median(other)))
        bench.add(f"warm calls over HTTP, 8 connections, workers: {workers}", found, "/s",
                  "uWSGI's HTTP server" if with_peer else None, other if with_peer else None)
    bench.curve("workers", "Warm calls to a Python worker over HTTP, 8 connections", "workers",
                "calls a second", points, log_x=False, log_y=False)


def memory_against_sessions(bench):
    most = 2000 if bench.quick else 10_000
    folder = bench.scratch / "curve"
    folder.mkdir()
    sessions.write_table(folder, "ten", 10)
    options = ("--state", bench.scratch / "state-curve", "--durability", "process",
               "--session-memory", "4G")
    steps = [most * step // 10 for step in range(11)]
    resident, private = [], []
    with bench.hobd(folder, *options) as server:
        client = sessions.Client(server.port)
        opened = 0
        for step in steps:
            while opened < step:
                client.open("ten.yml", 3)
                opened += 1
            now = memory_of(server.process.pid)
            resident.append((step, now[0]))
            private.append((step, now[1]))
    bench.add(f"hobd with {most:,} sessions of ten rows, resident", resident[-1][1], "MB",
              "without any", resident[0][1])
    bench.add("memory of a session of ten rows", (private[-1][1] - private[1][1]) * 1024 / (most * 0.9),
              "KB")
    bench.curve("memory", "Memory of hobd, sessions of ten rows", "open sessions", "megabytes",
                {"resident": resident, "private": private}, log_x=False, log_y=False)


def bench_curves(bench):
    if shutil.which("wrk"):
        latency_against_connections(bench)
        throughput_against_workers(bench)
    else:
        bench.board.show("(wrk is not installed: no curves of latency and throughput)")
    memory_against_sessions(bench)
