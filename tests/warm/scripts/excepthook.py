import sys
def hook(kind, value, trace):
    print("hook", kind.__name__, value, trace.tb_lineno, trace.tb_frame.f_back, sys.exc_info())
sys.excepthook = hook
raise LookupError("x")
