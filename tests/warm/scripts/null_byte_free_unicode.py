# -*- coding: latin-1 -*-
print("ascii only here", ascii("é"))
