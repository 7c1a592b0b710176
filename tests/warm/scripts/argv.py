# args: a 'b c' --flag=x -- -y
import sys
print(sys.argv, sys.orig_argv[1:], sys.path[0], len(sys.path))
