"""The suite `sessions` of run.py: what an operation on a session takes, beside its floors.

Round trips are measured with server and client on one core (`taskset -c 0`, where it is there), so
that waking the other core is not what is measured. An edit that is to survive a power cut waits for
the disk: its floor is a bare pwrite and fdatasync in the directory of the journal, at the time.
"""

import http.client
import json
import os
import random
import shutil
import statistics
import subprocess
import time

INTERFACE = """
input: {type: csv, filename: %s, directory: ., index: id}
output: {type: csv, filename: marks.csv, directory: ., index: id, columns: [mark]}
"""
MANY = 10_000
CLIENTS = 32


def flush_times(folder, count, size=2200):
    """Microseconds that appending so much and flushing it takes, each time."""
    times = []
    path = folder / "floor"
    with path.open("wb", buffering=0) as file:
        for _ in range(count):
            began = time.perf_counter()
            file.write(b"x" * size)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1e6)
    path.unlink()
    return times


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port)

    def ask(self, path, body):
        self.connection.request("POST", "/api/sessions" + path, json.dumps(body))
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(text)
        return json.loads(text)

    def open(self, interface, index):
        """A session whose focus is on a cell that may be set."""
        session = self.ask("", {"interface_file": interface})["session"]["session_id"]
        self.ask(f"/{session}/set_column", {"column": "mark"})
        self.ask(f"/{session}/set_index", {"index": index})
        return session


def write_table(folder, name, rows, label=str):
    chance = random.Random(1)
    with (folder / f"{name}.csv").open("w") as out:
        out.write("id,name,size,share\n")
        for number in range(rows):
            out.write(f"{label(number)},person {chance.randrange(10**6)},{number * 7},{chance.random()}\n")
    (folder / f"{name}.yml").write_text(INTERFACE % f"{name}.csv")


def several(bench, port, session, rounds=3):
    """Medians of a ping, of get_value and of set_value, a list of each: of several runs."""
    runs = []
    for _ in range(rounds):
        path = f"/api/sessions/{session}/"
        runs.append((bench.latency(port, "GET", "/api/ping")["p50_us"],
                     bench.latency(port, "POST", path + "get_value", "{}")["p50_us"],
                     bench.latency(port, "POST", path + "set_value", '{"value":5}', 2000)["p50_us"]))
    return [list(column) for column in zip(*runs)]


def edits_a_second(bench, port, sessions):
    """Acknowledged edits of so many clients, each its own session, for a few seconds."""
    script = bench.scratch / "edits.lua"
    paths = ",".join(f'"/api/sessions/{session}/set_value"' for session in sessions)
    script.write_text(
        f"local paths = {{{paths}}}\nlocal turn = 0\n"
        "function request()\n  turn = turn % #paths + 1\n"
        "  return wrk.format('POST', paths[turn], nil, '{\"value\":5}')\nend\n"
        "function done(summary, latency, requests)\n"
        "  io.write('bad ' .. summary.errors.status .. ' rate '\n"
        "    .. summary.requests / summary.duration * 1e6 .. '\\n')\nend\n")
    done = subprocess.run(["wrk", "-t2", f"-c{len(sessions)}", "-d1s" if bench.quick else "-d5s",
                           "-s", script, f"http://127.0.0.1:{port}"],
                          stdout=subprocess.PIPE, text=True, check=True)
    bad, rate = done.stdout.splitlines()[-1].split()[1::2]
    if int(bad) != 0:
        raise RuntimeError(f"{bad} edits were refused")
    return float(rate)


def bench_durability(bench, folder, durability):
    """One session, then the same one among many; then many clients at once."""
    state = bench.scratch / f"state-{durability}"
    options = ("--state", state, "--durability", durability, "--session-memory", "4G")
    what = f"(--durability {durability})"
    with bench.hobd(folder, *options, pinned=True) as server:
        client = Client(server.port)
        session = client.open("ten.yml", 3)
        floor = flush_times(state, bench.count(500))
        ping, get, edit = several(bench, server.port, session)
        bench.add(f"get_value, p50 {what}", get, "us", "GET /api/ping", ping)
        if durability == "power":
            bench.add(f"set_value, p50 {what}", edit, "us", "write + fdatasync", floor)
        else:
            bench.add(f"set_value, p50 {what}", edit, "us", "GET /api/ping", ping)
        many = MANY // 10 if bench.quick else MANY
        others = [client.open("ten.yml", 3) for _ in range(many)]
        ping, get_among, edit_among = several(bench, server.port, session)
        bench.add(f"get_value among {many:,} sessions {what}", get_among, "us", "alone", get)
        bench.add(f"set_value among {many:,} sessions {what}", edit_among, "us", "alone", edit)
    with bench.hobd(folder, *options) as server:
        if shutil.which("wrk"):
            floor = 1e6 / statistics.median(flush_times(state, bench.count(500)))
            bench.add(f"edits/s of {CLIENTS} clients {what}",
                      edits_a_second(bench, server.port, others[:CLIENTS]), "/s",
                      "flushes/s of the disk", floor)


def read_bare(bench, path):
    """Milliseconds of reading the file into a table, without any session, on the same core."""
    done = subprocess.run(["taskset", "-c", "0", bench.tools / "tables", "csv", path, "3"],
                          stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)["read_ms"]


def open_and_close(client, interface):
    """Milliseconds of opening. The session is deleted, as the table of the bare read is freed before
    it reads again: what memory costs that nobody has touched before depends on the machine."""
    began = time.perf_counter()
    session = client.ask("", {"interface_file": interface})["session"]["session_id"]
    taken = (time.perf_counter() - began) * 1000
    client.connection.request("DELETE", f"/api/sessions/{session}")
    client.connection.getresponse().read()
    return taken


def bench_size(bench, folder):
    """A session of a million rows beside one of ten."""
    options = ("--durability", "process", "--state", bench.scratch / "state-size")
    with bench.hobd(folder, *options, pinned=True) as server:
        client = Client(server.port)
        small = client.open("ten.yml", 3)
        read, opened = {}, {}
        for turn in range(10):
            table = ("million", "names")[turn % 2]
            read.setdefault(table, []).append(read_bare(bench, folder / f"{table}.csv"))
            opened.setdefault(table, []).append(open_and_close(client, f"{table}.yml"))
        large = client.open("million.yml", 999_999)
        _, get, edit = several(bench, server.port, small)
        _, get_large, edit_large = several(bench, server.port, large)
        bench.add("get_value in 1 M rows, p50", get_large, "us", "in 10 rows", get)
        bench.add("set_value in 1 M rows, p50", edit_large, "us", "in 10 rows", edit)
        for table, what in (("million", "opening a session of 1 M rows"),
                            ("names", "opening one with unsorted names as index")):
            bench.add(what, opened[table], "ms", "reading the csv", read[table])


def bench_sessions(bench):
    folder = bench.scratch / "sessions"
    folder.mkdir()
    write_table(folder, "ten", 10)
    write_table(folder, "million", 1_000_000)
    write_table(folder, "names", 1_000_000, lambda row: f"key {row * 2654435761 % 10**9:09}")
    for durability in ("process", "power"):
        bench_durability(bench, folder, durability)
    bench_size(bench, folder)
