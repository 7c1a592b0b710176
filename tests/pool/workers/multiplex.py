#!/usr/bin/env python3
"""Serves N requests (argument, default 4) at once, in threads: echo, pid, sleep {seconds}, die;
answers come as they are ready. `$/cancelRequest` ends a sleep with the error -32800; `most`
tells how many ran at once."""

import os
import threading

from plain import argument, error, requests, result, say

slots = threading.Semaphore(argument(4))
lock = threading.Lock()
cancelled = {}
state = {"running": 0, "most": 0}


def run(request):
    number, params = request.get("id"), request.get("params") or {}
    with slots:
        with lock:
            state["running"] += 1
            state["most"] = max(state["most"], state["running"])
        answer = answer_of(request["method"], number, params)
        with lock:
            state["running"] -= 1
            cancelled.pop(number, None)
            say(answer)


def answer_of(method, number, params):
    if method == "sleep":
        if cancelled[number].wait(params["seconds"]):
            return error(number, -32800, "cancelled")
        return result(number, params["seconds"])
    if method == "die":
        os._exit(1)
    return result(number, {"pid": os.getpid(), "most": state["most"]}.get(method, params))


for request in requests():
    if request["method"] == "$/cancelRequest":
        with lock:
            event = cancelled.get(request["params"]["id"])
        if event:
            event.set()
    elif "id" in request:
        with lock:
            cancelled[request["id"]] = threading.Event()
        threading.Thread(target=run, args=(request,)).start()
