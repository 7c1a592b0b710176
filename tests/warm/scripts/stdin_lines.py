# stdin: one\r\ntwo\nthree
import sys
print([line for line in sys.stdin])
