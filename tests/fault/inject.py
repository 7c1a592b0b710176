#!/usr/bin/env python3
"""Each allocation and each system call of the golden cases goes wrong once, and nothing breaks.

    inject.py [--seconds N | --each N | --all] [--seed N] [--case FILTER] [--kind KIND] [--at N]

Every case of tests/golden is run to count its calls, then again and again with one of them failing:
all of them in turn with --all, else so many of each kind in each case, or as many as fit into the time,
chosen by the seed. KIND is `memory` (an allocation finds none), `system` (a system call fails),
`interrupt` (it is interrupted by a signal) or `short` (less than was asked is read or written).

Command cases have to end with the right answer, or with a message and a status that says that they
failed. Server cases are answered rightly, or with an error with which the case ends; run once more it is
answered rightly again. Always: no crash, no file that is neither old nor new, no temporary file; in the server no
memory and no descriptor that stays. `interrupt` and `short` have to change nothing at all.

Without memory for sizes that the program itself decides (base/memory.h) it ends with a message, by
abort: that is counted, and is allowed up to 64 KiB only.

Environment: HOB_FULL (the dynamically linked hob), HOBD, INJECT (the library).
"""

import argparse
import collections
import http.client
import json
import mmap
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
sys.dont_write_bytecode = True
import golden_run  # noqa: E402

KINDS = {"memory": 1, "system": 2, "interrupt": 3, "short": 4}
HEAD = struct.Struct("=iiqqqqqq32s")
FRAME = 96
FRAMES = 24
SIZE = HEAD.size + FRAME * FRAMES
PATIENCE = 15
LEAST_SHARE = 2             # seconds for a case
MOST_DECIDED = 64 << 10     # bytes of what the program itself decides
ABORTED = re.compile(r"hob: out of memory while allocating (\d+) bytes")
# Without these there is no way to answer at all, or no way to tell.
NETWORK = {"recv", "send", "sendmsg", "accept4", "epoll_ctl", "epoll_wait", "poll", "setsockopt",
           "getsockopt", "shutdown", "getsockname", "getpeername", "socket"}
MORE_COMMANDS = [
    {"name": "more/convert", "argv": ["hob", "convert", "t.csv", "new.json"],
     "files": {"t.csv": "a,b\n1,x\n2,y\n"}},
    {"name": "more/convert over", "argv": ["hob", "convert", "--force", "t.csv", "old.yaml"],
     "files": {"t.csv": "a,b\n1,x\n2,y\n", "old.yaml": "- {a: 0}\n"}},
]


class Finding(Exception):
    """What must not happen."""


