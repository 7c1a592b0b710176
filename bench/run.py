#!/usr/bin/env python3
"""make bench: hob beside its floors and peers, measured in one run on one machine.

    run.py --build DIR [--quick] [--only WORD]

Prints a table of medians and ratios, and writes bench/results/latest.json (and a dated copy). What
a row is measured against stands in the row: the empty C process, a bare libmicrohttpd server, nginx
(when it is installed), the Python reference (when it can be imported). Nothing here fails a build;
budgets are printed beside the figures.
"""

import argparse
import contextlib
import datetime
import importlib.util
import json
import os
import pathlib
import platform
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import fork_worker
import plot
import pools
import warm
from sessions import bench_sessions

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


class Bench:
    def __init__(self, build, quick):
        self.tools = pathlib.Path(build).resolve() / "bench"
        self.binaries = pathlib.Path(build).resolve() / "src"
        self.quick = quick
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="hob-bench-"))
        self.rows = []
        self.prefix = []  # of the commands that ask a server

    def count(self, full):
        return max(full // 10, 20) if self.quick else full

    def add(self, what, value, unit, against=None, floor=None, budget=None, more=None):
        """One row; `value` and `floor` in `unit`, `budget` (number, 'ratio' or 'absolute')."""
        ratio = value / floor if floor else None
        self.rows.append({"what": what, "value": value, "unit": unit, "against": against,
                          "floor": floor, "ratio": ratio, "budget": budget, **(more or {})})
        print_row(self.rows[-1])

    def hobd(self, cwd, *more, pinned=False):
        """`pinned`: on the first core, and what asks it as well."""
        port = free_port()
        self.prefix = ["taskset", "-c", "0"] if pinned and shutil.which("taskset") else []
        return Process([*self.prefix, self.binaries / "hobd", "--port", str(port), "--socket",
                        "none", "--state", "none", *more],
                       port, cwd)

    def latency(self, port, method, path, body="-", count=10000):
        done = subprocess.run([*self.prefix, self.tools / "http_latency", "127.0.0.1", str(port),
                               method, path, body, str(self.count(count))],
                              stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout)

    def throughput(self, port, path, connections):
        seconds = "1s" if self.quick else "2s"
        done = subprocess.run(["wrk", "-t2", f"-c{connections}", f"-d{seconds}",
                               f"http://127.0.0.1:{port}{path}"],
                              stdout=subprocess.PIPE, text=True, check=True)
        return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))

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


def print_row(row):
    floor = f"{row['floor']:.1f}" if row["floor"] else ""
    ratio = f"{row['ratio']:.2f}×" if row["ratio"] else ""
    print(f"{row['what']:<46} {row['value']:>11.1f} {row['unit']:<5} {floor:>10} {ratio:>8}  "
          f"{row['against'] or '':<24} {row['budget'] or ''}", flush=True)


def spawn_times(bench, count, *commands):
    argv = [str(bench.tools / "spawn"), str(count)]
    for number, command in enumerate(commands):
        argv += (["--"] if number else []) + [str(word) for word in command]
    done = subprocess.run(argv, cwd=CV, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line)["median_us"] for line in done.stdout.splitlines()]


def bench_process(bench):
    field = [bench.binaries / "hob", "field", "title", TALK]
    mine, empty = spawn_times(bench, bench.count(2000), field, [bench.tools / "empty"])
    bench.add("hob field title talk.md, whole process", mine, "us", "empty C process", empty,
              "<= 2.2x")
    script = bench.scratch / "fields.sh"
    fields = (CV / "fields.txt").read_text().split()
    calls = [f"{bench.binaries}/hob field {fields[i % len(fields)]} {TALK} >/dev/null"
             for i in range(38)]
    script.write_text("\n".join(calls) + "\n")
    nothing = bench.scratch / "nothing.sh"
    nothing.write_text(f"{bench.tools}/empty >/dev/null\n" * 38)
    build, shell = spawn_times(bench, bench.count(100), ["/bin/sh", script],
                               ["/bin/sh", nothing])
    bench.add("38 hob field calls from a shell", build / 1000, "ms", "38 empty processes",
              shell / 1000, "<= 60 ms")
    if importlib.util.find_spec("lamd"):
        python, = spawn_times(bench, 5, ["python3", "-m", "lamd.mdfield", "title", TALK])
        bench.add("Python mdfield, whole process", python, "us", "hob field", mine)


