"""A run: the forked process becomes what a cold one would be, and hands over the program."""
import os
import gc
import sys
import posix
import time
import _imp
import _io
import _signal
import _socket
import resource

SCM_LIMIT = 253
HEAD = 4              # bytes before a request, its size
FIELD_COUNT = 11      # before its words and its environment
LARGEST_REQUEST = 1 << 26


class Refused(Exception):
    """This run can't be warm; nothing of the program has run."""


def receive(connection):
    """The fields of the request, the descriptors that came with it, and what came behind it; None
    when nobody asks."""
    data, extra, flags, _ = connection.recvmsg(65536, _socket.CMSG_SPACE(4 * SCM_LIMIT),
                                               _socket.MSG_CMSG_CLOEXEC)
    descriptors = []
    for level, kind, content in extra:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            for at in range(0, len(content) - 3, 4):
                descriptors.append(int.from_bytes(content[at:at + 4], sys.byteorder))
    if flags & _socket.MSG_CTRUNC:
        return None
    while len(data) < HEAD:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    size = int.from_bytes(data[:HEAD], "little")
    if size > LARGEST_REQUEST:
        return None
    chunks, have = [data[HEAD:]], len(data) - HEAD
    while have < size:
        more = connection.recv(min(size - have, 1 << 18))
        if not more:
            return None
        chunks.append(more)
        have += len(more)
    data = b"".join(chunks)
    return data[:size].split(b"\0")[:-1], descriptors, data[size:]


def place_descriptors(connection, received, numbers):
    """Gives the received descriptors the numbers that they have in the caller, and closes all
    others; returns the connection, which is above them now."""
    above = max([connection.fileno(), *received, *numbers]) + 1
    for at, descriptor in enumerate(received):
        posix.dup2(descriptor, above + at, False)
    kept = above + len(received)
    posix.dup2(connection.fileno(), kept, False)
    posix.closerange(0, above)
    connection.detach()
    for at, number in enumerate(numbers):
        posix.dup2(above + at, number, True)
    posix.closerange(above, kept)
    return stream_socket(kept)


def set_stream(stream, descriptor, is_open):
    """The standard streams stay the same objects, for modules hold on to them; inside they are
    made anew, as the interpreter makes them for what the descriptor is now."""
    name = ("stdin", "stdout", "stderr")[descriptor]
    if not is_open:
        setattr(sys, name, None)
        setattr(sys, "__" + name + "__", None)
        return
    mode = "rb" if descriptor == 0 else "wb"
    raw = _io.FileIO(descriptor, mode, False)  # knows for ever whether it can seek
    raw.name = "<" + name + ">"
    terminal = raw.isatty()
    buffer = stream.buffer
    unbuffered = isinstance(buffer, _io.FileIO)
    if unbuffered:
        buffer = raw
    else:
        buffer.__init__(raw, raw._blksize if raw._blksize > 1 else _io.DEFAULT_BUFFER_SIZE)
    stream.__init__(buffer, encoding=stream.encoding, errors=stream.errors, newline="\n",
                    line_buffering=not unbuffered and (terminal or descriptor == 2),
                    write_through=unbuffered)
    stream.mode = mode[0]


def set_environment(items):
    """os.environ, os.environb and the C library's, in the order in which the caller has them."""
    fresh = {}
    for item in items:
        name, equals, value = item.partition(b"=")
        if equals and name and name not in fresh:
            fresh[name] = value
    for name, value in coerced.items():
        fresh[name] = value
    old = os.environ._data
    if list(fresh) != list(old):
        for name in old:
            posix.unsetenv(name)
        for name, value in fresh.items():
            posix.putenv(name, value)
    else:
        for name, value in fresh.items():
            if old[name] != value:
                posix.putenv(name, value)
    old.clear()
    old.update(fresh)


def set_signals(ignored, blocked):
    for number in range(1, 65):
        if ignored >> (number - 1) & 1 and number not in (9, 19, 32, 33):
            _signal.signal(number, _signal.SIG_IGN)
    _signal.pthread_sigmask(_signal.SIG_SETMASK,
                            [n for n in range(1, 65) if blocked >> (n - 1) & 1])


def limits_text():
    return b",".join(b"%d:%d" % (soft & 2**64 - 1, hard & 2**64 - 1) for soft, hard in
                     (resource.getrlimit(kind) for kind in range(16)))


def set_limits(text):
    if text == own_limits:
        return
    now = own_limits.split(b",")
    for kind, wanted in enumerate(text.split(b",")):
        if wanted == now[kind]:
            continue
        soft, hard = (int(number) for number in wanted.split(b":"))
        unlimited = 2**64 - 1
        try:
            resource.setrlimit(kind, (-1 if soft == unlimited else soft,
                                      -1 if hard == unlimited else hard))
        except (OSError, ValueError) as error:
            raise Refused("a resource limit cannot be set: %s" % error)


