#!/usr/bin/env python3
"""Before each answer, prints lines of valid JSON that are no JSON-RPC: numbers, lists, other
objects, an answer with neither result nor error, one with both, one of version 1.0."""

from plain import requests, result, say

for request in requests():
    number = request.get("id", 0)
    for line in ('1', '"text"', 'null', '[]', '[1, 2]', '{}', '{"id": %s}', '{"result": 1}',
                 '{"level": "info", "message": "starting"}', '{"jsonrpc": "2.0", "id": %s}',
                 '{"jsonrpc": "2.0", "method": 7}'):
        say((line % number if "%s" in line else line) + "\n")
    say(result(request.get("id"), request.get("params")))
