import sys


class Finder:
    asked = []

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        cls.asked.append(name)
        if name == "bisect":
            raise ImportError("not today", name=name)


sys.meta_path.insert(0, Finder)
import csv
import json.decoder
try:
    import bisect
except ImportError as error:
    print(error)
sys.meta_path.append(Finder)
del sys.meta_path[0]
import fractions
print(Finder.asked)
