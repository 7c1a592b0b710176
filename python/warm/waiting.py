"""What the zygote holds of a child and its client, and what it asks the system of them."""
import os
import posix
import sys
import _io
import _signal
import _socket
import select


class Waiting:
    """A child, from its fork until it is reaped: first a spare, then a run."""
    __slots__ = "control", "connection", "pid", "deadline", "stopped"

    def __init__(self, control, pid):
        self.control, self.pid = control, pid
        self.connection = self.deadline = None
        self.stopped = None  # the pidfd of a client that was told that its run has stopped

    def tell(self, letter, number):
        if self.connection is None:
            return
        try:
            self.connection.send(letter + b"\0\0\0" + number.to_bytes(4, "little", signed=True),
                                 _socket.MSG_DONTWAIT | _socket.MSG_NOSIGNAL)
        except OSError:
            pass  # the client is gone; poll says so too

    def tell_stop(self, number):
        """The client stops too, and hears of nothing until it is continued."""
        if self.connection is None:
            return
        if self.stopped is None:
            try:
                self.stopped = os.pidfd_open(peer_of(self.connection)[0])
            except OSError:
                pass  # nobody is there to wake, or they have to be woken by others
        self.tell(b"S", number)

    def wake_client(self):
        """The run goes on, or has ended, and not because somebody has continued the client."""
        if self.stopped is None:
            return
        try:
            if self.connection is not None and is_stopped(peer_of(self.connection)[0]):
                _signal.pidfd_send_signal(self.stopped, _signal.SIGCONT)
        except OSError:
            pass
        posix.close(self.stopped)
        self.stopped = None


def is_stopped(pid):
    with _io.open("/proc/%d/stat" % pid, "rb") as file:
        return file.read().rpartition(b") ")[2][:1] == b"T"


def has_ended(pid):
    """Also of a process that cannot be reaped yet, because somebody traces it."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError as error:
        return isinstance(error, ProcessLookupError)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    ended = bool(poll.poll(0))
    posix.close(descriptor)
    return ended


def peer_of(connection):
    """Process and user."""
    facts = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
    return tuple(int.from_bytes(facts[at:at + 4], sys.byteorder) for at in (0, 4))


def is_own_user(connection):
    return peer_of(connection)[1] == posix.geteuid()
