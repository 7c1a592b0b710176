"""What hob is measured beside: whether it is here, why not, and which version."""

import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def said(*command):
    """The first line that a command prints, "" when it can't be run."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              stdin=subprocess.DEVNULL, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().splitlines()[0].strip() if done.stdout.strip() else ""


@functools.cache
def python_with(*modules):
    """A Python that can import them all, or None: the one of PATH, or the system's own."""
    for python in ("python3", sys.executable, "/usr/bin/python3"):
        done = shutil.which(python) and subprocess.run(
            [python, "-c", "import " + ", ".join(modules)], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd="/")
        if done and done.returncode == 0:
            return shutil.which(python)
    return None


def run_python(modules, program, *words):
    """What a program prints as JSON, run by a Python that has the modules."""
    done = subprocess.run([python_with(*modules), "-c", program, *map(str, words)],
                          stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


@functools.cache
def node_folder(build):
    """Where polars, DuckDB and LiquidJS for Node are, installed by npm; or None and why not."""
    folder = pathlib.Path(build) / "bench" / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    for path in (HERE / "peers").iterdir():
        shutil.copy(path, folder)
    if not shutil.which("node"):
        return None, "node is not installed"
    if not (folder / "node_modules").exists():
        if not shutil.which("npm"):
            return None, "npm is not installed"
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=folder,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            shutil.rmtree(folder / "node_modules", ignore_errors=True)
            return None, f"npm cannot install what {folder}/package.json names"
    return folder, None


def program(name):
    return lambda build: None if shutil.which(name) else f"{name} is not installed"


def module(*names):
    words = ", ".join(names)
    return lambda build: None if python_with(*names) else f"no python3 here can import {words}"


def node_package(name):
    def missing(build):
        folder, reason = node_folder(build)
        if reason:
            return reason
        return None if (folder / "node_modules" / name).exists() else f"npm has not installed {name}"
    return missing


def ruby_liquid(_build):
    return None if said("ruby", "-r", "liquid", "-e", "puts 1") == "1" else \
        "no ruby here can require liquid"


NEEDS = {
    "wrk": program("wrk"),
    "nginx": program("nginx"),
    "uwsgi": program("uwsgi"),
    "polars": node_package("nodejs-polars"),
    "DuckDB": node_package("@duckdb/node-api"),
    "LiquidJS": node_package("liquidjs"),
    "Liquid for Ruby": ruby_liquid,
    "pandas": module("pandas"),
    "Jinja2": module("jinja2"),
    "python-liquid": module("liquid"),
    "lamd": module("lamd"),
    "warm programs": module("pandas", "requests", "yaml", "click"),
}


def missing(names, build):
    """Why the first of the needs that is not here isn't, or None."""
    for name in names:
        reason = NEEDS[name](str(build))
        if reason:
            return reason
    return None


def package_version(folder, name):
    path = folder / "node_modules" / name / "package.json"
    return json.loads(path.read_text())["version"] if path.exists() else None


def module_version(name):
    python = python_with(name)
    return python and said(python, "-c", f"import importlib.metadata as m; print(m.version('{name}'))")


def versions(build):
    """Of what is here; {name: version}."""
    found = {"nginx": said("nginx", "-v").rpartition("/")[2], "uWSGI": said("uwsgi", "--version"),
             "wrk": said("wrk", "-v").partition("[")[0].removeprefix("wrk ").strip(), "node": said("node", "--version"),
             "python3": said("python3", "--version").removeprefix("Python "),
             "libmicrohttpd": said("pkg-config", "--modversion", "libmicrohttpd")}
    if os.path.exists("/usr/bin/python3"):
        found["/usr/bin/python3"] = said("/usr/bin/python3", "--version").removeprefix("Python ")
    folder, _ = node_folder(str(build))
    if folder:
        found["polars for Node"] = package_version(folder, "nodejs-polars")
        found["DuckDB for Node"] = package_version(folder, "@duckdb/node-api")
        found["LiquidJS"] = package_version(folder, "liquidjs")
    if not ruby_liquid(build):
        found["Liquid for Ruby"] = said("ruby", "-r", "liquid", "-e", "puts Liquid::VERSION")
    for name in ("pandas", "jinja2", "liquid"):
        found[name] = module_version("python-liquid" if name == "liquid" else name) \
            if python_with(name) else None
    return {name: version for name, version in found.items() if version}
