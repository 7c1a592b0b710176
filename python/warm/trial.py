"""A trial: a process that imports modules one after the other, and sees what each import did.

A module that is preloaded is not executed again in a run. So it may only be one whose import does
nothing but define things: what it changes elsewhere would be lost, or be there before it is imported;
what it reads has to be the same in each run (the variables of the key, the files of the manifest).

What can be compared is compared before and after (`Condition`). What is asked for is heard by an audit
hook, and by functions that stand before those of `os`. The standard library's modules may ask for what
they want while they are imported themselves: they are known to see to it after a fork.
"""
import builtins
import gc
import io
import os
import resource
import sys
import _locale
import _signal

MOST_READ = 1000      # files that one profile may depend on
STREAM_SETTINGS = ("encoding", "errors", "line_buffering", "write_through")
# Of the standard library: (file, function) whose questions make no difference. The first two try the
# working directory last, and whether a file can be made; the others ask `uname` what the machine is.
HARMLESS_CALLERS = {("tempfile.py", "_get_default_tempdir"), ("tempfile.py", "_candidate_tempdir_list"),
                    ("platform.py", "from_subprocess"), ("platform.py", "_syscmd_file")}


class Refusal(Exception):
    pass


class WatchedEnvironment(os._Environ):
    """os.environ that writes down which names are read while a module is imported."""

    def __init__(self, real):
        super().__init__(real._data, real.encodekey, real.decodekey, real.encodevalue,
                         real.decodevalue)
        self.names = []
        self.whole = False

    def __getitem__(self, name):
        if name not in self.names:
            self.names.append(name)
        return super().__getitem__(name)

    def __iter__(self):
        self.whole = True
        return super().__iter__()

    def copy(self):
        self.whole = True
        return super().copy()


class WatchedWords(list):
    """sys.argv, while nobody has given any: whoever looks at it wants those of the run."""

    def note(self):
        refuse("looks at the words of the command (sys.argv) when it is imported")

    def __getitem__(self, at):
        self.note()
        return super().__getitem__(at)

    def __iter__(self):
        self.note()
        return super().__iter__()

    def __len__(self):
        self.note()
        return super().__len__()


class WatchedStream(io.TextIOWrapper):
    def isatty(self):
        refuse("asks whether there is a terminal when it is imported")
        return super().isatty()


# --- who asks ---

IMPORTS = "<frozen importlib."
library = os.path.dirname(os.__file__) + "/"
why = []          # of the import that is under way
read = {}         # paths that imports looked at, in order


def refuse(reason):
    """For what even the standard library may not do."""
    why.append(reason)


def is_library(path):
    return path.startswith("<frozen ") or path.startswith(library) and \
        "/site-packages/" not in path and "/dist-packages/" not in path


def is_asked_for(depth=2):
    """Whether a module outside the standard library wants it: not one of that, being imported, nor
    the import system."""
    frame = sys._getframe(depth)
    while frame is not None:
        code = frame.f_code
        path = code.co_filename
        if path.startswith(IMPORTS) or path == ORIGIN:
            return False
        if is_library(path):
            if (path.rpartition("/")[2], code.co_name) in HARMLESS_CALLERS:
                return False
        elif not path.startswith("<"):
            return True
        frame = frame.f_back
    return False


ORIGIN = is_asked_for.__code__.co_filename


# --- what is asked for ---

REASONS = {
    "starts a process": ("subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.exec",
                         "os.posix_spawn", "os.spawn", "pty.spawn"),
    "uses the network": ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
                         "socket.gethostbyname"),
    "makes a temporary file": ("tempfile.mkstemp", "tempfile.mkdtemp"),
    "changes files": ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink",
                      "os.truncate", "os.chmod", "os.chown", "os.utime"),
}
REASONS = {event: reason for reason, events in REASONS.items() for event in events}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# The machine's, and nobody's files: they are no reason to load anything anew.
UNCHANGING = ("/proc/", "/sys/", "/dev/")
# Hundreds of files, which a package brings all at once: their folders tell when it did.
TIME_ZONES = "/usr/share/zoneinfo/"


def note_path(path, whole=True):
    """What is read belongs to the manifest; what is found from the working directory, or tells of
    this process, is another one in each run."""
    if isinstance(path, int):
        return
    path = os.fsdecode(path)
    if not path.startswith("/"):
        why.append("looks at the working directory when it is imported")
    elif path.startswith(("/proc/self", "/proc/thread-self", "/proc/%d" % os_getpid())):
        why.append("looks at its own process when it is imported")
    elif path.startswith(UNCHANGING) or not path.isprintable():
        pass
    elif path.startswith(TIME_ZONES) and not os_isdir(path):
        read[os.path.dirname(path)] = True
    elif whole or not os_isdir(path):
        read[path] = True


