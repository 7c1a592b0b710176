"""The zygote: an interpreter that has imported what a command needs, and forks for each run.

A child is forked ahead of the request, the spare: the fork, what modules do after one, and the copies
of the pages that every run writes to are paid for when nobody waits. It accepts the next connection
by itself and hands the zygote a copy of it, so that the zygote can tell the client how the run ended,
and end the run whose client went away. Then the next spare is forked: at once when somebody waits for
it, else when the run is over, or has taken a while: the run's core has better things to do.

A spare holds nothing of the zygote but the listening socket and its own end of a pair of sockets; when
the other end closes, or is shut down, it ends. It does not read a request before it has one, so
nobody can keep the zygote waiting, and knows of no other run.

The files of this folder share one namespace, in which start.py executes them; nothing of it is in
sys.modules or __main__. What a bare interpreter has not loaded is taken out of sys.modules again.
"""
import builtins
import sys
import gc
import posix
import _io
import _frozen_importlib
import _frozen_importlib_external
import _signal
import _socket
import select

GRACE = 2.0          # seconds between asking a run to end and killing it
WAKE_UP = 1.0
A_LULL = 0.05        # while others run a spare does only what it must, unless nobody comes for so long
A_FAREWELL = 0.002   # a client ends by then, with the core to itself, before the next spare is forked
A_WHILE = 0.02       # a run that is not over by then may take longer: the next spare is forked
MOST_RUNS = 512
LOCK = 3             # start.c gives the zygote its lock as this descriptor


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
    listener.setblocking(False)  # of several that see a connection, one gets it
    posix.rename(fresh, path)
    return listener


def own_file(path):
    """What tells our socket from another of the same name."""
    try:
        facts = posix.stat(path)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def stream_socket(descriptor):
    """Without asking the system what it is."""
    return _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, descriptor)


