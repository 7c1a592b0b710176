#!/usr/bin/env python3
"""Ignores SIGTERM, and the end of stdin too: only SIGKILL ends it."""

import signal
import time

from plain import serve

signal.signal(signal.SIGTERM, signal.SIG_IGN)
serve()
while True:
    time.sleep(3600)
