#!/usr/bin/env python3
"""An MCP server that keeps to the specification: until it hears notifications/initialized it answers
nothing but ping, and a second `initialize` begins anew. `who` says who initialized it, and how often;
`wait` with [SEEN, GO] makes a file when it begins and answers when there is another. With an argument,
its version is what that file holds; it refuses to be initialized when that is nothing."""

import json
import os
import sys
import time

state, client, times, version = "new", None, 0, "1"
if len(sys.argv) > 1:
    with open(sys.argv[1], encoding="ascii") as file:
        version = file.read()


def say(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def initialize(number, params):
    global state, client, times
    if not version:
        say(id=number, error={"code": -32602, "message": "not today"})
        return
    state, client, times = "initializing", params["clientInfo"]["name"], times + 1
    say(id=number, result={"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                           "serverInfo": {"name": "strict", "version": version},
                           "instructions": "Call who."})


for line in sys.stdin:
    request = json.loads(line)
    number, method, params = request.get("id"), request["method"], request.get("params") or {}
    if method == "initialize":
        initialize(number, params)
    elif method == "notifications/initialized":
        state = "ready"
    elif method == "ping":
        say(id=number, result={})
    elif number is not None and state != "ready":
        say(id=number, error={"code": -32602, "message": "a request before initialization was complete"})
    elif method == "wait":
        with open(params[0], "w", encoding="ascii"):
            pass
        while not os.path.exists(params[1]):
            time.sleep(0.01)
        say(id=number, result="waited")
    elif number is not None:
        say(id=number, result={"client": client, "times": times})
