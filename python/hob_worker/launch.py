"""What `python3 -m hob_worker` found on its command line, for the `run` of the script it starts."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple


class Launch:
    """Set up once, before the script runs; `run` reads it."""

    def __init__(self) -> None:
        self.options: Dict[str, Any] = {}
        self.streams: Optional[Tuple[int, int]] = None
        self.started = False


_launch = Launch()


def configure(options: Dict[str, Any], streams: Tuple[int, int]) -> None:
    """What the command line says goes before what the script says. The streams are given away."""
    _launch.options = {name: value for name, value in options.items() if value is not None}
    _launch.streams = streams


def merged(**options: Any) -> Dict[str, Any]:
    return {**options, **_launch.options}


def streams() -> Optional[Tuple[int, int]]:
    """The private descriptors for the protocol, if they were claimed already; only once."""
    found, _launch.streams = _launch.streams, None
    return found


def started() -> None:
    _launch.started = True


def was_started() -> bool:
    """Whether the script called `run`."""
    return _launch.started
