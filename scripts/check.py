#!/usr/bin/env python3
"""make check: builds hob twice (plain, and under AddressSanitizer and UBSan) and runs every test.

The last line is `N passed, N failed`, and how many were skipped if any were; exit status 1 when
something failed. What it runs, in each build: the unit and integration tests that meson knows, the
golden cases of tests/golden, and, where a folder ../shared with recorded cases lies beside the checkout,
those and the conformance suites as well. The static checks (`make lint`) run once; --quick leaves the
slowest of them out.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
BUILDS = {
    "build": ["-Dwerror=true"],
    "build-asan": ["-Dwerror=true", "-Db_sanitize=address,undefined"],
}
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
}


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, title, passed, failed, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        more = f", {skipped} skipped" if skipped else ""
        print(f"  {'ok  ' if failed == 0 else 'FAIL'} {title}: {passed} passed, {failed} failed{more}",
              flush=True)


def run(command, **options):
    return subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **options)


def build(folder):
    if not (ROOT / folder / "build.ninja").exists():
        made = run(["meson", "setup", folder, *BUILDS[folder]])
        if made.returncode != 0:
            sys.exit(f"{made.stdout}\nmeson could not set {folder} up\n0 passed, 1 failed")
    made = run(["ninja", "-C", folder])
    if made.returncode != 0:
        sys.exit(f"{made.stdout}\n{folder} does not build\n0 passed, 1 failed")


def run_meson_tests(folder, tally):
    log = ROOT / folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    done = run(["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs",
                "--timeout-multiplier", "4"], env={**os.environ, **SANITIZERS})
    results = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    bad = [r["name"] for r in results if r["result"] not in ("OK", "SKIP")]
    if bad or done.returncode != 0:
        print(done.stdout)
    if done.returncode != 0 and not bad:
        tally.add(f"{folder}: meson test", 0, 1)
    for result in results:
        if result["result"] == "SKIP":
            tally.add(f"{folder}: {result['name']}", 0, 0, 1)
            continue
        passed, failed = count_inside(result)
        tally.add(f"{folder}: {result['name']}", passed, failed)


def count_inside(result):
    """The test program's own count where it prints one, else the program counts as one."""
    ok = result["result"] == "OK"
    text = (result.get("stdout") or "") + (result.get("stderr") or "")
    found = re.findall(r"^(\d+) passed, \d+ failed$", text, re.MULTILINE)
    if found and ok:
        return int(found[-1]), 0
    tap = re.findall(r"^ok \d+ ", text, re.MULTILINE)
    if tap and ok:
        return len(tap), 0
    unittest = re.search(r"^Ran (\d+) tests? in", text, re.MULTILINE)
    if unittest and ok:
        return int(unittest.group(1)), 0
    return (1, 0) if ok else (0, 1)


def run_cases(title, command, tally):
    """A runner whose last line is `N passed, M failed`."""
    done = run(command, env={**os.environ, **SANITIZERS})
    count = re.findall(r"^(\d+) passed, (\d+) failed$", done.stdout, re.MULTILINE)
    passed, failed = map(int, count[-1]) if count else (0, 1)
    if done.returncode != 0 and not failed:
        failed = 1
    if failed or not count:
        print(done.stdout)
    tally.add(title, passed, failed)


def patterns_of(path):
    lines = path.read_text().splitlines() if path.exists() else []
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def shared_cases():
    """The recorded cases that this version serves: all but those in tests/golden/not_yet.txt."""
    not_yet = patterns_of(ROOT / "tests" / "golden" / "not_yet.txt")
    for case in sorted((SHARED / "golden").glob("*/*/case.json")):
        name = case.parent.relative_to(SHARED / "golden").as_posix()
        if name not in not_yet and name.split("/")[0] + "/" not in not_yet:
            yield name


def run_shared_golden(folder, tally):
    runner = SHARED / "golden_run.py"
    if not runner.exists():
        return
    binaries = ROOT / folder / "src"
    filters = [part for name in shared_cases() for part in ("--filter", name)]
    run_cases(f"{folder}: recorded server cases",
              ["python3", runner, "--hob", "--start",
               f"{binaries}/hobd --socket none --port {{port}}", *filters], tally)
    run_cases(f"{folder}: recorded mdfield cases",
              ["python3", runner, "--hob", "--cli", f"{binaries}/mdfield"], tally)


def hear_signals():
    """What was ignored here (nohup, a shell's background jobs) would be in every test, too."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def main():
    hear_signals()
    quick = "--quick" in sys.argv[1:]
    tally = Tally()
    lint = run(["scripts/lint", *(["--quick"] if quick else [])])
    if lint.returncode != 0:
        print(lint.stdout)
    tally.add("lint", int(lint.returncode == 0), int(lint.returncode != 0))
    for folder in ["build"] if quick else BUILDS:
        build(folder)
        run_meson_tests(folder, tally)
        run_cases(f"{folder}: golden cases",
                  ["python3", "tests/golden_run.py", ROOT / folder / "src"], tally)
        run_shared_golden(folder, tally)
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"{tally.passed} passed, {tally.failed} failed{skipped}")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
