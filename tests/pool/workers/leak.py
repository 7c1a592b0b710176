#!/usr/bin/env python3
"""Keeps N MiB more (argument, default 16) with each call of leak, and answers how much it has
kept."""

from plain import argument, serve

MEBIBYTES = argument(16)
kept = []


def leak(params):
    kept.append(b"x" * (MEBIBYTES << 20))
    return len(kept) * MEBIBYTES


serve(leak=leak)
