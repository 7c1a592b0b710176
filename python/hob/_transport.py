"""HTTP to one server: kept-alive connections, one deadline a request, and retries that are safe.

A connection serves one thread at a time: a request takes an idle one, or opens one, and puts it
back when the whole answer was read. After a fork the child starts with none, so that parent and
child never write into the same one.

What is tried again, at growing distances with jitter, as long as the deadline allows:
- any request whose connection could not be opened: nothing was sent;
- any request that the server refused with 429 or 503 and Retry-After: it was not begun;
- requests that only read, also when the connection broke later.
Everything else fails at once: the server may have done it.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import random
import select
import socket
import threading
import time

from . import _errors
from ._address import Address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Mapping

_MOST_IDLE = 8
_MOST_DELAY = 2.0
_CHUNK = 1 << 16
# Until Python 3.10 the timeout of a socket was no TimeoutError.
_TIMEOUTS = (TimeoutError, socket.timeout)


class Answer:
    """A whole answer: its status, headers and body."""

    __slots__ = ("status", "headers", "body")

    def __init__(self, status: int, headers: http.client.HTTPMessage, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def type(self) -> str:
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON; lynguine's server writes NaN and Infinity into it, which are taken."""
        return json.loads(self.body)


class _Deadline:
    """A moment; None is never."""

    __slots__ = ("moment", "seconds")

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.moment = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        """Seconds; raises TimeoutError when there are none."""
        if self.moment is None:
            return None
        left = self.moment - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def allows(self, seconds: float) -> bool:
        return self.moment is None or time.monotonic() + seconds < self.moment


class _Stream(io.RawIOBase):
    """A socket to read from, of which every wait ends at the request's deadline."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        super().__init__()
        self._socket = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv_into(buffer)


class _Socket:
    """What http.client asks of a socket, with the deadline of the request that is under way."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.deadline = _Deadline(None)

    def sendall(self, data: Any) -> None:
        self.socket.settimeout(self.deadline.left())
        self.socket.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Stream(self.socket, self.deadline), _CHUNK)

    def close(self) -> None:
        """Nothing: http.client closes before the body is read where it is the last one.
        _Connection.end closes."""

    def is_stale(self) -> bool:
        """Whether the server has closed it, or sent what nobody asked for."""
        try:
            poll = select.poll()
            poll.register(self.socket, select.POLLIN | select.POLLHUP)
            return bool(poll.poll(0))
        except AttributeError:  # no poll on this system
            return bool(select.select([self.socket], [], [], 0)[0])


class _Connection(http.client.HTTPConnection):
    """One connection to an address, opened by `open`."""

    sock: Any

    def __init__(self, address: Address) -> None:
        super().__init__(address.host or "localhost", address.port)
        self.auto_open = 0  # http.client would open connections by itself
        self.address = address
        self.wire: _Socket | None = None

    def open(self, deadline: _Deadline) -> None:
        address = self.address
        if address.path is not None:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.settimeout(deadline.left())
                sock.connect(address.path)
                address.own = os.stat(address.path).st_uid == os.getuid()
            except BaseException:
                sock.close()
                raise
        else:
            sock = socket.create_connection((address.host, address.port), deadline.left())
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock = self._secure(sock) if address.tls else sock
            except BaseException:
                sock.close()
                raise
        self.sock = self.wire = _Socket(sock)

    def end(self) -> None:
        super().close()
        if self.wire is not None:
            self.wire.socket.close()
            self.wire = None

    def _secure(self, sock: socket.socket) -> socket.socket:
        import ssl
        return ssl.create_default_context().wrap_socket(sock, server_hostname=self.address.host)


