"""JSON-RPC 2.0: what a message says, and how an answer is written.

Nothing here reads or writes; text comes in, calls and text go out.
"""

from __future__ import annotations

import contextvars
import dataclasses
import enum
import json
import math
import os
import threading
import traceback
from types import TracebackType
from typing import Any, Callable, Iterable, List, Optional

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
CANCELLED = -32800
#: The worker could not finish: the process of the request died, or the worker is stopping.
WORKER_ERROR = -32000

CANCEL_METHOD = "$/cancelRequest"
PROGRESS_METHOD = "$/progress"

#: The id of an answer to what had none that could be read.
NO_ID = "null"


class RpcError(Exception):
    """Raise it in a method to answer with an error of your own code, message and data."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Cancelled(Exception):
    """What `worker.current.check()` raises once the caller has cancelled the request."""


class RawFloat(float):
    """A float that knows how it was written, because an id goes back as it came."""

    text: str

    def __new__(cls, text: str) -> RawFloat:
        number = super().__new__(cls, text)
        number.text = text
        return number


class RawInt(int):
    """As RawFloat: `-0` is not `0`."""

    text: str

    def __new__(cls, text: str) -> RawInt:
        number = super().__new__(cls, text)
        number.text = text
        return number


def _no_number(name: str) -> None:
    """NaN and Infinity are no JSON. hob reads them as missing, and so does this."""
    return None


_decode = json.JSONDecoder(parse_constant=_no_number).decode
_decode_raw = json.JSONDecoder(parse_constant=_no_number, parse_float=RawFloat,
                               parse_int=RawInt).decode


def decode(message: bytes) -> Any:
    """The value of a message; RpcError(PARSE_ERROR) when it is no JSON or no UTF-8."""
    try:
        return _decode(message.decode())
    except UnicodeDecodeError as error:
        raise RpcError(PARSE_ERROR, f"the message is not UTF-8: byte {error.start} is "
                                    f"0x{message[error.start]:02x}") from None
    except RecursionError:
        raise RpcError(PARSE_ERROR, "the message is nested too deeply") from None
    except ValueError as error:
        raise RpcError(PARSE_ERROR, f"the message is not JSON: {error}") from None


def _simpler(value: Any) -> Any:
    """What stands for a value that the JSON module does not know; TypeError if nothing does."""
    if hasattr(value, "tolist"):  # arrays and scalars of NumPy, array.array
        return value.tolist()
    if hasattr(value, "isoformat"):  # dates and times
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"a value of type {type(value).__qualname__} can't be written as JSON")


_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=_simpler).encode


def _without_nan(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {_finite_key(key): _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return _without_nan(_simpler(value))


def _finite_key(key: Any) -> Any:
    return str(key) if isinstance(key, float) and not math.isfinite(key) else key


def encode(value: Any) -> str:
    """ASCII JSON on one line. NaN and Infinity become null. Raises ValueError, TypeError or
    RecursionError for what has no JSON form."""
    try:
        return _encode(value)
    except ValueError:  # NaN, or a circle: the next attempt tells which
        return _encode(_without_nan(value))


def _id_text(request: Any, message: bytes, position: Optional[int]) -> str:
    """The id as it came. Only numbers can lose their spelling when they are read."""
    value = request["id"]
    if type(value) is int and value:
        return str(value)
    if isinstance(value, str) or value is None:
        return encode(value)
    whole = _decode_raw(message.decode())
    return _encode_raw((whole if position is None else whole[position])["id"])


def _encode_raw(value: Any) -> str:
    if isinstance(value, (RawFloat, RawInt)):
        return value.text
    if isinstance(value, list):
        return "[" + ",".join(map(_encode_raw, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(encode(key) + ":" + _encode_raw(item)
                              for key, item in value.items()) + "}"
    return encode(value)


Reply = Callable[[str], None]


class Call:
    """One request (or notification) that is to be run, and where its answer goes.

    A method sees its own as `worker.current`: `id`, `method`, `cancelled`, `check`, `progress`.
    """

    __slots__ = ("id", "method", "params", "_raw", "_reply", "_notify", "_cancelled", "_look")

    def __init__(self, id_text: Optional[str], method: str, params: Any, reply: Reply,
                 notify: Reply, raw: Optional[bytes] = None) -> None:
        #: The id as JSON text, as it came; None for a notification.
        self.id = id_text
        self.method = method
        self.params = params
        self._raw = raw
        self._reply = reply
        self._notify = notify
        self._cancelled = False
        self._look: Optional[Callable[[], None]] = None

    @property
    def cancelled(self) -> bool:
        """Whether the caller no longer wants the answer. Costs about a microsecond."""
        if not self._cancelled and self._look is not None:
            self._look()
        return self._cancelled

    def check(self) -> None:
        """Raises Cancelled when the caller no longer wants the answer."""
        if self.cancelled:
            raise Cancelled

    def progress(self, value: Any) -> None:
        """Tells the caller how far it is: any value that has a JSON form."""
        if self.id is not None:
            self._notify(f'{{"jsonrpc":"2.0","method":"{PROGRESS_METHOD}",'
                         f'"params":{{"id":{self.id},"value":{encode(value)}}}}}')

    def cancel(self) -> None:
        self._cancelled = True

    def look_with(self, look: Callable[[], None]) -> None:
        """Has `cancelled` call `look` first, where nobody else reads while the method runs."""
        self._look = look

    def answer(self, text: Optional[str]) -> None:
        if text is not None:
            self._reply(text)

    def result(self, value: Any) -> Optional[str]:
        """The text of the answer; an error when the value has no JSON form."""
        if self.id is None:
            return None
        try:
            return f'{{"jsonrpc":"2.0","id":{self.id},"result":{encode(value)}}}'
        except (ValueError, TypeError, RecursionError) as error:
            return self.error(INTERNAL_ERROR, f"{self.method}: the result can't be answered: "
                                              f"{error}", {"type": type(error).__name__})

    def error(self, code: int, message: str, data: Any = None) -> Optional[str]:
        return None if self.id is None else error_text(self.id, code, message, data)

    def line(self) -> bytes:
        """The request as a message of its own on one line: as it came, unless it was in a batch.
        Raises ValueError or RecursionError when it can't be written again."""
        if self._raw is not None:
            return self._raw.replace(b"\n", b" ") + b"\n"
        params = "" if self.params is None else f',"params":{encode(self.params)}'
        id_member = "" if self.id is None else f',"id":{self.id}'
        text = f'{{"jsonrpc":"2.0"{id_member},"method":{encode(self.method)}{params}}}\n'
        return text.encode("ascii")


