import sys

sys.path.clear()
for name in ("csv", "time", "argparse"):
    try:
        print(__import__(name).__name__)
    except ImportError as error:
        print(repr(error))
if len(sys.argv) > 9:
    import csv
    import argparse