def set_name(name):
    if name == own_name:
        return
    descriptor = posix.open("/proc/self/comm", posix.O_WRONLY)
    posix.write(descriptor, name)
    posix.close(descriptor)


def add_first_path(path):
    before = sys.path[:]
    if path is not None and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        sys.path.insert(0, path)
    note_import_system(before, path)


def absolute(path):
    """As the interpreter makes the name of a script absolute."""
    if path.startswith("/"):
        return path
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    return posix.getcwd() + "/" + path


def read_source(path):
    try:
        with _io.open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        raise Refused("the script cannot be read: %s" % error)
    if b"\0" in source or path.endswith(".pyc"):
        raise Refused("the script is no Python source")
    return source


held_back = []  # what the compiler has said


def compile_source(source, name):
    """The compiler's warnings are kept until it is certain that the run is a warm one: a cold one in its
    place says them itself."""
    stderr = sys.stderr
    if stderr is not None:
        sys.stderr = _io.StringIO()
    try:
        return compile(source, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        raise Refused("the program does not compile")
    finally:
        if stderr is not None:
            text, sys.stderr = sys.stderr.getvalue(), stderr
            if text:
                held_back.append(text)


def say_held_back():
    while held_back:
        try:
            sys.stderr.write(held_back.pop(0))
        except Exception:
            pass  # nor does the compiler mind


def fresh_main():
    """__main__ as an interpreter makes it; the same module, which others may hold."""
    main = modules["__main__"].__dict__
    main.clear()
    main.update({"__name__": "__main__", "__doc__": None, "__package__": None,
                 "__loader__": _frozen_importlib.BuiltinImporter, "__spec__": None,
                 "__annotations__": {}, "__builtins__": builtins})
    return main


def check_shadow(path):
    """A file beside the program that is called as a preloaded module comes first in a cold run."""
    if not stash or path is None:
        return
    places = [(path, top_names)]
    for position, place in enumerate(base_places):
        if place in watched_places:
            places.append((place, {name for name in top_names if place_of(name) > position}))
    for place, names in places:
        entry = shadowed(place, names)
        if entry is not None:
            raise Refused("'%s' in '%s' stands before a module that is loaded already"
                          % (entry, place or "."))


def prepare_script(argv, index):
    name = absolute(os.fsdecode(argv[index]))
    code = scripts.code_of(name) or compile_source(read_source(name), name)
    first = os.path.dirname(os.path.realpath(name))
    isolated = sys.flags.isolated or getattr(sys.flags, "safe_path", False)
    check_shadow(None if isolated else first)
    sys.argv[:] = [os.fsdecode(word) for word in argv[index:]]
    add_first_path(first)
    sys.path_importer_cache[name] = None
    main = fresh_main()
    loader = _frozen_importlib_external.SourceFileLoader("__main__", name)
    main.update({"__loader__": loader, "__file__": name, "__cached__": None})
    return exec, code, main


def prepare_code(argv, index):
    text = os.fsdecode(argv[index])
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refused("the program is not UTF-8")
    code = compile_source(text + "\n", "<string>")
    isolated = sys.flags.isolated or getattr(sys.flags, "safe_path", False)
    check_shadow(None if isolated else "")
    sys.argv[:] = ["-c"] + [os.fsdecode(word) for word in argv[index + 1:]]
    add_first_path("")
    return exec, code, fresh_main()


def prepare_module(argv, index):
    try:
        first = posix.getcwd()
    except OSError:
        first = None
    isolated = sys.flags.isolated or getattr(sys.flags, "safe_path", False)
    check_shadow(None if isolated else first)
    sys.argv[:] = ["-m"] + [os.fsdecode(word) for word in argv[index + 1:]]
    add_first_path(first)
    fresh_main()
    offer()
    import runpy
    return runpy._run_module_as_main, os.fsdecode(argv[index]), True


def become(run, environment):
    """Everything that the request says of the caller; returns the program."""
    global run_mode, run_profile
    argv = environment[:run.count]
    set_environment(environment[run.count:])
    time.tzset()
    posix.umask(run.umask)
    for number in (0, 1, 2):
        set_stream(standard_streams[number], number, number in run.numbers)
    offer()
    run_mode, run_profile = run.mode, run.profile
    sys.orig_argv[:] = [os.fsdecode(word) for word in argv]
    program = {"s": prepare_script, "c": prepare_code, "m": prepare_module}[run.mode](argv, run.index)
    set_limits(run.limits)
    set_name(run.name)
    set_signals(run.ignored, run.blocked)
    return program


class Run:
    """The first fields of a request, in the order in which they are sent."""

    def __init__(self, fields):
        (_, mode, index, umask, ignored, blocked, self.limits, self.name, self.profile, numbers,
         count) = fields
        self.mode = mode.decode()
        self.index, self.umask, self.count = int(index), int(umask), int(count)
        self.ignored, self.blocked = int(ignored), int(blocked)
        self.numbers = [int(number) for number in numbers.split(b",")] if numbers else []


def check_sandbox(client):
    """Who cannot look at a process of the same user, and with the same key, is in a sandbox that the
    other is not in (sandbox.h); the client has looked at this process."""
    try:
        posix.readlink("/proc/%d/exe" % client)
    except PermissionError:
        raise Refused("the warm process is in a sandbox of its own")
    except OSError:
        pass  # the client has ended just now


def forget_zygote():
    global zygote
    zygote = None


def refuse(connection, reason):
    text = str(reason).encode("utf-8", "replace")[:1000]
    try:
        connection.sendall(b"R\0\0\0" + len(text).to_bytes(4, "little") + text)
    finally:
        posix._exit(0)


def rehearse():
    """Does what every run does, step by step, in a spare that nobody waits for: the pages that a run
    writes to are copied then. Nothing of it can be seen afterwards."""
    one, other = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
    one.sendmsg([b"\2\0\0\0x\0"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, bytes(4))])
    _, (descriptor,), _ = receive(other)
    second = posix.dup(descriptor)
    posix.dup2(descriptor, second, False)
    posix.closerange(second, second + 1)
    posix.close(descriptor)
    stream_socket(one.detach()).close()
    other.close()
    yield
    set_environment([name + b"=" + value for name, value in os.environ._data.items()])
    time.tzset()
    yield
    for number in (0, 1, 2):
        set_stream(standard_streams[number], number, True)
    yield
    rehearse_program()
    yield
    everything_is_quiet()
    for kind in [kind for kind in verdicts if kind.__flags__ & HEAP_TYPE]:
        del verdicts[kind]  # a program may give it an end
    yield
    for module in stash.values():
        pass  # counts a reference in each


