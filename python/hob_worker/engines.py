"""How calls are run in this process: one after the other, in threads, or as tasks of an event
loop."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Optional, Set

from .channel import Disconnected, Input, Item, Output, Unread, Wake
from .protocol import (CANCEL_METHOD, CANCELLED, WORKER_ERROR, Call, calls_of, decode, encode,
                       error_text)

if TYPE_CHECKING:
    from .worker import Worker

#: So many requests are taken before any is answered; then the worker stops reading.
PENDING_LIMIT = 1000


class Session:
    """What an engine works with: the worker, and where messages come from and go to."""

    def __init__(self, worker: Worker, source: Input, target: Output,
                 wake: Optional[Wake]) -> None:
        self.worker = worker
        self.input = source
        self.output = target
        self.wake = wake

    def calls(self, item: Item) -> Iterable[Call]:
        """The calls in what the input gave; answers at once what is no request."""
        if isinstance(item, Unread):
            self.output.send(error_text(item.id_text, item.code, item.message))
            return ()
        return calls_of(item, self.output.send)

    def refuse_rest(self) -> None:
        """The worker stops: tells those whose requests were read but not started."""
        while self.input.messages:
            for call in self.calls(self.input.messages.popleft()):
                refuse(call)


def refuse(call: Call) -> None:
    call.answer(call.error(WORKER_ERROR, "the worker is stopping; the request was not started",
                           {"started": False}))


def id_key(id_text: str) -> str:
    """Equal for ids that are equal, however their numbers are written."""
    return _key(decode(id_text.encode()))


def _key(value: Any) -> str:
    try:
        return encode(value)
    except (ValueError, RecursionError):
        return ""  # no id has an empty text


def cancel_target(call: Call) -> Optional[str]:
    """The key of the request that a `$/cancelRequest` names."""
    if isinstance(call.params, dict) and "id" in call.params:
        return _key(call.params["id"])
    return None


def serve_inline(session: Session, most: int = 0) -> None:
    """One call after the other, in this thread; `most` calls, or 0 for as many as come."""
    cancelled: Set[str] = set()  # ids that are still to come, read while a method looked
    served = 0
    while True:
        item = session.input.next()
        if item is None:
            session.refuse_rest()
            return
        for call in session.calls(item):
            if call.method == CANCEL_METHOD or session.worker.ignores(call):
                continue  # what it names was answered already
            if cancelled and call.id is not None and id_key(call.id) in cancelled:
                call.cancel()
                call.answer(call.error(CANCELLED, f"{call.method} was cancelled"))
                continue
            call.look_with(lambda call=call: _look(session, call, cancelled))  # type: ignore[misc]
            call.answer(session.worker.perform(call))
            served += 1
        if cancelled and not session.input.messages:
            cancelled.clear()
        if most and served >= most:
            return


def _look(session: Session, call: Call, cancelled: Set[str]) -> None:
    """Nobody reads while a method runs in the only thread: so `cancelled` does, when it is asked."""
    source = session.input
    while source.pending() and len(source.messages) < PENDING_LIMIT:
        source.feed()
    if not source.messages:
        return
    kept: List[Item] = []
    for item in source.messages:
        name = None
        if isinstance(item, bytes) and b"cancelRequest" in item:
            found = list(calls_of(item, lambda text: None))
            if len(found) == 1 and found[0].method == CANCEL_METHOD:
                name = cancel_target(found[0])
        if name is None:
            kept.append(item)
        elif call.id is not None and name == id_key(call.id):
            call.cancel()
        else:
            cancelled.add(name)
    source.messages.clear()
    source.messages.extend(kept)


class Running:
    """The calls that were taken and not answered yet, by id. Ids may repeat: callers may err."""

    def __init__(self) -> None:
        self._calls: Dict[int, Call] = {}
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls[id(call)] = call

    def remove(self, call: Call) -> None:
        with self._lock:
            self._calls.pop(id(call), None)

    def named(self, key: Optional[str]) -> List[Call]:
        with self._lock:
            calls = list(self._calls.values())
        return [call for call in calls if call.id is not None and id_key(call.id) == key]


def serve_threads(session: Session, count: int) -> None:
    """Up to `count` calls at once; answers go out as they are ready. `ping` is answered by the
    thread that reads, so a worker whose threads are all busy still shows that it is alive."""
    assert session.wake is not None
    waiting: queue.SimpleQueue[Optional[Call]] = queue.SimpleQueue()
    running = Running()
    slots = threading.BoundedSemaphore(PENDING_LIMIT)
    wake = session.wake

    def serve() -> None:
        while True:
            call = waiting.get()
            if call is None:
                return
            try:
                _run_one(session, call)
            except Disconnected as error:
                wake.stop(error)
            finally:
                running.remove(call)
                slots.release()

    threads = [threading.Thread(target=serve, name=f"hob-worker-{number}", daemon=True)
               for number in range(count)]
    for thread in threads:
        thread.start()
    _take(session, running, waiting, slots)
    if wake.failure is not None:
        raise wake.failure  # the threads are daemons: nobody waits for answers that can't go out
    for _ in threads:
        waiting.put(None)
    for thread in threads:
        thread.join()
    if wake.failure is not None:
        raise wake.failure


def _take(session: Session, running: Running, waiting: queue.SimpleQueue[Optional[Call]],
          slots: threading.BoundedSemaphore) -> None:
    """Reads until the input ends, and hands each call to the threads."""
    while True:
        item = session.input.next()
        if item is None:
            session.refuse_rest()
            return
        for call in session.calls(item):
            if call.method == CANCEL_METHOD:
                for named in running.named(cancel_target(call)):
                    named.cancel()
            elif session.worker.ignores(call):
                continue
            elif call.method == "ping":
                call.answer(session.worker.perform(call))
            else:
                slots.acquire()
                running.add(call)
                waiting.put(call)


def _run_one(session: Session, call: Call) -> None:
    if session.wake is not None and session.wake.stopping:
        refuse(call)
    elif call.cancelled:
        call.answer(call.error(CANCELLED, f"{call.method} was cancelled before it started"))
    else:
        call.answer(session.worker.perform(call))


class _Tasks:
    """The event loop's side: reads when the input is ready, makes each call a task."""

    def __init__(self, session: Session, threads: int) -> None:
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._tasks: Dict[asyncio.Task[None], Call] = {}
        self._executor = ThreadPoolExecutor(threads) if threads else None
        self._reading = False
        self._failure: Optional[BaseException] = None
        self._done = asyncio.Event()

    async def serve(self) -> None:
        assert self._session.wake is not None
        self._loop.add_reader(self._session.wake.descriptor, self._on_wake)
        try:
            self._read(True)
            await self._done.wait()
        finally:
            self._read(False)
            self._loop.remove_reader(self._session.wake.descriptor)
            if self._executor is not None:
                self._executor.shutdown()
        if self._failure is not None:
            raise self._failure

    def _read(self, wanted: bool) -> None:
        if wanted == self._reading:
            return
        self._reading = wanted
        source = self._session.input
        if not wanted:
            self._loop.remove_reader(source.descriptor)
            return
        try:
            self._loop.add_reader(source.descriptor, self._on_input)
        except PermissionError:  # a regular file: it is always ready
            self._reading = False
            while not source.ended:
                source.feed()
            self._take()

    def _on_input(self) -> None:
        self._session.input.feed()
        self._take()

    def _take(self) -> None:
        source = self._session.input
        while source.messages and len(self._tasks) < PENDING_LIMIT and not self._stopping():
            try:
                for call in self._session.calls(source.messages.popleft()):
                    self._start(call)
            except Disconnected as error:
                self._fail(error)
        self._settle()

    def _start(self, call: Call) -> None:
        if call.method == CANCEL_METHOD:
            key = cancel_target(call)
            for task, running in list(self._tasks.items()):
                if running.id is not None and id_key(running.id) == key:
                    running.cancel()
                    task.cancel()
        elif not self._session.worker.ignores(call):
            task = self._loop.create_task(self._run(call))
            self._tasks[task] = call
            task.add_done_callback(lambda done: self._on_end(done, call))

    async def _run(self, call: Call) -> None:
        call.answer(await self._session.worker.perform_task(call, self._outside))

    async def _outside(self, run: Callable[[], Any]) -> Any:
        if self._executor is None:
            return run()
        context = contextvars.copy_context()
        return await self._loop.run_in_executor(self._executor, context.run, run)

    def _on_end(self, task: asyncio.Task[None], call: Call) -> None:
        del self._tasks[task]
        try:
            if task.cancelled():
                call.answer(call.error(CANCELLED, f"{call.method} was cancelled"))
            elif task.exception() is not None:
                self._fail(task.exception())
        except Disconnected as error:
            self._fail(error)
        self._take()

    def _on_wake(self) -> None:
        assert self._session.wake is not None
        self._session.wake.drain()
        self._settle()

    def _stopping(self) -> bool:
        assert self._session.wake is not None
        return self._session.wake.stopping

    def _fail(self, error: Optional[BaseException]) -> None:
        self._failure = self._failure or error
        assert self._session.wake is not None
        self._session.wake.stop()

    def _settle(self) -> None:
        """Reads on, waits, or is done, as things stand."""
        source = self._session.input
        if self._stopping() and self._failure is None:
            try:
                self._session.refuse_rest()
            except Disconnected as error:
                self._fail(error)
        over = self._stopping() or (source.ended and not source.messages)
        self._read(not over and not source.ended and len(self._tasks) < PENDING_LIMIT)
        if over and not self._tasks:
            self._done.set()


async def serve_tasks(session: Session, threads: int) -> None:
    """Every call is a task of the event loop. Functions that are not async run in one of `threads`
    threads, or in the loop itself when there are none."""
    await _Tasks(session, threads).serve()
