#!/usr/bin/env python3
"""Writes N lines of garbage (argument, default 100000) on stdout before each answer of flood."""

from plain import argument, say, serve

LINES = argument(100000)


def flood(params):
    for _ in range(LINES // 1000):
        say("this is no message\n" * 1000)
    return LINES


serve(flood=flood)
