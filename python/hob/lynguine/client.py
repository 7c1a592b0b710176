"""The names and signatures of lynguine.client.

As there, relative paths in requests over HTTP are relative to the server's directory. Tables come
as pandas' DataFrames; where pandas is not installed, as hob.Table. Errors are hob.Error, which are
also the builtin exceptions that their types name.
"""

from __future__ import annotations

import os

from .. import _address
from ..client import Client, Place
from ..session import Session as _Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping, Sequence, Union

    from ..client import Path
    from ..table import Table
    Names = Union[str, Sequence[str], None]

DEFAULT_URL = "http://127.0.0.1:8765"


def server_url(given: str | None = None) -> str:
    """The server that is meant: the one given, unless that is the default and the environment
    names another."""
    if given and given.rstrip("/") != DEFAULT_URL:
        return given.rstrip("/")
    for name in ("LAMD_SERVER_URL", "LYNGUINE_SERVER_HOST", "HOB_SERVER"):
        if os.environ.get(name):
            return _address.parse(os.environ[name]).url
    return DEFAULT_URL


def frame(table: Table) -> Any:
    """A DataFrame where pandas is installed, else the table itself."""
    import importlib.util
    return table if importlib.util.find_spec("pandas") is None else table.to_pandas()


class Session(_Session):
    """As hob.Session; series come as frames."""

    def get_subseries(self) -> Any:
        """All entries of the row in focus."""
        return frame(super().get_subseries())

    def close(self) -> None:
        """Ends the session."""
        self.delete()

    def __enter__(self) -> Session:
        return self


class _Place(Place):
    """Starts hobd where lynguine's client would start lynguine's server."""

    def __init__(self, server: str | None, directory: Path | None, api_key: str | None,
                 idle_timeout: float) -> None:
        super().__init__(server, directory, api_key)
        self.idle_timeout = idle_timeout

    def start(self) -> _address.Address:
        from .server import start
        address = self.locate()
        start(address.host, address.port, self.idle_timeout)
        return address


class _Client(Client):
    """A client that starts such a server."""

    def __init__(self, url: str, idle_timeout: float, **options: Any) -> None:
        self._idle_timeout = idle_timeout
        super().__init__(url, **options)

    def _new_place(self, server: str | None, directory: Path | None,
                   api_key: str | None) -> Place:
        return _Place(server, directory, api_key, self._idle_timeout)


class ServerClient:
    """lynguine.client.ServerClient, on hob's connections."""

    def __init__(self, server_url: str = DEFAULT_URL, timeout: float = 30.0,
                 auto_start: bool = False, idle_timeout: int = 0, max_retries: int = 3,
                 retry_delay: float = 1.0, *, api_key: str | None = None) -> None:
        """`auto_start`: start hobd there when nothing answers; it ends by itself after
        `idle_timeout` seconds without a request (0: never). `max_retries` and `retry_delay`: how
        often, and after how many seconds, what is safe is tried again."""
        self.server_url = _resolve(server_url)
        self.timeout = timeout
        self.auto_start = auto_start
        self.idle_timeout = idle_timeout
        self.max_retries = max_retries
        self.retry_delay = retry_delay
        can_start = auto_start and not self.server_url.startswith(("unix:", "https:"))
        self._client = _Client(self.server_url, idle_timeout, timeout=timeout,
                               retries=max_retries, retry_delay=retry_delay, autostart=can_start,
                               api_key=api_key)

    # ---- life ----

    def close(self) -> None:
        """Closes the connections; a server that was started stays."""
        self._client.close()

    def __enter__(self) -> ServerClient:
        return self

    def __exit__(self, *ignored: object) -> None:
        self.close()

    # ---- the server ----

    def ping(self) -> bool:
        """Whether a server answers."""
        return self._client.ping()

    def health_check(self) -> dict[str, Any]:
        """Which server this is, and its version."""
        return self._client.health()

    # ---- tables ----

    def read_data(self, interface_file: Names = None, directory: str = ".",
                  interface_field: str | None = None,
                  data_source: Mapping[str, Any] | None = None) -> Any:
        """Reads the input of an interface, or a data source, as a DataFrame."""
        from .. import _data
        body: dict[str, Any]
        if data_source is not None and interface_file is None:
            body = {"data_source": dict(data_source)}
        else:
            body = {"interface_file": interface_file, "directory": directory}
            if interface_field is not None:
                body["interface_field"] = interface_field
        none = _data.has_none(data_source) if data_source else False
        return frame(self._client.read_body(body, none=none))

    def write_data(self, data: Any, output: Mapping[str, Any]) -> dict[str, Any]:
        """Writes a DataFrame, or records, as `output` says; what the server answers."""
        from .. import _data
        body = {"data": _data.columns_and_records(data), "output": dict(output)}
        return dict(self._client.request("POST", "/api/write_data", body).json())

    def compute(self, operation: str, data: Any = None,
                params: Mapping[str, Any] | None = None) -> Any:
        """Calls a compute function for each row; a DataFrame, or None without data."""
        table = self._client.compute(operation, data, params)
        return None if table is None else frame(table)

    # ---- fields ----

    def extract_talk_field(self, field: str, markdown_file: str,
                           config_files: Sequence[str] | None = None) -> Any:
        """A field of a talk; "" when it is not there."""
        body: dict[str, Any] = {"field": field, "markdown_file": markdown_file}
        if config_files is not None:
            body["config_files"] = list(config_files)
        return self._client.request("POST", "/api/talk/field", body, safe=True).json()["value"]

    def read_interface_field(self, field: str, interface_file: Names = None,
                             directory: str = ".") -> Any:
        """A field of an interface; None when it is not there."""
        body = {"field": field, "interface_file": interface_file, "directory": directory}
        return self._client.request("POST", "/api/interface/read", body, safe=True).json()["value"]

    # ---- sessions ----

    def create_session(self, interface_file: str, directory: str = ".",
                       interface_field: str | None = None, timeout: float = 3600) -> Session:
        """Opens a session, which the server ends after `timeout` seconds without use."""
        body: dict[str, Any] = {"interface_file": interface_file, "directory": directory,
                                "timeout": timeout}
        if interface_field is not None:
            body["interface_field"] = interface_field
        return Session(self._client,
                       self._client.request("POST", "/api/sessions", body).json()["session"])

    def list_sessions(self) -> list[dict[str, Any]]:
        """What the server tells of each session that is open."""
        return self._client.list_sessions()

    def get_session(self, session_id: str) -> Session:
        """A session that is open."""
        return Session(self._client, self._client.get_session(session_id).info())


_resolve = server_url
