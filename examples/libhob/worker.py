"""The smallest worker: JSON-RPC 2.0 requests on standard input, one a line, answers on standard
output. What is loaded before the loop is loaded once."""

import json
import os
import sys

METHODS = {
    "square": lambda number: number * number,
    "who": lambda: os.getpid(),
}

for line in sys.stdin:
    request = json.loads(line)
    answer = {"jsonrpc": "2.0", "id": request.get("id")}
    try:
        answer["result"] = METHODS[request["method"]](**request.get("params", {}))
    except Exception as problem:
        answer["error"] = {"code": -32000, "message": repr(problem)}
    print(json.dumps(answer), flush=True)
