"""The table of budgets: what hob promises, one row each, and what it is measured beside.

A suite gives figures by `bench.add(what, ours, unit, against, theirs)`; the row with this `what`
(a pattern, as in file names) and `against` judges them. Figures without a row are shown without a
budget, rows without a figure as not measured.
"""

import dataclasses
import fnmatch


@dataclasses.dataclass(frozen=True)
class Budget:
    """What is allowed: of the ratio to the floor or peer, of the figure itself, or of both."""
    text: str
    most_ratio: float = None
    least_ratio: float = None
    most: float = None
    least: float = None
    plus: float = 0.0  # in the row's unit, on top of most_ratio times the floor
    from_floor: float = 0.0  # the budget holds where the floor or peer is at least this

    def share(self, ours, theirs):
        """How much of the budget is used, 1.0 is all of it; None where it does not hold or is unknown."""
        if self.most is not None:
            return ours / self.most
        if self.least is not None:
            return self.least / ours
        if not theirs or theirs < self.from_floor:
            return None
        if self.least_ratio is not None:
            return self.least_ratio * theirs / ours
        return ours / (self.most_ratio * theirs + self.plus)


def at_most(value, unit):
    return Budget(f"<= {value:,g} {unit}", most=value)


def at_least(value, unit):
    return Budget(f">= {value:,g} {unit}", least=value)


def ratio_at_most(ratio, plus=0.0, unit="", from_floor=0.0):
    text = f"<= {ratio:.3g}x" + (f" + {plus:g} {unit}" if plus else "")
    return Budget(text + (f" from {from_floor:g} {unit}" if from_floor else ""),
                  most_ratio=ratio, plus=plus, from_floor=from_floor)


def ratio_at_least(ratio):
    return Budget(f">= {ratio:g}x", least_ratio=ratio)


@dataclasses.dataclass(frozen=True)
class Row:
    suite: str
    what: str  # a pattern
    against: str  # the floor or peer, "" when the figure stands by itself
    unit: str
    budget: Budget
    source: str  # where the budget comes from
    how: str  # how it is measured
    needs: tuple = ()  # what must be installed, by the names in peers.py
    quick: str = ""  # what is smaller in a quick run, repetitions aside

    def judges(self, suite, what, against):
        return (suite == self.suite and (against or "") == self.against
                and fnmatch.fnmatchcase(what, self.what))


DESIGN = "design"  # its table of budgets
TABLES, SESSIONS, POOLS = "promise of tables", "promise of sessions", "promise of pools"
WARM, LISTS, CLIENTS = "promise of warm exec", "promise of lists", "promise of clients"
SPAWNED = "posix_spawn to wait, in turn with the other"
WHOLE = "spawned in turn, output to /dev/null"
ASKED = "one request after the other, kept-alive"
SAME = ratio_at_most(1.2)  # "the same", within a fifth

