"""How a run ends: as the interpreter ends, but without paying for what the program never had.

Finalising an interpreter takes every module apart, which after a fork means copying every page of
what was preloaded: 30 ms for pandas. Nobody sees it, unless something that is alive has an end of its
own: a file that is not flushed, a `__del__`, a database. So the exit handlers run, garbage is
collected, and then whatever the program made is looked through by type. When all of it is quiet the
process ends; otherwise, and after every exception but a plain sys.exit, the interpreter finalises as
it always does.
"""
import atexit
import gc
import _io
import posix
import sys

MANY_OBJECTS = 200000
# Extension modules whose objects do nothing when they are freed and that print through Python only.
QUIET = {"builtins", "numpy", "pandas", "yaml", "_yaml", "markupsafe", "simplejson", "ujson", "orjson",
         "msgpack", "charset_normalizer", "dateutil", "regex", "pyarrow_hotfix", "certifi"}
# Of the standard library, those whose objects do.
LOUD = {"sqlite3", "_sqlite3", "dbm", "_dbm", "_gdbm", "ctypes", "_ctypes", "_curses", "curses",
        "_tkinter", "tkinter", "_multiprocessing", "multiprocessing"}
QUIET = (QUIET | set(getattr(sys, "stdlib_module_names", ()))) - LOUD
HEAP_TYPE = 1 << 9
Generator = type(_ for _ in ())

FILES = {_io.TextIOWrapper, _io.BufferedWriter, _io.BufferedReader, _io.BufferedRandom, _io.FileIO,
         _io.BytesIO, _io.StringIO}

c_flush = None  # the C library's fflush, where it is loaded anyway
verdicts = {}  # type -> whether its objects are quiet


def root_of(name):
    return name.partition(".")[0] if isinstance(name, str) else ""


def is_python_module(name):
    module = modules.get(name) or stash.get(name)
    origin = getattr(getattr(module, "__spec__", None), "origin", None) or \
        getattr(module, "__file__", None)
    return name == "__main__" or (isinstance(origin, str) and not origin.endswith(".so") and
                                  origin not in ("built-in",))


def has_an_end(kind):
    return any("__del__" in base.__dict__ for base in type.__getattribute__(kind, "__mro__"))


def ends_quietly(one):
    """A generator that was left where it is, and handles no exception: certifi keeps one. (From 3.12 on
    each one handles its own end.)"""
    return type(one) is Generator and not one.gi_code.co_exceptiontable


def is_quiet(kind):
    if has_an_end(kind):
        return False
    for base in type.__getattribute__(kind, "__mro__"):
        own = base.__dict__
        module = own.get("__module__", "builtins") if base.__flags__ & HEAP_TYPE else base.__module__
        if root_of(module) in QUIET:
            continue
        if root_of(module) in LOUD or not (base.__flags__ & HEAP_TYPE and is_python_module(module)):
            return False
    return True


def are_quiet(kinds):
    for kind in kinds:
        verdict = verdicts.get(kind)
        if verdict is None:
            try:
                verdict = is_quiet(kind)
            except Exception:
                verdict = False
            verdicts[kind] = verdict
        if not verdict:
            return False
    return True


def extensions_are_quiet(names):
    """Whether none of these modules is an extension that might print or write behind Python."""
    for name in names:
        root = root_of(name)
        if root in LOUD:
            if c_flush is None or root not in ("ctypes", "_ctypes"):
                return False
            continue
        module = modules.get(name) or stash.get(name)
        origin = getattr(getattr(module, "__spec__", None), "origin", None)
        if isinstance(origin, str) and origin.endswith(".so") and root not in QUIET:
            return False
    return True


