"""Modules that are loaded, and yet not there until the program imports them.

A program can tell what has been imported: `'json' in sys.modules`, `xml.etree` without importing it.
So after preloading, everything that a bare interpreter would not have is taken out of sys.modules
again (and submodules out of their packages), and put back when the program imports it, together with
what that import would have loaded, in the same order. Imports that miss sys.modules all pass
importlib._bootstrap._find_and_load: that is where it happens, so nothing else has to be replaced.

What loading a module loads is written down while preloading, module by module.

Putting a module into sys.modules counts a reference in it, and after a fork the first write to a page
copies it. So module objects, and the names that they are found under, are made side by side: a
thousand modules then cost some fifty pages and not a thousand.
"""
import builtins
import posix
import sys
import time
import _imp
import _frozen_importlib as bootstrap

modules = sys.modules
at_start = set(modules)
stash = {}         # name -> module that is loaded and hidden
needs = {}         # name -> names that loading it brought in, in order
units = {}         # name that was asked for -> (names, modules) that importing it brings in, in order
attributes = {}    # name -> (package, attribute): it was taken out of its package, too
loading = []       # names being loaded, innermost last
find_and_load = bootstrap._find_and_load
new_module = bootstrap._new_module
real_import = builtins.__import__
POOL_SIZE = 4096
pool = []


def make_module(name):
    """Stands in for _new_module while preloading."""
    if not pool:
        return new_module(name)
    module = pool.pop()
    module.__init__(name)
    return module


def note_need(name):
    if loading and name != loading[-1]:
        needs[loading[-1]].append(name)


def find_and_note(name, import_):
    """Stands in for _find_and_load while preloading."""
    note_need(name)
    if name in modules:
        return find_and_load(name, import_)
    if name in stash:
        reveal(name)
        return modules[name]
    needs.setdefault(name, [])
    before = len(modules)
    loading.append(name)
    try:
        return find_and_load(name, import_)
    finally:
        loading.pop()
        # Modules that put others into sys.modules by hand (six.moves, os.path).
        if len(modules) > before:
            for extra in list(modules)[before:]:
                if extra != name and extra not in needs:
                    needs[extra] = []
                    needs[name].append(extra)


def import_and_note(name, globals=None, locals=None, fromlist=(), level=0):
    """Stands in for __import__ while preloading: sees the imports of what is loaded already."""
    if loading and isinstance(name, str):
        full = name
        if level > 0 and globals is not None:
            package = (globals.get("__package__") or "").split(".")
            full = ".".join(package[:len(package) - level + 1] + ([name] if name else []))
        if full in modules:
            note_need(full)
        for part in fromlist or ():
            if isinstance(part, str) and full + "." + part in modules:
                note_need(full + "." + part)
    return real_import(name, globals, locals, fromlist, level)


def reveal(name):
    """Puts a hidden module, and what loading it would load, into sys.modules: each behind what it
    needs, where the import system puts it once it is loaded."""
    for one in closure(name):
        modules[one] = stash[one]
        put_attribute(one)


def put_attribute(name):
    if name in attributes:
        package, attribute = attributes.pop(name)
        setattr(package, attribute, stash[name])


def hide(base):
    """Takes everything out of sys.modules that is not in `base`."""
    for name in [name for name in modules if name not in base]:
        stash[name] = modules.pop(name)


def closure(name):
    """The hidden names that importing `name` brings in, in order; without doing it."""
    names, seen = [], set()

    def visit(name):
        if name in seen or name not in stash or name in modules:
            return
        parent = name.rpartition(".")[0]
        if parent:
            visit(parent)
            if name in seen:
                return
        seen.add(name)
        for other in needs.get(name, ()):
            visit(other)
        names.append(name)

    visit(name)
    return names


def hide_attributes():
    """Takes submodules out of their packages that can be there without them."""
    members = {}
    for name, module in stash.items():
        parent, _, attribute = name.rpartition(".")
        package = stash.get(parent) or modules.get(parent)
        if getattr(package, "__dict__", {}).get(attribute) is not module:
            continue
        if parent in stash:
            if parent not in members:
                members[parent] = set(closure(parent))
            if name in members[parent]:
                continue
        try:
            delattr(package, attribute)
        except (AttributeError, TypeError):
            continue
        attributes[name] = package, attribute


class CannotLoad(Exception):
    """The name of a module, and the exception with which its import ended."""


