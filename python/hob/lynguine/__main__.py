"""Prints the directory for PYTHONPATH in which `lynguine.server` is hobd."""

import os

print(os.path.join(os.path.dirname(os.path.abspath(__file__)), "replace"))
