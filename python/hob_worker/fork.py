"""The zygote: a process that has everything loaded and forks a child for each request, or for each
worker.

One thread, one loop. It reads requests, gives each to a child that was forked in advance (a spare),
and passes on what the child answers. To fork a large process, or to take one apart, keeps a processor
busy for milliseconds, and it is often the one on which the reader of an answer was to wake up. So
neither is done before the answer went out and things have been quiet for a moment. A child is

- a process group of its own, killed as a whole before its leader is reaped, so nothing that a method
  started outlives it (but what left the group on purpose);
- tied to the zygote: the kernel kills its group when the zygote is gone, however it went;
- alone with its pipes: all descriptors of its siblings are closed before any of its code runs.

The channel of a child carries lines. To the child: requests. From it: an empty line when it is ready,
notifications, and for each request one answer (an empty line if it was a notification).
"""

from __future__ import annotations

import fcntl
import gc
import os
import select
import selectors
import signal
import socket
import sys
import traceback
from collections import deque
from typing import TYPE_CHECKING, Any, Deque, List, Optional, Set

from . import footprint
from .channel import LINES, Disconnected, Input, Output, Wake
from .engines import PENDING_LIMIT, Session, cancel_target, id_key, refuse
from .protocol import (CANCEL_METHOD, CANCELLED, INTERNAL_ERROR, METHOD_NOT_FOUND, WORKER_ERROR,
                       Call, calls_of)
from .worker import flush_streams

if TYPE_CHECKING:
    from .worker import Worker

_CHUNK = 256 << 10
#: After the end of a child its stderr is read so often at most: what got away from its process group
#: may write for ever.
_LAST_READS = 16
_TAIL = 4 << 10
_TAIL_LINES = 10
_NOTIFICATION = b'{"jsonrpc":"2.0","method":'
_START_FAILURES = 5
#: Without any event for so long, children are killed that have served, and spares are forked: when no
#: request runs, and when some do.
_QUIET_SECONDS = 0.001
_QUIET_SECONDS_BUSY = 0.02


class Policy:
    """How children are used.

    per: "request" (a fresh child for every request) or "worker" (a child serves many, one at a time).
    children: how many requests may run at once; by default as many as there are processors.
    spare: how many children wait, forked in advance, for the next request; 2 by default.
    """

    def __init__(self, per: str = "request", children: Optional[int] = None,
                 spare: Optional[int] = None) -> None:
        if per not in ("request", "worker"):
            raise ValueError(f"per is 'request' or 'worker', not {per!r}")
        self.fresh = per == "request"
        self.children = (os.cpu_count() or 1) if children is None else children
        self.spare = 2 if spare is None else spare
        if self.children < 1 or self.spare < 0:
            raise ValueError("there must be at least one child, and no fewer than 0 spares")


class Child:
    """A forked process as the zygote sees it. It owns the descriptors; `close` frees them."""

    def __init__(self, pid: int, channel: socket.socket, errors: int, lifeline: int) -> None:
        self.pid = pid
        self.channel = channel
        self.errors = errors
        self.lifeline = lifeline
        self.call: Optional[Call] = None
        self.started = False
        self.cancelled = False
        self.closed = False  # its end of the channel
        self.unread = False  # it ended before it had read its request
        self.gone = False
        self.outgoing = memoryview(b"")
        self._parts: List[bytes] = []
        self._tail = b""
        self._partial = b""  # of a line on stderr

    def receive(self) -> Optional[List[bytes]]:
        """The lines that are complete with what has arrived; None when nothing has."""
        try:
            chunk = self.channel.recv(_CHUNK)
        except BlockingIOError:
            return None
        except ConnectionResetError:
            # Linux says so when the other end was closed with something in it that was never read.
            self.unread = True
            chunk = b""
        if not chunk:
            self.closed = True
            return None
        found = chunk.split(b"\n")
        rest = found.pop()
        if found and self._parts:
            found[0] = b"".join([*self._parts, found[0]])
            self._parts.clear()
        if rest:
            self._parts.append(rest)
        return found

    def relay_errors(self) -> bool:
        """Passes on what the child wrote to stderr, by whole lines; False when there is no more."""
        try:
            chunk = os.read(self.errors, _CHUNK)
        except BlockingIOError:
            return False
        self._tail = (self._tail + chunk[-_TAIL:])[-_TAIL:]
        text = self._partial + chunk
        end = len(text) if not chunk or len(text) > _CHUNK else text.rfind(b"\n") + 1
        _write_errors(text[:end])
        self._partial = text[end:]
        return bool(chunk)

    def last_words(self) -> List[str]:
        return self._tail.decode(errors="replace").splitlines()[-_TAIL_LINES:]

    def finish_errors(self) -> None:
        for _ in range(_LAST_READS):
            if not self.relay_errors():
                break
        _write_errors(self._partial)
        self._partial = b""

    def kill(self) -> None:
        """The child and all that it started. Only before it is reaped: its number is its own."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    def close(self) -> None:
        self.gone = True
        self.channel.close()
        os.close(self.errors)
        os.close(self.lifeline)


def _to_nobody(text: str) -> None:
    text.encode("ascii")


def _write_errors(text: bytes) -> None:
    try:
        while text:
            text = text[os.write(2, text):]
    except OSError:
        pass  # nobody is there to read it


def how_it_ended(status: int) -> str:
    """A wait status in words."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            return f"was killed by signal {number} ({signal.Signals(number).name})"
        except ValueError:
            return f"was killed by signal {number}"
    return f"exited with status {os.WEXITSTATUS(status)}"


