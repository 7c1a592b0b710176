#!/usr/bin/env python3
"""Answers every request twice: the second time with another result, `"again"`."""

from plain import requests, result, say

for request in requests():
    say(result(request.get("id"), request.get("params")))
    say(result(request.get("id"), "again"))
