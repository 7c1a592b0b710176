#!/usr/bin/env python3
"""Before each answer, sends answers to ids that nobody asked: unknown ones, null, and none at
all."""

from plain import requests, result, say

for request in requests():
    for number in (999999999, "nobody", None, -1, [request.get("id")]):
        say(result(number, "not for you"))
    say('{"jsonrpc": "2.0", "result": "without an id"}\n')
    say(result(request.get("id"), request.get("params")))
