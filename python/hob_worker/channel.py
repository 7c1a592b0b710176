"""The two ends of the protocol: messages in, messages out, and the signals that end a worker.

The descriptors 0 and 1 that a worker starts with are moved to private ones
(`claim_standard_streams`) before any method runs: what a method, a C extension or a child
process prints goes to stderr, and what they read from stdin is empty.
"""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import threading
from collections import deque
from types import FrameType
from typing import Any, Deque, List, Optional, Tuple, Union

from .protocol import INVALID_REQUEST, NO_ID, PARSE_ERROR, RpcError

LINES = "lines"
HEADERS = "headers"
FRAMINGS = (LINES, HEADERS)

#: A message may have this many bytes unless the worker says otherwise.
DEFAULT_LIMIT = 64 << 20

_CHUNK = 64 << 10
_HEADER_LIMIT = 16 << 10
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_BEGINNING = 256
_EARLY_ID = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*'
                       rb'(0|-?[1-9][0-9]{0,99}|"[ !#-\[\]-~]*")\s*[,}]')
_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*([0-9]{1,18})[ \t]*", re.IGNORECASE)


class Unread(RpcError):
    """Why there is no message, and the id of the request that it was, if that could be seen."""

    def __init__(self, code: int, message: str, id_text: str = NO_ID) -> None:
        super().__init__(code, message)
        self.id_text = id_text


#: What comes out of an Input: a message, or why there is none.
Item = Union[bytes, Unread]


class Disconnected(Exception):
    """Nobody reads the answers any more."""


def claim_standard_streams() -> Tuple[int, int]:
    """Takes stdin and stdout for the protocol alone; returns their private descriptors.

    What was printed before and not yet flushed goes to stderr too.
    """
    source, target = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        os.dup2(nothing, 0)
        try:
            os.dup2(2, 1)
        except OSError:  # there is no stderr
            os.dup2(nothing, 1)
    finally:
        os.close(nothing)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    return source, target


class Wake:
    """Makes a wait for input end when a signal arrives, and remembers that the worker is to stop.

    SIGTERM and SIGINT mean: take no more requests, finish what runs, exit. A second SIGINT kills.
    Only the main thread can have signal handlers; elsewhere this is a pipe that `stop` writes to.
    """

    def __init__(self) -> None:
        self.stopping = False
        self.failure: Optional[BaseException] = None
        self.descriptor, self._write = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(self._write, False)
        self._handlers: List[Tuple[int, Any]] = []
        self._previous = -1
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
            self.handle(signal.SIGTERM, self._on_stop)
            self.handle(signal.SIGINT, self._on_stop)

    def handle(self, number: int, handler: Any) -> None:
        self._handlers.append((number, signal.signal(number, handler)))

    def _on_stop(self, number: int, frame: Optional[FrameType]) -> None:
        self.stopping = True
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.SIG_DFL)

    def stop(self, failure: Optional[BaseException] = None) -> None:
        """From any thread: ends the wait; `failure` is what the worker then ends with."""
        self.failure = self.failure or failure
        self.stopping = True
        try:
            os.write(self._write, b"\0")
        except BlockingIOError:
            pass  # full: the waiter wakes up anyway

    def drain(self) -> None:
        try:
            while len(os.read(self.descriptor, 512)) == 512:
                pass
        except BlockingIOError:
            pass

    def close(self) -> None:
        for number, handler in reversed(self._handlers):
            if handler is not None:  # None: set by a program that embeds Python
                signal.signal(number, handler)
        if self._handlers:
            signal.set_wakeup_fd(self._previous)
        self.forget()

    def forget(self) -> None:
        """Closes the descriptors and leaves signals alone: for a forked child."""
        os.close(self.descriptor)
        os.close(self._write)


