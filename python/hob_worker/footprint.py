"""What must not be there when a process forks: other threads, and open sockets.

A fork copies the thread that calls it alone: locks that others held stay locked for ever. A socket
would be shared by all children, which would then read each other's answers.
"""

from __future__ import annotations

import importlib
import os
import threading
from typing import Dict, List, Sequence, Tuple

#: Libraries of linear algebra start threads when they are loaded unless these say one. The children
#: are what runs at the same time.
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
              "VECLIB_MAXIMUM_THREADS", "NUMEXPR_MAX_THREADS")


class NotForkable(Exception):
    """The process can't be a zygote; the message names the module and what it left."""


def thread_names() -> List[str]:
    """The threads of this process but its first, also those that Python does not know."""
    own = os.getpid()
    try:
        tasks = [int(name) for name in os.listdir("/proc/self/task")]
    except OSError:
        return [thread.name for thread in threading.enumerate()
                if thread is not threading.main_thread()]
    known = {thread.native_id: thread.name for thread in threading.enumerate()}
    return [known.get(task, f"a thread of a C library, {task}") for task in tasks if task != own]


def sockets() -> Dict[str, int]:
    """The open sockets by what the kernel calls them, with a descriptor each; not those that stdin,
    stdout or stderr are, wherever else they are open."""
    found: Dict[str, int] = {}
    try:
        descriptors = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        return found
    for descriptor in descriptors:
        try:
            name = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            continue  # it was the one that listed the directory
        if name.startswith("socket:"):
            found[name] = descriptor
    return found


def check(what: str, before: Sequence[str] = (), protocol: Sequence[int] = ()) -> None:
    """Raises NotForkable when there are threads, or sockets that are not in `before` and not the
    descriptors of the protocol; `what` is blamed for them."""
    threads = thread_names()
    if threads:
        raise NotForkable(f"{what} left {_count(len(threads), 'thread')} running "
                          f"({', '.join(threads[:4])}), and a fork would lose them; start threads in "
                          "a function registered with worker.after_fork, or leave the module out")
    allowed = {*before, *(name for name, _ in _links((0, 1, 2, *protocol)))}
    strange = {name: number for name, number in sockets().items() if name not in allowed}
    if strange:
        raise NotForkable(f"{what} left {_count(len(strange), 'socket')} open (descriptor "
                          f"{', '.join(map(str, sorted(strange.values())[:4]))}), which all children "
                          "would share; connect in a function registered with worker.after_fork, or "
                          "leave the module out")


def _links(descriptors: Sequence[int]) -> List[Tuple[str, int]]:
    found = []
    for descriptor in descriptors:
        try:
            found.append((os.readlink(f"/proc/self/fd/{descriptor}"), descriptor))
        except OSError:
            continue  # closed, or no /proc
    return found


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def preload(modules: Sequence[str], protocol: Sequence[int]) -> None:
    """Imports modules one by one; NotForkable names the first that can't be in a zygote."""
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    before = tuple(sockets())
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as error:  # whatever a module does when it is imported
            raise NotForkable(f"the preloaded module {module!r} can't be imported: "
                              f"{type(error).__name__}: {error}") from error
        check(f"the preloaded module {module!r}", before, protocol)
