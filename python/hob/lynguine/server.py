"""`python -m hob.lynguine.server`: hobd, with the options of `python -m lynguine.server`."""

from __future__ import annotations

import os
import sys

from .._errors import ConnectionFailed
from ..server import await_ready, end, find_program


def _command(host: str, port: int, idle_timeout: float) -> list[str]:
    program = find_program("hobd")
    command = [program, "--host", host, "--port", str(port), "--socket", "none"]
    if idle_timeout > 0:
        command += ["--idle-timeout", f"{idle_timeout:.3f}".rstrip("0").rstrip(".")]
    return command


def start(host: str, port: int, idle_timeout: float = 0, timeout: float = 10.0) -> None:
    """Starts hobd in the working directory, and returns when it listens. It stays when this
    program ends. Of several that are started at once, those that are late end at once."""
    import subprocess
    import tempfile
    import threading
    import time
    deadline = time.monotonic() + timeout
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(_command(host, port, idle_timeout), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=errors, start_new_session=True)
        assert process.stdout is not None
        with process.stdout:
            url = await_ready(process, deadline)
        if url is not None:
            # Whenever it ends, somebody has to take notice.
            threading.Thread(target=process.wait, daemon=True).start()
            return
        end(process, 1.0)
        if not _answers(host, port, deadline):
            errors.seek(0)
            said = errors.read(4096).decode("utf-8", "replace").strip()
            raise ConnectionFailed(f"hobd did not start on {host}:{port}: {said or 'in time'}")


def _answers(host: str, port: int, deadline: float) -> bool:
    """Whether another server has the port. Between taking it and listening is a moment."""
    import socket
    import time
    for _ in range(20):
        try:
            left = max(deadline - time.monotonic(), 0.1)
            socket.create_connection((host, port), left).close()
            return True
        except OSError:
            time.sleep(0.01)
    return False


def main(words: list[str] | None = None) -> int:
    """Becomes hobd."""
    import argparse
    parser = argparse.ArgumentParser(prog="python -m lynguine.server",
                                     description="Serves what lynguine's server serves: hobd.")
    parser.add_argument("--host", default="127.0.0.1", help="listen on this address")
    parser.add_argument("--port", type=int, default=8765, help="listen on this port")
    parser.add_argument("--idle-timeout", type=float, default=0, metavar="SECONDS",
                        help="end after so long without a request; 0 is never")
    options, rest = parser.parse_known_args(words)
    try:
        command = _command(options.host, options.port, options.idle_timeout)
    except ConnectionFailed as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.flush()
    os.execv(command[0], command + rest)
    return 1


if __name__ == "__main__":
    sys.exit(main())
