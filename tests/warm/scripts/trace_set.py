import sys
lines = []
def trace(frame, event, arg):
    lines.append((frame.f_code.co_name, event))
    return trace
sys.settrace(trace)
def f():
    return 1
f()
sys.settrace(None)
print(lines)
