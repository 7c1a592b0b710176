# env: FOO=bar LANGUAGE=de EMPTY=
import os
skip = {"_", "PWD", "OLDPWD", "SHLVL"}
print([(k, v) for k, v in os.environ.items() if k not in skip])
print([k for k in os.environb if os.fsdecode(k) not in skip] == [os.fsencode(k) for k in os.environ if k not in skip])
os.environ["ADDED"] = "1"
os.system("echo $ADDED $FOO; env | cut -d= -f1 | grep -v '^_$\|PWD\|SHLVL'")
