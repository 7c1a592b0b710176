"""Scripts that were compiled ahead: what every cold run of a script does anew.

A run tells the zygote which script it had to compile; when there is time the zygote compiles it, too,
and the children that are forked from then on have the code. It is used only while the file is as it
was (device, inode, size, times of modification and change, in nanoseconds), and kept only if the
compiler had nothing to say, for a cold run would say it again.
"""
import posix
import stat
import sys
import time
import _io
import _warnings

LARGEST_SCRIPT = 1 << 17
MOST_SCRIPTS = 64
SETTLED_NS = 50_000_000   # a file that was written later may be written again at the same time


def identity_of(facts):
    return (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mode, facts.st_mtime_ns,
            facts.st_ctime_ns)


class Scripts:
    def __init__(self):
        self.known = {}     # name -> (identity, code, or None where it is not to be kept)
        self.wishes = []

    def code_of(self, name):
        """None when it is to be compiled."""
        known = self.known.get(name)
        if known is None or known[1] is None:
            return None
        try:
            return known[1] if identity_of(posix.stat(name)) == known[0] else None
        except OSError:
            return None

    def wish(self, name):
        if name not in self.wishes and len(self.wishes) < MOST_SCRIPTS:
            self.wishes.append(name)

    def compile_one(self):
        """Whether there is code now that was not there before."""
        name = self.wishes.pop(0)
        try:
            before = posix.stat(name)
            identity = identity_of(before)
            if self.known.get(name, (None,))[0] == identity:
                return False
            latest = max(before.st_mtime_ns, before.st_ctime_ns)
            if not stat.S_ISREG(before.st_mode) or before.st_size > LARGEST_SCRIPT or \
                    time.time_ns() - latest < SETTLED_NS:
                return False
            with _io.open(name, "rb") as file:
                source = file.read(LARGEST_SCRIPT + 1)
            if identity_of(posix.stat(name)) != identity:
                return False
        except OSError:
            return False
        if len(self.known) >= MOST_SCRIPTS:
            self.known.pop(next(iter(self.known)))
        code = compile_quietly(source, name)
        self.known[name] = identity, code
        return code is not None


def compile_quietly(source, name):
    """None when it does not compile, or not without a warning."""
    filters, module = _warnings.filters, sys.modules.get("warnings")
    if getattr(module, "filters", filters) is not filters:
        return None
    filters.insert(0, ("error", None, Warning, None, 0))
    try:
        return compile(source, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, Warning, MemoryError, RecursionError):
        return None
    finally:
        del filters[0]


scripts = Scripts()
