"""Warm exec: Python commands cold, through hob run, and as bare forks of a preloaded interpreter.

The floor is what no such tool can be better than: a Python process that has imported the modules and
compiled the program forks, runs it and ends with os._exit; measured inside that process. A build can
do no better than to start a process that does nothing for each call, and so many forks beside that.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

CALLS = 200  # as examples/shims/Makefile makes by itself
QUICK_CALLS = 40  # of the tool that imports pandas: cold, they take half a minute already

FORKER = """
import gc, os, sys, time
source, count, *words = sys.argv[1:]
code = compile(source, "<bench>", "exec")
for name in os.environ["MODULES"].split():
    __import__(name)
gc.collect()
gc.freeze()
null = os.open("/dev/null", os.O_WRONLY)
times = []
for _ in range(int(count)):
    began = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os.dup2(null, 1)
        sys.argv[:] = ["tool", *words]
        try:
            exec(code, {"__name__": "__main__"})
        except SystemExit:
            pass
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)
    times.append(time.perf_counter() - began)
print(sorted(times)[len(times) // 2] * 1e3)
"""

# As many forks as a build makes, eight at a time; the time of all.
MANY_FORKS = """
import gc, os, sys, time
path, count, output = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with open(path) as file:
    code = compile(file.read(), path, "exec")
exec(code, {"__name__": "imported", "__file__": path})
gc.collect()
gc.freeze()
began = time.perf_counter()
for number in range(count):
    if number >= 8:
        os.wait()
    if os.fork() == 0:
        sys.argv[1:] = [str(number), "-o", "%s/%d" % (output, number)]
        try:
            exec(code, {"__name__": "__main__", "__file__": path})
        except SystemExit:
            pass
        os._exit(0)
for number in range(8):
    os.wait()
print((time.perf_counter() - began) * 1e3)
"""

PANDAS = """
import pandas
table = pandas.DataFrame({"name": ["a", "b", "a"], "value": [1, 2, 3]})
print(table.groupby("name").value.sum().to_string())
"""
TOOL = """
import argparse, requests, yaml
parser = argparse.ArgumentParser()
parser.add_argument("--name", default="x")
print(yaml.safe_dump({"name": parser.parse_args().name, "agent": requests.__version__}))
"""
CLICK = """
import click

@click.command()
@click.option("--count", default=1)
def main(count):
    click.echo("hello " * count)

if __name__ == "__main__":
    main()
"""


def programs(scratch, python):
    """(name, words, source, modules, words of the program) of each program to be measured."""
    for name, text in (("groups", PANDAS), ("tool", TOOL)):
        (scratch / (name + ".py")).write_text(text)
    venv = scratch / "venv"
    subprocess.run([python, "-m", "venv", "--system-site-packages", "--without-pip", venv], check=True)
    script = venv / "bin" / "greet"
    script.write_text("#!%s/bin/python3\n%s" % (venv, CLICK))
    script.chmod(0o755)
    yield "python3 -c pass", [python, "-c", "pass"], "pass", "", []
    yield "a script that imports pandas", [python, scratch / "groups.py"], PANDAS, "pandas", []
    yield ("argparse, requests and yaml", [python, scratch / "tool.py", "--name", "y"], TOOL,
           "argparse requests yaml", ["--name", "y"])
    yield ("a click console script in a venv", [script, "--count", "2"], CLICK, "click",
           ["--count", "2"])


def spawn_times(bench, environment, count, *commands):
    """Medians in ms, one of each in every round."""
    words = []
    for command in commands:
        words += ["--", *map(str, command)] if words else [*map(str, command)]
    done = subprocess.run([bench.tools / "spawn", str(count), *words], env=environment, check=True,
                          text=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    return [json.loads(line)["median_us"] / 1e3 for line in done.stdout.splitlines()]


def once(words, environment):
    subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL,
                   stdin=subprocess.DEVNULL)


def settle(hob, words, environment):
    """Until what the program imports has been learned and a warm process has it: for some runs in
    turn, of which each may have imported something else."""
    deadline, good = time.monotonic() + 60, 0
    while good < 4 and time.monotonic() < deadline:
        once([hob, "run", "--", *words], environment)
        time.sleep(0.1)
        said = subprocess.run([hob, "warm", "explain", *words], env=environment, text=True,
                              stdout=subprocess.PIPE).stdout
        good = good + 1 if "is ready for it" in said and "to be tried" not in said else 0


def compare(bench, hob, python, environment, program):
    """The three in turn, so that the machine's moods meet all alike."""
    name, words, source, modules, rest = program
    settle(hob, words, environment)
    cold, warm, fork = [], [], []
    for _ in range(3 if bench.quick else 7):
        one, other = spawn_times(bench, environment, 3 if bench.quick else 5, words,
                                 [hob, "run", *words])
        cold.append(one)
        warm.append(other)
        done = subprocess.run([python, "-c", FORKER, source, "25", *rest], text=True, check=True,
                              env={**environment, "MODULES": modules}, stdout=subprocess.PIPE)
        fork.append(float(done.stdout))
    bench.add("hob run: " + name, warm, "ms", "a bare fork", fork)
    bench.add("hob run: " + name, warm, "ms", "a cold run", cold)


def run_make(folder, environment, tool, calls, makes_pages=True):
    shutil.rmtree(folder / "out", ignore_errors=True)
    began = time.perf_counter()
    subprocess.run(["make", "-j8", "-s", "TOOL=" + tool, "CALLS=%d" % calls], cwd=folder,
                   env=environment, check=True)
    took = (time.perf_counter() - began) * 1e3
    if makes_pages and len(list((folder / "out").iterdir())) != calls:
        raise RuntimeError("pages are missing")
    return took


def forks_of(python, program, calls, scratch, environment):
    output = scratch / "forked"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    done = subprocess.run([python, "-c", MANY_FORKS, program, str(calls), output], env=environment,
                          check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def copy_example(bench, hob, scratch, environment):
    """The folder of the build, and PATH as it is cold, with shims, and with programs that do nothing."""
    folder = scratch / "make"
    shutil.copytree(ROOT / "examples" / "shims", folder)
    tools = [folder / "report.py", folder / "summary.py"]
    subprocess.run([hob, "shim", "-d", folder / "shims", *tools], env=environment, check=True,
                   stdout=subprocess.DEVNULL)
    (folder / "nothing").mkdir()
    for tool in tools:
        shutil.copy(bench.tools / "empty", folder / "nothing" / tool.name)
    return folder, [{**environment, "PATH": "%s:%s" % (place, environment["PATH"])}
                    for place in (folder, folder / "shims", folder / "nothing")]


def compare_make(bench, hob, python, scratch, environment):
    """The builds in turn: cold, warm, and with a program that does nothing, beside bare forks."""
    folder, (cold_path, warm_path, empty_path) = copy_example(bench, hob, scratch, environment)
    pandas_calls = QUICK_CALLS if bench.quick else CALLS
    for tool, calls, rounds, name in (
            ("report.py", CALLS, 1 if bench.quick else 3, "make -j8, %d calls of a shim" % CALLS),
            ("summary.py", pandas_calls, 1 if bench.quick else 2,
             "make -j8, %d calls of a shim that imports pandas" % pandas_calls)):
        settle(hob, [folder / tool, "0", "-o", "/dev/null"], warm_path)  # pandas reads PATH
        run_make(folder, warm_path, tool, calls)
        cold, warm, floor = [], [], []
        for _ in range(rounds):
            cold.append(run_make(folder, cold_path, tool, calls))
            warm.append(run_make(folder, warm_path, tool, calls))
            floor.append(run_make(folder, empty_path, tool, calls, False) +
                         forks_of(python, folder / tool, calls, scratch, environment))
        bench.add(name, warm, "ms", "the same, cold", cold)
        bench.add(name, warm, "ms", "empty processes + bare forks", floor)


def bench_warm(bench):
    python = next((path for path in ("/usr/bin/python3", sys.executable)
                   if subprocess.run([path, "-c", "import pandas, requests, yaml, click"],
                                     stderr=subprocess.DEVNULL).returncode == 0), None)
    if python is None:
        print("(no python3 has pandas, requests, yaml and click: nothing to compare)")
        return
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="hob-bench-warm-"))
    (scratch / "run").mkdir(mode=0o700)
    hob = str(bench.binaries / "hob")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(scratch), "LANG": "C.UTF-8",
                   "XDG_RUNTIME_DIR": str(scratch / "run"), "HOB_STATE": str(scratch / "state")}
    try:
        for program in programs(scratch, python):
            compare(bench, hob, python, environment, program)
        compare_make(bench, hob, python, scratch, environment)
    finally:
        subprocess.run([hob, "warm", "stop"], env=environment)
        time.sleep(1)
        shutil.rmtree(scratch, ignore_errors=True)
