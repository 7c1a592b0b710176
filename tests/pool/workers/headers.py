#!/usr/bin/env python3
"""Content-Length framing. Each argument makes its headers odder: `case` (another spelling and
blanks), `more` (a Content-Type as well), `split` (a write per byte), `noise` (garbage between
the messages)."""

import json
import os
import sys

from plain import say

ODD = set(sys.argv[1:])


def read_message():
    length = None
    while True:
        line = sys.stdin.buffer.readline()
        if not line:
            return None
        if line in (b"\r\n", b"\n"):
            break
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    return json.loads(sys.stdin.buffer.read(length))


def write_message(message):
    body = json.dumps(message, ensure_ascii=False).encode()
    header = b"Content-Length: %d\r\n" % len(body)
    if "case" in ODD:
        header = b"CONTENT-length:%d  \r\n" % len(body)
    if "more" in ODD:
        header = b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n" + header
    if "noise" in ODD:
        header = b"this is no header\r\n" + header
    data = header + b"\r\n" + body
    for byte in (data if "split" in ODD else ()):
        say(bytes([byte]))
    if "split" not in ODD:
        say(data)


for request in iter(read_message, None):
    if request["method"] == "die":
        os._exit(1)
    if "id" in request:
        write_message({"jsonrpc": "2.0", "id": request["id"], "result": request.get("params")})
