import atexit, sys
atexit.register(lambda: print("handler", "__file__" in globals()))
sys.exit(5)
