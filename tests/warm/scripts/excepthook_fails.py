import sys
def hook(*_):
    raise OSError("worse")
sys.excepthook = hook
raise LookupError("x")
