# options: -W default
import warnings
def old():
    warnings.warn("old thing", DeprecationWarning, stacklevel=2)
old()
warnings.warn("user thing")
