"""Where a server is: what may be said about it, and where to look when nothing is said.

In this order: what the program says; HOB_SERVER; LYNGUINE_SERVER_HOST, as an explicit wish; the
user's own unix socket; port 8765 of this machine.
"""

from __future__ import annotations

import os
import stat

from ._errors import InvalidValue, NotAllowed

DEFAULT_PORT = 8765
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Address:
    """A place to connect to: a unix socket, or a host and port with or without TLS."""

    __slots__ = ("host", "path", "port", "tls", "own")

    def __init__(self, *, path: str | None = None, host: str = "", port: int = DEFAULT_PORT,
                 tls: bool = False) -> None:
        self.path = path
        self.host = host
        self.port = port
        self.tls = tls
        self.own = False
        """Whether it is a socket of this user, as seen when it was connected to."""

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine, so that absolute paths mean the same to both."""
        return self.path is not None or self.host in _LOOPBACK or self.host.startswith("127.")

    @property
    def url(self) -> str:
        if self.path is not None:
            return "unix:" + self.path
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def __repr__(self) -> str:
        return f"Address({self.url!r})"


def _port(text: str, said: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 65536:
        raise InvalidValue(f"cannot tell a server from {said!r}: {text!r} is no port",
                           hint="write it as http://host:8765")
    return int(text)


def parse(said: str) -> Address:
    """`http://host:port`, `https://host`, `host:port`, `host`, `unix:/path` or `/path`."""
    text = said.strip()
    if text.startswith("unix:"):
        text = text[5:]
        text = text[2:] if text.startswith("//") else text
        return Address(path=text)
    if text.startswith(("/", "./", "../")):
        return Address(path=os.path.abspath(text))
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "http", text
    host_port, slash, tail = rest.partition("/")
    if scheme not in ("http", "https") or tail.strip("/") or "@" in host_port:
        raise InvalidValue(f"cannot tell a server from {said!r}",
                           hint="write it as http://host:8765, or unix:/path/to/hobd.sock")
    if host_port.startswith("["):
        host, bracket, after = host_port[1:].partition("]")
        port = after[1:] if after.startswith(":") else ""
        bad = not bracket or (after and not after.startswith(":"))
    else:
        host, _, port = host_port.partition(":")
        bad = False
    if bad or not host or any(c.isspace() for c in host):
        raise InvalidValue(f"cannot tell a server from {said!r}: it names no host",
                           hint="write it as http://host:8765")
    usual = 443 if scheme == "https" else DEFAULT_PORT
    return Address(host=host, port=_port(port, said) if port else usual, tls=scheme == "https")


def runtime_directory() -> str:
    """Where the user's own server has its socket; as hobd chooses it."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and given.startswith("/"):
        try:
            own = os.stat(given).st_uid == os.geteuid()
        except OSError:
            own = True
        if own:
            return os.path.join(given, "hob")
    return f"/tmp/hob-{os.geteuid()}"


def own_socket() -> str | None:
    """The user's own socket if it is there; NotAllowed where somebody else could be behind it."""
    if not hasattr(os, "getuid"):
        return None
    directory = runtime_directory()
    path = os.path.join(directory, "hobd.sock")
    try:
        place = os.lstat(directory)
        door = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISDIR(place.st_mode) or place.st_uid != os.getuid() or place.st_mode & 0o077:
        raise NotAllowed(f"will not use {path}: its directory is not this user's alone",
                         hint=f"see whose {directory} is; it must be a directory of mode 0700")
    if not stat.S_ISSOCK(door.st_mode) or door.st_uid != os.getuid():
        raise NotAllowed(f"will not use {path}: it is not a socket of this user",
                         hint="remove it, or name the server with HOB_SERVER")
    return path


def find(said: str | None = None) -> Address:
    """The server to talk to; see the top of this file."""
    said = said or os.environ.get("HOB_SERVER") or os.environ.get("LYNGUINE_SERVER_HOST")
    if said:
        return parse(said)
    path = own_socket()
    if path is not None:
        return Address(path=path)
    return Address(host="127.0.0.1")
