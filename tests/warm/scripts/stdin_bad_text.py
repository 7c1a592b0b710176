# stdin: \xff\xfe
import sys
print(repr(sys.stdin.read()))
