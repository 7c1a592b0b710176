# env: A1=1
import posix, os
print(posix.environ is os.environ._data, os.getenv("A1"), os.environ.get("NOPE"))
