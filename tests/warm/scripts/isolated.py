# options: -I
import sys
print(sys.path[0].endswith("scripts"), sys.flags.isolated, sys.flags.safe_path)