def hear(event, arguments):
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, int) or not is_asked_for():
            return
        path = os.fsdecode(path)
        if flags & WRITING and path != os.devnull:
            why.append("writes '%s' when it is imported" % path)
        else:
            note_path(path)
    elif event in ("os.listdir", "os.scandir"):
        if is_asked_for():
            note_path("." if arguments[0] is None else arguments[0])
    elif event in REASONS and is_asked_for():
        why.append(REASONS[event] + " when it is imported")
    elif event == "os.putenv":
        given_to_c[bytes(arguments[0])] = bytes(arguments[1])
    elif event == "os.unsetenv":
        given_to_c.pop(bytes(arguments[0]), None)


os_getpid, os_isdir = os.getpid, os.path.isdir
given_to_c = {}   # the C library's environment


def stand_before(module, name, note):
    """Replaces a function by one that notes first who calls it with what."""
    real = getattr(module, name, None)
    if real is None:
        return

    def stand_in(*words, **named):
        if is_asked_for():
            note(*words, **named)
        return real(*words, **named)

    stand_in.__name__ = stand_in.__qualname__ = name
    setattr(module, name, stand_in)
    for functions in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks,
                      os.supports_effective_ids):
        if real in functions:
            functions.add(stand_in)


def note_that(reason):
    return lambda *_, **__: why.append(reason + " when it is imported")


def note_look(path=".", *_, dir_fd=None, **__):
    if dir_fd is None:
        note_path(path, False)


def note_random(self, seed=None):
    if seed is None and not isinstance(self, random.SystemRandom):
        why.append("makes random numbers when it is imported")


def watch():
    """In the trial's process, for good."""
    global random
    for name in ("getcwd", "getcwdb"):
        stand_before(os, name, note_that("looks at the working directory"))
    for name in ("stat", "lstat", "access", "readlink"):
        stand_before(os, name, note_look)
    for name in ("getpid", "getppid", "getpgrp", "getsid", "getpgid"):
        stand_before(os, name, note_that("asks for its process id"))
    for name in ("urandom", "getrandom"):
        stand_before(os, name, note_that("makes random numbers"))
    stand_before(os, "umask", note_that("asks for the umask"))
    stand_before(os, "isatty", note_that("asks whether there is a terminal"))
    stand_before(os, "get_terminal_size", note_that("asks for the size of the terminal"))
    import random
    import uuid
    random._urandom = os.urandom  # it may have been loaded before
    stand_before(random.Random, "__init__", note_random)
    stand_before(uuid, "uuid1", note_that("asks for a unique name"))
    given_to_c.update(os.environ._data)
    sys.argv = WatchedWords(["-c"])
    sys.orig_argv[:] = [sys.executable, "-c"]
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        watched = WatchedStream(stream.buffer, stream.encoding, stream.errors, "\n",
                                stream.line_buffering, stream.write_through)
        stream.detach()
        setattr(sys, name, watched)
        setattr(sys, "__%s__" % name, watched)
    sys.addaudithook(hear)


# --- what is changed ---

def stream_facts(stream):
    return id(stream), [getattr(stream, name, None) for name in STREAM_SETTINGS]


def limits():
    return [resource.getrlimit(kind) for kind in range(16)]


def umask():
    with open("/proc/self/status", "rb") as file:
        return next((line for line in file if line.startswith(b"Umask:")), None)


def timeout():
    socket = sys.modules.get("_socket")
    return socket and socket.getdefaulttimeout()


def categories():
    return [getattr(_locale, name) for name in dir(_locale) if name.startswith("LC_") and
            name != "LC_ALL"]


