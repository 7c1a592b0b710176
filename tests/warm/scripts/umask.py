# umask: 077
import os
open("private", "w").close()
print(oct(os.stat("private").st_mode), oct(os.umask(0)))
