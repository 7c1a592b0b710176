def late():
    import decimal
    return decimal.Decimal("0.1") * 3
print(late())
import importlib
print(importlib.import_module("fractions").Fraction(1, 3), importlib.util.find_spec("csv").name)
importlib.reload(importlib.import_module("csv"))
