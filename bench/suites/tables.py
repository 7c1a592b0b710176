"""Tables in process: csv and JSON records, beside polars, DuckDB and pandas; and how it grows."""

import json
import random
import subprocess

from peers import missing, node_folder, run_python

PYTHON_JSON = """
import json, sys, time
data = open(sys.argv[1]).read()
count = int(sys.argv[3])
times = {}

def measure(name, work):
    for turn in range(-1, count):
        began = time.perf_counter()
        work()
        if turn >= 0:
            times.setdefault(name, []).append((time.perf_counter() - began) * 1000)

rows = json.loads(data)
measure("loads", lambda: json.loads(data))
measure("dumps", lambda: json.dumps(rows))
try:
    import pandas
except ImportError:
    pandas = None
if pandas:
    frame = pandas.DataFrame(rows)
    measure("read", lambda: pandas.DataFrame(json.loads(data)))
    measure("write", lambda: json.dumps(frame.to_dict(orient="records")))
    measure("csv", lambda: pandas.read_csv(sys.argv[2]))
print(json.dumps(times))
"""


def write_csv(path, rows, seed=1):
    chance = random.Random(seed)
    cities = ["Oslo", "Rome", "São Paulo", '"Washington, DC"', "München"]
    with path.open("w", encoding="utf-8") as out:
        out.write("id,name,age,score,city,joined,active\n")
        for number in range(rows):
            out.write(f"{number},person {chance.randrange(10**6)},{chance.randrange(18, 90)},"
                      f"{chance.uniform(0, 100):.4f},{chance.choice(cities)},"
                      f"{chance.randrange(1990, 2026)}-{chance.randrange(1, 13):02}-"
                      f"{chance.randrange(1, 29):02},{chance.choice(['True', 'False'])}\n")


def run_tables(bench, kind, path, count):
    return json.loads(bench.run_tool(bench.tools / "tables", kind, path, count))


def read_with_node(bench, path, count, *name):
    """{"polars": times, "duckdb": times} of what is here."""
    folder, reason = node_folder(str(bench.build))
    if reason:
        return {}
    done = subprocess.run(["node", "read_csv.mjs", path, str(count), *name], cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def bench_tables(bench):
    path = bench.scratch / "million.csv"
    write_csv(path, 1_000_000)
    count = 3 if bench.quick else 9
    size = path.stat().st_size / 1e6
    ours = run_tables(bench, "csv", path, count)
    theirs = read_with_node(bench, path, count)
    again = run_tables(bench, "csv", path, count)  # before and after the peers
    times = ours["reads_ms"] + again["reads_ms"]
    for name, key in (("polars", "polars"), ("DuckDB", "duckdb")):
        bench.add("read a csv of 1 M rows, typed", times, "ms", name, theirs.get(key))
    bench.add("read a csv of 1 M rows, peak memory", ours["peak_mb"], "MB", "the file", size)
    for what, kind in (("JSON records", "json"), ("csv", "csv")):
        written = ours[f"write_{kind}s_ms"]
        bench.add(f"write 1 M rows as {what}", written, "ms",
                  more={"megabytes_a_second": ours[f"{kind}_bytes"] / ours[f"write_{kind}_ms"] / 1e3})
    bench_json(bench, count)


def bench_json(bench, count):
    """100,000 records, beside Python's json (which makes dicts, not yet a table) and pandas."""
    path = bench.scratch / "records.csv"
    write_csv(path, 100_000)
    records = bench.scratch / "records.json"
    with records.open("wb") as out:
        subprocess.run([bench.binaries / "hob", "read", path, "--format", "json"], stdout=out,
                       check=True)
    ours = run_tables(bench, "json", records, count)
    modules = () if missing(("pandas",), bench.build) else ("pandas",)
    theirs = run_python(modules or ("json",), PYTHON_JSON, records, path, count)
    read, write = "read 100 k JSON records into columns", "write 100 k rows as JSON records"
    bench.add(read, ours["reads_ms"], "ms", "Python's json.loads", theirs["loads"])
    bench.add(write, ours["write_jsons_ms"], "ms", "Python's json.dumps", theirs["dumps"])
    if modules:
        bench.add(read, ours["reads_ms"], "ms", "json.loads and pandas", theirs["read"])
        bench.add(write, ours["write_jsons_ms"], "ms", "pandas and json.dumps", theirs["write"])
        bench.add("read a csv of 100 k rows", run_tables(bench, "csv", path, count)["reads_ms"], "ms",
                  "pandas.read_csv", theirs["csv"])


def bench_growth(bench):
    """Time and memory of reading a csv, from a thousand rows to ten million."""
    chunk = bench.scratch / "chunk.csv"
    write_csv(chunk, 100_000)
    header, *lines = chunk.read_text(encoding="utf-8").splitlines(keepends=True)
    polars = not missing(("polars",), bench.build)
    times, memory, theirs = [], [], []
    for rows in [10**3, 10**4, 10**5, 10**6] + ([] if bench.quick else [10**7]):
        path = bench.scratch / f"rows-{rows}.csv"
        with path.open("w", encoding="utf-8") as out:
            out.write(header)
            for start in range(0, rows, len(lines)):
                out.writelines(lines[:rows - start])
        count = 3 if rows > 10**6 else 9
        ours = run_tables(bench, "csv", path, count)
        peer = sorted(read_with_node(bench, path, count, "polars")["polars"]) if polars else None
        size = path.stat().st_size / 1e6
        path.unlink()
        times.append((rows, ours["read_ms"]))
        memory.append((rows, ours["peak_mb"]))
        if peer:
            theirs.append((rows, peer[len(peer) // 2]))
        bench.add(f"read a csv of {rows:,} rows", ours["reads_ms"], "ms", "polars" if peer else None,
                  peer, more={"peak_mb": ours["peak_mb"], "file_mb": size})
    for what, unit, factor, points in (("time", "ns", 1e6, times), ("memory", "B", 1e6, memory)):
        (before, less), (after, more) = points[-2:]
        bench.add(f"csv: {what} a row, the most rows to a tenth of them", more / after * factor, unit,
                  "a tenth of the rows", less / before * factor)
    curves = {"hob, ms": times, **({"polars, ms": theirs} if theirs else {}), "hob's peak, MB": memory}
    bench.curve("growth", "Reading a csv into typed columns", "rows", "milliseconds; megabytes",
                curves)
