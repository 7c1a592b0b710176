import os
import sys

os.makedirs("vendored/decimal")
for name, text in (("csv", "where = 'vendored'"), ("decimal/__init__", "from decimal.part import Decimal"),
                   ("decimal/part", "class Decimal:\n    pass")):
    with open("vendored/%s.py" % name, "w", encoding="utf-8") as file:
        file.write(text + "\n")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.abspath("vendored"))
import csv
import fractions
import json
print(csv.where, csv.__file__ == os.path.abspath("vendored/csv.py"))
print(fractions.Decimal.__module__)
sys.path.pop(0)
import decimal
import csv
print(decimal.Decimal.__module__, csv.where)
