# env: LC_ALL= LANG= LC_CTYPE=
import os, sys
print(sys.stdout.encoding, sys.stdout.errors, os.environ.get("LC_CTYPE"), list(os.environ)[-3:])
