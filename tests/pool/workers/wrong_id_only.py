#!/usr/bin/env python3
"""Answers only with an id that is not the one of the request (it is the next one)."""

from plain import requests, result, say

for request in requests():
    number = request.get("id")
    say(result(number + 1 if isinstance(number, int) else "other", request.get("params")))
