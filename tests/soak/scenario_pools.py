"""Pools: each call has a number, which the worker writes down before it sends it back.

Whatever happens to workers, clients and the server: a call is answered once, with its own number; a
worker sees it once, or more often if the client said that this does no harm; and never no worker when
the answer says that one did.
"""

import json
import os
import pathlib
import time

from link import Interrupted, Link, Violation, same

CLIENTS = 3
WORKER_FAILED, CANCELLED = -32001, -32800


class Pools:
    def __init__(self, world, number, random):
        self.world, self.number, self.random = world, number, random
        self.name = "pools %d" % number
        self.link = Link(world)
        self.done = self.given = 0
        self.answered, self.repeatable = set(), set()   # numbers

    def run(self, until):
        steps = [self.call] * 6 + [self.batch, self.notify, self.stream, self.leave, self.look,
                                   self.mistake]
        while time.monotonic() < until:
            try:
                self.random.choice(steps)()
                self.done += 1
            except Interrupted:
                pass

    def finish(self):
        self.link.close()

    def request(self, **more):
        self.given += 1
        number = "%d-%d" % (self.number, self.given)
        return number, {"jsonrpc": "2.0", "id": number, "method": "count",
                        "params": dict(number=number, **more)}

    def pool(self):
        return "/api/rpc/" + self.random.choice(["count", "count", "many"])

    def check(self, number, request, answer):
        """An answer belongs to its request; it may tell that the worker was killed."""
        same(number, answer.get("id"), "the id of an answer")
        if "result" in answer:
            same(request["params"], answer["result"], "the result of a call")
            self.answered.add(number)
        elif answer["error"]["code"] != WORKER_FAILED or not self.world.worker_kills:
            raise Violation("answers", "call %s: %r" % (number, answer))

    def call(self):
        number, request = self.request(seconds=self.random.choice((0, 0, 0, 0.005, 0.05)),
                                       text="x" * self.random.choice((1, 1, 1000, 100000)))
        headers = {}
        if self.random.randrange(3) == 0:
            headers["X-Hob-Idempotent"] = "true"
            self.repeatable.add(number)
        self.check(number, request, self.link.ask("POST", self.pool(), request, headers).json)

    def batch(self):
        requests = [self.request() for _ in range(self.random.randrange(1, 6))]
        answers = self.link.ask("POST", self.pool(), [request for _, request in requests]).json
        same(len(requests), len(answers), "the number of answers to a batch")
        for (number, request), answer in zip(requests, answers):
            self.check(number, request, answer)

    def notify(self):
        _, request = self.request()
        del request["id"]
        answer = self.link.expect("POST", self.pool(), request, status=202)
        same(b"", answer.body, "the answer to a notification")

    def stream(self):
        number, request = self.request(progress=self.random.randrange(20))
        answer = self.link.ask("POST", "/api/rpc/count", request, {"Accept": "application/x-ndjson"})
        messages = [json.loads(line) for line in answer.body.splitlines() if line]
        self.check(number, request, messages.pop())
        if number in self.answered:
            same(list(range(request["params"]["progress"])),
                 [one["params"]["step"] for one in messages], "the steps of a call")

    def leave(self):
        """A client that does not wait for its answer."""
        _, request = self.request(seconds=0.02)
        with Link(self.world) as link:
            connection = link.open()
            body = json.dumps(request).encode()
            try:
                connection.send(connection.head("POST", "/api/rpc/count", {
                    "Content-Length": str(len(body))}) + body)
            except OSError as reason:
                link.excuse(link.life, "cannot send", reason)
            connection.close()

    def look(self):
        for path in ("/api/pools", "/api/pools/count", "/api/pools/count/logs"):
            self.link.expect("GET", path)
        if self.random.randrange(5) == 0:
            self.world.worker_kills += 1    # those that take too long to end are killed
            self.link.expect("POST", "/api/pools/many/restart", b"")

    def mistake(self):
        self.link.expect("POST", "/api/rpc/nobody", {"jsonrpc": "2.0", "id": 1, "method": "x"},
                         status=404)
        answer = self.link.expect("POST", "/api/rpc/count", b"{", status=400).json
        same(-32700, answer["error"]["code"], "the code of an answer to what is no JSON")


class Counts:
    """Reads what the workers wrote, once per round, when no call is under way."""

    def __init__(self, world, clients):
        self.world, self.clients = world, clients

    def check(self):
        path = pathlib.Path(self.world.calls)
        seen = {}
        for number in path.read_text().split() if path.exists() else ():
            seen[number] = seen.get(number, 0) + 1
        repeatable = set().union(*(client.repeatable for client in self.clients))
        answered = set().union(*(client.answered for client in self.clients))
        twice = [number for number, count in seen.items() if count > 1 and number not in repeatable]
        if twice:
            raise Violation("calls", "run more than once: %s" % ", ".join(twice[:10]))
        never = [number for number in answered if number not in seen]
        if never:
            raise Violation("calls", "answered and never run: %s" % ", ".join(never[:10]))
        return len(answered)

    def forget(self):
        # Workers have it open, and append.
        if os.path.exists(self.world.calls):
            os.truncate(self.world.calls, 0)
        for client in self.clients:
            client.answered.clear()
            client.repeatable.clear()


def make(world, random):
    return [Pools(world, number, random()) for number in range(CLIENTS)]
