#!/usr/bin/env python3
"""Runs the golden cases of tests/golden against the executables of a build.

    golden_run.py BINARIES [FILTER]    BINARIES holds hob, mdfield and hobd

The format is told in tests/golden/README.md. The last line is `N passed, M failed`.
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.environ["PATH"], "NO_COLOR": "1",
               "HOB_CONFIG": "none"}
for kept in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
    if kept in os.environ:
        ENVIRONMENT[kept] = os.environ[kept]


class Mismatch(Exception):
    """What differs, in words."""


def expand(value, names):
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda m: names.get(m.group(1), m.group(0)), value)
    if isinstance(value, list):
        return [expand(item, names) for item in value]
    if isinstance(value, dict):
        return {key: expand(item, names) for key, item in value.items()}
    return value


def compare(expected, got, where, ignore):
    if where in ignore:
        return
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in expected.keys() | got.keys():
            inside = f"{where}/{key}"
            if inside in ignore:
                continue
            if key not in got or key not in expected:
                side = "missing" if key not in got else "not expected"
                raise Mismatch(f"{inside} is {side}")
            compare(expected[key], got[key], inside, ignore)
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for position, pair in enumerate(zip(expected, got)):
            compare(*pair, f"{where}/{position}", ignore)
    elif type(expected) is not type(got) or expected != got:
        raise Mismatch(f"{where or '/'}: expected {expected!r}, got {got!r}")


def look_up(value, pointer):
    for part in pointer.split("/")[1:]:
        value = value[part]
    return value


def check_files(files, folder, names):
    for name, text in (files or {}).items():
        path = folder / name
        if text is None:
            if path.exists():
                raise Mismatch(f"{name} is there, but must not be")
        elif not path.exists():
            raise Mismatch(f"{name} is not there")
        elif path.read_bytes().decode("utf-8", "replace") != expand(text, names):
            raise Mismatch(f"{name} holds {path.read_bytes()!r}")


class Server:
    """hobd in a folder, on a port of its own choice."""

    def __init__(self, binaries, folder, names):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [binaries / "hobd", "--port", "0", "--socket", "none"], cwd=folder,
            env={**ENVIRONMENT, "HOME": str(folder)}, stdout=subprocess.PIPE, stderr=self.errors,
            stdin=subprocess.DEVNULL, text=True)
        ready = self.process.stdout.readline()
        match = re.search(r"http://[^:]+:(\d+)", ready)
        if not match:
            self.process.kill()
            raise Mismatch(f"hobd did not start: {ready!r}")
        self.port = int(match.group(1))
        self.names = names

    def request(self, step):
        body = step.get("raw_body")
        if "body" in step:
            body = json.dumps(expand(step["body"], self.names))
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            client.request(step["method"], expand(step["path"], self.names),
                           body=body.encode() if body is not None else None,
                           headers=step.get("headers") or {})
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()

    def stop(self):
        self.process.terminate()
        status = self.process.wait(20)
        self.process.stdout.close()
        self.errors.seek(0)
        text = self.errors.read().decode("utf-8", "replace")
        self.errors.close()
        if status != 0:
            raise Mismatch(f"hobd ended with status {status}: {text[-2000:]}")


def run_server_case(case, binaries, folder, names):
    server = Server(binaries, folder, names)
    try:
        for number, step in enumerate(case["steps"], 1):
            expected = step["expect"]
            status, raw = server.request(step)
            try:
                if status != expected.get("status", 200):
                    raise Mismatch(f"status {status}: {raw[:300]!r}")
                if "body" in expected:
                    compare(expand(expected["body"], names), json.loads(raw), "",
                            set(step.get("ignore") or []))
                check_files(expected.get("files"), folder, names)
                for name, pointer in (step.get("capture") or {}).items():
                    names[name] = look_up(json.loads(raw), pointer)
            except Mismatch as problem:
                raise Mismatch(f"step {number} {step['method']} {step['path']}: {problem}")
    finally:
        server.stop()


def run_command_case(case, binaries, folder, names):
    argv = [str(binaries / case["argv"][0]), *expand(case["argv"][1:], names)]
    done = subprocess.run(argv, cwd=folder, input=case.get("stdin", "").encode(),
                          env={**ENVIRONMENT, "HOME": str(folder), **(case.get("env") or {})},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    expected = case["expect"]
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    if done.returncode != expected.get("exit_code", 0):
        raise Mismatch(f"exit status {done.returncode}: {err[-500:]}")
    if "stdout" in expected and out != expand(expected["stdout"], names):
        raise Mismatch(f"stdout is {out!r}")
    if expected.get("stderr_contains", "") not in err:
        raise Mismatch(f"stderr is {err!r}")
    check_files(expected.get("files"), folder, names)


def run_case(path, binaries):
    case = json.loads(path.read_text(encoding="utf-8"))
    scratch = pathlib.Path(os.path.realpath(tempfile.mkdtemp(prefix="hob-golden-")))
    try:
        folder = scratch / "files"
        files = path.parent / "files"
        if files.is_dir():
            shutil.copytree(files, folder, symlinks=True)
        else:
            folder.mkdir()
        run = run_server_case if "steps" in case else run_command_case
        run(case, binaries, folder, {"CWD": str(folder)})
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main(argv):
    if len(argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    binaries = pathlib.Path(argv[1]).resolve()
    passed = failed = 0
    for path in sorted(GOLDEN.glob("*/*/case.json")):
        name = path.parent.relative_to(GOLDEN).as_posix()
        if len(argv) == 3 and argv[2] not in name:
            continue
        try:
            run_case(path, binaries)
            passed += 1
        except (Mismatch, OSError, ValueError, subprocess.TimeoutExpired) as problem:
            failed += 1
            print(f"FAIL {name}: {problem}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
