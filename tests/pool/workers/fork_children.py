#!/usr/bin/env python3
"""The method fork {count} starts processes that would outlive it (ignoring SIGTERM and SIGHUP,
holding stdout and stderr open) and answers with their pids; {"setsid": true} puts them into
sessions of their own; {"wait": true} does not answer but notifies `pids` and goes on running."""

import json
import os
import signal
import time

from plain import say, serve


def child(own_session):
    if own_session:
        os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    time.sleep(3600)
    os._exit(0)


def fork(params):
    params = params or {}
    pids = []
    for _ in range(params.get("count", 2)):
        pid = os.fork()
        if pid == 0:
            child(params.get("setsid", False))
        pids.append(pid)
    if params.get("wait"):
        say(json.dumps({"jsonrpc": "2.0", "method": "pids", "params": pids}) + "\n")
        time.sleep(3600)
    return pids


serve(fork=fork)
