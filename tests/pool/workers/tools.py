"""The tools of execute_tool_daemon.py and execute_tool.py. No worker by itself."""

import json


def word_count(args):
    return {"words": len(args.get("text", "").split())}


def add(args):
    return {"sum": args["a"] + args["b"]}


TOOLS = {"word_count": word_count, "add": add, "echo": lambda args: args}


def execute(tool_name, args):
    """What a tool gives, as text: the same in a warm worker and in a process of its own."""
    tool = TOOLS.get(tool_name)
    if tool is None:
        outcome = {"success": False, "error": "Unknown tool: %s" % tool_name}
    else:
        try:
            outcome = {"success": True, "result": tool(args)}
        except Exception as fault:
            outcome = {"success": False, "error": "%s: %s" % (type(fault).__name__, fault)}
    return json.dumps(outcome, sort_keys=True)
