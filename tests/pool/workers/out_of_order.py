#!/usr/bin/env python3
"""Collects N requests (argument, default 2) and then answers them, the last one first."""

from plain import argument, requests, result, say

COUNT = argument(2)
waiting = []

for request in requests():
    waiting.append(request)
    if len(waiting) == COUNT:
        while waiting:
            last = waiting.pop()
            say(result(last.get("id"), last.get("params")))
