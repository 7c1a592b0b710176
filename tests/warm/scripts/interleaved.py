import sys
print("out 1")
print("err 1", file=sys.stderr)
print("out 2", flush=True)
print("err 2", file=sys.stderr)
sys.stdout.write("x" * 9000 + "\n")
print("err 3", file=sys.stderr)
raise KeyError("end")
