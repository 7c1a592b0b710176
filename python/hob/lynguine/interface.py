"""The documented ways to read an interface: by itself, with a server when there is one, or with a
server that is started for it.

    Interface.from_file("config.yml").read()
    ServerInterface.from_file("config.yml", server_url="https://tables", api_key="...").read()
    with LynguineServer() as server:
        server.read("file1.yml")

Paths are relative to the working directory of the program.
"""

from __future__ import annotations

import os

from .._errors import InvalidKey
from ..client import Client
from .client import frame, server_url as _server_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence, Union

    from ..server import Server
    Names = Union[str, Sequence[str], None]


_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


def _wish(use_server: bool | None) -> bool | None:
    """Whether a server is to be used; None: when there is one."""
    if use_server is not None:
        return use_server
    for name in ("LYNGUINE_USE_SERVER", "LAMD_USE_SERVER"):
        value = os.environ.get(name, "").strip().lower()
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
    return None


def _named(given: str | None) -> str | None:
    """The server that the program or the environment names, or None."""
    if given:
        return given
    return os.environ.get("LAMD_SERVER_URL") or None


class Interface:
    """An interface file, whose input can be read and whose fields can be asked for."""

    def __init__(self, user_file: Names = None, directory: str = ".", field: str | None = None, *,
                 use_server: bool | None = None, server_url: str | None = None,
                 api_key: str | None = None, timeout: float = 30.0) -> None:
        self.user_file = user_file
        self.directory = directory
        self.field = field
        self._use_server = use_server
        self._server_url = server_url
        self._api_key = api_key
        self._timeout = timeout

    @classmethod
    def from_file(cls, user_file: Names = None, directory: str = ".", field: str | None = None, *,
                  use_server: bool | None = None, server_url: str | None = None,
                  api_key: str | None = None, timeout: float = 30.0) -> Interface:
        """`user_file`: a name, or names of which the first that exists is taken.

        `use_server`: True: ask a server, and fail without one; False: let a process of this
        program's own read, which ends afterwards; None: as LYNGUINE_USE_SERVER or LAMD_USE_SERVER
        say, else the server when there is one.
        `server_url`: by default LAMD_SERVER_URL, or as hob.Client finds it."""
        return cls(user_file, directory, field, use_server=use_server, server_url=server_url,
                   api_key=api_key, timeout=timeout)

    def read(self) -> Any:
        """What the interface describes, as a DataFrame (a hob.Table without pandas)."""
        return frame(self._ask(lambda client: client.read(
            self.user_file, directory=self.directory, field=self.field)))

    def get(self, field: str, default: Any = None) -> Any:
        """A field of the interface, with what it inherits."""
        value = self._ask(lambda client: client.interface_field(field, self.user_file,
                                                                directory=self.directory))
        return default if value is None else value

    def __getitem__(self, field: str) -> Any:
        value = self.get(field)
        if value is None:
            raise InvalidKey(f"the interface {self.user_file!r} has no field {field!r}")
        return value

    def _client(self, autostart: bool | None) -> Client:
        return Client(_named(self._server_url), api_key=self._api_key, timeout=self._timeout,
                      autostart=autostart)

    def _ask(self, ask: Callable[[Client], Any]) -> Any:
        wish = _wish(self._use_server)
        if wish is True:
            with self._client(None) as client:
                return ask(client)
        if wish is None:
            with self._client(False) as client:
                if client.ping():
                    return ask(client)
        from ..server import Server
        with Server(roots=[self.directory]) as server:
            return ask(server.client)


class ServerInterface(Interface):
    """An interface that a server reads."""

    @classmethod
    def from_file(cls, user_file: Names = None, directory: str = ".", field: str | None = None, *,
                  use_server: bool | None = True, server_url: str | None = None,
                  api_key: str | None = None, timeout: float = 30.0) -> ServerInterface:
        """As Interface.from_file; without a server it fails."""
        return cls(user_file, directory, field, use_server=use_server, server_url=server_url,
                   api_key=api_key, timeout=timeout)


class LynguineServer:
    """A server for the length of a `with`: the one that is named, else one of the program's own."""

    def __init__(self, server_url: str | None = None, *, directory: str = ".",
                 api_key: str | None = None, timeout: float = 30.0) -> None:
        """`directory`: what the own server serves, and what paths are relative to."""
        self._directory = directory
        self._api_key = api_key
        self._timeout = timeout
        named = _named(server_url) or os.environ.get("LYNGUINE_SERVER_HOST")
        self._url = _server_url(named) if named else None
        self._server: Server | None = None
        self._client: Client | None = None

    @property
    def server_url(self) -> str:
        """Where it listens."""
        return self._server.url if self._server is not None else self._url or ""

    def start(self) -> LynguineServer:
        """Starts it; `with` does so by itself."""
        from ..server import Server
        server = self._url
        if server is None:
            self._server = Server(self._directory).start()
            server = "unix:" + self._server.socket
        self._client = Client(server, api_key=self._api_key, timeout=self._timeout,
                              directory=self._directory)
        return self

    def stop(self) -> None:
        """Ends it, if it is the program's own."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> LynguineServer:
        return self.start()

    def __exit__(self, *ignored: object) -> None:
        self.stop()

    def read(self, interface_file: Names = None, directory: str = ".",
             interface_field: str | None = None) -> Any:
        """The input of an interface, or a file of data, as a DataFrame."""
        if self._client is None:
            self.start()
        assert self._client is not None
        return frame(self._client.read(interface_file, directory=directory,
                                       field=interface_field))
