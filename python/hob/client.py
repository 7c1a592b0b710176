"""Client: one server, from the side of a program.

What only requests need is imported when the first client is made, and not with this module.
"""

from __future__ import annotations

import itertools
import os

from . import _address, _errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Mapping, Sequence, Union

    from ._transport import Answer
    from .session import Session
    from .table import Table

    Path = Union[str, "os.PathLike[str]"]
    Names = Union[Path, Sequence[Path], None]

_ARROW = "application/vnd.apache.arrow.stream"
_FORMS = {"arrow": {"Accept": f"{_ARROW}, application/json;q=0.5"},
          "json": {"Accept": "application/json"}}
# Seconds for the answer that a call took too long.
_GRACE = 1.0


class Place:
    """Where a client's server is, and where the client itself is."""

    def __init__(self, server: str | None, directory: Path | None, api_key: str | None) -> None:
        self.server = server
        self.directory = os.path.abspath(directory) if directory is not None else None
        self.api_key = api_key or os.environ.get("HOB_API_KEY")
        self.named = bool(server or os.environ.get("HOB_SERVER")
                          or os.environ.get("LYNGUINE_SERVER_HOST"))
        """Whether somebody said which server; else it is whoever listens where one is usual."""

    def locate(self) -> _address.Address:
        """The server, looked for anew."""
        return _address.find(self.server)

    def may_start(self) -> bool:
        """Whether a server may be started where nobody says so."""
        wish = os.environ.get("HOB_AUTOSTART", "1").lower()
        return not self.named and wish not in ("0", "off", "false", "no")

    def start(self) -> _address.Address:
        """Starts one; where it is."""
        from .server import start_daemon
        start_daemon()
        return self.locate()

    def headers(self, address: _address.Address) -> dict[str, str | bytes]:
        """What every request carries."""
        headers: dict[str, str | bytes] = {"Accept": "application/json", "User-Agent": "hob-python"}
        if self.api_key and (self.named or address.own):
            headers["Authorization"] = "Bearer " + self.api_key
        if address.own:
            # The own server reads where its client works; a header holds no line end.
            base = os.fsencode(self.directory or os.getcwd())
            if b"\n" not in base and b"\r" not in base:
                headers["X-Hob-Directory"] = base
        return headers


