#!/usr/bin/env python3
"""A bridge as services have it: method execute_tool, params {tool_name, args}; the result is a
text, the same that execute_tool.py prints for the same tool and arguments."""

from plain import serve
from tools import execute

serve(execute_tool=lambda params: execute(params["tool_name"], params.get("args") or {}))
