"""Finds out what may be preloaded for a command: `PYTHON FLAGS learn.py PROFILE MODE TARGET`.

What a program imports is read from its source, without running it: the imports at the top of the
script and of the files beside it. What only shows when it runs is reported by the runs themselves
("candidate" lines of the profile). Then all of it is imported in a process of its own, one module
after the other, and looked at after each: whatever starts a thread, opens something, prints, or reads
what differs from run to run is named, left out, and so is what needs it.
"""
import ast
import importlib.machinery
import importlib.util
import os
import sys

folder = os.path.dirname(os.path.abspath(__file__))
parts = {}
for part in ("modules", "profile", "trial"):
    with open(os.path.join(folder, part + ".py"), encoding="utf-8") as file:
        exec(compile(file.read(), file.name, "exec"), parts)
Profile, Trial = parts["Profile"], parts["Trial"]

PATIENCE = 120.0     # seconds for one trial
MOST_TRIALS = 40
MOST_PROFILES = 500
LARGEST_SOURCE = 1 << 22
# Reading these when imported makes no difference to what a run sees.
HARMLESS_VARIABLES = {"PYTHONPATH", "HOME", "PATH_INFO"}


def replace_file(path, data):
    temporary = "%s.%d" % (path, os.getpid())
    with open(temporary, "wb") as file:
        file.write(data)
    os.chmod(temporary, 0o600)
    os.rename(temporary, path)


parts["replace_file"] = replace_file


# --- reading sources ---

def is_never_run(test):
    """`if TYPE_CHECKING:`"""
    name = getattr(test, "attr", getattr(test, "id", None))
    return name == "TYPE_CHECKING"


def imports_of(body):
    """(name, names, level) of the imports that running this code carries out."""
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, [], 0
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", [alias.name for alias in node.names], node.level
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        elif isinstance(node, ast.If) and is_never_run(node.test):
            yield from imports_of(node.orelse)
        else:
            for field in ("body", "orelse", "finalbody"):
                inner = getattr(node, field, None)
                if isinstance(inner, list):
                    yield from imports_of(inner)
            for handler in getattr(node, "handlers", ()):
                yield from imports_of(handler.body)


def parse(path):
    try:
        with open(path, "rb") as file:
            return ast.parse(file.read(LARGEST_SOURCE)).body
    except (OSError, SyntaxError, ValueError, RecursionError):
        return []


def local_file(directory, name):
    """The file of a module that lies beside the program, or None."""
    base = os.path.join(directory, *name.split("."))
    for path in (base + ".py", os.path.join(base, "__init__.py")):
        if os.path.isfile(path):
            return path
    return None


def collect(body, directory, seen):
    """Names to be preloaded; files beside the program are read, not loaded."""
    names = []
    for name, inner, level in imports_of(body):
        if level > 0 or not name or name == "__future__":
            continue
        path = directory and local_file(directory, name.partition(".")[0])
        if path is None or not directory:
            names.append(name)
            names += [name + "." + one for one in inner if one != "*"]
            continue
        for local in {path, local_file(directory, name)} - {None} - seen:
            seen.add(local)
            names += collect(parse(local), directory, seen)
    return names


def names_of_module(name):
    """For -m: the package that is imported before, and what the module itself imports."""
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(name + ".__main__")
    except Exception:
        return []
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return []
    package = spec.name.rpartition(".")[0]
    absolute = []
    for target, inner, level in imports_of(parse(spec.origin)):
        if level > 0:
            base = package.split(".")[:len(package.split(".")) - level + 1]
            target = ".".join(base + ([target] if target else []))
        absolute += [target] + [target + "." + one for one in inner if one != "*"]
    return ([package] if package else []) + absolute


def wanted(mode, target):
    if mode == "s":
        directory = os.path.dirname(os.path.realpath(target))
        return collect(parse(target), directory, set()), directory
    if mode == "c":
        try:
            return collect(ast.parse(target).body, os.getcwd(), set()), os.getcwd()
        except (SyntaxError, ValueError):
            return [], os.getcwd()
    return names_of_module(target), os.getcwd()


# --- trying ---

def try_names(names, places):
    """One trial: (good names, (name, reason) of the first bad one or None, variables, files)."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        with open(writer, "w", buffering=1, encoding="utf-8", errors="replace") as out:
            Trial(places).run(names, out)
            out.flush()
            os._exit(0)
    os.close(writer)
    text = read_until(reader, pid)
    os.waitpid(pid, 0)
    good, bad, variables, files, at = [], None, [], [], 0
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "good":
            good.append(rest)
        elif word == "variable":
            variables.append(rest)
        elif word == "read":
            files.append(rest)
        elif word == "bad":
            bad = tuple(rest.split(" ", 1))
        at += word in ("good", "none", "bad")
    if bad is None and not text.endswith("done\n") and at < len(names):
        bad = names[at], "ends the interpreter, or takes more than %d s to import" % PATIENCE
    return good, bad, variables, files


def read_until(reader, pid):
    """All that the trial writes; it is killed when that takes too long."""
    import select
    import signal
    import time
    chunks, deadline = [], time.monotonic() + PATIENCE
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reader], [], [], left)[0]:
            os.kill(pid, signal.SIGKILL)
            break
        chunk = os.read(reader, 65536)
        if not chunk:
            break
        chunks.append(chunk)
    os.close(reader)
    return b"".join(chunks).decode("utf-8", "replace")


def needs_of_command(profile, mode, target):
    """Without repetitions, in order; what was refused before stays so."""
    names, directory = wanted(mode, target)
    ordered = dict.fromkeys(profile.modules + names + profile.candidates)
    return [name for name in ordered if name not in profile.refused and
            all(part.isidentifier() for part in name.split("."))], directory


def refuse_package(profile, names, bad, reason):
    """What is in a package cannot be loaded without it."""
    profile.refused[bad] = reason
    for name in names:
        if name.startswith(bad + "."):
            profile.refused[name] = "needs '%s', which is not preloaded" % bad


def drop_old(folder):
    paths = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".profile")]
    paths.sort(key=os.path.getmtime)
    for path in paths[:max(len(paths) - MOST_PROFILES, 0)]:
        os.unlink(path)


def main():
    path, mode, target = sys.argv[1:]
    del sys.path[0]
    places = [place for place in sys.path if place.startswith("/")]
    profile = Profile(path)
    profile.command = " ".join({"s": [], "m": ["-m"], "c": ["-c"]}[mode] + [target])
    names, directory = needs_of_command(profile, mode, target)
    places = [place for place in places if place != directory]
    for _ in range(MOST_TRIALS):
        good, bad, variables, files = try_names(names, places)
        if bad is None:
            break
        refuse_package(profile, names, *bad)
        names = [name for name in names if name not in profile.refused]
    else:
        good, variables, files = [], [], []
    profile.modules, profile.candidates, profile.reads = good, [], files
    profile.failed = {name: why for name, why in profile.failed.items() if name not in good}
    profile.variables = [name for name in variables if name not in HARMLESS_VARIABLES
                         and name.isprintable() and " " not in name]
    profile.write()
    drop_old(os.path.dirname(path))


if __name__ == "__main__":
    main()
