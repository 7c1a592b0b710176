#!/usr/bin/env python3
"""Behaves well: echo, pid, ping, sleep {seconds}, counter (calls so far), die {status} or
{signal}."""

import os
import time

from plain import serve

calls = 0


def sleep(params):
    time.sleep(params["seconds"])
    return params["seconds"]


def counter(params):
    global calls
    calls += 1
    return calls


def die(params):
    params = params or {}
    if "signal" in params:
        os.kill(os.getpid(), params["signal"])
    os._exit(params.get("status", 1))


serve(sleep=sleep, counter=counter, die=die)
