"""hob_worker: make Python functions callable over JSON-RPC 2.0 on stdin and stdout.

    from hob_worker import Worker

    worker = Worker()

    @worker.method
    def add(a: float, b: float) -> float:
        "Adds two numbers."
        return a + b

    worker.run()
"""

from .protocol import Call, Cancelled, RpcError
from .worker import Worker

__all__ = ["Call", "Cancelled", "RpcError", "Worker"]
