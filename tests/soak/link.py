"""One connection of a scenario: each request gets exactly one answer, or there is a reason why not.

What a scenario may meet, and nothing else:

- an Answer;
- Interrupted: the server was killed while the request was under way. Whether it was done is open.
- Refused: the disk was full while the request was under way, and the answer is an error of the
  server's. Whether it was done is told by the documentation of what was asked.

Everything else that is not an answer is a Violation.
"""

import http.client
import json
import select

from harness import Connection

# What a connection does whose other end dies.
LOST = (ConnectionError, http.client.HTTPException, AssertionError, TimeoutError, OSError)


class Interrupted(Exception):
    """The server was killed before it answered."""


class Refused(Exception):
    """The server said that it could not, while its disk was full."""


class Violation(Exception):
    """A promise was broken; `invariant` names which."""

    def __init__(self, invariant, detail):
        super().__init__("%s: %s" % (invariant, detail))
        self.invariant, self.detail = invariant, detail


class Link:
    def __init__(self, world):
        self.world, self.connection, self.life = world, None, None

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    def close(self):
        if self.connection is not None:
            self.expect_silence(self.connection)
            self.drop()

    def drop(self):
        """Closes the connection in whatever state it is."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def open(self):
        """A connection to the server that runs now; waits for one."""
        while True:
            life = self.world.wait_until_up()
            try:
                connection = Connection(self.world.address())
            except LOST as reason:
                self.excuse(life, "cannot connect", reason)
                continue
            self.life = life
            return connection

    def excuse(self, life, what, reason):
        """Returns when the server of that life was killed; else nobody has a right to fail."""
        if not self.world.was_killed(life):
            raise Violation("answers", "%s: %r" % (what, reason)) from reason

    def expect_silence(self, connection):
        """An answer that nobody has asked for is one too many."""
        more = connection.pending
        if not more and select.select([connection.socket], [], [], 0)[0]:
            try:
                more = connection.socket.recv(65536)
            except OSError:
                return
        if more:
            raise Violation("answers", "a second answer: %r" % more[:300])

    def ask(self, method, path, body=None, headers=None):
        if self.connection is None:
            self.connection = self.open()
        self.expect_silence(self.connection)
        self.world.note_route(method, path)
        full = self.world.disk.times_full()
        try:
            answer = self.connection.request(method, path, body, headers)
            if answer is None:
                raise ConnectionError("the connection was closed without an answer")
        except Violation:
            raise
        except LOST as reason:
            self.drop()
            self.excuse(self.life, "%s %s" % (method, path), reason)
            raise Interrupted("%s %s" % (method, path)) from reason
        if answer.headers.get("connection", "").lower() == "close":
            self.drop()
        if answer.status >= 500 and self.world.disk.was_full_since(full):
            raise Refused("%s %s: %r" % (method, path, answer))
        return answer

    def expect(self, method, path, body=None, status=200, headers=None, invariant="answers"):
        """The answer, which has to have this status, or the invariant is broken."""
        answer = self.ask(method, path, body, headers)
        if answer.status != status:
            raise Violation(invariant, "%s %s %s: %r" % (
                method, path, json.dumps(body)[:300] if not isinstance(body, bytes) else "", answer))
        return answer


def same(expected, got, what, invariant="answers"):
    if expected != got:
        raise Violation(invariant, "%s: expected %.300r, got %.300r" % (what, expected, got))