def preload(names):
    """Imports the modules, each as if it were the first, and hides them again."""
    base, finders = set(modules), set(sys.path_importer_cache)
    kind = type(sys)
    pool.extend(kind.__new__(kind) for _ in range(POOL_SIZE))
    pool.reverse()
    builtins.__import__ = import_and_note
    bootstrap._find_and_load = find_and_note
    bootstrap._new_module = make_module
    try:
        for name in names:
            try:
                import_and_note(name)
            except Exception as error:
                raise CannotLoad(name, error) from error
            hide(base)
    finally:
        builtins.__import__ = real_import
        bootstrap._find_and_load = find_and_load
        bootstrap._new_module = new_module
        pool.clear()
    for place in set(sys.path_importer_cache) - finders:
        del sys.path_importer_cache[place]
    copies = {name: bytes(name, "utf-8", "surrogatepass").decode("utf-8", "surrogatepass")
              for name in stash}
    for name in names:
        inner = closure(name)
        units[name] = [copies[one] for one in inner], [stash[one] for one in inner]
    hide_attributes()
    base_modules.update(modules)
    del base_modules["__main__"]


def mend_logging(module):
    module._startTime = time.time()


def mend_multiprocessing(module):
    module.ORIGINAL_DIR = posix.getcwd()
    module._current_process._config["authkey"] = module.AuthenticationString(posix.urandom(32))


def mend_numpy(module):
    module.seed()


# What modules keep from the moment when they were loaded, and a fresh process would not have;
# `random` sees to itself.
mends = {"logging": mend_logging, "multiprocessing.process": mend_multiprocessing,
         "numpy.random": mend_numpy}


# What the program's imports are compared with: as sys.path was before the program's own folder, that,
# and both together; what else decides what an import finds.
base_path, own_place, own_path = [], None, []
own_finders, own_hooks = [], []
given = set()         # names that were revealed: who deletes one from sys.modules wants it anew
top_names = set()     # of what is hidden (serve.py)
base_modules = {}     # what every interpreter has loaded
missing = object()


def note_import_system(before, first):
    """What follows was changed by the program."""
    global base_path, own_place, own_path, own_finders, own_hooks
    base_path, own_place, own_path = before, first, sys.path[:]
    own_finders, own_hooks = sys.meta_path[:], sys.path_hooks[:]


def new_places():
    """What the program has put into sys.path that is looked at before the last of what was there; None
    when something of that is gone or moved."""
    new, at = [], 0
    for place in sys.path:
        if at == len(base_path):
            break
        if place == base_path[at]:
            at += 1
        elif isinstance(place, str) and place != own_place:
            new.append(place)
    return new if at == len(base_path) else None


def finds_the_same(names):
    """Whether the import system, as it is now, would find what is hidden."""
    if builtins.__import__ is not real_import or sys.path_hooks != own_hooks or \
            sys.meta_path[:len(own_finders)] != own_finders:
        return False
    if sys.path == own_path:
        return True
    new = new_places()
    if new is None:
        return False
    tops = {name.partition(".")[0] for name in names} & top_names
    return not any(is_in_the_way(place, tops) for place in new)


def is_in_the_way(place, tops):
    return is_file(place or ".") and (not is_folder(place or ".") or shadowed(place, tops) is not None)


def is_consistent(names, hidden):
    """Whether nothing that comes with it, or that everything needs, was replaced or removed by the
    program."""
    if not base_modules.items() <= modules.items():
        return False
    for name, module in zip(names, hidden):
        there = modules.get(name, missing)
        if there is not module and (there is not missing or name in given):
            return False
    return True


def find_and_reveal(name, import_):
    """Stands in for _find_and_load in a run. What the program has changed the import system for, or
    done to sys.modules, is imported as ever."""
    if name not in stash or name in modules:
        return find_and_load(name, import_)
    if name in units:
        names, hidden = units[name]
    else:
        names = closure(name)
        hidden = [stash[one] for one in names]
    if not (finds_the_same(names) and is_consistent(names, hidden)):
        return find_and_load(name, import_)
    for other, module in zip(names, hidden):
        if other not in modules:
            modules[other] = module
            put_attribute(other)
    given.update(names)
    for late in [late for late in mends if late in modules]:
        mends.pop(late)(modules[late])
    return modules[name]


def offer():
    """From now on imports find what is hidden."""
    if stash:
        find_and_reveal.__name__ = find_and_reveal.__qualname__ = "_find_and_load"
        bootstrap._find_and_load = find_and_reveal


def shadowed(directory, top_names):
    """The first entry of this directory that would be imported as one of the names."""
    try:
        entries = posix.listdir(directory or ".")
    except (OSError, ValueError):
        return None
    for entry in entries:
        name, dot, suffix = entry.partition(".")
        if name not in top_names:
            continue
        if dot and dot + suffix in SUFFIXES:
            return entry
        if not dot and is_file("%s/%s/__init__.py" % (directory or ".", entry)):
            return entry
    return None


SUFFIXES = {".py", ".pyc", *_imp.extension_suffixes()}


def is_folder(path):
    return is_file(path + "/.")


def is_file(path):
    try:
        posix.stat(path)
    except (OSError, ValueError):
        return False
    return True
