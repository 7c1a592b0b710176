#!/usr/bin/env python3
"""Answers its first request and then never reads again: its pipe fills up."""

import time

from plain import requests, result, say

request = next(requests())
say(result(request.get("id"), request.get("params")))
time.sleep(3600)
