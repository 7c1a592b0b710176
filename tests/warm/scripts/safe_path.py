# options: -P
import sys
print(sys.flags.safe_path, [p for p in sys.path if "warm" in p])