class Control:
    """The control block of inject.c."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(b"\0" * SIZE)
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), SIZE)

    def fields(self):
        return HEAD.unpack_from(self.map, 0)

    def arm(self, kind, at):
        struct.pack_into("=i", self.map, 0, 0)
        struct.pack_into("=iqqq", self.map, 4, KINDS[kind], at, 0, 0)
        struct.pack_into("=i", self.map, 0, 1)

    def disarm(self):
        struct.pack_into("=i", self.map, 0, 0)

    calls = property(lambda self: self.fields()[3])
    hits = property(lambda self: self.fields()[4])
    blocks = property(lambda self: self.fields()[5])
    descriptor = property(lambda self: self.fields()[6])
    size = property(lambda self: self.fields()[7])

    @property
    def function(self):
        return self.fields()[8].split(b"\0")[0].decode()

    @property
    def frames(self):
        texts = [bytes(self.map[HEAD.size + i * FRAME:HEAD.size + (i + 1) * FRAME]).split(b"\0")[0]
                 for i in range(FRAMES)]
        return [text.decode() for text in texts if text]

    def caller(self):
        """Whose call it was."""
        for frame in self.frames:
            if not frame.startswith(("libc.so", "inject.so", "libinject.so")):
                return frame
        return ""

    def place(self):
        return "%s(%d) of %d bytes from %s" % (self.function, self.descriptor, self.size,
                                               " ".join(self.frames[:12]))


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


class Allowed:
    """What each file of a case holds when nothing goes wrong: before, after, and between."""

    def __init__(self):
        self.of, self.times = {}, 0
        self.ended = False      # by abort: then the file that was being written is there

    def add(self, files):
        for name in set(self.of) | set(files):
            self.of.setdefault(name, {None} if self.times else set()).add(files.get(name))
        self.times += 1

    def check(self, files, place):
        for name, data in files.items():
            if name.endswith(".tmp"):
                if "unlink" not in place and not self.ended:
                    raise Finding("the file %s is left behind" % name)
            elif name not in self.of:
                raise Finding("the file %s is new" % name)
            elif data not in self.of[name] and not name.endswith(".xlsx"):
                raise Finding("the file %s is neither old nor new: %r" % (name, data[:200]))
        for name, allowed in self.of.items():
            if name not in files and None not in allowed:
                raise Finding("the file %s is gone" % name)


class Case:
    def __init__(self, place, binaries, control, library):
        self.binaries, self.control = binaries, control
        self.folder = pathlib.Path(place) / "files"
        self.environment = {**golden_run.ENVIRONMENT, "HOME": str(self.folder),
                            "HOB_STATE": str(pathlib.Path(place) / "state"),
                            "HOB_INJECT": str(control.path), "LD_PRELOAD": library}
        self.aborts = self.answered = self.refused = 0

    def reset(self):
        for path in list(self.folder.iterdir()) if self.folder.exists() else ():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        self.folder.mkdir(exist_ok=True)
        if isinstance(self.files, dict):
            for name, text in self.files.items():
                (self.folder / name).write_text(text)
        elif self.files.is_dir():
            shutil.copytree(self.files, self.folder, symlinks=True, dirs_exist_ok=True)

    def end(self):
        pass

    def count_abort(self, status, text):
        """True for an end for want of memory of a size that the program decides."""
        said = ABORTED.search(text)
        if status != -signal.SIGABRT or not said:
            return False
        if self.control.hits == 0 or self.control.function not in (
                "malloc", "calloc", "realloc", "posix_memalign"):
            raise Finding("it aborted without a failed allocation: %s" % text[-500:])
        if int(said.group(1)) > MOST_DECIDED:
            raise Finding("it aborted for %s bytes" % said.group(1))
        self.aborts += 1
        return True


class Command(Case):
    def __init__(self, name, case, files, *common):
        super().__init__(*common)
        self.name, self.case, self.files = name, case, files
        self.allowed = Allowed()
        self.reset()
        self.allowed.add(contents(self.folder))
        self.expected = self.once("memory", 0)
        self.allowed.add(contents(self.folder))

    def once(self, kind, at):
        self.reset()
        self.control.arm(kind, at)
        argv = [str(self.binaries / self.case["argv"][0]),
                *golden_run.expand(self.case["argv"][1:], {"CWD": str(self.folder)})]
        try:
            done = subprocess.run(argv, cwd=self.folder, input=self.case.get("stdin", "").encode(),
                                  env={**self.environment, **(self.case.get("env") or {})},
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE,
                                  check=False)
        except subprocess.TimeoutExpired:
            raise Finding("it does not end") from None
        return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")

    def count(self, kind):
        self.once(kind, 0)
        return self.control.calls

    def inject(self, kind, at):
        status, out, errors = self.once(kind, at)
        place = self.control.place()
        self.allowed.ended = status == -signal.SIGABRT
        self.allowed.check(contents(self.folder), place)
        if (status, out) == self.expected[:2]:
            self.answered += 1
        elif self.count_abort(status, errors):
            pass
        elif kind in ("interrupt", "short"):
            raise Finding("status %d instead of %d: %s" % (status, self.expected[0], errors[-500:]))
        elif status < 0 or "Sanitizer" in errors:
            raise Finding("it crashed with %d: %s" % (status, errors[-500:]))
        elif status == 0:
            raise Finding("a wrong answer: %r" % out[-300:])
        elif not errors.strip() and self.control.descriptor != 2:
            raise Finding("status %d and no message" % status)
        else:
            self.refused += 1


class Lost(Exception):
    """The connection ended without an answer."""


class Server(Case):
    def __init__(self, name, case, files, *common):
        super().__init__(*common)
        self.name, self.steps, self.files = name, case["steps"], files
        self.process = None
        self.allowed = Allowed()
        self.reset()
        self.allowed.add(contents(self.folder))
        self.begin()

    def begin(self):
        self.reset()
        self.control.disarm()
        struct.pack_into("=q", self.control.map, 32, 0)
        self.errors = open(self.folder.parent / "stderr", "w+b")
        self.process = subprocess.Popen(
            [self.binaries / "hobd", "--port", "0", "--socket", "none", "--cache", "off",
             "--threads", "1"], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self.errors, text=True)
        found = re.search(r"http://[^:]+:(\d+)", self.process.stdout.readline())
        if not found:
            raise Finding("hobd does not start: %s" % self.log())
        self.port = int(found.group(1))
        try:
            for _ in range(3):
                self.clean()
            self.base = self.held()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def log(self):
        self.errors.flush()
        return (self.folder.parent / "stderr").read_text("utf-8", "replace")[-3000:]

    def end(self):
        if self.process.poll() is None:
            self.control.disarm()
            self.process.terminate()
            try:
                status = self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Finding("the server does not end") from None
            if status != 0:
                raise Finding("the server ended with %d: %s" % (status, self.log()))
        self.process.stdout.close()
        self.errors.close()

    def ask(self, method, path, body=None, headers=None):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            client.request(method, path, body=body, headers=headers or {})
            answer = client.getresponse()
            return answer.status, answer.read()
        except TimeoutError:
            raise Finding("%s %s is not answered" % (method, path)) from None
        except (OSError, http.client.HTTPException) as reason:
            raise Lost(repr(reason)) from None
        finally:
            client.close()

    def step(self, step, names):
        """Status and answer of one request, and what is wrong with it, if anything."""
        body = step.get("raw_body")
        if "body" in step:
            body = json.dumps(golden_run.expand(step["body"], names))
        status, raw = self.ask(step["method"], golden_run.expand(step["path"], names),
                               body.encode() if body is not None else None, step.get("headers"))
        wrong = None
        try:
            expected = step["expect"]
            if status != expected.get("status", 200):
                raise golden_run.Mismatch("status %d: %r" % (status, raw[:300]))
            if "body" in expected:
                golden_run.compare(golden_run.expand(expected["body"], names), json.loads(raw), "",
                                   set(step.get("ignore") or []))
            for name, pointer in (step.get("capture") or {}).items():
                names[name] = golden_run.look_up(json.loads(raw), pointer)
        except (golden_run.Mismatch, ValueError, KeyError, TypeError) as reason:
            wrong = str(reason)
        return status, raw, wrong

    def forget_sessions(self):
        status, raw = self.ask("GET", "/api/sessions")
        for session in json.loads(raw)["sessions"] if status == 200 else ():
            self.ask("DELETE", "/api/sessions/" + session["session_id"])

    def clean(self):
        """The whole case, with nothing going wrong."""
        self.reset()
        names = {"CWD": str(self.folder)}
        for number, step in enumerate(self.steps, 1):
            _, _, wrong = self.step(step, names)
            if wrong:
                raise Finding("afterwards step %d: %s" % (number, wrong))
            self.allowed.add(contents(self.folder))
        self.forget_sessions()

    def count(self, kind):
        self.reset()
        names = {"CWD": str(self.folder)}
        self.control.arm(kind, 0)
        for step in self.steps:
            self.step(step, names)
        calls = self.control.calls
        self.control.disarm()
        self.forget_sessions()
        return calls

    def inject(self, kind, at):
        try:
            self.faulty(kind, at)
            if self.process.poll() is not None:
                return
            self.clean()
            self.check_held(kind, at)
        except Lost as reason:
            raise Finding("afterwards: %s" % reason) from None
        finally:
            if self.process.poll() is not None:
                self.begin()

    def faulty(self, kind, at):
        self.reset()
        names = {"CWD": str(self.folder)}
        self.control.arm(kind, at)
        for step in self.steps:
            try:
                status, raw, wrong = self.step(step, names)
            except Lost as reason:
                self.excuse(kind, reason)
                if self.process.poll() is not None:
                    return
                break
            if not wrong:
                self.answered += 1
                continue
            if self.control.hits == 0 or kind in ("interrupt", "short"):
                raise Finding("a wrong answer: %s" % wrong)
            if status >= 400:
                self.check_error(raw)
            elif not self.is_honest(wrong):
                raise Finding("a wrong answer: %s" % wrong)
            break   # the next steps count on this one
        self.control.disarm()
        self.allowed.check(contents(self.folder), self.control.place())
        self.forget_sessions()

    def is_honest(self, wrong):
        """Another answer that is true as well: a file that cannot be looked at counts as changed; what
        the journal could not take is written anew as a whole, and undo does not reach behind that."""
        return ("source_changed" in wrong and "stat" in self.control.function) or "/remaining" in wrong

    def check_error(self, raw):
        try:
            answer = json.loads(raw)
            said = answer.get("error_message") or answer["error"]
        except (ValueError, KeyError, AttributeError):
            raise Finding("an error that is no JSON: %r" % raw[:300]) from None
        if not said:
            raise Finding("an error without a message: %r" % raw[:300])
        self.refused += 1

    def excuse(self, kind, reason):
        """The connection was lost: the network failed, libmicrohttpd had no memory, or it is over."""
        status = self.process.poll()
        try:
            self.ask("GET", "/api/ping")
        except Lost:
            try:
                status = self.process.wait(2)
            except subprocess.TimeoutExpired:
                pass    # the second call in a row that the network failed
        if status is not None:
            self.control.disarm()
            text = self.log()
            if not self.count_abort(status, text):
                raise Finding("the server ended with %d: %s" % (status, text))
            return
        allowed = self.control.function in NETWORK or self.control.caller().startswith("libmicrohttpd")
        if kind in ("interrupt", "short") or not self.control.hits or not allowed:
            raise Finding("no answer: %s" % reason)
        self.refused += 1

    def held(self):
        """Blocks of memory and descriptors, at rest."""
        seen = []
        end = time.monotonic() + 2
        while time.monotonic() < end:
            seen.append((self.control.blocks, len(os.listdir("/proc/%d/fd" % self.process.pid))))
            if len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]:
                break
            time.sleep(0.002)
        return seen[-1]

    def check_held(self, kind, at):
        """What is held once more may be kept for ever; what is held more each time is forgotten."""
        times = 4
        now = self.held()
        if now[0] <= self.base[0] and now[1] <= self.base[1]:
            return
        process = self.process.pid
        before = now
        for _ in range(times):
            try:
                self.faulty(kind, at)
                self.clean()
            except Lost:
                pass
            if self.process.poll() is not None or self.process.pid != process:
                if self.process.poll() is not None:
                    self.begin()
                return
        after = self.held()
        self.base = after
        for what, place in (("blocks of memory", 0), ("descriptors", 1)):
            if after[place] - before[place] >= times:
                raise Finding("%d %s stay each time" % ((after[place] - before[place]) // times, what))


def make_cases(place, library, wanted):
    """(name, a function that makes the case) for each."""
    binaries = pathlib.Path(place) / "bin"
    binaries.mkdir()
    for name in ("hob", "mdfield", "mdlist"):
        (binaries / name).symlink_to(os.path.abspath(os.environ["HOB_FULL"]))
    (binaries / "hobd").symlink_to(os.path.abspath(os.environ["HOBD"]))
    found = [(path.parent.relative_to(golden_run.GOLDEN).as_posix(), json.loads(path.read_text()),
              path.parent / "files") for path in sorted(golden_run.GOLDEN.glob("*/*/case.json"))]
    found += [(case["name"], case, case["files"]) for case in MORE_COMMANDS]
    for number, (name, case, files) in enumerate(found):
        if wanted not in name:
            continue
        folder = pathlib.Path(os.path.realpath(place)) / ("case%d" % number)
        folder.mkdir()
        kind = Server if "steps" in case else Command
        yield name, lambda kind=kind, name=name, case=case, files=files, folder=folder: kind(
            name, case, files, folder, binaries, Control(folder / "control"), library)


class Tally:
    def __init__(self):
        self.runs = self.answered = self.refused = self.aborts = 0
        self.findings = collections.OrderedDict()

    def find(self, name, kind, at, case, reason):
        place = case.control.place() if case is not None else ""
        key = (re.sub(r"[\d.]+", "N", str(reason))[:60], place)
        if key not in self.findings:
            print("FOUND %s --kind %s --at %d: %s\n      %s" % (name, kind, at, reason, place),
                  flush=True)
        self.findings[key] = self.findings.get(key, 0) + 1

    def add(self, case):
        self.answered += case.answered
        self.refused += case.refused
        self.aborts += case.aborts


def is_complete(options):
    """Whether what is tried does not depend on the time."""
    return options.all or options.each


def run_case(make, name, options, tally, end, choices):
    """All injections into one case, or a part of them."""
    case = make()
    try:
        for kind in [options.kind] if options.kind else list(KINDS):
            calls = case.count(kind)
            places = list(range(1, calls + 1)) if not options.at else [options.at]
            if not options.all:
                choices.shuffle(places)
            if options.each:
                places = places[:options.each]
            share = time.monotonic() + (end - time.monotonic()) * (
                1 if options.kind else {"memory": 0.4, "system": 0.5, "interrupt": 0.5, "short": 1}[kind])
            for at in places:
                if not is_complete(options) and time.monotonic() > share:
                    break
                tally.runs += 1
                try:
                    case.inject(kind, at)
                except Finding as reason:
                    tally.find(name, kind, at, case, reason)
    finally:
        tally.add(case)
        try:
            case.end()
        except Finding as reason:
            tally.find(name, "end", 0, case, reason)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--each", type=int)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--case", default="")
    parser.add_argument("--kind", choices=list(KINDS))
    parser.add_argument("--at", type=int)
    options = parser.parse_args()
    # So that also a run that is ended ends its server.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    print("seed %d" % options.seed, flush=True)
    choices, tally = random.Random(options.seed), Tally()
    start, ran = time.monotonic(), 0
    place = tempfile.mkdtemp(prefix="hob-inject-")
    try:
        cases = list(make_cases(place, os.path.abspath(os.environ["INJECT"]), options.case))
        choices.shuffle(cases)
        for number, (name, make) in enumerate(cases):
            left = start + options.seconds - time.monotonic()
            if left < 0 and not is_complete(options):
                break
            share = max(LEAST_SHARE, left / (len(cases) - number))
            ran += 1
            try:
                run_case(make, name, options, tally, time.monotonic() + share, choices)
            except Finding as reason:
                tally.find(name, "none", 0, None, reason)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print("%d of %d cases, %d injections: %d requests and commands answered rightly, %d refused, %d ended for"
          " want of memory" % (ran, len(cases), tally.runs, tally.answered, tally.refused, tally.aborts))
    print("%d findings" % len(tally.findings))
    return 1 if tally.findings or not tally.runs else 0


if __name__ == "__main__":
    sys.exit(main())
