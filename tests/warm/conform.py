"""Runs small programs cold and warm, and compares everything that can be seen of them.

A script of scripts/ may say in its first line how it is to be run: `# options: -W default`,
`# args: a b`, `# env: K=V`, `# stdin: text`, `# close: 1`, `# limits: NOFILE=200`, `# umask: 077`,
`# nice: 5`, `# ignore: HUP`, `# block: USR2`.
"""
import os
import pathlib
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
SCRIPTS = HERE / "scripts"
HELPERS = {"beside"}
PATIENCE = float(os.environ.get("HOB_TEST_PATIENCE", "60"))


class Case:
    def __init__(self, path, python):
        self.name, self.path = path.stem, path
        how = {}
        first = path.read_text(encoding="latin-1").partition("\n")[0]
        if first.startswith("# ") and ": " in first:
            word, _, rest = first[2:].partition(": ")
            how[word] = rest
        self.stdin = how.get("stdin", "").encode().decode("unicode_escape").encode("latin-1")
        self.close = int(how["close"]) if "close" in how else None
        self.how = how
        self.environment = dict(item.split("=", 1) for item in how.get("env", "").split())
        self.words = [python, *shlex.split(how.get("options", "")), str(path),
                      *shlex.split(how.get("args", ""))]

    def prepare(self):
        """In the child, before it becomes the program."""
        how = self.how
        for item in how.get("limits", "").split():
            name, _, number = item.partition("=")
            kind = getattr(resource, "RLIMIT_" + name)
            resource.setrlimit(kind, (int(number), resource.getrlimit(kind)[1]))
        if "umask" in how:
            os.umask(int(how["umask"], 8))
        if "nice" in how:
            os.nice(int(how["nice"]))
        for name in how.get("ignore", "").split():
            signal.signal(getattr(signal, "SIG" + name), signal.SIG_IGN)
        if "block" in how:
            signal.pthread_sigmask(signal.SIG_BLOCK, [getattr(signal, "SIG" + how["block"])])
        if self.close is not None:
            os.close(self.close)

    def run(self, before, environment, folder, merged):
        """What a run in an empty folder prints, how it ends and what files it leaves."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with open(str(folder) + ".in", "wb") as file:
            file.write(self.stdin)
        with open(str(folder) + ".in", "rb") as source:
            done = subprocess.run(
                [*before, *self.words], cwd=folder, stdin=source, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if merged else subprocess.PIPE,
                env={**environment, **self.environment}, preexec_fn=self.prepare, timeout=PATIENCE)
        files = {str(p.relative_to(folder)): (p.stat().st_mode, p.read_bytes() if p.is_file() else b"")
                 for p in sorted(folder.rglob("*"))}
        return {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr,
                "files": files}


def cases(python):
    return [Case(path, python) for path in sorted(SCRIPTS.glob("*.py")) if path.stem not in HELPERS]


def mask(result):
    """Addresses of objects differ between any two runs."""
    import re
    def clean(data):
        return None if data is None else re.sub(rb"0x[0-9a-f]{6,}", b"0x", data)
    return {**result, "stdout": clean(result["stdout"]), "stderr": clean(result["stderr"])}


def differences(cold, warm):
    cold, warm = mask(cold), mask(warm)
    for key in cold:
        if cold[key] != warm[key]:
            yield "%s: cold %.1500r\n      warm %.1500r" % (key, cold[key], warm[key])


def wait_ready(hob, words, environment, prepare=None):
    """Until a warm process waits for this command, or PATIENCE is over; the last thing said."""
    deadline = time.monotonic() + PATIENCE
    while True:
        done = subprocess.run([hob, "warm", "explain", *words], env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=prepare)
        if "is ready for it" in done.stdout or "always runs cold" in done.stdout:
            return done.stdout
        if time.monotonic() > deadline:
            return done.stdout
        time.sleep(0.02)
