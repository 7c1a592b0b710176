# close: 1
import sys
print("nowhere", sys.stdout)
sys.stderr.write(repr(sys.stdout))
