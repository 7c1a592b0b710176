#!/usr/bin/env python3
"""On the method close, closes stdout without an answer, and stays."""

import os
import time

from plain import serve


def close(params):
    os.close(1)
    time.sleep(3600)


serve(close=close)