def bench_start(bench):
    times = []
    for _ in range(bench.count(200)):
        port = free_port()
        began = time.perf_counter()
        process = subprocess.Popen([bench.binaries / "hobd", "--port", str(port), "--socket",
                                    "none"], cwd=CV, stdout=subprocess.DEVNULL)
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
                    client.sendall(b"GET /api/ping HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % port)
                    client.recv(1000)
                break
            except ConnectionRefusedError:
                time.sleep(0.0002)
        times.append((time.perf_counter() - began) * 1000)
        process.terminate()
        process.wait()
    bench.add("hobd, exec to first answer", sorted(times)[len(times) // 2], "ms", budget="<= 10 ms")


def memory_of(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = {key: int(size) for key, size in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
    return found["Rss"] / 1024, (found["Private_Clean"] + found["Private_Dirty"]) / 1024


def bench_memory(bench):
    with bench.hobd(CV) as server, bench.bare() as bare:
        bench.latency(server.port, "GET", "/api/ping", count=100)
        time.sleep(0.3)
        mine, private = memory_of(server.process.pid)
        floor, floor_private = memory_of(bare.process.pid)
        bench.add("hobd idle, resident", mine, "MB", "bare libmicrohttpd", floor, "<= 8 MB")
        bench.add("hobd idle, private", private, "MB", "bare libmicrohttpd", floor_private,
                  "<= 3 MB")


def bench_ping(bench):
    with bench.hobd(CV) as server, bench.bare() as bare:
        rounds = [(bench.latency(server.port, "GET", "/api/ping", count=20000)["p50_us"],
                   bench.latency(bare.port, "GET", "/api/ping", count=20000)["p50_us"])
                  for _ in range(3)]
        mine, floor = (sorted(column)[1] for column in zip(*rounds))
        bench.add("GET /api/ping, 1 connection, p50", mine, "us", "bare libmicrohttpd", floor,
                  "<= 1.3x")
        if not shutil.which("wrk"):
            print("(wrk is not installed: no throughput)")
            return
        bench_throughput(bench, server, bare)


def bench_throughput(bench, server, bare):
    """In turn, several times, so that what else the machine does meets all alike."""
    rivals = {"bare libmicrohttpd": (bare.port, "/api/ping")}
    with contextlib.ExitStack() as stack:
        if shutil.which("nginx"):
            rivals["nginx"] = (stack.enter_context(bench.nginx()).port, "/")
        else:
            print("(nginx is not installed: no peer for throughput)")
        found = {name: [] for name in ["hob", *rivals]}
        for _ in range(3 if bench.quick else 7):
            found["hob"].append(bench.throughput(server.port, "/api/ping", 8))
            for name, (port, path) in rivals.items():
                found[name].append(bench.throughput(port, path, 8))
    mine = statistics.median(found["hob"])
    for name in rivals:
        bench.add("GET /api/ping, 8 connections, requests/s", mine, "/s", name,
                  statistics.median(found[name]), ">= 1x" if name == "nginx" else None)


def write_csv(path, rows, seed=1):
    chance = random.Random(seed)
    cities = ["Oslo", "Rome", "São Paulo", "Washington, DC", "München"]
    with path.open("w", encoding="utf-8") as out:
        out.write("id,name,age,score,city,joined,active\n")
        for number in range(rows):
            city = chance.choice(cities)
            city = f'"{city}"' if "," in city else city
            out.write(f"{number},person {chance.randrange(10**6)},{chance.randrange(18, 90)},"
                      f"{chance.uniform(0, 100):.4f},{city},"
                      f"{chance.randrange(1990, 2026)}-{chance.randrange(1, 13):02}-"
                      f"{chance.randrange(1, 29):02},{chance.choice(['True', 'False'])}\n")


def bench_answers(bench):
    folder = bench.scratch / "data"
    shutil.copytree(CV, folder)
    write_csv(folder / "hundred.csv", 100)
    time.sleep(0.05)  # so that the files are older than the clock's granularity
    field = json.dumps({"field": "title", "markdown_file": TALK, "config_files": ["_lamd.yml"]})
    table = json.dumps({"data_source": {"type": "csv", "filename": "hundred.csv"}})
    with bench.hobd(folder) as server, bench.hobd(folder, "--cache", "off") as uncached:
        for what, body, path, budget, uncached_budget in [
                ("POST /api/talk/field", field, "/api/talk/field", "<= 40 us", None),
                ("POST /api/read_data, 100 rows", table, "/api/read_data", "<= 80 us", "<= 200 us")]:
            ping = bench.latency(server.port, "GET", "/api/ping")["p50_us"]
            bench.add(f"{what}, unchanged, p50",
                      bench.latency(server.port, "POST", path, body)["p50_us"], "us",
                      "GET /api/ping", ping, budget)
            bench.add(f"{what}, read anew, p50",
                      bench.latency(uncached.port, "POST", path, body)["p50_us"], "us",
                      "GET /api/ping", ping, uncached_budget)


def install_peers(bench):
    """The folder with polars, DuckDB and LiquidJS for Node, or None when they can't be had."""
    folder = bench.tools / "peers"
    if not (folder / "node_modules").exists():
        if not shutil.which("npm"):
            return None
        folder.mkdir(exist_ok=True)
        for name in ("package.json", "read_csv.mjs", "render.mjs"):
            shutil.copy(ROOT / "bench" / "peers" / name, folder)
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"],
                              cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            return None
    return folder


def run_tables(bench, kind, path, count):
    done = subprocess.run([bench.tools / "tables", kind, path, str(count)],
                          stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def bench_tables(bench):
    path = bench.scratch / "million.csv"
    write_csv(path, 1_000_000)
    count = 3 if bench.quick else 9
    size = path.stat().st_size / 1e6
    mine = run_tables(bench, "csv", path, count)
    folder = install_peers(bench)
    peers = {}
    if folder:
        done = subprocess.run(["node", "read_csv.mjs", path, str(count)], cwd=folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        peers = json.loads(done.stdout) if done.returncode == 0 else {}
    else:
        print("(npm cannot install polars and DuckDB: no peers for csv)")
    what = f"read a csv of 1 M rows, {size:.0f} MB, typed"
    bench.add(what, mine["read_ms"], "ms", "polars", peers.get("polars_ms"), "<= 1x")
    bench.add("the same against DuckDB", mine["read_ms"], "ms", "DuckDB", peers.get("duckdb_ms"),
              "<= 0.25x")
    bench.add("peak memory of that", mine["peak_mb"], "MB", "the file", size, "<= 3x")
    bench.add("write the 1 M rows as JSON records", mine["write_json_ms"], "ms",
              more={"megabytes_a_second": mine["json_bytes"] / mine["write_json_ms"] / 1e3})
    bench.add("write them as csv", mine["write_csv_ms"], "ms",
              more={"megabytes_a_second": mine["csv_bytes"] / mine["write_csv_ms"] / 1e3})
    bench_json(bench, count)


def bench_json(bench, count):
    """100,000 records, against Python's json (which makes dicts, not yet a table)."""
    path = bench.scratch / "records.csv"
    write_csv(path, 100_000)
    records = bench.scratch / "records.json"
    with records.open("wb") as out:
        subprocess.run([bench.binaries / "hob", "read", path, "--format", "json"], stdout=out,
                       check=True)
    mine = run_tables(bench, "json", records, count)
    theirs = run_python("""
import json, sys, time
data = open(sys.argv[1]).read()
times = {"loads": [], "dumps": []}
for _ in range(5):
    began = time.perf_counter()
    rows = json.loads(data)
    times["loads"].append(time.perf_counter() - began)
    began = time.perf_counter()
    json.dumps(rows)
    times["dumps"].append(time.perf_counter() - began)
try:
    import pandas
    times["read"], times["write"], times["csv"] = [], [], []
    for _ in range(5):
        began = time.perf_counter()
        frame = pandas.DataFrame(json.loads(data))
        times["read"].append(time.perf_counter() - began)
        began = time.perf_counter()
        json.dumps(frame.to_dict(orient="records"))
        times["write"].append(time.perf_counter() - began)
        began = time.perf_counter()
        pandas.read_csv(sys.argv[2])
        times["csv"].append(time.perf_counter() - began)
except ImportError:
    pass
print(json.dumps({name: sorted(all)[2] * 1000 for name, all in times.items()}))
""", records, path)
    bench.add("read 100 k JSON records into columns", mine["read_ms"], "ms", "Python json.loads",
              theirs["loads"])
    bench.add("write 100 k rows as JSON records", mine["write_json_ms"], "ms",
              "Python json.dumps", theirs["dumps"])
    if "read" not in theirs:
        print("(python3 cannot import pandas: no peer for tables in Python)")
        return
    bench.add("read 100 k JSON records into columns", mine["read_ms"], "ms",
              "json.loads and pandas", theirs["read"], "<= 0.2x")
    bench.add("write 100 k rows as JSON records", mine["write_json_ms"], "ms",
              "pandas and json.dumps", theirs["write"], "<= 0.067x")
    bench.add("read a csv of 100 k rows", run_tables(bench, "csv", path, count)["read_ms"], "ms",
              "pandas.read_csv", theirs["csv"])


def run_python(program, *words):
    """What a Python program prints as JSON; Debian's own python3 has pandas if any has."""
    python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    done = subprocess.run([python, "-c", program, *map(str, words)], stdout=subprocess.PIPE,
                          text=True, check=True)
    return json.loads(done.stdout)


def bench_growth(bench):
    """Time and memory of reading a csv, from a thousand rows to ten million."""
    chunk = bench.scratch / "chunk.csv"
    write_csv(chunk, 100_000)
    header, *lines = chunk.read_text().splitlines(keepends=True)
    times, memory = [], []
    for rows in [10**3, 10**4, 10**5, 10**6] + ([] if bench.quick else [10**7]):
        path = bench.scratch / f"rows-{rows}.csv"
        with path.open("w") as out:
            out.write(header)
            for start in range(0, rows, len(lines)):
                out.writelines(lines[:rows - start])
        mine = run_tables(bench, "csv", path, 3 if rows > 10**6 else 9)
        size = path.stat().st_size / 1e6
        path.unlink()
        times.append((rows, mine["read_ms"]))
        memory.append((rows, mine["peak_mb"]))
        bench.add(f"read a csv of {rows:,} rows", mine["read_ms"], "ms", "MB of the file", size,
                  more={"peak_mb": mine["peak_mb"]})
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / "growth.svg").write_text(plot.log_log(
        "Reading a csv into typed columns", "rows", "milliseconds, megabytes",
        {"time, ms": times, "peak memory, MB": memory}))


PUBLICATION = """\
* {% for person in author %}{% if forloop.first == false %}{% if forloop.last %} and {% else %}, \
{% endif %}{% endif %}{{ person.given | slice: 0 }}. {{ person.family }}{% endfor %} ({{ year }}). \
{% if type == "thesis" %}*{{ title }}*{% else %}{{ title | escape }}. *{{ venue }}*{% endif %}\
{% if pages %}, {{ pages | replace: "-", "–" }}{% endif %}.\
{% if doi %} [doi:{{ doi | upcase }}](https://doi.org/{{ doi }}){% endif %}
"""


def publications(count):
    given, family = ["Tamsin", "Séverine", "Odd", "Ines"], ["Ravndal", "Aubracque", "Lund", "Sá"]
    return [{"id": f"p{i}", "title": f"On the {i}th still water & its {i % 17} moods",
             "author": [{"given": given[(i + k) % 4], "family": family[(i // 3 + k) % 4]}
                        for k in range(1 + i % 4)],
             "year": 1960 + i % 64, "venue": f"Annals of weak water {i % 40}",
             "type": "thesis" if i % 20 == 0 else "article", "pages": f"{i}-{i + 11}",
             "doi": f"10.5555/aef.{i}"} for i in range(count)]


def render_with_python(template, records, count):
    """What python-liquid takes, where python3 has it."""
    return run_python("""
import json, sys, time
try:
    import liquid
except ImportError:
    print("{}")
    sys.exit()
template = liquid.Template(open(sys.argv[1]).read())
rows, times = json.load(open(sys.argv[2])), []
for _ in range(int(sys.argv[3])):
    began = time.perf_counter()
    for row in rows:
        template.render(**row)
    times.append(time.perf_counter() - began)
print(json.dumps({"render_ms": sorted(times)[len(times) // 2] * 1000}))
""", template, records, count)


def bench_lists(bench):
    """Liquid over 10,000 publications, in process and as hob list does it."""
    template, records = bench.scratch / "publication.liquid", bench.scratch / "publications.json"
    rows, count = publications(10_000), 3 if bench.quick else 9
    template.write_text(PUBLICATION)
    records.write_text(json.dumps(rows))
    mine = json.loads(subprocess.run([bench.tools / "render", template, records, str(count)],
                                     stdout=subprocess.PIPE, text=True, check=True).stdout)
    what = "render a template for 10,000 records"
    folder = install_peers(bench)
    done = folder and subprocess.run(["node", "render.mjs", template, records, str(count)],
                                     cwd=folder, text=True, stdout=subprocess.PIPE)
    peer = json.loads(done.stdout) if done and done.returncode == 0 else {}
    if peer and peer["bytes"] != mine["bytes"]:
        raise RuntimeError(f"LiquidJS wrote {peer['bytes']} bytes, hob {mine['bytes']}")
    bench.add(what, mine["render_ms"], "ms", "LiquidJS", peer.get("render_ms"))
    python = render_with_python(template, records, count)
    if python:
        bench.add(what, mine["render_ms"], "ms", "python-liquid", python["render_ms"], "<= 0.05x")
    else:
        print("(python3 cannot import liquid: no peer for templates in Python)")
    blocks = bench.scratch / "publications.yml"
    subprocess.run([bench.binaries / "hob", "convert", records, blocks], check=True)
    for path in (records, blocks):
        listing = [bench.binaries / "hob", "list", "publications", path, "--config",
                   CV / "cvlists.yml", "--templates", CV / "templates"]
        bench.add(f"hob list of 10,000 publications, {path.suffix[1:]}",
                  spawn_times(bench, bench.count(30), listing)[0] / 1000, "ms", budget="<= 150 ms")


SUITES = {"process": bench_process, "start": bench_start, "memory": bench_memory,
          "ping": bench_ping, "answers": bench_answers, "tables": bench_tables,
          "lists": bench_lists, "sessions": bench_sessions, "pools": pools.suite(free_port, Process),
          "fork": fork_worker.bench_fork, "warm": warm.bench_warm, "growth": bench_growth}


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.strip()
    return {"cpu": model.group(1) if model else platform.processor(), "cores": os.cpu_count(),
            "kernel": platform.release(), "revision": revision,
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--build", default="build")
    options.add_argument("--quick", action="store_true", help="fewer repetitions")
    options.add_argument("--only", metavar="WORD", help=f"one of {', '.join(SUITES)}")
    chosen = options.parse_args()
    bench = Bench(chosen.build, chosen.quick)
    facts = machine()
    print(f"{facts['cpu']}, {facts['cores']} cores, Linux {facts['kernel']}, {facts['revision']}\n")
    print(f"{'what':<46} {'hob':>11} {'':<5} {'floor':>10} {'ratio':>8}  {'floor is':<24} budget")
    try:
        for name, suite in SUITES.items():
            if chosen.only in (None, name):
                suite(bench)
    finally:
        shutil.rmtree(bench.scratch, ignore_errors=True)
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    text = json.dumps({"machine": facts, "quick": chosen.quick, "rows": bench.rows}, indent=1)
    (results / "latest.json").write_text(text + "\n")
    (results / f"{facts['date'][:19].replace(':', '')}.json").write_text(text + "\n")
    print(f"\nwritten to {results / 'latest.json'}")


if __name__ == "__main__":
    sys.exit(main())
