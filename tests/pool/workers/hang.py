#!/usr/bin/env python3
"""Never answers the method hang (it loops; `{"sleep": true}`: it sleeps); answers all others."""

import time

from plain import serve


def hang(params):
    while True:
        if (params or {}).get("sleep"):
            time.sleep(3600)


serve(hang=hang)
