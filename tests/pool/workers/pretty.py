#!/usr/bin/env python3
"""Prints JSON over several lines, and blank lines, before each answer, as a debugging print
does."""

import json

from plain import say, serve


def echo(params):
    say(json.dumps({"debug": {"params": params, "list": [1, 2]}}, indent=2) + "\n\n\r\n  \n")
    return params


serve(echo=echo)
