# options: -X dev
import sys
print(sys.flags.dev_mode, sys.flags.utf8_mode)
f = open("/dev/null")
del f
