"""The zygote: an interpreter that has imported what a command needs, and forks for each run.

It does as little as it can for a run: accept, check that it is the same user, fork, and later tell
the client how the run ended. Reading the request is the child's business, so that nobody can keep
the zygote waiting. A client that goes away takes its run with it.

The files of this folder share one namespace, in which start.py executes them; nothing of it is in
sys.modules or __main__. What a bare interpreter has not loaded is taken out of sys.modules again.
"""
import builtins
import sys
import gc
import posix
import _frozen_importlib
import _frozen_importlib_external
import _signal
import _socket
import select

GRACE = 2.0          # seconds between asking a run to end and killing it
WAKE_UP = 1.0
MOST_RUNS = 512


class Waiting:
    """A run, from its fork until it is reaped."""
    __slots__ = "connection", "pid", "deadline"

    def __init__(self, connection, pid):
        self.connection, self.pid, self.deadline = connection, pid, None

    def tell(self, letter, number):
        if self.connection is None:
            return
        try:
            self.connection.send(letter + b"\0\0\0" + number.to_bytes(4, "little", signed=True),
                                 _socket.MSG_DONTWAIT | _socket.MSG_NOSIGNAL)
        except OSError:
            pass  # the client is gone; poll says so too


def open_listener(path):
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    fresh = path + ".new"
    try:
        posix.unlink(fresh)
    except OSError:
        pass
    listener.bind(fresh)
    posix.chmod(fresh, 0o600)
    listener.listen(512)
    posix.rename(fresh, path)
    return listener


def own_file(path):
    """What tells our socket from another of the same name."""
    try:
        facts = posix.stat(path)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def is_own_user(connection):
    facts = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
    return int.from_bytes(facts[4:8], sys.byteorder) == posix.geteuid()


def accept(listener):
    try:
        descriptor, _ = listener._accept()
    except OSError:
        return None
    connection = _socket.socket(fileno=descriptor)
    if is_own_user(connection):
        return connection
    connection.close()
    return None


def signal_group(run, number):
    try:
        posix.killpg(run.pid, number)
    except OSError:
        pass


class Zygote:
    def __init__(self, paths, idle):
        self.paths, self.idle = paths, idle
        self.runs = {}       # pid -> Waiting
        self.served = 0
        self.stopping = False
        self.wake_read, self.wake_write = posix.pipe()
        posix.set_blocking(self.wake_write, False)
        posix.set_blocking(self.wake_read, False)
        self.listener = open_listener(paths["sock"])
        self.identity = own_file(paths["sock"])
        self.poll = select.poll()
        for descriptor in (self.listener.fileno(), self.wake_read):
            self.poll.register(descriptor, select.POLLIN)
        self.last_used = time.monotonic()
        self.noted = True
        self.before = {number: _signal.getsignal(number)
                       for number in (_signal.SIGCHLD, _signal.SIGTERM)}
        _signal.signal(_signal.SIGCHLD, lambda *_: None)
        _signal.signal(_signal.SIGTERM, self.stop)
        _signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)

    def stop(self, *_):
        self.stopping = True

    def forget(self):
        """In the child, at once: nothing of the zygote is handled, or closed by accident."""
        _signal.set_wakeup_fd(-1)
        for number, action in self.before.items():
            _signal.signal(number, action)
        # Closed by number later; these objects must not close the program's descriptors.
        self.listener.detach()
        for run in self.runs.values():
            if run.connection is not None:
                run.connection.detach()

    def fork(self, connection):
        """True in the child."""
        _signal.pthread_sigmask(_signal.SIG_SETMASK, every_signal)
        try:
            pid = posix.fork()
        except OSError as error:
            text = ("cannot fork: %s" % error).encode()
            connection.send(b"R\0\0\0" + len(text).to_bytes(4, "little") + text)
            connection.close()
            pid = -1
        if pid == 0:
            posix.setpgid(0, 0)
            self.forget()
            return True
        _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
        if pid < 0:
            return False
        try:
            posix.setpgid(pid, pid)
        except OSError:
            pass  # it has done so itself, and may be gone
        self.runs[pid] = Waiting(connection, pid)
        self.poll.register(connection.fileno(), select.POLLRDHUP)
        self.served += 1
        return False

    def let_go(self, run):
        """The client is gone: so will the run be."""
        if run.connection is None:
            return
        self.poll.unregister(run.connection.fileno())
        run.connection.close()
        run.connection = None
        signal_group(run, _signal.SIGTERM)
        signal_group(run, _signal.SIGCONT)
        run.deadline = time.monotonic() + GRACE

    def reap(self):
        while self.runs:
            try:
                pid, status = posix.waitpid(-1, posix.WNOHANG | posix.WUNTRACED | posix.WCONTINUED)
            except ChildProcessError:
                return
            if pid == 0:
                return
            run = self.runs.get(pid)
            if run is None:
                continue
            if posix.WIFSTOPPED(status):
                run.tell(b"S", posix.WSTOPSIG(status))
            elif not posix.WIFCONTINUED(status):
                self.end(run, status)

    def end(self, run, status):
        if run.connection is None:
            signal_group(run, _signal.SIGKILL)
        else:
            run.tell(b"E", status)
            self.poll.unregister(run.connection.fileno())
            run.connection.close()
        del self.runs[run.pid]
        self.last_used = time.monotonic()
        self.noted = False

    def kill_late(self):
        now = time.monotonic()
        for run in self.runs.values():
            if run.deadline is not None and now >= run.deadline:
                signal_group(run, _signal.SIGKILL)

    def look_around(self):
        """What is done when there is time."""
        if not self.noted:
            self.noted = True
            try:
                posix.utime(self.paths["lock"])
            except OSError:
                pass
        if own_file(self.paths["sock"]) != self.identity:
            self.stopping = True
        if self.runs:
            self.last_used = time.monotonic()
        elif time.monotonic() - self.last_used > self.idle:
            self.stopping = True

    def drain(self):
        try:
            posix.read(self.wake_read, 4096)
        except BlockingIOError:
            pass

    def turn(self):
        """One round of events; a connection when this is the child now."""
        pause = WAKE_UP if self.runs or not self.noted else min(self.idle, 30.0)
        events = self.poll.poll(int(pause * 1000) + 1)
        gone = {descriptor for descriptor, _ in events}
        if self.wake_read in gone:
            self.drain()
            self.reap()
        for run in list(self.runs.values()):
            if run.connection is not None and run.connection.fileno() in gone:
                self.reap()
                if run.pid in self.runs:
                    self.let_go(run)
        self.kill_late()
        if not events:
            self.look_around()
        if self.listener is not None and self.listener.fileno() in gone:
            connection = accept(self.listener)
            if connection is not None and len(self.runs) >= MOST_RUNS:
                connection.close()
            elif connection is not None and self.fork(connection):
                return connection
        return None

    def close_down(self):
        """No new runs; those that are there are waited for."""
        self.poll.unregister(self.listener.fileno())
        self.listener.close()
        self.listener = None
        if own_file(self.paths["sock"]) == self.identity:
            for kind in ("sock", "files", "key", "lock"):
                try:
                    posix.unlink(self.paths[kind])
                except OSError:
                    pass

    def serve(self):
        """Returns the connection in a child; ends the process otherwise."""
        while True:
            connection = self.turn()
            if connection is not None:
                return connection
            if self.stopping and self.listener is not None:
                self.close_down()
            if self.stopping and not self.runs:
                posix._exit(0)