def accept(listener):
    try:
        descriptor, _ = listener._accept()
    except OSError:
        return None
    connection = stream_socket(descriptor)
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
        self.spare = None    # the child that nobody has taken yet
        self.runs = {}       # pid -> Waiting, of those that were taken, or told to end
        self.leaving = {}    # descriptor -> connection of a client that was told how its run ended
        self.due = False     # a spare is to be forked when these are gone
        self.served = 0
        self.stopping = False
        self.not_before = 0  # when the next spare may be forked without anybody waiting for it
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
        """In the child, at once: nothing of the zygote is handled, or held open: not the lock, nor
        what tells other children that the zygote is gone."""
        _signal.set_wakeup_fd(-1)
        for number, action in self.before.items():
            _signal.signal(number, action)
        for descriptor in (LOCK, self.wake_read, self.wake_write):
            posix.close(descriptor)
        for run in self.runs.values():
            for held in (run.connection, run.control):
                if held is not None:
                    held.close()
            if run.stopped is not None:
                posix.close(run.stopped)

    def wave(self, gone):
        for descriptor in gone:
            self.poll.unregister(descriptor)
            self.leaving.pop(descriptor).close()

    def fork_spare(self, hurry):
        """A Spare in the child, None otherwise."""
        self.wave(list(self.leaving))
        self.due = False
        _signal.pthread_sigmask(_signal.SIG_SETMASK, every_signal)
        try:
            ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
            pid = posix.fork()
        except OSError as error:
            _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
            self.refuse_waiting("cannot fork: %s" % error)
            self.not_before = time.monotonic() + WAKE_UP
            return None
        if pid == 0:
            posix.setpgid(0, 0)
            self.forget()
            ours.close()
            return Spare(self.listener, theirs, hurry)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
        theirs.close()
        try:
            posix.setpgid(pid, pid)
        except OSError:
            pass  # it has done so itself, and may be gone
        ours.setblocking(False)
        self.spare = Waiting(ours, pid)
        self.poll.register(ours.fileno(), select.POLLIN)
        self.poll.unregister(self.listener.fileno())
        return None

    def refuse_waiting(self, why):
        connection = accept(self.listener)
        if connection is None:
            return
        text = why.encode()
        try:
            connection.send(b"R\0\0\0" + len(text).to_bytes(4, "little") + text,
                            _socket.MSG_DONTWAIT | _socket.MSG_NOSIGNAL)
        except OSError:
            pass
        connection.close()

    def lose_spare(self):
        """It is a run now, or on its way to its end; a new one is needed."""
        spare, self.spare = self.spare, None
        if spare is None:
            return
        self.runs[spare.pid] = spare
        if self.listener is not None:
            self.poll.register(self.listener.fileno(), select.POLLIN)

    def hear(self, child):
        """What a child has to say: that it was taken, what it was asked, what it wishes."""
        while child.control is not None:
            try:
                word, extra, _, _ = child.control.recvmsg(8192, _socket.CMSG_SPACE(4),
                                                          _socket.MSG_CMSG_CLOEXEC)
            except BlockingIOError:
                return
            except OSError:
                word, extra = b"", ()
            if not word:
                self.poll.unregister(child.control.fileno())
                child.control.close()
                child.control = None
            elif extra:
                self.begin(child, int.from_bytes(extra[0][2][:4], sys.byteorder))
            elif word == b"state":
                self.tell_state(child)
            elif word[:7] == b"script ":
                scripts.wish(os.fsdecode(word[7:]))
            if child is self.spare:
                self.lose_spare()

    def begin(self, run, descriptor):
        run.connection = stream_socket(descriptor)
        self.poll.register(descriptor, select.POLLRDHUP)
        self.served += 1

    def tell_state(self, asking):
        others = sum(run.connection is not None for run in self.runs.values()) - 1
        lines = ["pid %d" % posix.getpid(), "served %d" % (self.served - 1),
                 "running %d" % others, "modules %d" % len(stash)]
        try:
            asking.connection.send("\n".join(lines).encode(),
                                   _socket.MSG_DONTWAIT | _socket.MSG_NOSIGNAL)
        except OSError:
            pass

    def retire_spare(self):
        """It ends unless it has been taken just now; then it is heard of."""
        if self.spare is not None:
            self.spare.control.shutdown(_socket.SHUT_WR)
            self.lose_spare()

    def let_go(self, run):
        """The client is gone: so will the run be, unless its client has seen it end."""
        if run.connection is None:
            return
        self.poll.unregister(run.connection.fileno())
        run.connection.close()
        run.connection = None
        run.wake_client()  # which is gone: only its descriptor is left
        if has_ended(run.pid):
            return
        signal_group(run, _signal.SIGTERM)
        signal_group(run, _signal.SIGCONT)
        run.deadline = time.monotonic() + GRACE

    def reap(self):
        """Whether a run has ended."""
        ended = False
        while self.runs or self.spare is not None:
            try:
                pid, status = posix.waitpid(-1, posix.WNOHANG | posix.WUNTRACED | posix.WCONTINUED)
            except ChildProcessError:
                break
            if pid == 0:
                break
            child = self.spare if self.spare is not None and self.spare.pid == pid else \
                self.runs.get(pid)
            if child is None:
                continue
            self.hear(child)
            if posix.WIFSTOPPED(status):
                child.tell_stop(posix.WSTOPSIG(status))
            elif posix.WIFCONTINUED(status):
                child.wake_client()
            else:
                self.end(child, status)
                ended = True
        return ended

    def end(self, run, status):
        if run is self.spare:
            self.lose_spare()
            self.not_before = time.monotonic() + WAKE_UP  # it may be that they all die
        if run.connection is not None:
            run.tell(b"E", status)
            run.wake_client()
            self.leaving[run.connection.fileno()] = run.connection
            self.last_used = time.monotonic()
            self.noted = False
        elif run.deadline is not None:
            signal_group(run, _signal.SIGKILL)
        del self.runs[run.pid]

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

    def pause(self):
        if self.leaving:
            return A_FAREWELL
        if self.listener is not None and (self.spare is None or scripts.wishes and not self.runs):
            return A_WHILE
        return WAKE_UP if self.runs or not self.noted else min(self.idle, 30.0)

    def turn(self):
        """One round of events; a Spare when this is the child now."""
        events = self.poll.poll(int(self.pause() * 1000) + 1)
        ready = {descriptor for descriptor, _ in events}
        ended = False
        if self.spare is not None and self.spare.control.fileno() in ready:
            self.hear(self.spare)
        if self.wake_read in ready:
            self.drain()
            ended = self.reap()
        for run in list(self.runs.values()):
            if run.control is not None and run.control.fileno() in ready:
                self.hear(run)
            if run.connection is not None and run.connection.fileno() in ready:
                ended = self.reap() or ended
                if run.pid in self.runs:
                    self.let_go(run)
        self.kill_late()
        self.due = (self.due or ended) and self.spare is None
        self.wave([one for one in self.leaving if one in ready or not events])
        if not events:
            self.look_around()
            if scripts.wishes and self.listener is not None and scripts.compile_one():
                self.retire_spare()  # it has not got the code; the next one has
        if self.stopping or self.spare is not None or self.listener is None:
            return None
        wanted = self.listener.fileno() in ready
        if len(self.runs) >= MOST_RUNS:
            if wanted:
                self.refuse_waiting("too many runs at a time")
        elif wanted or not self.leaving and (self.due or not events) and \
                time.monotonic() >= self.not_before:
            return self.fork_spare(wanted or bool(self.runs))
        return None

    def close_down(self):
        """No new runs; those that are there are waited for."""
        self.retire_spare()
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
        """Returns a Spare in a child; ends the process otherwise."""
        while True:
            spare = self.turn()
            if spare is not None:
                return spare
            if self.stopping and self.listener is not None:
                self.close_down()
            if self.stopping and not self.runs:
                posix._exit(0)


