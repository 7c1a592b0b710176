#!/usr/bin/env python3
"""Writes bytes that are no UTF-8 (and NULs) before its answers; the method bad answers with some
inside."""

from plain import requests, result, say

for request in requests():
    say(b"\xff\xfe caf\xe9 \x00\x00\n")
    if request["method"] == "bad":
        say(result(request.get("id"), "caf@").encode().replace(b"@", b"\xe9"))
    else:
        say(result(request.get("id"), request.get("params")))
