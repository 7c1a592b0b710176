#!/usr/bin/env python3
"""make bench: the scoreboard of hob's promises, each beside its floor or peer, in one run.

    run.py --build DIR [--quick] [--only WORD] [--record]

Every promise is a row of rows.py; suites/ measure them. The scoreboard is printed, and kept in
bench/results/ (latest.txt, latest.json, one JSON file a run, and the plots). A promise that is not
kept is printed as MISSED and fails nothing; the exit status is 1 when a suite breaks down.
"""

import argparse
import pathlib
import shutil
import sys
import time
import traceback

import history
import machine
from board import Board
from harness import Bench
from suites import SUITES


def run_suite(bench, name):
    bench.suite, bench.prefix = name, []
    began = time.monotonic()
    try:
        SUITES[name](bench)
    except Exception as error:  # the other suites are still worth their figures
        traceback.print_exc()
        bench.board.end_suite(name, f"{type(error).__name__}: {error}")
    else:
        bench.board.end_suite(name)
    return time.monotonic() - began


def suites_of(chosen):
    """A quick run of everything leaves out the curves, of which nothing is promised."""
    if chosen.only:
        return [chosen.only]
    return [name for name in SUITES if not (chosen.quick and name == "curves")]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--build", default=pathlib.Path(__file__).resolve().parent.parent / "build",
                         help="where hob was built (default: the build directory of the project)")
    options.add_argument("--quick", action="store_true", help="fewer repetitions, smaller data")
    options.add_argument("--only", metavar="WORD", choices=SUITES, help=f"one of {', '.join(SUITES)}")
    options.add_argument("--record", action="store_true",
                         help="append this run to bench/results/history.jsonl")
    chosen = options.parse_args()
    began = time.monotonic()
    facts = machine.describe(chosen.build)
    print(machine.as_text(facts), flush=True)
    board = Board(chosen.build, chosen.quick, show=lambda text: print(text, flush=True))
    bench = Bench(chosen.build, chosen.quick, board)
    try:
        took = {name: run_suite(bench, name) for name in suites_of(chosen)}
    finally:
        shutil.rmtree(bench.scratch, ignore_errors=True)
    seconds = time.monotonic() - began
    history.keep(facts, board, bench.curves, seconds, chosen.record)
    each = ", ".join(f"{name} {time:.0f}" for name, time in took.items())
    told = f"took {seconds:.0f} s{' (quick)' if chosen.quick else ''}: {each}"
    print(f"\n{board.summary()}\n{told}\nkept in {history.RESULTS}")
    (history.RESULTS / "latest.txt").write_text(
        f"{machine.as_text(facts)}\n{board.as_text()}\n{told}\n", encoding="utf-8")
    return 1 if board.failures else 0


if __name__ == "__main__":
    sys.exit(main())
