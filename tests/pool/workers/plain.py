"""What the fault workers share: a loop over lines, and answers. No worker by itself."""

import json
import os
import sys


def say(text):
    """Writes to stdout, past all buffers."""
    data = text.encode() if isinstance(text, str) else text
    while data:
        data = data[os.write(1, data):]


def result(number, value):
    return json.dumps({"jsonrpc": "2.0", "id": number, "result": value}) + "\n"


def error(number, code, message):
    return json.dumps({"jsonrpc": "2.0", "id": number,
                       "error": {"code": code, "message": message}}) + "\n"


def requests():
    """The requests as they come; a line is read when it is there, not when a buffer is full."""
    for line in iter(sys.stdin.readline, ""):
        if line.strip():
            yield json.loads(line)


def serve(**methods):
    """Answers each request with what its method returns; `echo`, `pid` and `ping` are always there.
    A method takes the params. Methods may write what they want before they return; one that returns
    None has answered by itself, or doesn't answer."""
    methods = {"echo": lambda params: params, "pid": lambda params: os.getpid(),
               "ping": lambda params: "pong", **methods}
    for request in requests():
        method = methods.get(request["method"])
        if method is None:
            answer = error(request.get("id"), -32601, "no method " + request["method"])
        else:
            value = method(request.get("params"))
            answer = "" if value is None else result(request.get("id"), value)
        if "id" in request:
            say(answer)


def argument(default):
    """The first argument of the program, as the type of the default."""
    return type(default)(sys.argv[1]) if len(sys.argv) > 1 else default
