# close: 0
import sys, os
print(sys.stdin, os.open("/dev/null", os.O_RDONLY))
