"""A disk that can be full: a small file system of the run's own, or a limit where there can't be one.

With a mount namespace (root, or users who may have one) the run's folder is a tmpfs that nobody else
sees, which is filled by a file. Elsewhere the server's own limit on the size of files stands in for
it: writes then fail with EFBIG, all but those below the limit.
"""

import os
import resource
import subprocess
import sys

SIZE = 96 << 20
INSIDE = "HOB_SOAK_NAMESPACE"


def enter_namespace():
    """Executes this program again in a mount namespace, if that is possible and not yet so."""
    if os.environ.get(INSIDE) or not sys.platform.startswith("linux"):
        return
    for options in (["-m"], ["-r", "-m"]):
        command = ["unshare", *options, "--propagation", "private"]
        try:
            can = subprocess.run([*command, "mount", "-t", "tmpfs", "hob-soak", "/mnt"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, timeout=20, check=False).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            can = False
        if can:
            os.environ[INSIDE] = "1"
            os.execvp(command[0], [*command, sys.executable, *sys.argv])


class Disk:
    """What the server writes to. `how` says which way it is made full."""

    def __init__(self, folder):
        self.folder, self.full, self.count = folder, False, 0
        self.limited = None
        self.filler = os.path.join(folder, ".filler")
        self.how = "a limit on the size of files, because no file system can be mounted here"
        if os.environ.get(INSIDE):
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % SIZE, "hob-soak", folder],
                           check=True)
            self.how = "a tmpfs of %d MiB in a mount namespace of its own" % (SIZE >> 20)
        self.mounted = bool(os.environ.get(INSIDE))

    def fill(self, server):
        """From now on the server's writes fail."""
        self.full = True
        self.count += 1
        if not self.mounted:
            self.limited = server
            resource.prlimit(server, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
            return
        self.top_up()

    def top_up(self):
        """Takes what was given back meanwhile."""
        if not self.mounted:
            return
        with open(self.filler, "ab", buffering=0) as file:
            size = 1 << 20
            while size >= 1:
                try:
                    size = size if file.write(b"\0" * size) == size else size // 2
                except OSError:
                    size //= 2

    def free(self):
        if self.limited is not None:
            resource.prlimit(self.limited, resource.RLIMIT_FSIZE,
                             (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            self.limited = None
        elif self.full:
            os.unlink(self.filler)
        self.full = False

    def times_full(self):
        """To be given to was_full_since; a disk that is full now counts."""
        return self.count - 1 if self.full else self.count

    def was_full_since(self, count):
        return self.count > count

    def close(self):
        self.free()
        if self.mounted:
            subprocess.run(["umount", "-l", self.folder], check=True)
