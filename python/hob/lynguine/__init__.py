"""lynguine's client, server mode and interfaces, on hob: change one import line.

    from lynguine.client import ServerClient          # before
    from hob.lynguine.client import ServerClient      # after

`python -m hob.lynguine` prints the directory that, first in PYTHONPATH, makes an unmodified
lynguine client start hobd in place of `python -m lynguine.server`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .client import ServerClient, Session
    from .interface import Interface, LynguineServer, ServerInterface

_HOMES = {"Interface": "interface", "LynguineServer": "interface", "ServerClient": "client",
          "ServerInterface": "interface", "Session": "client"}

__all__ = ["Interface", "LynguineServer", "ServerClient", "ServerInterface", "Session"]


def __getattr__(name: str) -> object:
    from .. import _load
    return _load(__name__, _HOMES, name)
