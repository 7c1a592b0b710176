#!/usr/bin/env python3
"""On the method close, answers, closes stdin, and stays: it will never read again."""

import os
import time

from plain import requests, result, say

for request in requests():
    say(result(request.get("id"), os.getpid()))
    if request["method"] == "close":
        os.close(0)
        time.sleep(3600)
