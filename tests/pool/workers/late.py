#!/usr/bin/env python3
"""Answers the method late {seconds} only after that time, cancelled or not: after its deadline."""

import time

from plain import serve


def late(params):
    time.sleep(params["seconds"])
    return params


serve(late=late)
