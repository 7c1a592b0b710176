"""What has to hold after each round, when all is at rest.

    writes       what was answered is there, also after kill -9   (told by the scenarios)
    answers      each request has one answer, the right one        (told by the scenarios)
    calls        a worker sees a call once                         (scenario_pools.Counts)
    memory       the server's private bytes are what they were
    descriptors  and so is the number of its descriptors
    orphans      no process is left that belongs to nobody
    files        no temporary file is left, none is half written

What is compared of memory are private bytes (Private_Clean and Private_Dirty of
/proc/PID/smaps_rollup): memory that the server alone is the reason for. Memory that was freed but that
the allocator keeps is among them. It is no leak, and there is a bound to it, which a first round
reaches; so a round is compared with a first one of the same server.
"""

import os
import pathlib
import re
import time

from harness import wait_for
from link import Violation
from world import SANITIZED, parent_of

MEGABYTE = 1 << 20
# What the allocator may keep beyond what it kept after the first round, which is too short in a short
# run to reach the bound.
MOST_MEMORY = 6 * MEGABYTE
# Of clients that left in the middle of a head libmicrohttpd overlooks a few: it sees them when their
# time is over. What is left of those in the other states has to be as it was.
MOST_CLOSED = 32
CLOSED = "TCP, closed by the client"


def private_bytes(pid):
    text = pathlib.Path("/proc/%d/smaps_rollup" % pid).read_text(encoding="ascii")
    return sum(map(int, re.findall(r"^Private_\w+:\s+(\d+) kB", text, re.M))) * 1024


STATES = {"01": "established", "08": CLOSED[5:], "0A": "listens"}


def tcp_sockets():
    """The state of each TCP socket, by its inode."""
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9]: STATES.get(row[3], row[3]) for row in rows}


def descriptors(pid):
    """What each descriptor is: for the message of a difference."""
    place, sockets = "/proc/%d/fd" % pid, tcp_sockets()
    names = []
    for name in os.listdir(place):
        try:
            what = os.readlink(os.path.join(place, name))
        except OSError:
            continue
        inode = re.sub(r"\D", "", what)
        names.append("TCP, " + sockets[inode] if what.startswith("socket") and inode in sockets
                     else re.sub(r"\d+", "N", what))
    return sorted(names)


def at_rest(world):
    """Private bytes and descriptors of the server when nobody uses it."""
    pid, seen = world.process.pid, []
    if world.process.poll() is not None:
        raise Violation("answers", "the server ended by itself, with status %d: %s" % (
            world.process.returncode, world.log()[-2000:]))

    def settled():
        time.sleep(0.2)
        seen.append((private_bytes(pid), len(descriptors(pid))))
        return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]
    try:
        wait_for(settled, "the server to come to rest")
    except AssertionError:
        pass    # something goes on all the time: what was seen last tells
    return seen[-1][0], descriptors(pid)


class Flat:
    """Memory and descriptors of one server, against what they were after its first round."""

    def __init__(self):
        self.life, self.memory, self.descriptors, self.growth = None, 0, [], 0

    def check(self, world, kind):
        memory, now = at_rest(world)
        closed = now.count(CLOSED)
        now = [name for name in now if name != CLOSED]
        if kind == "first" or self.life != world.life:
            self.life, self.memory, self.descriptors = world.life, memory, now
            return "memory %d kB, %d descriptors" % (memory // 1024, len(now))
        self.growth = memory - self.memory
        told = "memory %+d kB, descriptors %+d" % (self.growth // 1024,
                                                   len(now) - len(self.descriptors))
        if len(now) > len(self.descriptors) or closed > MOST_CLOSED:
            more = list(now)
            for name in self.descriptors:
                if name in more:
                    more.remove(name)
            world.report(Violation("descriptors", "%s, %d that clients have closed: %s" % (
                told, closed, more[:20])))
        if kind == "steady" and not SANITIZED and self.growth > MOST_MEMORY:
            world.report(Violation("memory", told))
        return told


def descends_from(pid, roots):
    while pid > 1:
        if pid in roots:
            return True
        try:
            pid = parent_of(pid)
        except OSError:
            return False
    return False


def no_orphans(world, ended):
    """All processes of the run belong to the server, or to a zygote that is known; none if it ended."""
    left = []

    def none():
        roots = set() if ended else {world.process.pid, *world.zygotes()}
        left[:] = [pid for pid in world.processes() if not descends_from(pid, roots)]
        return not left
    try:
        wait_for(none, "processes to end")
    except AssertionError:
        what = []
        for pid in left:
            try:
                words = pathlib.Path("/proc/%d/cmdline" % pid).read_bytes().replace(b"\0", b" ")
            except OSError:
                continue
            what.append("%d %s" % (pid, words[:200].decode("utf-8", "replace")))
        world.report(Violation("orphans", "; ".join(what)))


def no_left_files(world, killed, ended):
    """A server that is killed may leave the file that it was writing; no other leaves any."""
    left = []
    for place, _, names in os.walk(world.safe):
        for name in names:
            path = os.path.join(place, name)
            if name.endswith(".tmp"):
                if killed:
                    os.unlink(path)
                else:
                    left.append(path)
            if ended and name == "s":
                left.append(path)
    if left:
        world.report(Violation("files", "left behind: %s" % left[:20]))
