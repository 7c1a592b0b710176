"""Becomes a command in a sandbox: `sandbox.py KIND COMMAND...`, where KIND is

    plain      no new privileges, and nothing else
    seccomp    asking for priorities fails
    session    the same, at the head of a new session
    landlock   no file may be read that is called secret

Exit status 77: there is no such thing here.
"""
import os
import sys

try:
    import ctypes
except ImportError:
    sys.exit(77)

NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
GETPRIORITY = {"x86_64": 140, "aarch64": 141}
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
READ_FILE = 1 << 2


class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte),
                ("value", ctypes.c_uint)]


class Program(ctypes.Structure):
    _fields_ = [("size", ctypes.c_ushort), ("instructions", ctypes.POINTER(Instruction))]


class Below(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("descriptor", ctypes.c_int32)]


def must(result):
    if result < 0:
        sys.exit(77)
    return result


def filter_calls(c):
    number = GETPRIORITY.get(os.uname().machine)
    if number is None:
        sys.exit(77)
    lines = (Instruction * 4)(Instruction(0x20, 0, 0, 0), Instruction(0x15, 0, 1, number),
                              Instruction(0x06, 0, 0, 0x00050001), Instruction(0x06, 0, 0, 0x7fff0000))
    must(c.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    must(c.prctl(SECCOMP, FILTER, ctypes.byref(Program(4, lines)), 0, 0))


def allow_reading(c, ruleset, top, secret):
    """All that lies below, but for the folder of the secret."""
    for entry in os.scandir(top):
        if secret.startswith(entry.path + "/"):
            allow_reading(c, ruleset, entry.path, secret)
        elif entry.path != secret:
            try:
                descriptor = os.open(entry.path, os.O_PATH)
            except OSError:
                continue
            c.syscall(ADD_RULE, ruleset, 1, ctypes.byref(Below(READ_FILE, descriptor)), 0)
            os.close(descriptor)


def lock_land(c, secret):
    ruleset = must(c.syscall(CREATE_RULESET, ctypes.byref(ctypes.c_uint64(READ_FILE)), 8, 0))
    allow_reading(c, ruleset, "/", secret)
    must(c.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    must(c.syscall(RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def main():
    c = ctypes.CDLL(None, use_errno=True)
    if sys.argv[1] == "session":
        os.setsid()
    if sys.argv[1] == "landlock":
        lock_land(c, os.path.abspath("secret"))
    elif sys.argv[1] == "plain":
        must(c.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    else:
        filter_calls(c)
    os.execv(sys.argv[2], sys.argv[2:])


main()
