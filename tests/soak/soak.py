#!/usr/bin/env python3
"""Everything at once, for a long time, while things go wrong; and what has to hold nevertheless.

    HOB=build/src/hob HOBD=build/src/hobd soak.py [--seconds N] [--seed N] [--rounds A,B,...]
        [--only SCENARIO,...] [--preload LIBRARY]

Scenarios (a file each) drive sessions, routes, pools, warm exec and slow clients at the same time. A
round has one kind:

    first   workers and zygotes are killed; what the server then holds is the measure of the next ones
    steady  the same: memory and descriptors are what they were after the first round
    disk    the disk is full again and again; memory is then not compared, because what the disk refuses
            has to stay in it
    storm   the server is killed again and again, and whatever was answered has to be there

After each round everything comes to rest and the invariants are checked (invariants.py). The seed is
printed; with --seed a run makes the same choices again, as far as the machine's own timing allows.
The last lines are `broken: INVARIANT: what was seen`, if anything was.
"""

import argparse
import importlib
import os
import random
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

import disk  # noqa: E402

SCENARIOS = ["sessions", "routes", "pools", "warm", "slow_clients"]
FAULTS = {"first": ["worker", "worker", "zygote"], "steady": ["worker", "worker", "zygote"],
          "disk": ["disk", "disk", "worker"], "storm": ["server", "server", "worker", "zygote"],
          "calm": []}
SHORT = ["first", "steady", "disk", "storm"]
LONG_ROUND = 60     # seconds
LEAST_WORKERS = 1   # of each pool; the others end when they have nothing to do


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float,
                        default=float(os.environ.get("HOB_SOAK_SECONDS", "60")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("HOB_SOAK_SEED") or 0) or
                        random.SystemRandom().randrange(1, 1 << 31))
    parser.add_argument("--rounds", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--preload")
    return parser.parse_args()


def plan(options):
    """Kinds of rounds, and the seconds of each."""
    if options.rounds:
        kinds = options.rounds.split(",")
    else:
        kinds = list(SHORT)
        while options.seconds / len(kinds) > LONG_ROUND:
            kinds += ["first", "steady", "steady", "disk"] if len(kinds) % 8 == 4 else SHORT
    # A third of a short run is spent on coming to rest, starting and checking.
    return kinds, options.seconds / len(kinds) * (0.75 if len(kinds) <= len(SHORT) else 0.9)


class Run:
    def __init__(self, options):
        from scenario_pools import Counts, Pools
        from invariants import Flat
        from world import World
        self.options, self.random = options, random.Random(options.seed)
        self.world = World(options.preload)
        self.flat = Flat()
        self.actors = []
        for name in SCENARIOS:
            if not options.only or name in options.only.split(","):
                self.actors += importlib.import_module("scenario_" + name).make(
                    self.world, lambda: random.Random(self.random.random()))
        self.counts = Counts(self.world, [one for one in self.actors if isinstance(one, Pools)])

    def together(self, works):
        """Runs them in threads of their own; what is raised in one is told, and ends it alone."""
        from link import Violation

        def guarded(work):
            try:
                work()
            except Violation as violation:
                self.world.report(violation)
            except BaseException as reason:  # a mistake in a scenario, or an answer of another form
                self.world.report(Violation("answers", "%s: %r" % (work, reason)))
                raise
        threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def round(self, kind, seconds):
        import invariants
        from faults import Faults
        faults = Faults(self.world, random.Random(self.random.random()), FAULTS[kind])
        until = time.monotonic() + seconds
        before = {one.name: one.done for one in self.actors}
        works = [lambda actor=actor: actor.run(until) for actor in self.actors]
        self.together(works + [lambda: faults.run(until)])
        if kind == "storm":
            # Once with all sessions open.
            self.world.kill()
            self.world.start()
            faults.count["server"] += 1
        self.together([actor.finish for actor in self.actors])
        self.together([self.rest])
        told = self.flat.check(self.world, kind)
        invariants.no_orphans(self.world, ended=False)
        invariants.no_left_files(self.world, killed=kind == "storm", ended=False)
        done = ", ".join("%s %d" % (one.name, one.done - before[one.name]) for one in self.actors)
        print("%s: %s\n    faults: %s\n    %s" % (
            kind, done, ", ".join("%s %d" % item for item in faults.count.items()), told), flush=True)

    def rest(self):
        """No call is under way, no session is left but those whose opening was interrupted."""
        from harness import wait_for
        from link import Link, Violation

        def pools_rest():
            with Link(self.world) as link:
                pools = link.expect("GET", "/api/pools").json["pools"]
            return all(pool["queued"] == 0 and not any(one["calls"] for one in pool["workers"]) and
                       len([one for one in pool["workers"] if one["pid"]]) == LEAST_WORKERS
                       for pool in pools)
        try:
            wait_for(pools_rest, "the pools to rest")
        except AssertionError as reason:
            raise Violation("calls", "calls stay under way, or workers: %s" % reason) from None
        self.counts.check()
        self.counts.forget()
        with Link(self.world) as link:
            left = link.expect("GET", "/api/sessions").json["sessions"]
            if left and not self.world.interruptions and not self.world.disk.count:
                raise Violation("answers", "sessions that nobody has opened: %r" % left)
            for session in left:
                link.expect("DELETE", "/api/sessions/" + session["session_id"])

    def all_routes(self):
        """Each path of the server's own description was asked for."""
        from link import Link, Violation
        if self.options.only or self.options.rounds:
            return
        with Link(self.world) as link:
            paths = link.expect("GET", "/openapi.json").json["paths"]
        driven = {path for _, path in self.world.routes}

        def matches(path, template):
            parts = path.split("/"), template.split("/")
            return len(parts[0]) == len(parts[1]) and all(
                there == wanted or wanted.startswith("{") for there, wanted in zip(*parts))
        # stop is how the run ends; a restart has tests of its own (tests/integration).
        missed = [template for template in paths if not template.startswith("/api/server/")
                  and not any(matches(path, template) for path in driven)]
        if missed:
            raise Violation("answers", "routes that no scenario asked for: %s" % missed)

    def run(self):
        import invariants
        from link import Violation
        world = self.world
        kinds, seconds = plan(self.options)
        print("seed %d; disk: %s" % (self.options.seed, world.disk.how), flush=True)
        try:
            world.start()
            for kind in kinds:
                self.round(kind, seconds)
                if world.violations:
                    break
            if not world.violations:
                self.together([self.all_routes])
            self.together([world.stop])
            world.hob("warm", "stop")
            if not world.violations:
                invariants.no_orphans(world, ended=True)
            invariants.no_left_files(world, killed=False, ended=True)
        except Violation as violation:
            world.report(violation)
        finally:
            world.close()
        for violation in world.violations:
            print("broken: %s: %.9000s" % (violation.invariant, violation.detail))
        return 1 if world.violations else 0


def main():
    disk.enter_namespace()
    options = arguments()
    os.environ["HOB_SOAK_SEED"] = str(options.seed)
    # So that also a run that is ended ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    return Run(options).run()


if __name__ == "__main__":
    sys.exit(main())
