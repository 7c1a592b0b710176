#!/usr/bin/env python3
"""Answers in batches: collects N requests (argument, default 2) and answers with one array."""

import json

from plain import argument, requests, say

COUNT = argument(2)
waiting = []

for request in requests():
    waiting.append({"jsonrpc": "2.0", "id": request.get("id"), "result": request.get("params")})
    if len(waiting) == COUNT:
        say(json.dumps(waiting) + "\n")
        waiting = []