class Client:
    """Talks to a hob server (or lynguine's). May be shared by threads, and used after a fork.

        with Client() as client:
            table = client.read("grants.csv")

    Errors are hob.Error, and the builtin exception that fits: FileNotFoundError, ValueError...
    """

    def __init__(self, server: str | None = None, *, timeout: float | None = 30.0,
                 retries: int = 3, retry_delay: float = 0.05, autostart: bool | None = None,
                 directory: Path | None = None, api_key: str | None = None) -> None:
        """`server`: `http://host:port`, `https://host`, or `unix:/path`; by default HOB_SERVER,
        LYNGUINE_SERVER_HOST, the user's own socket, or port 8765 of this machine.
        `timeout`: seconds that one request may take as a whole, retries included; None: no limit.
        `autostart`: start the user's own server when there is none; by default only where no
        server was named, and HOB_AUTOSTART is not 0.
        `directory`: what relative paths start from, if not the working directory.
        `api_key`: sent as a bearer token to a server that was named; by default HOB_API_KEY.
        """
        import weakref

        from ._transport import Transport
        self._timeout = timeout
        self._numbers = itertools.count(1)
        self._place = place = self._new_place(server, directory, api_key)
        if autostart is None:
            autostart = place.may_start()
        # Nothing of the transport leads back to the client, so that it ends with the client.
        self._transport = transport = Transport(
            place.locate, retries=retries, delay=retry_delay, headers=place.headers,
            start=place.start if autostart else None)
        self._closer = weakref.finalize(self, transport.close)

    def _new_place(self, server: str | None, directory: Path | None,
                   api_key: str | None) -> Place:
        return Place(server, directory, api_key)

    # ---- life ----

    def close(self) -> None:
        """Closes the connections. The client cannot be used afterwards."""
        self._closer()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *ignored: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<hob.Client {self.server}>"

    @property
    def server(self) -> str:
        """Where the server is: a URL, or `unix:` and a path."""
        return self._transport.address.url

    # ---- requests ----

    def request(self, method: str, path: str, body: object = None, *, safe: bool | None = None,
                timeout: float | None = None,
                headers: Mapping[str, str] | None = None) -> Answer:
        """Any request of the HTTP API; raises what the server answers as an error. `safe`: doing
        it twice does no harm (by default, that of GET)."""
        from . import _data
        if safe is None:
            safe = method in ("GET", "HEAD")
        answer = self._transport.request(
            method, path, None if body is None else _data.encode(body), safe=safe,
            timeout=self._timeout if timeout is None else timeout,
            headers=headers)
        if answer.status >= 400:
            of_interface = isinstance(body, dict) and "interface_file" in body
            raise _errors.from_answer(answer.status, _json_or_none(answer), f"{method} {path}",
                                      of_interface)
        return answer

    def _ask(self, method: str, path: str, body: object = None, *, safe: bool | None = None,
             timeout: float | None = None) -> Any:
        """The same, of which the answer is a JSON object."""
        answer = self.request(method, path, body, safe=safe, timeout=timeout)
        content = _json_or_none(answer)
        if not isinstance(content, dict):
            raise _errors.ConnectionFailed(
                f"{method} {path}: {self.server} answered something other than a JSON object",
                hint="see whether that is a hob server")
        if content.get("status") == "error":
            raise _errors.from_answer(answer.status, content, f"{method} {path}")
        return content

    def _base(self, directory: Path | None) -> str | None:
        """What relative paths of one request start from."""
        if directory is None:
            return self._place.directory
        return os.path.join(self._place.directory or os.getcwd(), os.fspath(directory))

    # ---- the server ----

    def ping(self) -> bool:
        """Whether a server answers."""
        try:
            return bool(self._ask("GET", "/api/ping").get("status") == "ok")
        except (_errors.ConnectionFailed, _errors.DeadlineExceeded, _errors.BusyError):
            return False

    def health(self) -> dict[str, Any]:
        """Which server this is, and its version."""
        return dict(self._ask("GET", "/api/health"))

    def status(self) -> dict[str, Any]:
        """Its routes, memory, uptime and caches."""
        return dict(self._ask("GET", "/api/status"))

    # ---- tables ----

    def read(self, source: Path | Mapping[str, Any] | Sequence[Path] | None = None, *,
             directory: Path | None = None, field: str | None = None, type: str | None = None,
             index: Any = None, timeout: float | None = None, form: str = "arrow",
             **options: Any) -> Table:
        """Reads a table.

        `source` is a file, whose format its ending tells, or `type`; an interface file (.yml,
        .yaml; several: the first that exists; None: _lynguine.yml), whose input is read, or its
        section `field`; or a mapping: a data source or an interface. `directory` is what relative
        paths start from. `options` are further keys of the data source: delimiter, sheet...
        `index` is the column that frames have as their index. `form`: arrow or json on the wire.
        """
        body, none = self._read_request(source, directory, field, type, options)
        if index is None and isinstance(body.get("data_source"), dict):
            index = body["data_source"].get("index")
        return self.read_body(body, index=index, none=none, timeout=timeout, form=form)

    def read_body(self, body: Mapping[str, Any], *, index: Any = None, none: bool = False,
                  timeout: float | None = None, form: str = "arrow") -> Table:
        """The same for a request that is made already, as the HTTP API has it. `none`: what is
        missing in frames is None and not NaN."""
        if form not in _FORMS:
            raise _errors.InvalidValue(f"no form {form!r}", hint="use arrow or json")
        answer = self.request("POST", "/api/read_data", body, safe=True, timeout=timeout,
                              headers=_FORMS[form])
        return self._table(answer, index, none)

    def _read_request(self, source: Any, directory: Path | None, field: str | None,
                      type: str | None, options: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """The body of a request, and whether pandas has None where cells are missing."""
        from . import _data
        base, address = self._base(directory), self._transport.address
        if hasattr(source, "keys"):
            content = dict(source, **options)
            if type is not None:
                content["type"] = type
            if "input" in content or "inherit" in content:
                return {"config": content}, False
            return {"data_source": _data.source(content, base, address)}, _data.has_none(content)
        if type is None and not options and _is_interface(source):
            body = self._interface_request(source, directory)
            if field is not None:
                body["interface_field"] = field
            return body, False
        content = {"type": type or "auto", "filename": source, **options}
        return {"data_source": _data.source(content, base, address)}, _data.has_none(content)

    def _interface_request(self, interface_file: Any, directory: Path | None) -> dict[str, Any]:
        """Names stay as they are, because several are looked for in one directory."""
        from . import _data
        address = self._transport.address
        names: Any
        if interface_file is None or isinstance(interface_file, (str, os.PathLike)):
            names = None if interface_file is None else os.fspath(interface_file)
        else:
            names = [os.fspath(name) for name in interface_file]
        body = {"interface_file": names}
        if isinstance(names, str) and os.path.isabs(names):
            body["directory"], body["interface_file"] = os.path.split(names)
        elif address.is_local:
            body["directory"] = _data.place(".", self._base(directory), address)
        elif directory is not None:
            body["directory"] = os.fspath(directory)
        return body

    def _table(self, answer: Answer, index: Any = None, none: bool = False) -> Table:
        from .table import Table
        if answer.type == _ARROW:
            return Table.from_arrow(answer.body, index=index, none=none)
        content = _json_or_none(answer)
        if not isinstance(content, dict):
            raise _errors.ConnectionFailed(f"{self.server} answered {answer.type or 'something'} "
                                           "where a table was meant")
        if content.get("status") == "error":
            raise _errors.from_answer(answer.status, content, "reading a table")
        return Table.from_json(content.get("data", content.get("result")), index=index, none=none)

    def write(self, data: Any, output: Path | Mapping[str, Any], *, type: str | None = None,
              directory: Path | None = None, timeout: float | None = None, **options: Any) -> str:
        """Writes a table (a Table, a DataFrame, a list of mappings, a mapping of lists) to a file,
        which is replaced as a whole or not at all; returns what the server says of it. `output`
        is a path, whose ending tells the format unless `type` does, or a mapping as interface
        files have it."""
        from . import _data
        if isinstance(output, (str, os.PathLike)):
            content = {"type": type or _output_type(os.fspath(output)), "filename": output}
        else:
            content = dict(output)
        content.update(options)
        base, address = self._base(directory), self._transport.address
        body = {"data": _data.columns_and_records(data),
                "output": _data.source(content, base, address)}
        return str(self._ask("POST", "/api/write_data", body, timeout=timeout).get("message", ""))

    def compute(self, operation: str, data: Any = None, params: Mapping[str, Any] | None = None, *,
                interface_file: Names = None, directory: Path | None = None,
                timeout: float | None = None) -> Table | None:
        """Calls a compute function for each row of a table, given as `data` or by an interface.
        None where there was nothing to compute on."""
        from . import _data
        body: dict[str, Any] = {"operation": operation, "params": dict(params or {})}
        if data is not None:
            body["data"] = _data.columns_and_records(data)
        elif interface_file is not None:
            body.update(self._interface_request(interface_file, directory))
        else:
            self._ask("POST", "/api/compute", body, safe=True, timeout=timeout)
            return None
        answer = self.request("POST", "/api/compute", body, safe=True, timeout=timeout,
                              headers=_FORMS["arrow"])
        return self._table(answer, none=True)

    # ---- fields ----

    def interface_field(self, field: str, interface_file: Names = None, *,
                        directory: Path | None = None, timeout: float | None = None) -> Any:
        """A field of an interface file, with what it inherits; None when it is not there."""
        body = self._interface_request(interface_file, directory)
        return self._ask("POST", "/api/interface/read", dict(body, field=field), safe=True,
                         timeout=timeout).get("value")

    def talk_field(self, field: str, markdown_file: Path, config_files: Names = None, *,
                   directory: Path | None = None, timeout: float | None = None) -> Any:
        """A field of a talk, from its front matter or else a config file; "" when it is not
        there."""
        from . import _data
        base, address = self._base(directory), self._transport.address
        body: dict[str, Any] = {"field": field,
                                "markdown_file": _data.place(markdown_file, base, address)}
        if config_files is not None:
            names = [config_files] if isinstance(config_files, (str, os.PathLike)) \
                else config_files
            body["config_files"] = [_data.place(name, base, address) for name in names]
        return self._ask("POST", "/api/talk/field", body, safe=True, timeout=timeout).get("value")

    # ---- sessions ----

    def create_session(self, interface_file: Path, directory: Path | None = None,
                       interface_field: str | None = None,
                       timeout: float | None = None) -> Session:
        """Opens a table to walk, read and edit. `timeout`: seconds after which the server ends it
        when nobody uses it (default 3600); 0: never."""
        from .session import Session
        body = self._interface_request(interface_file, directory)
        if interface_field is not None:
            body["interface_field"] = interface_field
        if timeout is not None:
            body["timeout"] = timeout
        return Session(self, self._ask("POST", "/api/sessions", body)["session"])

    def get_session(self, session_id: str) -> Session:
        """A session that is open; InvalidKey when there is none of that id."""
        from .session import Session
        content = self._ask("GET", "/api/sessions/" + _segment(session_id))
        return Session(self, content["session"])

    def list_sessions(self) -> list[dict[str, Any]]:
        """What the server tells of each session that is open."""
        return list(self._ask("GET", "/api/sessions")["sessions"])

    # ---- workers ----

    def pools(self) -> Any:
        """The pools of workers, and how they are."""
        content = self._ask("GET", "/api/pools")
        return content.get("pools", content)

    def call(self, pool: str, method: str, params: Any = None, *, timeout: float | None = None,
             idempotent: bool = False) -> Any:
        """Calls a method of a worker of the pool; returns its result, raises RPCError with its
        error. `timeout`: seconds until the server gives the call up (CallTimedOut). `idempotent`:
        it may be called again when the connection breaks or the worker dies."""
        message = self._message(method, params)
        content = self._rpc(pool, message, timeout, idempotent)
        if not isinstance(content, dict) or content.get("id") not in (message["id"], None):
            raise _errors.ConnectionFailed(f"the pool {pool!r} gave no answer to this call")
        return _result(content, pool)

    def batch(self, pool: str, calls: Iterable[tuple[str, Any] | Mapping[str, Any]], *,
              timeout: float | None = None, idempotent: bool = False) -> list[Any]:
        """Several calls in one request: (method, params), or mappings with these keys. Returns
        the results in the order of the calls; in the place of one that failed is its RPCError."""
        messages = [self._message(*call) if isinstance(call, tuple)
                    else self._message(call["method"], call.get("params")) for call in calls]
        if not messages:
            return []
        content = self._rpc(pool, messages, timeout, idempotent)
        if isinstance(content, dict) and content.get("error") is not None:
            _result(content, pool)
        answers = {answer.get("id"): answer for answer in content if isinstance(answer, dict)} \
            if isinstance(content, list) else {}
        return [_result_or_error(answers.get(message["id"]), pool) for message in messages]

    def _message(self, method: str, params: Any = None) -> dict[str, Any]:
        message = {"jsonrpc": "2.0", "id": next(self._numbers), "method": method}
        if params is not None:
            message["params"] = params
        return message

    def _rpc(self, pool: str, message: object, timeout: float | None, safe: bool) -> Any:
        """The server ends the call in time, and can say more of it than that there was no answer;
        so it is waited for a little longer."""
        timeout = self._timeout if timeout is None else timeout
        headers = {"X-Hob-Idempotent": "true"} if safe else {}
        if timeout is not None:
            headers["X-Hob-Timeout"] = f"{max(int(timeout * 1000), 1)}ms"
            timeout += _GRACE
        answer = self.request("POST", "/api/rpc/" + _segment(pool), message, safe=safe,
                              timeout=timeout, headers=headers)
        return _json_or_none(answer)


def _result(answer: Mapping[str, Any], pool: str) -> Any:
    error = answer.get("error")
    if isinstance(error, dict):
        raise _errors.from_rpc(error)
    if "result" not in answer:
        raise _errors.ConnectionFailed(f"the pool {pool!r} answered neither result nor error")
    return answer["result"]


def _result_or_error(answer: Mapping[str, Any] | None, pool: str) -> Any:
    if answer is None:
        return _errors.RPCError(f"the pool {pool!r} gave no answer to this call")
    try:
        return _result(answer, pool)
    except _errors.Error as error:
        return error


def _segment(name: str) -> str:
    """A name as a part of a path."""
    from urllib.parse import quote
    return quote(name, safe="")


def _json_or_none(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _is_interface(source: Any) -> bool:
    if source is None or not isinstance(source, (str, os.PathLike)):
        return True
    return os.fspath(source).lower().endswith((".yml", ".yaml"))


def _output_type(path: str) -> str:
    """Outputs have no type `auto`."""
    endings = {".csv": "csv", ".json": "json", ".yml": "yaml", ".yaml": "yaml", ".bib": "bibtex",
               ".xlsx": "excel", ".md": "markdown", ".ndjson": "ndjson", ".jsonl": "ndjson",
               ".arrows": "arrow"}
    ending = os.path.splitext(path)[1].lower()
    if ending not in endings:
        raise _errors.InvalidValue(f"cannot tell the format of {path!r} by its ending",
                                   hint="say it with type=: csv, json, yaml, excel...")
    return endings[ending]
