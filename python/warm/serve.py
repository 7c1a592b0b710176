"""The start of a zygote: preloads, checks, writes the manifest, listens.

Executed last of the parts, in a .pyc whose path is the first word of sys.argv (start.py).
"""
import itertools
import os

UNTIL_FAST = 20  # an interpreter makes tables at the first use of something, and faster code later


def paths_of(folder, key):
    return {kind: "%s/warm-%s.%s" % (folder, key, kind) for kind in ("sock", "files", "key", "lock")}


def wanted_modules(key_file):
    with open(key_file, encoding="utf-8", errors="surrogateescape") as file:
        return [line.rstrip("\n")[7:] for line in file if line.startswith("module ")]


def own_facts():
    """What the interpreter put into its environment, and its name for ps."""
    with open("/proc/self/environ", "rb") as file:
        given = dict(item.partition(b"=")[::2] for item in file.read().split(b"\0") if item)
    with open("/proc/self/comm", "rb") as file:
        name = file.read().rstrip(b"\n")
    added = {n: v for n, v in os.environ._data.items() if given.get(n) != v}
    return added, name


def check_preloaded():
    """Forking is only safe when there is nothing but this thread and our own descriptors."""
    tasks = len(posix.listdir("/proc/self/task"))
    if tasks != 1:
        raise SystemExit("hob: preloading left %d threads" % tasks)


def note_failure(profile_path, name, error):
    """For the next zygote of the command, which goes without the module, and for `hob why`."""
    reason = " ".join(str(error).split()) or "no reason is given"
    if profile_path.startswith("/") and not isinstance(error, MemoryError):
        profile = Profile(profile_path)
        profile.failed[name] = "%s: %s" % (type(error).__name__, reason[:200])
        profile.write()


def set_up():
    global known, own_name, own_limits, coerced, every_signal, standard_streams, top_names
    global base_places, watched_places, zygote_is_quiet, refused, socket_path
    global zygote, run_mode, run_profile, c_flush
    program, folder, key, profile_path, idle = sys.argv
    sys.argv[:] = ["-c"]  # a module may look at it, or keep it
    sys.orig_argv[:] = [sys.executable, "-c"]
    run_mode, run_profile = "", b""
    paths = paths_of(folder, key)
    socket_path = paths["sock"]
    posix.unlink(program)
    if not (getattr(sys.flags, "safe_path", False) or sys.flags.isolated):
        sys.path.pop(0)
    sys.path_importer_cache.pop(program, None)
    sys.path_importer_cache.pop(folder, None)
    coerced, own_name = own_facts()
    own_limits = limits_text()
    every_signal = _signal.valid_signals()
    standard_streams = (sys.stdin, sys.stdout, sys.stderr)
    python_path = [] if sys.flags.ignore_environment else \
        os.environ.get("PYTHONPATH", "").split(os.pathsep)
    base_places = [place for place in sys.path if place.startswith("/")]
    watched_places = {place for place in base_places
                      if place in map(os.path.abspath, filter(None, python_path))}
    for name in set(modules) - at_start:
        del modules[name]  # what the zygote needs for itself
    base = set(modules)
    names = wanted_modules(paths["key"])
    profile = Profile(profile_path)
    refused = set(profile.refused)
    try:
        preload(names + ["runpy"])
    except CannotLoad as failure:
        note_failure(profile_path, *failure.args)
        raise
    check_preloaded()
    known = base | set(stash)
    top_names = {name for name in stash if "." not in name and place_of(name) is not None}
    if "ctypes" in stash:
        c_flush = stash["ctypes"].CDLL(None).fflush
    zygote_is_quiet = extensions_are_quiet(known)
    write_manifest(paths["files"], profile.reads)
    gc.collect()
    kinds = set(map(type, itertools.filterfalse(ends_quietly, gc.get_objects()))) - own_kinds()
    zygote_is_quiet = zygote_is_quiet and not any(map(has_an_end, kinds))
    gc.freeze()
    posix.chdir(folder)
    for _ in range(UNTIL_FAST):
        for _ in rehearse():
            pass
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
    gc.freeze()
    zygote = Zygote(paths, float(idle))


def place_of(name):
    """The position in sys.path of what a top-level module was found by; None for those that come
    before every path."""
    spec = getattr(stash[name], "__spec__", None)
    origin = getattr(spec, "origin", None)
    if origin in ("built-in", "frozen"):
        return None
    for position, place in enumerate(base_places):
        if isinstance(origin, str) and origin.startswith(place + "/"):
            return position
    return len(base_places)


def own_kinds():
    """Types of which the zygote itself, or every interpreter, has objects."""
    return {type(stream) for stream in standard_streams} | \
        {type(stream.buffer) for stream in standard_streams} | {_io.FileIO, type(iter(()))}


def serve():
    """Returns only in the children: (program, first, second, finish)."""
    words = sys.argv[:]
    try:
        set_up()
    except BaseException:
        paths = paths_of(*words[1:3])
        for path in (words[0], paths["key"], paths["files"], paths["lock"]):
            try:
                posix.unlink(path)
            except OSError:
                pass
        raise
    del words
    spare = zygote.serve()
    program, first, second = run_child(spare)
    del spare
    return program, first, second, finish
