"""Runs all tests. A warning of an open file or socket, wherever it appears, is a failure."""

import os
import sys
import unittest
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(os.path.dirname(HERE)))


def main():
    warnings.simplefilter("error", ResourceWarning)
    unraisable = []
    sys.unraisablehook = lambda what: unraisable.append(what.exc_value)
    names = ["hob.tests." + name[:-3] for name in sorted(os.listdir(HERE))
             if name.startswith("test_")]
    suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:] or names)
    result = unittest.TextTestRunner(verbosity=1, warnings="error").run(suite)
    for _, reason in result.skipped:
        print("skipped:", reason)
    for warning in unraisable:
        print("left open:", repr(warning))
    return 0 if result.wasSuccessful() and not unraisable else 1


if __name__ == "__main__":
    sys.exit(main())
