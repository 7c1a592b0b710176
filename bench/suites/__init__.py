"""The suites of the scoreboard, by the names that `run.py --only` takes, in the order of a run."""

import fork_worker
import pools
import sessions
import warm
from harness import Process, free_port
from suites import curves, lamd, lists, server, start, tables


def bench_warm(bench):
    warm.bench_warm(bench)
    lamd.bench_lamd(bench)


SUITES = {
    "process": start.bench_process,
    "start": start.bench_start,
    "memory": server.bench_memory,
    "idle": server.bench_idle,
    "ping": server.bench_ping,
    "answers": server.bench_answers,
    "tables": tables.bench_tables,
    "growth": tables.bench_growth,
    "lists": lists.bench_lists,
    "sessions": sessions.bench_sessions,
    "pools": pools.suite(free_port, Process),
    "fork": fork_worker.bench_fork,
    "warm": bench_warm,
    "curves": curves.bench_curves,
}
