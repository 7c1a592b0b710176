#!/usr/bin/env python3
"""On the method endless, writes a line on stdout that never ends (argument: stop after N MiB and
hang)."""

import time

from plain import argument, say, serve

MEBIBYTES = argument(0)


def endless(params):
    written = 0
    while not MEBIBYTES or written < MEBIBYTES:
        say(b"x" * (1 << 20))
        written += 1
    time.sleep(3600)


serve(endless=endless)
