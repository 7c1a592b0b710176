#!/usr/bin/env python3
"""A small MCP server on stdio: refuses all but initialize and ping until it had initialize and
notifications/initialized; tools/list; tools/call of `add` and of `count`, which notifies
progress when the call has a progressToken."""

import json

from plain import error, requests, result, say

VERSION = "2024-11-05"
NUMBERS = {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
           "required": ["a", "b"]}
COUNT = {"type": "object", "properties": {"to": {"type": "integer"}}, "required": ["to"]}
TOOLS = [{"name": "add", "description": "Adds two numbers.", "inputSchema": NUMBERS},
         {"name": "count", "description": "Counts, and tells how far it is.", "inputSchema": COUNT}]


def text(value):
    return {"content": [{"type": "text", "text": value}], "isError": False}


def call(params):
    name, arguments = params["name"], params.get("arguments", {})
    if name == "add":
        return text(str(arguments["a"] + arguments["b"]))
    token = params.get("_meta", {}).get("progressToken")
    for step in range(1, arguments["to"] + 1):
        if token is not None:
            progress = {"progressToken": token, "progress": step, "total": arguments["to"]}
            say(json.dumps({"jsonrpc": "2.0", "method": "notifications/progress",
                            "params": progress}) + "\n")
    return text("counted to %d" % arguments["to"])


def answer(request, ready):
    number, method, params = request["id"], request["method"], request.get("params") or {}
    if method == "initialize":
        return result(number, {"protocolVersion": VERSION, "capabilities": {"tools": {}},
                               "serverInfo": {"name": "mcp_server", "version": "1.0"}})
    if method == "ping":
        return result(number, {})
    if not ready:
        return error(number, -32002, "the server is not initialized")
    if method == "tools/list":
        return result(number, {"tools": TOOLS})
    if method == "tools/call":
        if params.get("name") not in {tool["name"] for tool in TOOLS}:
            return error(number, -32602, "Unknown tool: %s" % params.get("name"))
        return result(number, call(params))
    return error(number, -32601, "Method not found: %s" % method)


greeted = ready = False
for request in requests():
    if "id" in request:
        say(answer(request, ready))
        greeted = greeted or request["method"] == "initialize"
    elif request["method"] == "notifications/initialized":
        ready = greeted
