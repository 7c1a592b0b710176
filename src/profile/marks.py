"""Loaded as sitecustomize by each Python process that hob profile follows: says when the interpreter
was ready, when the program was over, and how much of the time between was spent importing modules
and parsing configuration. Times are those of the monotonic clock, in seconds.

It takes itself out of the way: the process has its own sys.path, and its own sitecustomize if it has
one. Its frame below imports is called as one of importlib's own, so that tracebacks leave it out.
"""


def _start():
    import atexit
    import os
    import sys
    import _frozen_importlib as importlib
    from _thread import get_ident
    from time import monotonic

    environment = os.environ
    file = environment.get("HOB_PROFILE_MARKS")
    here = os.path.dirname(__file__)
    sys.path[:] = [path for path in sys.path if path != here]
    if file is None:
        return
    if environment.get("HOB_PROFILE_ONE"):
        # Only this process is looked at: those that it starts get the environment as it was.
        before = environment.get("HOB_PROFILE_PYTHONPATH")
        environment.pop("PYTHONPATH", None)
        if before is not None:
            environment["PYTHONPATH"] = before
        for name in ("MARKS", "ONE", "PYTHONPATH"):
            environment.pop("HOB_PROFILE_" + name, None)
        environment.pop("PYTHONPROFILEIMPORTTIME", None)

    parsers = {
        "json": ("load", "loads"),
        "yaml": ("load", "load_all", "safe_load", "safe_load_all", "full_load", "unsafe_load"),
        "tomllib": ("load", "loads"),
        "tomli": ("load", "loads"),
        "toml": ("load", "loads"),
        "configparser": ("read", "read_file", "read_string", "read_dict"),
    }
    main = get_ident()
    spent = [0.0, 0.0, 0.0]  # running the program, importing, parsing
    now = [0, 0.0]  # which of them, since when

    def timed(kind, function, then=None):
        def _call_with_frames_removed(*words, **named):
            if get_ident() != main:
                return function(*words, **named)
            before, start = now[0], monotonic()
            spent[before] += start - now[1]
            now[:] = kind, start
            try:
                return function(*words, **named)
            finally:
                end = monotonic()
                spent[kind] += end - now[1]
                now[:] = before, end
                if then is not None:
                    then(words[0])

        return _call_with_frames_removed

    def watch(name):
        names = parsers.pop(name, None) if name in sys.modules else None
        if names is None:
            return
        holder = sys.modules[name]
        if name == "configparser":
            holder = holder.RawConfigParser
        for each in names:
            function = getattr(holder, each, None)
            if function is None:
                continue
            replaced = timed(2, function)
            replaced.__name__, replaced.__doc__ = each, function.__doc__
            replaced.__wrapped__ = function
            setattr(holder, each, replaced)

    def say(text):
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0))
        except OSError:
            return
        try:
            os.write(descriptor, text.encode("utf-8", "surrogateescape"))
        finally:
            os.close(descriptor)

    def finish():
        end = monotonic()
        spent[now[0]] += end - now[1]
        now[1] = end
        say("done %d %.9f %.9f %.9f\n" % (os.getpid(), end, spent[1], spent[2]))

    own = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # noqa: F401
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault("sitecustomize", own)
    find = timed(1, importlib._find_and_load, watch)
    if hasattr(find.__code__, "replace"):  # Python 3.8
        find.__code__ = find.__code__.replace(co_filename="<frozen importlib._bootstrap>")
    importlib._find_and_load = find
    atexit.register(finish)
    say("ready %d %.9f %s\n" % (os.getpid(), monotonic(), (sys.executable or "").replace("\n", " ")))
    spent[:] = 0.0, 0.0, 0.0
    now[:] = 0, monotonic()


_start()
del _start
