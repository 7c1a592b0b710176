#!/usr/bin/env python3
"""Writes a message on stderr and exits with status 3 before it reads anything; with a path as its
argument it crashes only while that file exists."""

import os
import sys

from plain import argument, serve

path = argument("")
if not path or os.path.exists(path):
    print("crash_at_start: the model file is missing", file=sys.stderr, flush=True)
    sys.exit(3)
serve()