def rehearse_program():
    words, path = sys.argv[:], sys.path[:]
    try:
        rehearse_request()
    except Refused:
        pass  # the folder is not as it should be; whoever runs something is told
    sys.argv[:], sys.path[:] = words, path


def rehearse_request():
    run = Run([b"run", b"c", b"2", b"18", b"0", b"%d" % sum(1 << n - 1 for n in every_signal),
               own_limits, own_name, b"", b"0,1,2", b"3"])
    program, code, main = prepare_code([b"python3", b"-c", b"pass"], run.index)
    program(code, main)
    fresh_main()
    os.path.realpath(".")
    set_limits(run.limits)
    set_name(run.name)
    set_signals(run.ignored, run.blocked)


def wish_for_code(spare, argv, index):
    """A script that the zygote has not compiled, or not as it is now."""
    name = absolute(os.fsdecode(argv[index]))
    if scripts.code_of(name) is None:
        spare.tell_zygote(b"script " + os.fsencode(name))


def may_begin(connection, word):
    """The client has looked meanwhile at what is loaded. From here on it cannot go back."""
    try:
        return (word or connection.recv(1)) == b"G"
    except OSError:
        return False


def run_child(spare):
    """In the forked process; returns (program, first, second), or ends the process."""
    connection = None
    try:
        pid = posix.getpid()
        me = os.pidfd_open(pid)
        connection = spare.wait()
        spare.tell_zygote(b"taken", connection)
        connection.sendmsg([b"P\0\0\0" + pid.to_bytes(4, "little")],
                           [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, me.to_bytes(4, sys.byteorder))])
        posix.close(me)
        request = receive(connection)
        if request is None:
            raise Refused("the request did not arrive as it was sent")
        fields, descriptors, begin = request
        if fields[0] == b"state":
            spare.tell_zygote(b"state")
        if fields[0] != b"run":
            serve_request(fields)
            posix._exit(0)
    except BaseException as error:
        if connection is not None:
            refuse(connection, error)  # an end without a word would be the command's
        posix._exit(0)
    try:
        run = Run(fields[:FIELD_COUNT])
        if len(descriptors) != len(run.numbers) + 1:
            raise Refused("%d of %d descriptors arrived" % (len(descriptors), len(run.numbers) + 1))
        check_sandbox(peer_of(connection)[0])
        posix.fchdir(descriptors[0])
        if run.mode == "s":
            wish_for_code(spare, fields[FIELD_COUNT:], run.index)
        spare.let_go()
        connection = place_descriptors(connection, descriptors[1:], run.numbers)
        forget_zygote()
        program = become(run, fields[FIELD_COUNT:])
    except BaseException as error:
        refuse(connection, error)
    if not may_begin(connection, begin):
        posix._exit(0)
    connection.close()
    say_held_back()
    gc.freeze()  # what is there now is not the program's
    return program
