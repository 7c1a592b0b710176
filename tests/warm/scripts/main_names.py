print(__name__, __file__, __doc__, __package__, __spec__, __cached__, type(__loader__).__name__)
print(__builtins__, list(globals()), __annotations__, __loader__.path, __loader__.name)
