"""hob's Python client: tables, sessions and warm workers of a hob server.

    import hob

    with hob.Client() as client:
        table = client.read("grants.csv")
        for row in table:
            print(row["title"])
        frame = table.to_pandas()

Needs the standard library only; pandas where frames are asked for. Names are loaded when they are
first used, so that `import hob` costs about a millisecond.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._errors import (BusyError, CallTimedOut, ConnectionFailed, DeadlineExceeded, Error,
                          InterfaceNotFound, InternalError, InvalidKey, InvalidType, InvalidValue,
                          LibraryMissing, NotAllowed, NotFound, NotSupported, PoolBusy, RPCError,
                          TooLarge)
    from .client import Client
    from .server import Server
    from .session import Session
    from .table import Table

__version__ = "0.1.0"

__all__ = ["BusyError", "CallTimedOut", "Client", "ConnectionFailed", "DeadlineExceeded", "Error",
           "InterfaceNotFound", "InternalError", "InvalidKey", "InvalidType", "InvalidValue",
           "LibraryMissing", "NotAllowed", "NotFound", "NotSupported", "PoolBusy", "RPCError",
           "Server", "Session", "Table", "TooLarge", "__version__"]

_HOMES = {name: "_errors" for name in __all__ if not name.startswith("__")}
_HOMES.update(Client="client", Server="server", Session="session", Table="table")


def _load(package: str, homes: dict[str, str], name: str) -> object:
    """What `name` of the package is, from the module that it lives in."""
    home = homes.get(name)
    if home is None:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    import importlib
    import sys
    value = getattr(importlib.import_module("." + home, package), name)
    setattr(sys.modules[package], name, value)
    return value


def __getattr__(name: str) -> object:
    return _load(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