class Spare:
    """A child that waits to be taken."""

    def __init__(self, listener, control, hurry):
        self.listener, self.control = listener, control
        self.poll = select.poll()
        self.poll.register(control.fileno(), select.POLLIN)
        self.poll.register(listener.fileno(), select.POLLIN)
        if hurry and self.poll.poll(int(A_LULL * 1000)):
            return
        for steps in (rehearse(), copy_pages()):
            for _ in steps:
                if self.poll.poll(0):
                    return

    def wait(self):
        """The connection of a client; the zygote has a copy of it."""
        while True:
            for descriptor, events in self.poll.poll():
                if descriptor == self.control.fileno() or events != select.POLLIN:
                    posix._exit(0)  # the zygote has no use for it, or is gone
            connection = accept(self.listener)
            if connection is not None:
                return connection

    def tell_zygote(self, word, connection=None):
        extra = [] if connection is None else \
            [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS,
              connection.fileno().to_bytes(4, sys.byteorder))]
        self.control.sendmsg([word], extra, _socket.MSG_NOSIGNAL)

    def let_go(self):
        """The descriptors are closed by number."""
        self.listener.detach()
        self.control.detach()


def serve_request(fields):
    """What is asked in a forked process, and is no run."""
    if fields[0] == b"learned":
        names = [name.decode() for name in fields[2:]]
        profile = Profile(os.fsdecode(fields[1]))
        if not profile.exists:
            return  # it is being learned anew
        added = [name for name in names if name not in profile.known()]
        if added:
            profile.candidates += added
            profile.write()


def report_modules():
    """Asks for what the program imported and was not preloaded to be tried for its next run. A warm
    process serves every command that needs the same modules: each has a profile of its own."""
    if not run_profile:
        return
    fresh = set(modules).difference(known, refused)
    names = [name for name in list(modules) if name in fresh and from_watched_place(modules[name])] \
        if fresh else ()
    if not names:
        return
    fields = [b"learned", run_profile] + [name.encode("utf-8", "replace") for name in names[:MOST_NAMES]]
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


def follows_source(source, compiled):
    """Whether the compiled file is used only if it says that it was made from the source as it is
    now: by the time and size in it, which most have, or else by a hash that nobody may look at."""
    if not isinstance(source, str) or not source.endswith(".py"):
        return False
    try:
        with _io.open(compiled, "rb") as file:
            head = file.read(8)
        return len(head) == 8 and head[4:] == bytes(4) and posix.stat(source) is not None
    except (OSError, TypeError, ValueError):
        return False


def absent_places():
    """Folders of installed packages that are not there yet: of the user's, before the first
    `pip install --user`."""
    site = modules.get("site")
    if site is None:
        return []
    places = list(site.getsitepackages())
    if site.ENABLE_USER_SITE and site.USER_SITE:
        places.append(site.USER_SITE)
    return [place for place in places if place.startswith("/") and place not in base_places]


def write_manifest(path, read):
    """Every file that was loaded or read, and every folder that decides what is found: as it is now."""
    files = {sys.executable, "/etc/localtime", *read}
    files.update(function.__code__.co_filename for function in (serve, preload, finish, run_child, compile_quietly,
                                                                 note_pages, replace_file, has_ended,
                                                                 Profile.write))
    for module in list(stash.values()) + list(modules.values()):
        source, compiled = getattr(module, "__file__", None), getattr(module, "__cached__", None)
        for name in (source, None if follows_source(source, compiled) else compiled):
            if isinstance(name, str) and name.startswith("/"):
                files.add(name)
    for prefix in {sys.prefix, sys.base_prefix}:
        files.add(prefix + "/pyvenv.cfg")
    files.update(absent_places())
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
