"""python3 -m hob_worker [options] -- script.py [argument...]
python3 -m hob_worker [options] -- -m module [argument...]

Runs a worker script. The options go before what the script gives to `worker.run`. Nothing that the
script or its imports print can get between the messages.
"""

from __future__ import annotations

import argparse
import os
import runpy
import sys
from typing import List

from . import launch
from .channel import FRAMINGS, claim_standard_streams
from .footprint import NotForkable, preload


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python3 -m hob_worker", description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--fork", action="store_const", const="fork", dest="isolation",
                      help="run each request in a process forked from this one")
    made.add_argument("--preload", default="", metavar="MODULE,...",
                      help="import these first, so that all children share them")
    made.add_argument("--per", choices=("request", "worker"),
                      help="a fresh child for every request (the default), or children that serve "
                           "many requests")
    made.add_argument("--children", type=int, metavar="N",
                      help="how many requests may run at once (default: a processor each)")
    made.add_argument("--spare", type=int, metavar="N",
                      help="how many children are forked in advance (default: 2)")
    made.add_argument("--threads", type=int, metavar="N",
                      help="without --fork: how many requests may run at once, each in a thread")
    made.add_argument("--framing", choices=FRAMINGS, help="how messages are told apart")
    made.add_argument("command", nargs=argparse.REMAINDER, metavar="-- script.py [argument...]")
    return made


def run_script(command: List[str]) -> None:
    if command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
        return
    sys.argv = command
    sys.path[0] = os.path.dirname(os.path.abspath(command[0]))
    runpy.run_path(command[0], run_name="__main__")


def main() -> None:
    made = parser()
    options = vars(made.parse_args())
    command = options.pop("command")
    modules = [name for name in options.pop("preload").split(",") if name]
    if command[:1] == ["--"]:
        del command[0]
    if not command or command == ["-m"]:
        made.error("name the script to run after --, or -m and a module")
    if modules and options["isolation"] is None:
        made.error("--preload is for --fork; without it, import in the script")
    if command[0] != "-m" and not os.path.exists(command[0]):
        made.error(f"there is no {command[0]}")
    streams = claim_standard_streams()
    launch.configure(options, streams)
    try:
        preload(modules, streams)
    except NotForkable as error:
        sys.exit(f"hob_worker: {error}")
    run_script(command)
    if not launch.was_started():
        sys.exit(f"hob_worker: {' '.join(command)} ended without calling worker.run(); see "
                 "`pydoc hob_worker` for what a worker script is")


if __name__ == "__main__":
    main()
