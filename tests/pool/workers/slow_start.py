#!/usr/bin/env python3
"""Needs N seconds (argument, default 5) before it reads its first request."""

import time

from plain import argument, serve

time.sleep(argument(5.0))
serve()