def everything_is_quiet():
    if not (zygote_is_quiet and extensions_are_quiet(set(modules).difference(known))):
        return False
    gc.collect()
    objects = gc.get_objects()
    if len(objects) > MANY_OBJECTS:
        return False
    kinds = set(map(type, objects))
    kinds.update(map(type, gc.get_referents(*objects)))
    kinds.update(map(type, modules["__main__"].__dict__.values()))
    files = kinds & FILES
    if files and (sys.warnoptions or sys.flags.dev_mode):
        return False  # the interpreter may have to warn of files that were not closed
    return are_quiet(kinds - FILES) and (not files or flush_files(objects))


def flush_files(objects):
    """All that a file which is left open still needs; the text of one before its bytes."""
    for kinds in ({_io.TextIOWrapper}, {_io.BufferedWriter, _io.BufferedRandom}):
        for one in objects:
            if type(one) not in kinds:
                continue
            try:
                if not one.closed:
                    one.flush()
            except BaseException:
                return False
    return True


def flush(*names):
    """False when something could not be written: the interpreter then reports it in its own way."""
    for name in names:
        stream = getattr(sys, name, None)
        if stream is None:
            continue
        try:
            if not stream.closed:
                stream.flush()
        except BaseException:
            return False
    return True


def status_of(error):
    """The exit status when it is a plain number, else None."""
    if error is None:
        return 0
    code = error.code
    if code is None:
        return 0
    if type(code) in (int, bool) and -2**31 <= code < 2**31:
        return code & 255
    return None


def show(error):
    """Prints an uncaught exception as the interpreter does; returns what the run ends with then.

    Not left to the interpreter: the frames of the program look for what is below them, and that has
    to be there as long as anybody can ask them."""
    kind, trace = type(error), error.__traceback__
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    hook = getattr(sys, "excepthook", None)
    sys.audit("sys.excepthook", hook, kind, error, trace)
    if hook is None:
        write_error("sys.excepthook is missing\n")
        hook = sys.__excepthook__
    second = None
    try:
        hook(kind, error, trace)
    except BaseException as caught:
        second = caught
    if isinstance(second, SystemExit):
        return second
    if second is not None:
        write_error("Error in sys.excepthook:\n")
        sys.__excepthook__(type(second), second, second.__traceback__)
        write_error("\nOriginal exception was:\n")
        sys.__excepthook__(kind, error, trace)
    if isinstance(error, KeyboardInterrupt):
        # The interpreter ends with the signal; it has been shown.
        sys.excepthook = shown_already
        return KeyboardInterrupt()
    return SystemExit(1)


def shown_already(*_):
    pass


def write_error(text):
    if sys.stderr is not None:
        sys.stderr.write(text)


def finish(error):
    """Ends the process, or returns what the interpreter is to finish with."""
    report_modules()
    is_script = run_mode == "s"
    if is_script:
        flush("stderr", "stdout")
    left = isinstance(error, SystemExit)
    if error is not None and not left:
        error = show(error)
    if is_script and not left and "__main__" in modules:
        main = modules["__main__"].__dict__
        main.pop("__file__", None)
        main.pop("__cached__", None)
    if isinstance(error, KeyboardInterrupt):
        return finalize(error)
    # Frames of the program hang on its exception, and what they hold would look alive.
    if error is not None:
        error.__traceback__ = error.__context__ = error.__cause__ = None
    status = status_of(error)
    if status is None:
        return finalize(error)
    threading = modules.get("threading")
    if threading is not None:
        try:
            threading._shutdown()
        except BaseException:
            return finalize(error)
    if atexit._ncallbacks():
        atexit._run_exitfuncs()
    if flush("stdout", "stderr") and everything_is_quiet() and flush("stdout", "stderr"):
        if c_flush is not None:
            c_flush(None)
        if learns:
            note_pages()
        posix._exit(status)
    return finalize(error)


def finalize(error):
    """What was frozen would not be collected, and so never be told of its end; nor would what is
    still known here."""
    verdicts.clear()
    stash.clear()
    units.clear()
    bootstrap._find_and_load = find_and_load
    gc.unfreeze()
    return error
