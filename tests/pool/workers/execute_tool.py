#!/usr/bin/env python3
"""One process per call: execute_tool.py TOOL ARGS_JSON prints the outcome, without a line end;
it fails with status 2 when it is called in another way."""

import json
import sys

from tools import execute

try:
    tool, text = sys.argv[1:]
    arguments = json.loads(text)
except ValueError as fault:
    print("usage: execute_tool.py TOOL ARGS_JSON (%s)" % fault, file=sys.stderr)
    sys.exit(2)
sys.stdout.write(execute(tool, arguments))
