# stdin: \x00\x01abc
import sys
print(sys.stdin.buffer.read())
