#!/usr/bin/env python3
"""On the method half, writes half of its answer and exits with status 7."""

import os

from plain import say, serve


def half(params):
    say('{"jsonrpc": "2.0", "id": 1, "res')
    os._exit(7)


serve(half=half)
