# env: PYTHONUTF8=1 WORD=grün
import os, sys
print(os.environ["WORD"], sys.flags.utf8_mode)
