import os
try:
    os.wait()
except ChildProcessError as error:
    print(error)
pid = os.fork()
if pid == 0:
    os._exit(6)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
