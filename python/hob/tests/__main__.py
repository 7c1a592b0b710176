"""Runs all tests, or the files that a pattern names. A warning of an open file or socket, wherever
it appears, is a failure."""

import os
import sys
import unittest
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, PYTHON)


def main():
    warnings.simplefilter("error", ResourceWarning)
    unraisable = []
    sys.unraisablehook = lambda what: unraisable.append(what.exc_value)
    pattern = sys.argv[1] if len(sys.argv) > 1 else "test_*.py"
    suite = unittest.defaultTestLoader.discover(HERE, pattern, PYTHON)
    result = unittest.TextTestRunner(verbosity=1, warnings="error").run(suite)
    for _, reason in result.skipped:
        print("skipped:", reason)
    for warning in unraisable:
        print("left open:", repr(warning))
    return 0 if result.wasSuccessful() and not unraisable else 1


if __name__ == "__main__":
    sys.exit(main())
