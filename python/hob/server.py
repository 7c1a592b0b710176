"""Starting servers: one of the program's own, or the user's that stays."""

from __future__ import annotations

import os

from ._errors import ConnectionFailed, InvalidValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    import weakref
    from typing import Iterable

    from .client import Client

_READY = b"hobd: listening on "
# Longer paths are no addresses of unix sockets.
_MOST_SOCKET_PATH = 100


def find_program(name: str) -> str:
    """The path of `hobd` or `hob`: HOBD or HOB, else in PATH; ConnectionFailed when it is not
    installed."""
    import shutil
    given = os.environ.get(name.upper())
    found = shutil.which(given or name)
    if found is None:
        raise ConnectionFailed(f"cannot start a server: {given or name} is no program that is here",
                               hint=f"install hob, or say where it is with {name.upper()}")
    return os.path.abspath(found)


def start_daemon(timeout: float = 10.0) -> None:
    """Starts the user's own server, which stays; does nothing when it runs."""
    import subprocess
    try:
        done = subprocess.run([find_program("hob"), "serve", "--auto"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise ConnectionFailed(f"the server did not start within {timeout:g} s") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise ConnectionFailed(f"the server did not start: {said or 'hob serve failed'}",
                               hint="HOB_AUTOSTART=0 stops programs from trying")


def await_ready(process: subprocess.Popen[bytes], deadline: float) -> str | None:
    """Reads a server's standard output until it tells its URL; None when it ends, or the deadline
    (of the monotonic clock) passes, before."""
    import select
    import time
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    said = b""
    while b"\n" not in said:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return None
        data = os.read(descriptor, 4096)
        if not data:
            return None
        said += data
    line = said.partition(b"\n")[0]
    return line[len(_READY):].decode() if line.startswith(_READY) else None


def end(process: subprocess.Popen[bytes], patience: float) -> None:
    """Ends a child, and waits for it; after `patience` seconds it is killed."""
    import subprocess
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Server:
    """A hobd of this program's own, a child process: it is there inside the `with`, and gone
    behind it.

        with Server("my-data") as server:
            table = server.client.read("grants.csv")

    It listens on a unix socket in a new private directory, and on a free port of this machine.
    """

    def __init__(self, directory: str | os.PathLike[str] | None = None, *,
                 roots: Iterable[str | os.PathLike[str]] = (), port: int = 0,
                 state: str | os.PathLike[str] | None = None,
                 config: str | os.PathLike[str] | None = None, options: Iterable[str] = (),
                 timeout: float = 10.0) -> None:
        """`directory`: what it serves, the working directory by default; `roots`: what else its
        clients may read. `state`: where sessions are kept; by default in memory only.
        `config`: its hob.yml, with pools for instance; by default none, not the user's either.
        `options`: more of hobd's. `timeout`: seconds that starting may take."""
        self._directory = os.path.abspath(directory if directory is not None else os.getcwd())
        self._arguments = ["--port", str(port), "--state", os.fspath(state or "none"),
                           "--config", os.path.abspath(config) if config else "none"]
        for root in roots:
            self._arguments += ["--root", os.path.abspath(root)]
        self._arguments += list(options)
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._client: Client | None = None
        self._ender: weakref.finalize | None = None
        self.url = ""
        """Where it listens, once it is started."""
        self.socket = ""
        """The path of its unix socket."""

    def start(self) -> Server:
        """Starts it, and returns when it answers."""
        import shutil
        import tempfile
        if self._process is not None:
            raise InvalidValue("the server is started already")
        program = find_program("hobd")
        place = tempfile.mkdtemp(prefix="hob-")
        if len(os.fsencode(place)) > _MOST_SOCKET_PATH - len("/hobd.sock"):
            os.rmdir(place)
            place = tempfile.mkdtemp(prefix="hob-", dir="/tmp")
        try:
            self._start(program, place)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return self

    def _start(self, program: str, place: str) -> None:
        import subprocess
        import time
        import weakref
        path = os.path.join(place, "hobd.sock")
        log = os.path.join(place, "stderr")
        with open(log, "wb") as errors:
            process = subprocess.Popen([program, "--socket", path, *self._arguments],
                                       cwd=self._directory, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=errors)
        assert process.stdout is not None
        try:
            with process.stdout:
                url = await_ready(process, time.monotonic() + self._timeout)
        except BaseException:
            end(process, 1.0)
            raise
        if url is None:
            end(process, 1.0)
            with open(log, "rb") as errors_read:
                said = errors_read.read(4096).decode("utf-8", "replace").strip()
            raise ConnectionFailed("the server did not start: "
                                   + (said or f"it said nothing within {self._timeout:g} s"))
        self._process, self.url, self.socket = process, url, path
        self._ender = weakref.finalize(self, _clean, process, place, os.getpid())

    @property
    def client(self) -> Client:
        """A client of this server, which is closed with it."""
        if self._process is None:
            raise InvalidValue("the server is not started", hint="use it in a `with`")
        if self._client is None:
            from .client import Client
            self._client = Client("unix:" + self.socket, directory=self._directory)
        return self._client

    @property
    def pid(self) -> int | None:
        """The process, while it is started."""
        return None if self._process is None else self._process.pid

    def stop(self) -> None:
        """Ends it: what it is doing is answered first."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._ender is not None:
            self._ender()
        self._process = None

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *ignored: object) -> None:
        self.stop()


def _clean(process: subprocess.Popen[bytes], place: str, owner: int) -> None:
    """Ends the server, unless this is a fork of the program that started it."""
    import shutil
    if os.getpid() != owner:
        return
    end(process, 35.0)
    shutil.rmtree(place, ignore_errors=True)
