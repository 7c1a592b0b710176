# options: -u
import sys
sys.stdout.write("out ")
sys.stderr.write("err ")
sys.stdout.write("out again")
print(sys.stdout.write_through, type(sys.stdout.buffer).__name__)
