import sys
print(sys.flags, sys.warnoptions, sys._xoptions, sys.executable, sys.prefix, sys.base_prefix)
print(sys.getdefaultencoding(), sys.getfilesystemencoding(), sys.getswitchinterval(), sys.getrecursionlimit())
