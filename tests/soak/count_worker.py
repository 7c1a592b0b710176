#!/usr/bin/env python3
"""A worker that writes down each call before it answers: a line with the call's number.

    count_worker.py FILE
"""

import json
import os
import sys
import time

log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
for line in sys.stdin:
    request = json.loads(line)
    parameters = request.get("params") or {}
    if "number" in parameters:
        os.write(log, b"%s\n" % parameters["number"].encode())
    time.sleep(parameters.get("seconds", 0))
    for step in range(parameters.get("progress", 0)):
        print(json.dumps({"jsonrpc": "2.0", "method": "$/progress",
                          "params": {"id": request.get("id"), "step": step}}), flush=True)
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": parameters}), flush=True)