ROWS = [
    Row("process", "hob field title talk.md, whole process", "empty C process", "us",
        ratio_at_most(2.2), DESIGN, SPAWNED),
    Row("process", "38 hob field calls from a shell", "38 empty processes", "ms",
        at_most(60, "ms"), DESIGN, "a shell script of 38 calls, spawned"),
    Row("process", "make -C examples/cv, time of tools", "empty processes", "ms",
        at_most(150, "ms"), LISTS, "the example's own sum, from the start of each command to its end"),
    Row("process", "import hob in Python", "python3 -c pass", "ms", at_most(20, "ms"), CLIENTS,
        "with its classes, less python3 -c pass, spawned in turn"),
    Row("start", "hobd, exec to first answer", "bare libmicrohttpd", "ms", at_most(10, "ms"), DESIGN,
        "polled from the start of the process"),
    Row("memory", "hobd idle, resident", "bare libmicrohttpd", "MB", at_most(8, "MB"), DESIGN,
        "smaps_rollup after 100 pings"),
    Row("memory", "hobd idle, private", "bare libmicrohttpd", "MB", at_most(3, "MB"), DESIGN,
        "smaps_rollup after 100 pings"),
    Row("idle", "hobd with 10,000 idle connections, resident", "the same without", "MB",
        at_most(100, "MB"), DESIGN, "each has asked once and stays open"),
    Row("idle", "GET /api/ping among 10,000 connections, p99", "the same without", "us", SAME,
        DESIGN, ASKED + "; 'unchanged' is read as within a fifth"),
    Row("ping", "GET /api/ping, 1 connection, p50", "bare libmicrohttpd", "us", ratio_at_most(1.3),
        DESIGN, ASKED),
    Row("ping", "GET /api/ping, 8 connections", "nginx", "/s", ratio_at_least(1), DESIGN,
        "wrk -t2 -c8, in turn", ("wrk", "nginx")),
    Row("answers", "POST /api/talk/field, unchanged, p50", "GET /api/ping", "us", at_most(40, "us"),
        DESIGN, ASKED),
    Row("answers", "POST /api/read_data, 100 rows, unchanged, p50", "GET /api/ping", "us",
        at_most(80, "us"), DESIGN, ASKED),
    Row("answers", "POST /api/read_data, 100 rows, changed, p50", "GET /api/ping", "us",
        at_most(200, "us"), DESIGN, ASKED + "; the file is touched before each"),
    Row("tables", "read a csv of 1 M rows, typed", "polars", "ms", ratio_at_most(1), TABLES,
        "in process, from the disk cache", ("polars",)),
    Row("tables", "read a csv of 1 M rows, typed", "DuckDB", "ms", ratio_at_most(0.25), TABLES,
        "in process, from the disk cache", ("DuckDB",)),
    Row("tables", "read a csv of 1 M rows, peak memory", "the file", "MB", ratio_at_most(3), TABLES,
        "largest resident size of the process"),
    Row("tables", "write 100 k rows as JSON records", "pandas and json.dumps", "ms",
        ratio_at_most(1 / 15), TABLES, "to_dict(orient='records') is the peer's first half",
        ("pandas",)),
    Row("tables", "read 100 k JSON records into columns", "json.loads and pandas", "ms",
        ratio_at_most(0.2), TABLES, "DataFrame(json.loads(text))", ("pandas",)),
    Row("growth", "csv: time a row, the most rows to a tenth of them", "a tenth of the rows", "ns",
        SAME, TABLES, "linear: ten times the rows, ten times the time, within a fifth",
        quick="1 M rows in place of 10 M"),
    Row("growth", "csv: memory a row, the most rows to a tenth of them", "a tenth of the rows", "B",
        SAME, TABLES, "linear: ten times the rows, ten times the memory, within a fifth",
        quick="1 M rows in place of 10 M"),
    Row("lists", "render a template for 10,000 records", "python-liquid", "ms", ratio_at_most(0.05),
        LISTS, "in process, parsed once", ("python-liquid",)),
    Row("lists", "hob list of 10,000 publications, json", "", "ms", at_most(150, "ms"), LISTS, WHOLE),
    Row("lists", "hob list of 10,000 publications, yml", "", "ms", at_most(150, "ms"), LISTS, WHOLE),
    Row("sessions", "get_value, p50 (--durability process)", "GET /api/ping", "us",
        at_most(30, "us"), SESSIONS, ASKED),
    Row("sessions", "set_value, p50 (--durability process)", "GET /api/ping", "us",
        at_most(30, "us"), SESSIONS, ASKED),
    Row("sessions", "get_value, p50 (--durability power)", "GET /api/ping", "us", at_most(30, "us"),
        SESSIONS, ASKED),
    *(Row("sessions", f"{verb}_value among * sessions (--durability {durability})", "alone", "us",
          SAME, SESSIONS, ASKED, quick="1,000 sessions in place of 10,000")
      for verb in ("get", "set") for durability in ("process", "power")),
    *(Row("sessions", f"edits/s of 32 clients (--durability {durability})", "flushes/s of the disk",
          "/s", at_least(20000, "/s"), SESSIONS, "wrk -t2 -c32, a session each", ("wrk",))
      for durability in ("process", "power")),
    *(Row("sessions", f"{verb}_value in 1 M rows, p50", "in 10 rows", "us", SAME, SESSIONS, ASKED)
      for verb in ("get", "set")),
    Row("sessions", "opening a session of 1 M rows", "reading the csv", "ms", SAME, SESSIONS,
        "'costs one read', read as within a fifth of it"),
    Row("pools", "warm call in process, p50", "bare pipes, same worker", "us", ratio_at_most(1.25),
        DESIGN, "on one core, one call after the other"),
    # uWSGI's HTTP server hands requests to processes, as hob does. Its processes alone, which read
    # requests themselves, have a switch of processes less; two of them answer two connections only.
    *(Row("pools", "warm call over HTTP, 1 connection, p50", rival, "us", ratio_at_most(1), DESIGN,
          ASKED, ("uwsgi",))
      for rival in ("uWSGI's HTTP server, 2 processes", "uWSGI's processes alone, 2")),
    *(Row("pools", "warm calls over HTTP, 8 connections, 2 workers", rival, "/s", ratio_at_least(1),
          DESIGN, "wrk -t2 -c8, in turn; both answer each of them", ("wrk", "uwsgi"))
      for rival in ("uWSGI's HTTP server, 2 processes", "uWSGI's processes alone, 2 of 4 threads")),
    *(Row("fork", f"fresh fork of 100 MB, {when}", "bare fork", "ms", at_most(6, "ms"), POOLS,
          "from the request to its answer, children forked ahead")
      for when in ("every 20 ms", "at once")),
    Row("fork", "PSS of 8 workers from a pandas zygote", "one by itself", "MB", ratio_at_most(1.6),
        POOLS, "proportional memory (smaps_rollup) while all are at work", ("pandas",)),
    *(Row("warm", "hob run: " + name, "a bare fork", "ms", ratio_at_most(1.3, 1, "ms"), WARM,
          "the fork is timed inside a process that has imported the modules", needs)
      for name, needs in (("python3 -c pass", ("warm programs",)),
                          ("a script that imports pandas", ("warm programs",)),
                          ("argparse, requests and yaml", ("warm programs",)),
                          ("a click console script in a venv", ("warm programs",)),
                          ("lamd's mdfield", ("lamd",)), ("lamd's mdlist", ("lamd",)))),
    *(Row("warm", "hob run: " + name, "a cold run", "ms",
          ratio_at_most(0.1, unit="ms", from_floor=150), WARM, WHOLE, needs)
      for name, needs in (("python3 -c pass", ("warm programs",)),
                          ("a script that imports pandas", ("warm programs",)),
                          ("argparse, requests and yaml", ("warm programs",)),
                          ("a click console script in a venv", ("warm programs",)),
                          ("lamd's mdfield", ("lamd",)), ("lamd's mdlist", ("lamd",)))),
    Row("warm", "make -j8, 200 calls of a shim", "the same, cold", "ms", ratio_at_most(0.1), WARM,
        "examples/shims: 200 pages, a tool that imports much of the standard library",
        ("warm programs",)),
    Row("warm", "make -j8, * calls of a shim that imports pandas", "the same, cold", "ms",
        ratio_at_most(0.1), WARM, "examples/shims with TOOL=summary.py: sums of a csv file",
        ("warm programs",), quick="40 calls in place of 200"),
]
