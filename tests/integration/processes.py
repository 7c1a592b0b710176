"""What tests of processes have in common: waiting for something, and looking at what is there."""
import os
import pathlib
import signal
import subprocess
import time

PATIENCE = float(os.environ.get("HOB_TEST_PATIENCE", "60"))

# What runs in the background of a shell without job control ignores these, and so would all that a
# test starts.
for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_for(condition, what):
    """Polls until the condition holds, and returns what it is; there is no other way of waiting in
    these tests."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError("waited %g s in vain for %s" % (PATIENCE, what))


def is_alive(pid):
    """Whether it runs: one that is dead and only not yet waited for does not."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def children_of(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def end_warm_processes(hob, environment):
    """Stops those of `hob run` with this environment's XDG_RUNTIME_DIR, until no file of them is left:
    also of one that was just being started."""
    runtime = pathlib.Path(environment["XDG_RUNTIME_DIR"], "hob")

    def nothing_left():
        subprocess.run([hob, "warm", "stop"], env=environment, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        return not list(runtime.glob("warm-*"))
    wait_for(nothing_left, "the end of the warm processes and their files")