def serve_request(connection, fields):
    """What is asked of the zygote and is no run; in a forked process."""
    kind = fields[0]
    if kind == b"state":
        lines = ["pid %d" % posix.getppid(), "served %d" % zygote.served,
                 "running %d" % len(zygote.runs), "modules %d" % len(stash)]
        connection.sendall("\n".join(lines).encode())
    elif kind == b"learned":
        names = [name.decode() for name in fields[1:]]
        profile = Profile(profile_path)
        added = [name for name in names if name not in profile.known()]
        if added:
            profile.candidates += added
            profile.write()


def report_modules():
    """Tells the zygote what the program imported that was not preloaded."""
    fresh = [name for name in list(modules) if name not in known and name not in refused]
    names = [name for name in fresh if from_watched_place(modules.get(name))]
    if not names or not learning:
        return
    fields = [b"learned"] + [name.encode("utf-8", "replace") for name in names[:MOST_NAMES]]
    body = b"".join(field + b"\0" for field in fields)
    try:
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        connection.settimeout(0.2)
        connection.connect(socket_path)
        connection.sendall(len(body).to_bytes(4, "little") + body)
        connection.close()
    except (OSError, ValueError):
        pass  # another run will tell


MOST_NAMES = 3000


def from_watched_place(module):
    spec = getattr(module, "__spec__", None)
    origin = getattr(spec, "origin", None)
    if origin in ("built-in", "frozen"):
        return True
    return isinstance(origin, str) and any(origin.startswith(place + "/") for place in base_places)


def write_manifest(path):
    """Every file that was loaded, and every folder that decides what is found: as it is now."""
    files = {sys.executable, "/etc/localtime"}
    files.update(function.__code__.co_filename for function in (serve, preload, finish, run_child,
                                                                 replace_file, Profile.write))
    for module in list(stash.values()) + list(modules.values()):
        for name in (getattr(module, "__file__", None), getattr(module, "__cached__", None)):
            if isinstance(name, str) and name.startswith("/"):
                files.add(name)
    for prefix in {sys.prefix, sys.base_prefix}:
        files.add(prefix + "/pyvenv.cfg")
    for place in base_places:
        if place not in watched_places:
            files.add(place)
            try:
                files.update(place + "/" + entry for entry in posix.listdir(place)
                             if entry.endswith(".pth"))
            except OSError:
                pass
    out = []
    for name in sorted(files):
        try:
            facts = posix.stat(name)
            numbers = facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns
        except OSError:
            numbers = 0, 0, 0, 0
        data = os.fsencode(name) + b"\0"
        out += [number.to_bytes(8, sys.byteorder) for number in numbers]
        out += [len(data).to_bytes(8, sys.byteorder), data]
    replace_file(path, b"".join(out))


def replace_file(path, data):
    temporary = "%s.%d" % (path, posix.getpid())
    descriptor = posix.open(temporary, posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC, 0o600)
    try:
        while data:
            data = data[posix.write(descriptor, data):]
    finally:
        posix.close(descriptor)
    posix.rename(temporary, path)
