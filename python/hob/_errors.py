"""What can go wrong, as exceptions.

All are `hob.Error`, and also the builtin exception that a Python program expects in that place: a
missing file is a FileNotFoundError, bad data a ValueError, a row that is not there a KeyError.
`message` is the server's text, `hint` what to do next (may be empty), `kind` the server's
error_type, `status` the HTTP status (0 where there was no answer).
"""

from __future__ import annotations


class Error(Exception):
    """The base of everything that this package raises on purpose."""

    def __init__(self, message: str, *, hint: str = "", kind: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.kind = kind or type(self).__name__
        self.status = status

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), dict(self.__dict__))


def _rebuild(cls: type[Error], state: dict[str, object]) -> Error:
    """Exceptions travel between processes (multiprocessing) with all that they know."""
    error = cls.__new__(cls)
    Exception.__init__(error, state["message"])
    error.__dict__.update(state)
    return error


class InvalidValue(Error, ValueError):
    """A parameter that is malformed, or data that cannot be used as asked."""


class InvalidKey(Error, KeyError):
    """No such session, row, column or key."""

    __str__ = Error.__str__


class InvalidType(Error, TypeError):
    """A value of the wrong type."""


class NotFound(Error, FileNotFoundError):
    """No such file."""


class InterfaceNotFound(NotFound, InvalidValue):
    """None of the interface files is there: a missing file, and a ValueError as lynguine has it."""


class NotAllowed(Error, PermissionError):
    """Outside the server's roots, or refused by the system or the server."""


class NotSupported(Error, NotImplementedError):
    """Known, but not in this server."""


class LibraryMissing(Error, ImportError):
    """A library that only this needs (pandas, pyarrow) is not installed."""


class TooLarge(Error, ValueError):
    """Larger or deeper than the server's limits."""


class OutOfMemory(Error, MemoryError):
    """The server has no memory for it."""


class SystemFault(Error, OSError):
    """The system refused what the server tried: disk full, input or output error."""


class FileIsDirectory(Error, IsADirectoryError):
    """A directory where a file was meant."""


class FileNotDirectory(Error, NotADirectoryError):
    """A file where a directory was meant."""


class InternalError(Error, RuntimeError):
    """A fault of the server's own."""


class BusyError(Error, RuntimeError):
    """A queue is full, or the server is stopping; the same request may work later."""

    retry_after: float = 0.0


class ConnectionFailed(Error, ConnectionError):
    """There is no server, or it went away before its answer was complete."""


class DeadlineExceeded(Error, TimeoutError):
    """The time that the request had is over. The server may still be at it."""


class RPCError(Error, RuntimeError):
    """An error that a worker, or its pool, answered; `code` and `data` are JSON-RPC's."""

    def __init__(self, message: str, *, code: int = 0, data: object = None, hint: str = "",
                 kind: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint, kind=kind, status=status)
        self.code = code
        self.data = data


class CallTimedOut(RPCError, TimeoutError):
    """The worker did not answer within the call's time."""


class PoolBusy(RPCError, BusyError):
    """The pool's queue is full, or the pool rests; the same call may work later."""


# JSON-RPC leaves these numbers to servers; hob's own.
_CODES: dict[int, type[RPCError]] = {-32002: CallTimedOut, -32003: PoolBusy}

KINDS: dict[str, type[Error]] = {
    "ValueError": InvalidValue, "KeyError": InvalidKey, "TypeError": InvalidType,
    "FileNotFoundError": NotFound, "IsADirectoryError": FileIsDirectory,
    "NotADirectoryError": FileNotDirectory, "PermissionError": NotAllowed,
    "PathEscapeError": NotAllowed, "UnicodeDecodeError": InvalidValue,
    "JSONDecodeError": InvalidValue, "ParserError": InvalidValue, "EmptyDataError": InvalidValue,
    "LiquidSyntaxError": InvalidValue, "error": InvalidValue, "LimitError": TooLarge,
    "MemoryError": OutOfMemory, "OSError": SystemFault, "BusyError": BusyError,
    "NotImplementedError": NotSupported, "RuntimeError": InternalError,
    "TimeoutError": DeadlineExceeded,
}

_STATUSES: dict[int, type[Error]] = {
    400: InvalidValue, 401: NotAllowed, 403: NotAllowed, 404: InvalidValue, 408: DeadlineExceeded,
    413: TooLarge, 422: InvalidValue, 429: BusyError, 501: NotSupported, 502: ConnectionFailed,
    503: BusyError, 504: DeadlineExceeded,
}


def from_answer(status: int, body: object, what: str, of_interface: bool = False) -> Error:
    """The exception for an answer that is an error; `what` was asked, where its body is silent.
    `of_interface`: the request named an interface file, which is what may be missing."""
    content = body if isinstance(body, dict) else {}
    kind = content.get("error_type")
    message = content.get("error_message") or content.get("error")
    if isinstance(message, dict):
        return from_rpc(message, status)
    if not isinstance(message, str) or not message:
        message = f"{what}: the server answered with status {status}"
    hint = content.get("hint")
    # The routes of interfaces and talks answer no type: the status has to do.
    cls = KINDS.get(kind) if isinstance(kind, str) else None
    if cls is None:
        cls = _STATUSES.get(status, InternalError)
    if of_interface and status == 404 and cls is InvalidValue:
        cls = InterfaceNotFound
    return cls(message, hint=hint if isinstance(hint, str) else "",
               kind=kind if isinstance(kind, str) else "", status=status)


def from_rpc(error: dict[str, object], status: int = 0) -> RPCError:
    """The exception for the `error` of a JSON-RPC answer."""
    code = error.get("code")
    message = error.get("message")
    data = error.get("data")
    hint = data.get("hint") if isinstance(data, dict) else None
    number = code if isinstance(code, int) else 0
    cls = _CODES.get(number, RPCError)
    return cls(str(message) if message else "the call failed without a message", code=number,
               data=data, hint=hint if isinstance(hint, str) else "", status=status)
