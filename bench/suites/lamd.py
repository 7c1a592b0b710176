"""Warm exec of the tools that it was made for, where some Python can import them."""

import pathlib
import tempfile

import warm
from harness import CV, TALK
from peers import python_with

RUN_MODULE = "import runpy; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"


def programs(python):
    for name, module, words in (
            ("lamd's mdfield", "lamd.mdfield", ["title", str(CV / TALK)]),
            ("lamd's mdlist", "lamd.mdlist", ["-d", "talks", *map(str, sorted(CV.glob("talks/*.md")))])):
        yield (name, [python, "-m", module, *words], RUN_MODULE.format(module=module), module, words)


def bench_lamd(bench):
    python = python_with("lamd")
    if python is None:
        return  # the rows say so
    with tempfile.TemporaryDirectory(prefix="hob-bench-lamd-", ignore_cleanup_errors=True) as name:
        scratch, hob = pathlib.Path(name), str(bench.binaries / "hob")
        (scratch / "run").mkdir(mode=0o700)
        environment = {"PATH": "/usr/bin:/bin", "HOME": name, "LANG": "C.UTF-8",
                       "XDG_RUNTIME_DIR": str(scratch / "run"), "HOB_STATE": str(scratch / "state")}
        try:
            for program in programs(python):
                warm.compare(bench, hob, python, environment, program)
        finally:
            bench.run_tool(hob, "warm", "stop")
