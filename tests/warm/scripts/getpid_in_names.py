import os, tempfile
name = "pid-%s" % (os.getpid() == os.getpid())
open(name, "w").close()
print(os.path.basename(os.getcwd()) != "", os.getppid() > 0)
