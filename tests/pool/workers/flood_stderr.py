#!/usr/bin/env python3
"""Writes N MiB (argument, default 256) on stderr during each call of flood; {"newlines": false}:
as one line without an end."""

import os

from plain import argument, serve

MEBIBYTES = argument(256)


def flood(params):
    lines = (params or {}).get("newlines", True)
    block = b"0123456789abcde\n" * 65536 if lines else b"x" * (1 << 20)
    for _ in range(MEBIBYTES):
        rest = block
        while rest:
            rest = rest[os.write(2, rest):]
    return MEBIBYTES


serve(flood=flood)