class Transport:
    """The connections to one server. Threads may share it."""

    def __init__(self, locate: Callable[[], Address], *, retries: int, delay: float,
                 headers: Callable[[Address], Mapping[str, str | bytes]],
                 start: Callable[[], Address | None] | None = None) -> None:
        """`locate` tells where the server is; `headers` what every request to it carries; `start`
        starts one, when there is none: it returns where that is, or None."""
        self._locate = locate
        self._start = start
        self._retries = retries
        self._delay = delay
        self._headers = headers
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._idle: list[_Connection] = []
        self._process = os.getpid()
        self._address: Address | None = None
        self._closed = False

    @property
    def address(self) -> Address:
        """Where the server is, as of the last time that it was looked for."""
        if self._address is None:
            self._address = self._locate()
        return self._address

    def close(self) -> None:
        """Closes what is idle; requests that run close theirs."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._closed = True
        for connection in idle:
            connection.end()

    # ---- connections ----

    def _take(self) -> _Connection | None:
        """An idle connection that still stands."""
        if self._process != os.getpid():
            self._lock = threading.Lock()
            self._process = os.getpid()
            inherited, self._idle = self._idle, []
            for connection in inherited:
                connection.end()
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if connection.wire is not None and not connection.wire.is_stale():
                return connection
            connection.end()

    def _give_back(self, connection: _Connection) -> None:
        with self._lock:
            keep = (not self._closed and connection.sock is not None
                    and len(self._idle) < _MOST_IDLE and self._process == os.getpid())
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.end()

    def _open(self, deadline: _Deadline) -> _Connection:
        connection = _Connection(self.address)
        try:
            connection.open(deadline)
        except OSError:
            self._address = None  # it may come back elsewhere
            raise
        return connection

    # ---- requests ----

    def request(self, method: str, path: str, body: bytes | None = None, *,
                timeout: float | None, safe: bool,
                headers: Mapping[str, str | bytes] | None = None) -> Answer:
        """One request and its answer, whatever its status. `safe`: doing it twice does no harm."""
        if self._closed:
            raise _errors.InvalidValue("the client is closed", hint="make another one")
        deadline = _Deadline(timeout)
        may_start = True
        tried = 0
        while True:
            wait: float | None = None
            fault: OSError | http.client.HTTPException | None = None
            answer = None
            try:
                connection = self._take() or self._open(deadline)
            except _TIMEOUTS:
                raise self._late(method, path, deadline) from None
            except OSError as error:
                if may_start and self._start_one(error):
                    may_start = False
                    continue
                fault = error
            else:
                try:
                    answer = self._exchange(connection, deadline, method, path, body, headers)
                except _TIMEOUTS:
                    raise self._late(method, path, deadline) from None
                except (OSError, http.client.HTTPException) as error:
                    if not safe:
                        raise self._broken(method, path, error, begun=True) from error
                    fault = error
            if answer is not None:
                wait = _retry_after(answer)
                if wait is None:
                    return answer
            pause = max(self._pause(tried), wait or 0.0)
            tried += 1
            if tried > self._retries or not deadline.allows(pause):
                if answer is not None:
                    return answer
                assert fault is not None
                raise self._broken(method, path, fault) from fault
            time.sleep(pause)

    def _pause(self, tried: int) -> float:
        most = min(self._delay * 2.0 ** tried, _MOST_DELAY)
        return most * (0.5 + 0.5 * random.random())

    def _start_one(self, error: OSError) -> bool:
        """Starts a server where there is none; threads that wait meanwhile use the same one."""
        if self._start is None or not isinstance(error, (ConnectionError, FileNotFoundError)):
            return False
        missed = self._address
        with self._starting:
            if self._address is None or self._address is missed:
                self._address = self._start()
        return self._address is not None

    def _exchange(self, connection: _Connection, deadline: _Deadline, method: str, path: str,
                  body: bytes | None, headers: Mapping[str, str | bytes] | None) -> Answer:
        wire = connection.wire
        assert wire is not None
        wire.deadline = deadline
        whole = False
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in {**self._headers(connection.address), **(headers or {})}.items():
                connection.putheader(name, value)  # type: ignore[arg-type]  # bytes are fine
            if body is not None:
                connection.putheader("Content-Type", "application/json")
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            chunks = []
            while True:
                chunk = response.read(_CHUNK)
                if not chunk:
                    break
                chunks.append(chunk)
            if response.length:  # http.client is silent about bodies that end too early
                raise http.client.IncompleteRead(b"", response.length)
            whole = True
            return Answer(response.status, response.headers, b"".join(chunks))
        finally:
            if whole:
                self._give_back(connection)
            else:
                connection.end()

    # ---- errors ----

    def _where(self) -> str:
        return self._address.url if self._address is not None else self._locate().url

    def _late(self, method: str, path: str, deadline: _Deadline) -> _errors.Error:
        return _errors.DeadlineExceeded(
            f"{method} {path}: no answer from {self._where()} within {deadline.seconds or 0:g} s",
            hint="give it more time with timeout=")

    def _broken(self, method: str, path: str, error: Exception, *,
                begun: bool = False) -> _errors.Error:
        where = self._where()
        if isinstance(error, (ConnectionRefusedError, FileNotFoundError)):
            return _errors.ConnectionFailed(
                f"{method} {path}: no server at {where}",
                hint="start one with `hobd`, or say where it is with HOB_SERVER")
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return _errors.ConnectionFailed(
            f"{method} {path}: the connection to {where} broke: {reason}",
            hint="it may have been done all the same: look before you ask again" if begun else "")


def _retry_after(answer: Answer) -> float | None:
    """Seconds after which the server wants to be asked again, having done nothing."""
    if answer.status not in (429, 503):
        return None
    text = (answer.headers.get("Retry-After") or "").strip()
    return float(text) if text.isascii() and text.isdigit() else None