class Input:
    """Messages from a descriptor. It borrows the descriptor."""

    def __init__(self, descriptor: int, framing: str, limit: int, wake: Optional[Wake]) -> None:
        self.descriptor = descriptor
        self.messages: Deque[Item] = deque()
        self.ended = False
        self._limit = limit
        self._wake = wake
        self._split = self._split_lines if framing == LINES else self._split_headers
        self._lines = framing == LINES
        self._parts: List[bytes] = []  # of the line that is not complete yet
        self._size = 0
        self._skip = 0  # lines: 1 while a line too long is passed over; headers: bytes to go
        self._untold = False  # headers: nobody was told yet of the message that is passed over
        self._buffer = bytearray()  # of headers framing
        self._need: Optional[int] = None
        self._poll: Any = None
        if hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(descriptor, select.POLLIN)
            if wake is not None:
                self._poll.register(wake.descriptor, select.POLLIN)

    def next(self) -> Optional[Item]:
        """Waits for a message. None at the end of the input, and when the worker is to stop (then
        `messages` has what was read and not taken)."""
        while True:
            if self._wake is not None and self._wake.stopping:
                return None
            if self.messages:
                return self.messages.popleft()
            if self.ended:
                return None
            if self._wait():
                self.feed()

    def _wait(self) -> bool:
        """Whether the descriptor is ready; False when only a signal came."""
        if self._poll is None:
            return True
        ready = [found for found, _ in self._poll.poll()]
        if self._wake is not None and self._wake.descriptor in ready:
            self._wake.drain()
        return self.descriptor in ready

    def pending(self) -> bool:
        """Whether `feed` would not wait."""
        if self.ended or self._poll is None:
            return False
        return any(found == self.descriptor for found, _ in self._poll.poll(0))

    def feed(self) -> None:
        """Reads once, and puts the messages that are complete with it into `messages`."""
        try:
            chunk = os.read(self.descriptor, _CHUNK)
        except BlockingIOError:
            return
        except ConnectionResetError:
            chunk = b""
        if chunk:
            self._split(chunk)
            return
        self.ended = True
        if self._lines:
            self._split_lines(b"\n")  # a last line without its end
        elif self._buffer or self._need is not None:
            self.messages.append(Unread(PARSE_ERROR, "the input ended within a message"))

    def _split_lines(self, chunk: bytes) -> None:
        lines = chunk.split(b"\n")
        rest = lines.pop()
        if lines:
            if self._parts or self._skip:
                lines[0] = self._completed(lines[0])
            for line in lines:
                if len(line) > self._limit:
                    self.messages.append(self._too_long(line))
                elif line and not line.isspace():
                    self.messages.append(line)
        if rest and not self._skip:
            self._parts.append(rest)
            self._size += len(rest)
            if self._size > self._limit:
                self.messages.append(self._too_long(b"".join(self._parts)))
                self._parts.clear()
                self._skip = 1

    def _completed(self, end: bytes) -> bytes:
        line = b"" if self._skip else b"".join(self._parts) + end
        self._parts.clear()
        self._size = self._skip = 0
        return line

    def _too_long(self, message: bytes) -> Unread:
        """Of a message that begins like this. hob, and most who write requests, have the id at
        the front; a caller who is not told of their own request would wait for it."""
        early = _EARLY_ID.match(message[:_BEGINNING])
        return Unread(INVALID_REQUEST, f"the message is longer than {self._limit} bytes",
                      early.group(1).decode("ascii") if early else NO_ID)

    def _split_headers(self, chunk: bytes) -> None:
        self._buffer += chunk
        while not self.ended:
            if self._untold:
                if len(self._buffer) < min(self._skip, _BEGINNING):
                    return
                self.messages.append(self._too_long(bytes(self._buffer[:self._skip][:_BEGINNING])))
                self._untold = False
            if self._skip:
                passed = min(self._skip, len(self._buffer))
                del self._buffer[:passed]
                self._skip -= passed
            if self._skip or not (self._need is not None or self._read_header()):
                return
            if self._skip:
                continue
            assert self._need is not None
            if len(self._buffer) < self._need:
                return
            self.messages.append(bytes(self._buffer[:self._need]))
            del self._buffer[:self._need]
            self._need = None

    def _read_header(self) -> bool:
        """Whether there is a whole header; without a length nothing after it can be understood."""
        end = _HEADER_END.search(self._buffer)
        if end is None:
            if len(self._buffer) > _HEADER_LIMIT:
                self._lose_track("the header of a message is too long")
            return False
        lines = bytes(self._buffer[:end.start()]).splitlines()
        del self._buffer[:end.end()]
        lengths = [found for found in map(_LENGTH.fullmatch, lines) if found]
        if len(lengths) != 1:
            self._lose_track("the header of a message has no Content-Length, or several")
            return False
        self._need = int(lengths[0].group(1))
        if self._need > self._limit:
            self._skip, self._need, self._untold = self._need, None, True
        return True

    def _lose_track(self, why: str) -> None:
        self.messages.append(Unread(PARSE_ERROR, why))
        self.ended = True
        self._buffer.clear()


class Output:
    """Writes whole messages to a descriptor, one at a time. It borrows the descriptor."""

    def __init__(self, descriptor: int, framing: str) -> None:
        self.descriptor = descriptor
        self._headers = framing == HEADERS
        self._lock = threading.Lock()

    def send(self, text: str) -> None:
        """Takes one message of ASCII JSON. Raises Disconnected."""
        data = text.encode("ascii")
        if self._headers:
            data = b"Content-Length: %d\r\n\r\n%b" % (len(data), data)
        else:
            data += b"\n"
        with self._lock:
            try:
                written = self._write(data)
                while written < len(data):
                    written += self._write(data[written:written + (1 << 20)])
            except (BrokenPipeError, ConnectionResetError) as error:
                raise Disconnected(error.strerror) from None

    def _write(self, data: bytes) -> int:
        try:
            return os.write(self.descriptor, data)
        except BlockingIOError:  # somebody else made the pipe non-blocking
            select.select((), (self.descriptor,), ())
            return 0
