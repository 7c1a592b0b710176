# close: 2
import sys
print(sys.stderr)
raise ValueError("not seen")
