#!/usr/bin/env python3
"""The method sized {bytes} answers with a line of exactly so many bytes, its line end not
counted."""

from plain import requests, result, say

for request in requests():
    number = request.get("id")
    if request["method"] != "sized":
        say(result(number, request.get("params")))
        continue
    empty = len(result(number, "").rstrip("\n"))
    say(result(number, "x" * max(0, request["params"]["bytes"] - empty)))