class Zygote:
    def __init__(self, session: Session, policy: Policy) -> None:
        assert session.wake is not None
        self._session = session
        self._worker = session.worker
        self._input = session.input
        self._wake = session.wake
        self._policy = policy
        self._selector = selectors.PollSelector()  # takes regular files too, and is no descriptor
        self._queue: Deque[Call] = deque()
        self._children: Set[Child] = set()
        self._idle: Deque[Child] = deque()
        self._served: List[Child] = []  # of use no more, but not killed yet
        self._busy = 0
        self._reading = False
        self._over = False
        self._start_failures = 0
        self._can_fork = True

    def serve(self) -> None:
        """Until the input ends or the worker is to stop, and what was taken is answered."""
        self._selector.register(self._wake.descriptor, selectors.EVENT_READ, self._on_wake)
        try:
            while not self._settle():
                ready = self._selector.select(self._patience())
                for key, events in ready:
                    key.data(events)
                if not ready:
                    self._use_quiet()
        finally:
            self._end_children()
            self._selector.close()

    def _settle(self) -> bool:
        """Takes what there is to take, starts what can be started; whether all is done."""
        stopping = self._wake.stopping
        while self._input.messages and len(self._queue) < PENDING_LIMIT and not stopping:
            for call in self._session.calls(self._input.messages.popleft()):
                self._accept(call)
        if stopping:
            self._session.refuse_rest()
            while self._queue:
                refuse(self._queue.popleft())
        while self._queue and self._busy < self._policy.children and self._start_one():
            pass
        self._over = stopping or self._input.ended and not self._input.messages
        self._read(not (self._over or self._input.ended) and len(self._queue) < PENDING_LIMIT)
        return self._over and not self._queue and not self._busy

    def _read(self, wanted: bool) -> None:
        if wanted and not self._reading:
            self._selector.register(self._input.descriptor, selectors.EVENT_READ,
                                    lambda events: self._input.feed())
        elif self._reading and not wanted:
            self._selector.unregister(self._input.descriptor)
        self._reading = wanted

    def _on_wake(self, events: int) -> None:
        """A signal: perhaps children have ended. They are asked after one by one: a process that
        something else in this interpreter started is not ours to reap."""
        self._wake.drain()
        for child in list(self._children):
            if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                self._bury(child)

    def _accept(self, call: Call) -> None:
        if call.method == CANCEL_METHOD:
            self._cancel(cancel_target(call))
        elif self._worker.ignores(call):
            return
        elif call.method not in self._worker.methods:
            call.answer(call.error(METHOD_NOT_FOUND, f"there is no method {call.method!r}; "
                                                     "hob.methods lists those there are"))
        elif call.method in ("ping", "hob.methods"):
            call.answer(self._worker.perform(call))
        else:
            self._queue.append(call)

    def _cancel(self, key: Optional[str]) -> None:
        def is_named(call: Optional[Call]) -> bool:
            return call is not None and call.id is not None and id_key(call.id) == key

        for call in [call for call in self._queue if is_named(call)]:
            self._queue.remove(call)
            call.answer(call.error(CANCELLED, f"{call.method} was cancelled before it started"))
        for child in self._children:
            if is_named(child.call):
                child.cancelled = True
                child.kill()  # answered when it is gone

    def _start_one(self) -> bool:
        """Gives the first call of the queue to a child; False when it has to wait."""
        try:
            line = self._queue[0].line()
        except (ValueError, RecursionError) as error:
            call = self._queue.popleft()
            call.answer(call.error(INTERNAL_ERROR, f"{call.method}: the request can't be passed on: "
                                                   f"{error}", {"started": False}))
            return True
        child: Optional[Child] = None
        if self._idle:
            child = self._idle.popleft()
        elif self._policy.fresh or len(self._children) < self._policy.children:
            child = self._fork()
            if child is None and not self._children:
                call = self._queue.popleft()
                call.answer(call.error(WORKER_ERROR, f"{call.method}: no process can be forked for "
                                                     "it", {"started": False}))
                return True
        if child is None:
            self._kill_served()  # what they take up may be what is missing
            return False
        try:
            sent = child.channel.send(line)
        except BlockingIOError:
            sent = 0
        except (BrokenPipeError, ConnectionResetError):
            return True  # it has just died, and has not seen the request: the next one gets it
        child.call = self._queue.popleft()
        self._busy += 1
        if sent < len(line):
            child.outgoing = memoryview(line)[sent:]
            self._listen(child, selectors.EVENT_READ | selectors.EVENT_WRITE)
        if len(self._served) > self._policy.children:
            self._kill_served()  # it is never quiet
        return True

    def _listen(self, child: Child, events: int) -> None:
        self._selector.modify(child.channel, events,
                              lambda found: self._on_channel(child, found))

    def _on_channel(self, child: Child, events: int) -> None:
        if child.gone or child.closed:
            return
        if events & selectors.EVENT_WRITE:
            self._send_rest(child)
        for line in child.receive() or ():
            self._on_line(child, line)
        if child.closed:  # what becomes of it is told by its end alone
            self._selector.unregister(child.channel)
            child.kill()
            if child in self._idle:
                self._idle.remove(child)

    def _send_rest(self, child: Child) -> None:
        try:
            child.outgoing = child.outgoing[child.channel.send(child.outgoing):]
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError):
            child.outgoing = memoryview(b"")
        if not child.outgoing:
            self._listen(child, selectors.EVENT_READ)

    def _on_line(self, child: Child, line: bytes) -> None:
        if line.startswith(_NOTIFICATION):
            self._session.output.send(line.decode("ascii"))
        elif not child.started:
            child.started = True
            self._start_failures = 0
        elif child.call is not None:
            call, child.call = child.call, None
            self._busy -= 1
            self._can_fork = True
            call.answer(line.decode("ascii") or None)
            if self._policy.fresh:
                self._served.append(child)
            elif not child.cancelled:
                self._idle.append(child)

    def _bury(self, child: Child) -> None:
        """The child has ended and was not reaped: takes its last words, and all that it left."""
        while not child.closed:
            lines = child.receive()
            if lines is None:
                break
            for line in lines:
                self._on_line(child, line)
        child.kill()
        _, status = os.waitpid(child.pid, 0)
        child.finish_errors()
        self._forget(child)
        if not child.started:
            self._start_failures += 1
        if child.call is not None:
            self._busy -= 1
            if child.unread and not child.cancelled:
                self._queue.appendleft(child.call)  # nobody has started it
            else:
                child.call.answer(self._obituary(child, child.call, status))
        if self._start_failures >= _START_FAILURES:
            raise footprint.NotForkable(f"{self._start_failures} children in a row ended before their "
                                        f"first request; the last {how_it_ended(status)}")

    @staticmethod
    def _obituary(child: Child, call: Call, status: int) -> Optional[str]:
        if child.cancelled:
            return call.error(CANCELLED, f"{call.method} was cancelled; its process was killed")
        data: Any = {"pid": child.pid, "stderr": child.last_words()}
        if os.WIFSIGNALED(status):
            data["signal"] = os.WTERMSIG(status)
        else:
            data["status"] = os.WEXITSTATUS(status)
        said = f"; it last wrote: {data['stderr'][-1]}" if data["stderr"] else ""
        message = f"{call.method}: process {child.pid} {how_it_ended(status)} before it " \
                  f"answered{said}"
        if call.id is None:
            _write_errors(f"hob_worker: {message}\n".encode(errors="replace"))
        return call.error(WORKER_ERROR, message, data)

    def _forget(self, child: Child) -> None:
        for source in (child.channel.fileno(), child.errors):
            try:
                self._selector.unregister(source)
            except KeyError:
                pass  # it had ended before
        self._children.discard(child)
        if child in self._idle:
            self._idle.remove(child)
        if child in self._served:
            self._served.remove(child)
        child.close()

    def _wants_spare(self) -> bool:
        if not self._can_fork or self._over and not self._queue:
            return False
        return len(self._idle) < self._policy.spare and \
            (self._policy.fresh or len(self._children) < self._policy.children)

    def _patience(self) -> Optional[float]:
        """How many seconds without any event are the time for what should disturb nobody."""
        if not self._served and not self._wants_spare():
            return None
        return _QUIET_SECONDS_BUSY if self._busy else _QUIET_SECONDS

    def _use_quiet(self) -> None:
        if self._wants_spare():
            self._fork_spare()
        else:
            self._kill_served()

    def _kill_served(self) -> None:
        for child in self._served:
            child.kill()
        self._served.clear()

    def _fork_spare(self) -> None:
        child = self._fork()
        if child is not None:
            self._idle.append(child)
            self.touch()

    def _fork(self) -> Optional[Child]:
        """A new child; None when the system has none to give, or no descriptors for one."""
        ends: List[int] = []
        flush_streams()
        try:
            near, far = (end.detach() for end in socket.socketpair())
            ends += (near, far)
            ends += os.pipe()
            ends += os.pipe()
            pid = os.fork()
        except OSError as error:
            if self._can_fork:  # not for each that waits
                _write_errors(f"hob_worker: fork: {error.strerror}\n".encode())
            self._can_fork = False  # until a process has ended its work
            for descriptor in ends:
                os.close(descriptor)
            return None
        near, far, errors, errors_end, lifeline_end, lifeline = ends
        if pid == 0:
            child = Child(0, socket.socket(fileno=near), errors, lifeline)
            _run_child(self, child, far, errors_end, lifeline_end)
        for descriptor in (far, errors_end, lifeline_end):
            os.close(descriptor)
        return self._adopt(Child(pid, socket.socket(fileno=near), errors, lifeline))

    def _adopt(self, child: Child) -> Child:
        try:
            os.setpgid(child.pid, child.pid)  # the child does the same: whoever comes first
        except OSError:
            pass
        child.channel.setblocking(False)
        os.set_blocking(child.errors, False)
        self._children.add(child)
        self._selector.register(child.channel, selectors.EVENT_READ,
                                lambda events: self._on_channel(child, events))
        self._selector.register(child.errors, selectors.EVENT_READ,
                                lambda events: self._on_errors(child))
        return child

    def _on_errors(self, child: Child) -> None:
        if not child.gone and not child.relay_errors():
            self._selector.unregister(child.errors)

    def _end_children(self) -> None:
        for child in self._children:
            child.kill()
        for child in list(self._children):
            os.waitpid(child.pid, 0)
            child.finish_errors()
            self._forget(child)

    def let_go(self, own: Child) -> None:
        """In a child: closes all that is the zygote's, and its signal handlers."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for child in (*self._children, own):
            child.close()
        self._wake.forget()
        os.close(self._input.descriptor)
        os.close(self._session.output.descriptor)

    def touch(self) -> None:
        """After a fork each page that is written to is copied at its first write. Serving a call for
        nobody has that done for the pages that every call needs, before there is a hurry."""
        for call in calls_of(b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{}}', _to_nobody):
            call.answer(self._worker.perform(call))

    def run_calls(self, channel: int) -> None:
        """In a child: its whole life. A child for one request does not end by itself either: the
        zygote kills it once the answer is out."""
        source, target = Input(channel, LINES, sys.maxsize, None), Output(channel, LINES)
        self._worker.is_child()
        self._worker.start_child()
        self.touch()
        target.send("")
        while True:
            message = source.next()
            if not isinstance(message, bytes):
                return
            for call in calls_of(message, target.send):
                text = self._worker.perform(call)
                flush_streams()
                target.send(text or "")


def _run_child(zygote: Zygote, own: Child, channel: int, errors: int, lifeline: int) -> None:
    """Never returns, and runs no exit handlers: they are the zygote's."""
    status = 1
    try:
        os.setpgid(0, 0)
        os.dup2(errors, 1)
        os.dup2(errors, 2)
        os.close(errors)
        zygote.let_go(own)
        tie_to(lifeline)
        zygote.run_calls(channel)
        status = 0
    except Disconnected:
        pass  # the zygote is gone
    except BaseException:
        traceback.print_exc()
    finally:
        flush_streams()
        os._exit(status)


def tie_to(lifeline: int) -> None:
    """Has the kernel kill this process group when the other end of a pipe is closed by the last
    process that has it open, which is how the zygote's death shows. Nothing can catch or block that,
    be it in a loop in C. Where a pipe can't choose its signal (not Linux), a child ends when it next
    reads or writes."""
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpid())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)
    poll = select.poll()
    poll.register(lifeline, select.POLLIN)
    if poll.poll(0):  # it died before the kernel was told
        os._exit(1)


def serve_forked(worker: Worker, source: int, target: int, framing: str, limit: int,
                 policy: Policy) -> None:
    """`Worker.run` with isolation "fork". Ends the process with status 1 when it can't be forked
    safely."""
    wake = Wake()
    try:
        footprint.check("the worker script", protocol=(source, target))
        wake.handle(signal.SIGCHLD, lambda number, frame: None)
        session = Session(worker, Input(source, framing, limit, wake), Output(target, framing), wake)
        gc.collect()
        gc.freeze()
        Zygote(session, policy).serve()
    except footprint.NotForkable as error:
        print(f"hob_worker: {error}", file=sys.stderr)
        sys.exit(1)
    finally:
        wake.close()
