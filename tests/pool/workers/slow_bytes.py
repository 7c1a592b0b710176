#!/usr/bin/env python3
"""Writes each answer one byte at a time."""

import time

from plain import requests, result, say

for request in requests():
    for byte in result(request.get("id"), request.get("params")).encode():
        say(bytes([byte]))
        time.sleep(0.0005)
