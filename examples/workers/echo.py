#!/usr/bin/env python3
"""A worker without a kit: answers each line with the parameters it came with."""

import json
import sys

for line in sys.stdin:
    request = json.loads(line)
    if "id" not in request:
        continue  # a notification: nobody waits for an answer
    if request["method"] == "ping":
        answer = {"result": "pong"}
    elif request["method"] == "echo":
        answer = {"result": request.get("params")}
    else:
        answer = {"error": {"code": -32601, "message": f"there is no method {request['method']}"}}
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer}), flush=True)
