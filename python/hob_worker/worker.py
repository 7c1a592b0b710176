"""A worker: methods by name, and `run`, which serves them until the input ends."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import os
import random
import sys
from typing import Any, Callable, Dict, List, Optional, Sequence, TypeVar, Union, overload

from . import engines, launch
from .channel import (DEFAULT_LIMIT, FRAMINGS, LINES, Disconnected, Input, Output, Wake,
                      claim_standard_streams)
from .parameters import Signature
from .protocol import (CANCEL_METHOD, METHOD_NOT_FOUND, Call, RpcError, current, failure_text)

Function = TypeVar("Function", bound=Callable[..., Any])


class Method:
    """A function that requests may call."""

    __slots__ = ("name", "function", "signature", "is_async", "doc")

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function
        self.signature = Signature(function, name)
        self.is_async = inspect.iscoroutinefunction(function)
        self.doc = inspect.getdoc(function) or ""


class Worker:
    """Register functions with `method`, then `run`.

        worker = Worker()

        @worker.method
        def add(a: float, b: float) -> float:
            "Adds two numbers."
            return a + b

        worker.run()

    `ping` and `hob.methods` (what there is, with parameters and doc strings) are there already.
    """

    def __init__(self) -> None:
        self.methods: Dict[str, Method] = {}
        self._after_fork: List[Callable[[], Any]] = []
        self._stranger = False  # true in a process that a method forked off
        self._register("ping", lambda: "pong")
        self._register("hob.methods", self._describe)

    @overload
    def method(self, function: Function) -> Function: ...

    @overload
    def method(self, function: Optional[str] = None) -> Callable[[Function], Function]: ...

    def method(self, function: Union[Function, str, None] = None) -> Any:
        """Decorator: `@worker.method`, or `@worker.method("name")` for another name."""
        def register(decorated: Function) -> Function:
            self._register(function if isinstance(function, str) else decorated.__name__, decorated)
            return decorated

        return register if function is None or isinstance(function, str) else register(function)

    def after_fork(self, function: Function) -> Function:
        """Decorator: has a function called in each child of a zygote before its first request; the
        place to open what must not be shared, like a connection to a database."""
        self._after_fork.append(function)
        return function

    @property
    def current(self) -> Call:
        """The request that runs in this thread or task. LookupError outside of one."""
        return current.get()

    def run(self, *, threads: int = 0, isolation: Optional[str] = None, per: str = "request",
            children: Optional[int] = None, spare: Optional[int] = None, framing: str = LINES,
            limit: int = DEFAULT_LIMIT) -> None:
        """Answers requests until stdin ends or SIGTERM comes; then returns.

        threads: how many methods may run at once, each in a thread. 0: one after the other; methods
            that are `async def` run at once in an event loop all the same.
        isolation: "fork" runs each request in a process of its own, forked from this one.
        per, children, spare: of isolation; see `hob_worker.fork.Policy`.
        framing: "lines", or "headers" (Content-Length, as in LSP).
        limit: how many bytes a message may have.

        Ends the process with status 1 when nobody reads the answers any more.
        """
        options = launch.merged(threads=threads, isolation=isolation, per=per, children=children,
                                spare=spare, framing=framing)
        if options["framing"] not in FRAMINGS:
            raise ValueError(f"framing is one of {', '.join(FRAMINGS)}, not {options['framing']!r}")
        if options["isolation"] not in (None, "fork"):
            raise ValueError(f"isolation is None or 'fork', not {options['isolation']!r}")
        launch.started()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._on_fork)
        source, target = launch.streams() or claim_standard_streams()
        try:
            if options["isolation"] == "fork":
                if not hasattr(os, "fork"):
                    sys.exit("hob_worker: isolation 'fork' needs a system that has fork")
                from .fork import Policy, serve_forked
                serve_forked(self, source, target, options["framing"], limit,
                             Policy(options["per"], options["children"], options["spare"]))
            else:
                self._serve(source, target, options["framing"], limit, options["threads"])
        except Disconnected as error:
            print(f"hob_worker: the answers can't be written: {error}", file=sys.stderr)
            sys.exit(1)
        finally:
            os.close(source)
            os.close(target)

    def _serve(self, source: int, target: int, framing: str, limit: int, threads: int) -> None:
        wake = Wake()
        try:
            session = engines.Session(self, Input(source, framing, limit, wake),
                                      Output(target, framing), wake)
            if any(method.is_async for method in self.methods.values()):
                asyncio.run(engines.serve_tasks(session, threads))
            elif threads:
                engines.serve_threads(session, threads)
            else:
                engines.serve_inline(session)
        finally:
            wake.close()

    def perform(self, call: Call) -> Optional[str]:
        """Runs the method of a call here and now; the text of its answer, None for a notification.
        Never raises but for what ends the process."""
        token = current.set(call)
        try:
            method = self._find(call)
            arguments, named = method.signature.bind(call.params)
            value = self._run_method(method, arguments, named)
        except (Exception, SystemExit) as error:
            return self._failed(call, error)
        finally:
            current.reset(token)
            if self._stranger:
                self._leave()
        return call.result(value)

    @staticmethod
    def _run_method(method: Method, arguments: Sequence[Any], named: Dict[str, Any]) -> Any:
        value = method.function(*arguments, **named)
        return asyncio.run(value) if method.is_async else value

    def _run_function(self, method: Method, arguments: Sequence[Any], named: Dict[str, Any]) -> Any:
        try:
            return method.function(*arguments, **named)
        finally:
            if self._stranger:
                self._leave()

    async def perform_task(self, call: Call,
                           outside: Callable[..., Any]) -> Optional[str]:
        """As `perform`, in an event loop; a function that is not async runs by `outside(run)`."""
        token = current.set(call)
        try:
            method = self._find(call)
            arguments, named = method.signature.bind(call.params)
            if method.is_async:
                value = await method.function(*arguments, **named)
            else:
                value = await outside(functools.partial(self._run_function, method, arguments, named))
        except (Exception, SystemExit) as error:
            return self._failed(call, error)
        finally:
            current.reset(token)
            if self._stranger:
                self._leave()
        return call.result(value)

    def _failed(self, call: Call, error: BaseException) -> Optional[str]:
        text = failure_text(call, error)
        if text is None:
            print(f"hob_worker: the notification {call.method} failed: {type(error).__name__}: "
                  f"{error}", file=sys.stderr)
        return text

    def _find(self, call: Call) -> Method:
        method = self.methods.get(call.method)
        if method is None:
            raise RpcError(METHOD_NOT_FOUND, f"there is no method {call.method!r}; hob.methods lists "
                                             "those there are")
        return method

    def ignores(self, call: Call) -> bool:
        """Notifications of the protocol that nobody has to know ($/..., as in LSP)."""
        return call.id is None and call.method.startswith("$/") and \
            call.method not in self.methods and call.method != CANCEL_METHOD

    def start_child(self) -> None:
        """What a freshly forked child does before its first request."""
        random.seed()
        numpy_random = sys.modules.get("numpy.random")
        if numpy_random is not None:
            numpy_random.seed()
        for function in self._after_fork:
            function()

    def is_child(self) -> None:
        """Says that this process, though forked, is meant to answer."""
        self._stranger = False

    def _on_fork(self) -> None:
        self._stranger = True

    @staticmethod
    def _leave() -> None:
        """A method forked and returned in both processes: one answer is enough."""
        flush_streams()
        os._exit(0)

    def _register(self, name: str, function: Callable[..., Any]) -> None:
        if name.startswith(("rpc.", "$/")):
            raise ValueError(f"method names must not begin with rpc. or $/: {name}")
        self.methods[name] = Method(name, function)

    def _describe(self) -> List[Dict[str, Any]]:
        """Lists the methods with their parameters and doc strings."""
        return [{"name": method.name, "params": method.signature.described(), "doc": method.doc}
                for method in self.methods.values()]


def flush_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