# What a run would lose, or have from the start: name -> how it is now.
CONDITION = {
    "the environment": lambda: (dict(os.environ._data), dict(given_to_c)),
    "the umask": umask,
    "sys.argv": lambda: (id(sys.argv), list.copy(sys.argv), sys.orig_argv[:]),
    "sys.path": lambda: (id(sys.path), sys.path[:]),
    "standard input, output or error":
        lambda: [stream_facts(getattr(sys, name, None)) for name in
                 ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")],
    "the garbage collector":
        lambda: (gc.isenabled(), gc.get_threshold(), gc.get_debug(), len(gc.callbacks)),
    "the recursion limit": sys.getrecursionlimit,
    "the interpreter's settings":
        lambda: (sys.getswitchinterval(), sys.dont_write_bytecode, sys.pycache_prefix,
                 sys.getdlopenflags(), sys.get_int_max_str_digits(), sys.gettrace(),
                 sys.getprofile(), sys.get_asyncgen_hooks(), getattr(sys, "tracebacklimit", None),
                 sys.ps1 if hasattr(sys, "ps1") else None),
    "a hook of the interpreter":
        lambda: (sys.excepthook, sys.displayhook, sys.breakpointhook, sys.unraisablehook,
                 sys.modules["threading"].excepthook),
    "what happens on signals":
        lambda: ([_signal.getsignal(number) for number in range(1, 65) if number not in (32, 33)],
                 _signal.pthread_sigmask(_signal.SIG_BLOCK, ()),
                 _signal.getitimer(_signal.ITIMER_REAL)),
    "the locale": lambda: [_locale.setlocale(category) for category in categories()],
    "the working directory": lambda: os.readlink("/proc/self/cwd"),
    "a resource limit": limits,
    "the priority": lambda: os.getpriority(os.PRIO_PROCESS, 0),
    "the built-in names": lambda: {name: id(value) for name, value in vars(builtins).items()},
    "the time limit of sockets": timeout,
    "the state of random": lambda: random.getstate(),
}


def condition():
    return {name: look() for name, look in CONDITION.items()}


def note_readline(environment):
    """Readline reads these when it is loaded, and nobody hears of it."""
    environment.names += ["TERM", "INPUTRC"]
    note_path(environment.get("INPUTRC") or os.path.expanduser("~/.inputrc"))
    note_path("/etc/inputrc")


# --- trying ---

class Trial:
    """What is tried, in the process that tries it."""

    def __init__(self, places):
        self.places = places
        import threading
        self.threads = threading.active_count
        watch()
        self.environment = os.environ = WatchedEnvironment(os.environ)
        self.output = os.memfd_create("output")
        os.dup2(self.output, 1)
        os.dup2(self.output, 2)
        self.open = self.descriptors()
        self.before = condition()

    def descriptors(self):
        # Without those by which they are listed, which are gone again.
        return {name for name in os.listdir("/proc/self/fd")
                if os.path.lexists("/proc/self/fd/" + name)}

    def is_foreign(self, name):
        """Comes from where only this program finds it."""
        module = sys.modules.get(name)
        origin = getattr(getattr(module, "__spec__", None), "origin", None)
        if origin in ("built-in", "frozen"):
            return False
        return not (isinstance(origin, str) and
                    any(origin.startswith(place + "/") for place in self.places))

    def load(self, name):
        self.environment.whole = False
        why.clear()
        try:
            __import__(name)
        except ModuleNotFoundError as error:
            if error.name and (name == error.name or name.startswith(error.name + ".")):
                return False  # `from package import name`, where name is no module
            raise Refusal("cannot be imported: %s" % error)
        except BaseException as error:
            raise Refusal("cannot be imported: %s: %s" % (type(error).__name__, error))
        return True

    def look(self):
        tasks = len(os.listdir("/proc/self/task"))
        if tasks != 1 or self.threads() != 1:
            raise Refusal("leaves a thread running")
        fresh = self.descriptors() - self.open
        for descriptor in fresh:
            what = os.readlink("/proc/self/fd/" + descriptor)
            raise Refusal("leaves %s open" % ("a socket" if what.startswith("socket:") else what))
        now = condition()
        for what, before in self.before.items():
            if now[what] != before:
                raise Refusal("changes %s when it is imported" % what)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        if os.fstat(self.output).st_size:
            raise Refusal("writes to standard output or error when it is imported")
        if self.environment.whole:
            raise Refusal("looks at the whole environment when it is imported")
        if why:
            raise Refusal(why[0])
        if len(read) > MOST_READ:
            raise Refusal("looks at more than %d files when it is imported" % MOST_READ)

    def run(self, names, out):
        for name in names:
            try:
                there = self.load(name)
                if there and self.is_foreign(name):
                    raise Refusal("is not installed: it is found from here only")
                self.look()
            except Refusal as refusal:
                text = "bad %s %s" % (name, str(refusal).splitlines()[0][:200])
                return out.write(text + "\n")
            out.write("%s %s\n" % ("good" if there else "none", name))
        if "readline" in sys.modules:
            note_readline(self.environment)
        for name in self.environment.names:
            out.write("variable %s\n" % name)
        for path in read:
            out.write("read %s\n" % path)
        out.write("done\n")
