# limits: NOFILE=200 CORE=0
import resource
for name in ("RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_STACK", "RLIMIT_AS", "RLIMIT_NPROC"):
    print(name, resource.getrlimit(getattr(resource, name)))
