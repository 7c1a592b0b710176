"""Becomes a zygote: `PYTHON FLAGS start.py PYTHON-PATH FOLDER KEY PROFILE IDLE`.

The program of a run must not be able to see that there is something below it: no frame in a
traceback, in sys._getframe() or in warnings. A frame of CPython (3.11 and later) that has not reached
its RESUME instruction is not shown anywhere, so the functions of the zygote that stay on the stack
while a program runs have none: all the code is compiled here, the instruction is replaced by NOP, and
the interpreter is started again with the result, a .pyc file.
"""
import importlib.util
import marshal
import opcode
import os
import sys
import types

OLDEST, NEWEST = (3, 11), (3, 12)  # where this has been tried
# Executed in this order, in one namespace.
PARTS = ("modules", "profile", "ending", "pages", "scripts", "child", "waiting", "zygote", "serve")
# Stay on the stack below the program, or below what it calls while it ends.
HIDDEN = {"find_and_reveal", "finish", "flush", "show"}

MAIN = """
def main():
    begin = exec
    space = {"__name__": "hob"}
    for part in PARTS:
        begin(part, space)
    program, first, second, finish = space["serve"]()
    space = error = part = None
    try:
        program(first, second)
    except BaseException as caught:
        error = caught
    error = finish(error)
    if error is not None:
        raise error
"""


def hide(code):
    raw = bytearray(code.co_code)
    for at in range(0, len(raw), 2):
        if raw[at] == opcode.opmap["RESUME"]:
            raw[at] = opcode.opmap["NOP"]
    return code.replace(co_code=bytes(raw))


def dress(code):
    """The code of a file, with those functions hidden that have to be."""
    constants = []
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType) and constant.co_name in HIDDEN:
            constant = hide(constant)
        constants.append(constant)
    return code.replace(co_consts=tuple(constants))


def assemble(folder):
    parts = []
    for part in PARTS:
        path = os.path.join(folder, part + ".py")
        with open(path, encoding="utf-8") as file:
            parts.append(dress(compile(file.read(), path, "exec", dont_inherit=True)))
    code = compile(MAIN.replace("PARTS", "'PARTS'"), "<hob>", "exec")
    code = next(inner for inner in code.co_consts if isinstance(inner, types.CodeType))
    return hide(code.replace(co_consts=tuple(tuple(parts) if constant == "PARTS" else constant
                                             for constant in code.co_consts)))


def own_environment():
    """As the caller gave it: the interpreter itself may have added LC_CTYPE to os.environ."""
    with open("/proc/self/environ", "rb") as file:
        pairs = (item.partition(b"=") for item in file.read().split(b"\0"))
        return {name: value for name, equals, value in pairs if equals and name}


def main():
    if not OLDEST <= sys.version_info[:2] <= NEWEST or sys.implementation.name != "cpython":
        sys.exit("hob: warm processes need CPython 3.11 or 3.12, not %s" % sys.version.split()[0])
    python, folder, key = sys.argv[1:4]
    program = os.path.join(folder, "warm-%s.pyc" % key)
    temporary = "%s.%d" % (program, os.getpid())
    with open(temporary, "wb") as file:
        file.write(importlib.util.MAGIC_NUMBER + bytes(12) +
                   marshal.dumps(assemble(os.path.dirname(os.path.abspath(__file__)))))
    os.rename(temporary, program)
    at = sys.orig_argv.index(sys.argv[0])
    os.execve(python, sys.orig_argv[:at] + [program] + sys.argv[2:], own_environment())


if __name__ == "__main__":
    main()
