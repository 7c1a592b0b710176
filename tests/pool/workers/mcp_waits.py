#!/usr/bin/env python3
"""An MCP server that works on several requests at once, and as the specification wants it answers
none that was cancelled. `wait` with [SEEN, GO] makes a file when it begins and answers when there is
another; `cancelled` counts; `sleep` keeps it from reading anything; `talk` with [SEEN, STEPS, TEXT] and
a progress token does not care: it notifies progress and messages, and answers at the end."""

import json
import os
import sys
import threading
import time

lock, cancelled = threading.Lock(), set()


def say(**message):
    with lock:
        print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def wait(number, seen, go):
    with open(seen, "w", encoding="ascii"):
        pass
    while not os.path.exists(go):
        if number in cancelled:
            return
        time.sleep(0.01)
    say(id=number, result={"pid": os.getpid()})


def talk(number, seen, steps, text, token):
    with open(seen, "w", encoding="ascii"):
        pass
    for step in range(steps):
        say(method="notifications/progress", params={"progressToken": token, "progress": step,
                                                     "message": text})
        say(method="notifications/message", params={"level": "info", "data": text})
        time.sleep(0.02)
    say(id=number, result={"for": text})


for line in sys.stdin:
    request = json.loads(line)
    number, method, params = request.get("id"), request["method"], request.get("params") or {}
    if method == "initialize":
        say(id=number, result={"protocolVersion": params["protocolVersion"], "capabilities": {},
                               "serverInfo": {"name": "waits", "version": "1"}})
    elif method == "wait":
        threading.Thread(target=wait, args=(number, *params), daemon=True).start()
    elif method == "talk":
        threading.Thread(target=talk, args=(number, *params["words"], params["_meta"]["progressToken"]),
                         daemon=True).start()
    elif method == "sleep":
        with open(params[0], "w", encoding="ascii"):
            pass
        time.sleep(1000)
    elif method == "notifications/cancelled":
        cancelled.add(params["requestId"])
    elif method == "cancelled":
        say(id=number, result={"pid": os.getpid(), "count": len(cancelled)})
    elif number is not None:
        say(id=number, result={})
