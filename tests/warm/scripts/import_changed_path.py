import sys, os
os.mkdir("lib")
with open("lib/only_here.py", "w") as f:
    f.write("print('loaded from lib'); x = 5\n")
sys.path.insert(0, os.path.abspath("lib"))
sys.dont_write_bytecode = True
import only_here
print(only_here.x)
