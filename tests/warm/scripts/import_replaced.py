import sys
import types

fake = sys.modules["bisect"] = types.ModuleType("bisect")
fake.bisect = fake.bisect_left = fake.bisect_right = fake.insort = "fake"
sys.modules["colorsys"] = None
try:
    import colorsys
except ImportError as error:
    print(error)
import bisect
import statistics
print(bisect.insort, statistics.bisect_left)
