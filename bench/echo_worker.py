"""The plainest worker there is: answers each request with its parameters."""
import json
import sys

for line in sys.stdin:
    request = json.loads(line)
    answer = {"jsonrpc": "2.0", "id": request.get("id"), "result": request.get("params")}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
