"""Starts workers in processes of their own and talks to them over their pipes."""

import contextlib
import json
import os
import pathlib
import selectors
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

PYTHON_DIRECTORY = pathlib.Path(__file__).resolve().parent.parent.parent
PATIENCE = float(os.environ.get("HOB_TEST_PATIENCE", "30"))

METHODS = '''
import os, signal, subprocess, sys, threading, time
from typing import Any, Dict, List, Literal, Optional, Union
from hob_worker import Cancelled, RpcError, Worker
worker = Worker()
calls = 0

@worker.method
def echo(**params): return params

@worker.method
def pid(): return os.getpid()

@worker.method
def count():
    global calls
    calls += 1
    return calls

@worker.method
def sleep(seconds: float): time.sleep(seconds); return seconds

@worker.method
def wait():
    """Until it is cancelled."""
    worker.current.progress("started")
    while True:
        worker.current.check()
        time.sleep(0.002)

@worker.method
def spin():
    """Never looks up."""
    worker.current.progress(os.getpid())
    while True:
        pass

@worker.method
def die(number: int, last: str = ""):
    if last:
        print(last, file=sys.stderr)
    os.kill(os.getpid(), number) if number else os._exit(9)

@worker.method
def family():
    """Starts a process, and leaves it."""
    return [os.getpid(), subprocess.Popen(["sleep", "1000"]).pid]

@worker.method
def fork():
    """Returns in two processes."""
    os.fork()
    return "one answer"
'''


def alive(pid):
    """Whether a process runs: a zombie doesn't."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def children_of(pid):
    with contextlib.suppress(OSError):
        return [int(child) for child in
                pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def wait_for(condition, what):
    """Polls until the condition holds; there is no other way of waiting in these tests."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"waited {PATIENCE:g} s in vain for {what}")


class Process:
    """A worker, and what it says. Its stderr goes to a file that `errors` reads."""

    def __init__(self, command, errors):
        environment = {**os.environ, "PYTHONPATH": str(PYTHON_DIRECTORY)}
        self._errors = errors
        self.process = subprocess.Popen(command, bufsize=0, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=errors, env=environment)
        self._buffer = b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.process.stdout, selectors.EVENT_READ)

    @property
    def pid(self):
        return self.process.pid

    def write(self, data):
        data = memoryview(data)
        while data:
            data = data[os.write(self.process.stdin.fileno(), data):]

    def send(self, number, method, params=None, **more):
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params, **more}
        self.write(json.dumps(message).encode() + b"\n")

    def notify(self, method, params=None):
        self.write(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode() + b"\n")

    def cancel(self, number):
        self.notify("$/cancelRequest", {"id": number})

    def read(self):
        """Some bytes; b"" at the end."""
        if not self._selector.select(PATIENCE):
            raise AssertionError("no answer within %g s; stderr: %s" % (PATIENCE, self.errors()))
        return os.read(self.process.stdout.fileno(), 1 << 20)

    def raw_line(self):
        parts = [self._buffer]
        while b"\n" not in parts[-1]:
            chunk = self.read()
            if not chunk:
                raise AssertionError("stdout ended; stderr: " + self.errors())
            parts.append(chunk)
        line, _, self._buffer = b"".join(parts).partition(b"\n")
        return line

    def line(self):
        return json.loads(self.raw_line(), parse_constant=lambda name: 1 / 0)

    def call(self, method, params=None, number=1):
        self.send(number, method, params)
        return self.line()

    def result(self, method, params=None):
        answer = self.call(method, params)
        if "result" not in answer:
            raise AssertionError(answer)
        return answer["result"]

    def end(self):
        """Closes stdin; what is still answered, and the exit status."""
        self.process.stdin.close()
        rest = self._buffer
        for chunk in iter(self.read, b""):
            rest += chunk
        self._buffer = b""
        return [json.loads(line) for line in rest.splitlines()], self.process.wait(PATIENCE)

    def errors(self):
        # Not by seek and read: the worker writes where the position is, which it shares.
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), size, 0).decode(errors="replace")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._selector.close()
        self.process.stdin.close()
        self.process.stdout.close()
        self._errors.close()


class WorkerTest(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="hob-worker-")
        self.addCleanup(self._folder.cleanup)
        self.folder = pathlib.Path(self._folder.name)

    def script(self, text, name="script.py"):
        path = self.folder / name
        path.write_text(textwrap.dedent(text))
        return str(path)

    def started(self, command):
        process = Process(command, tempfile.TemporaryFile())
        self.addCleanup(process.close)
        return process

    def start(self, run="worker.run()", methods=METHODS, arguments=()):
        """A worker script by itself."""
        return self.started([sys.executable, self.script(methods + run), *arguments])

    def zygote(self, *options, methods=METHODS):
        """A worker script in a zygote."""
        script = self.script(methods + "worker.run()")
        return self.started([sys.executable, "-m", "hob_worker", "--fork", *options, "--", script])

