"""Beside the scripts: what a program loads from its own folder."""
import sys

value = 42


def caller():
    return sys._getframe(1).f_globals["__name__"]
