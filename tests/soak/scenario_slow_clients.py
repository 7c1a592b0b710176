"""Clients that take their time, or go in the middle of something.

They send a head byte by byte, read an answer in small pieces, or close their end in the head, in the
body or in the answer. Each that stays to the end has the right answer.
"""

import json
import pathlib
import time

from link import LOST, Interrupted, Link, Violation, same

CLIENTS = 3
ROWS = 30000


class SlowClients:
    def __init__(self, world, number, random):
        self.world, self.random = world, random
        self.name = "slow clients %d" % number
        self.done = 0
        self.file = "slow%d.csv" % number
        pathlib.Path(world.folder, self.file).write_text("a,b\n" + "".join(
            "%d,some text that makes the answer longer than a buffer %d\n" % (n, n)
            for n in range(ROWS)))
        self.body = json.dumps({"data_source": {"type": "csv", "filename": self.file}}).encode()

    def run(self, until):
        steps = [self.drip, self.sip, self.leave_head, self.leave_body, self.leave_answer]
        while time.monotonic() < until:
            step = self.random.choice(steps)
            link = Link(self.world)
            connection = link.open()
            try:
                step(connection, until)
                self.done += 1
            except Violation:
                raise
            except LOST as reason:
                try:
                    link.excuse(link.life, step.__name__, reason)
                except Interrupted:
                    pass
            finally:
                connection.close()

    def finish(self):
        pass

    def head(self, connection):
        self.world.note_route("POST", "/api/read_data")
        return connection.head("POST", "/api/read_data", {"Content-Length": str(len(self.body))})

    def check(self, connection):
        answer = connection.read("POST")
        if answer is None:
            raise ConnectionError("closed without an answer")
        same(200, answer.status, "a slow client's answer")
        same(ROWS, len(answer.json["data"]["records"]), "rows for a slow client")

    def drip(self, connection, until):
        pause = self.random.choice((0.001, 0.003))
        for byte in self.head(connection) + self.body:
            connection.send(bytes([byte]))
            time.sleep(pause if time.monotonic() < until else 0)
        self.check(connection)

    def sip(self, connection, until):
        connection.send(self.head(connection) + self.body)
        size = self.random.choice((1000, 10000))
        for _ in range(100):
            if time.monotonic() > until:
                break
            data = connection.socket.recv(size)
            if not data:
                raise ConnectionError("the answer was cut")
            connection.pending += data
            time.sleep(0.005)
        self.check(connection)

    def leave_head(self, connection, until):
        head = self.head(connection)
        connection.send(head[:self.random.randrange(1, len(head))])

    def leave_body(self, connection, until):
        connection.send(self.head(connection) + self.body[:self.random.randrange(len(self.body))])
        if self.random.randrange(2):
            time.sleep(0.01)

    def leave_answer(self, connection, until):
        connection.send(self.head(connection) + self.body)
        if self.random.randrange(2):
            connection.socket.recv(self.random.randrange(1, 200000))


def make(world, random):
    return [SlowClients(world, number, random()) for number in range(CLIENTS)]
