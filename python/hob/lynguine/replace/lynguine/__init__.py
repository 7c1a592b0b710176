"""lynguine as it is installed, but for `lynguine.server`, which is hobd.

With the directory above this one first in PYTHONPATH, an unmodified lynguine client that starts
its server by `python -m lynguine.server` starts hobd. All other modules are lynguine's own.
"""

import os as _os
import sys as _sys
from importlib.machinery import PathFinder as _PathFinder

_here = _os.path.dirname(_os.path.abspath(__file__))
_rest = [place for place in _sys.path
         if _os.path.abspath(place or ".") != _os.path.dirname(_here)]
_spec = _PathFinder.find_spec("lynguine", _rest)

if _spec is not None and _spec.submodule_search_locations is not None:
    __path__ = [_here, *_spec.submodule_search_locations]
    # hobd needs nothing of lynguine, whose own imports take a second.
    if getattr(_sys, "orig_argv", [])[1:3] != ["-m", "lynguine.server"] and _spec.origin:
        __file__ = _spec.origin
        exec(_spec.loader.get_code("lynguine"), globals())
