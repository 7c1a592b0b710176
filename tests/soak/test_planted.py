#!/usr/bin/env python3
"""The suite catches what it is there for: a server with a planted bug breaks the invariant of that bug.

    test_planted.py BUG        BUG: as in planted.c, or `none`

Environment: HOB, HOBD, and PLANTED, the library.
"""

import os
import pathlib
import re
import subprocess
import sys

SOAK = pathlib.Path(__file__).resolve().parent / "soak.py"
SEED = "20261120"
# What the suite has to say of each, and the rounds in which it can be seen.
BUGS = {
    "none": (set(), "first,steady,storm", "sessions,routes,pools"),
    "lost_write": ({"writes"}, "storm", "sessions"),
    "double_answer": ({"answers"}, "calm", "routes"),
    "double_call": ({"calls"}, "calm", "pools"),
    "memory": ({"memory"}, "first,steady", "routes"),
    "descriptor": ({"descriptors"}, "first,steady", "routes"),
    "orphan": ({"orphans"}, "storm", "routes"),
}


def main():
    bug = sys.argv[1]
    expected, rounds, scenarios = BUGS[bug]
    done = subprocess.run(
        [sys.executable, SOAK, "--seconds", "9", "--seed", SEED, "--rounds", rounds, "--only",
         scenarios, "--preload", os.environ["PLANTED"]],
        env={**os.environ, "HOB_PLANT": bug}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    broken = set(re.findall(r"^broken: (\w+):", done.stdout, re.M))
    if broken == expected and done.returncode == (1 if expected else 0):
        print("%s: broken is %s, as it should be" % (bug, ", ".join(sorted(broken)) or "nothing"))
        return 0
    print(done.stdout[-8000:])
    print("%s: broken is %s, expected %s" % (bug, sorted(broken), sorted(expected)))
    return 1


if __name__ == "__main__":
    sys.exit(main())