#: The call that runs in this thread or task.
current: contextvars.ContextVar[Call] = contextvars.ContextVar("hob_worker_call")


def error_text(id_text: str, code: int, message: str, data: Any = None) -> str:
    error = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    try:
        text = encode(error)
    except (ValueError, TypeError, RecursionError) as fault:
        text = encode({"code": code, "message": message, "data": f"(not JSON: {fault})"})
    return f'{{"jsonrpc":"2.0","id":{id_text},"error":{text}}}'


def failure_text(call: Call, error: BaseException) -> Optional[str]:
    """The answer to a call whose method raised."""
    if isinstance(error, RpcError):
        return call.error(error.code, error.message, error.data)
    if isinstance(error, Cancelled):
        return call.error(CANCELLED, f"{call.method} was cancelled")
    text = "".join(traceback.format_exception(type(error), error, _frames_of_method(error)))
    return call.error(INTERNAL_ERROR, f"{call.method}: {type(error).__name__}: {error}",
                      {"type": type(error).__name__, "traceback": text})


def _frames_of_method(error: BaseException) -> Optional[TracebackType]:
    """The traceback without the frames, of the kit and of executors, that lead to the method."""
    here = os.path.dirname(__file__)
    start = frames = error.__traceback__
    while frames is not None and frames.tb_next is not None:
        if _folder_of(frames) == here != _folder_of(frames.tb_next):
            start = frames.tb_next
        frames = frames.tb_next
    return start


def _folder_of(frames: TracebackType) -> str:
    return os.path.dirname(frames.tb_frame.f_code.co_filename)


class Batch:
    """Collects the answers to a batch and sends them as one array when the last has come."""

    def __init__(self, expected: int, reply: Reply) -> None:
        self._expected = expected
        self._reply = reply
        self._answers: List[str] = []
        self._lock = threading.Lock()

    def add(self, text: str) -> None:
        with self._lock:
            self._answers.append(text)
            complete = len(self._answers) == self._expected
        if complete:
            self._reply("[" + ",".join(self._answers) + "]")


def calls_of(message: bytes, send: Reply) -> Iterable[Call]:
    """The calls in a message. Answers to what is no request go out at once through `send`, which
    the calls keep for their own."""
    try:
        return _calls_in(decode(message), message, send)
    except RpcError as error:
        send(error_text(NO_ID, error.code, error.message))
    except RecursionError:  # an id that can be read, but not written again
        send(error_text(NO_ID, PARSE_ERROR, "the message is nested too deeply"))
    return ()


def _calls_in(value: Any, message: bytes, send: Reply) -> Iterable[Call]:
    if type(value) is not list:
        call = _call_of(value, message, None, send, send)
        return () if call is None else (call,)
    if not value:
        send(error_text(NO_ID, INVALID_REQUEST, "the batch is empty"))
        return ()
    expected = sum(1 for request in value if _wants_answer(request))
    batch = Batch(expected, send)
    found = [_call_of(request, message, position, batch.add, send)
             for position, request in enumerate(value)]
    return [call for call in found if call is not None]


def _wants_answer(request: Any) -> bool:
    """Whether `_call_of` or the call itself will answer: all but notifications and answers."""
    if not isinstance(request, dict):
        return True
    return _fault_of(request) is not None or ("id" in request and not _is_answer(request))


def _is_answer(request: Any) -> bool:
    return "method" not in request and ("result" in request or "error" in request)


def _fault_of(request: Any) -> Optional[str]:
    if not isinstance(request, dict):
        return "a request is an object"
    if isinstance(request.get("method"), str) and request.get("jsonrpc") == "2.0":
        return None
    if _is_answer(request):
        return None
    if request.get("jsonrpc") != "2.0":
        return 'a request has the member "jsonrpc": "2.0"'
    return 'a request has a member "method", and it is a string'


def _call_of(request: Any, message: bytes, position: Optional[int], reply: Reply,
             notify: Reply) -> Optional[Call]:
    id_text: Optional[str] = None
    if isinstance(request, dict) and "id" in request:
        id_text = _id_text(request, message, position)
    fault = _fault_of(request)
    if fault is not None:
        reply(error_text(id_text or NO_ID, INVALID_REQUEST, fault))
        return None
    if "method" not in request:
        return None  # an answer: to answer it would go on for ever
    raw = message if position is None else None
    return Call(id_text, request["method"], request.get("params"), reply, notify, raw)
