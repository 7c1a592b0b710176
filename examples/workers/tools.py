#!/usr/bin/env python3
"""A worker made with the kit (python/hob_worker): types, progress, cancellation, own errors."""

import time
from typing import Dict, List, Literal, Optional

from hob_worker import RpcError, Worker

worker = Worker()


@worker.method
def add(a: float, b: float) -> float:
    """Adds two numbers."""
    return a + b


@worker.method
def count_words(texts: List[str], order: Literal["count", "word"] = "count",
                most: Optional[int] = None) -> Dict[str, int]:
    """Counts the words of texts, and says how far it is after each."""
    counts: Dict[str, int] = {}
    for number, text in enumerate(texts, 1):
        for word in text.lower().split():
            counts[word] = counts.get(word, 0) + 1
        worker.current.progress({"done": number, "of": len(texts)})
    ordered = sorted(counts.items(), key=lambda item: -item[1] if order == "count" else item[0])
    return dict(ordered[:most])


@worker.method
def wait(seconds: float) -> str:
    """Takes its time, and stops when nobody wants the answer any more."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        worker.current.check()  # raises once the request was cancelled
        time.sleep(min(0.02, seconds))
    return "done"


@worker.method
def divide(a: float, b: float) -> float:
    """Divides, with an error of its own that programs can tell from others."""
    if b == 0:
        raise RpcError(1, "can't divide by zero", {"a": a})
    print("dividing", a, "by", b)  # goes to stderr: stdout belongs to the protocol
    return a / b


if __name__ == "__main__":
    worker.run()
