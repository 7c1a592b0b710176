"""hobd, in place of lynguine's own server."""

import os
import sys

if __name__ == "__main__":
    try:
        import hob.lynguine.server
    except ImportError:  # hob is where this file is, and not installed
        here = os.path.dirname(os.path.abspath(__file__))
        sys.path.append(os.path.normpath(os.path.join(here, *[os.pardir] * 4)))
        import hob.lynguine.server
    sys.exit(hob.lynguine.server.main())
