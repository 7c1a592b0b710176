#!/usr/bin/env python3
"""Sessions for a long time: nothing leaks, nothing is confused with anything else.

Clients on connections of their own open, walk, edit, undo, save, reload and delete sessions until
the time is over, each checking every value that it reads. The limit on memory is so low that
sessions are spilled and come back all the time. Then everything is deleted and closed, and what the
server holds is compared with what it held after a first round of the same.

What is compared are private bytes (Private_Clean and Private_Dirty of /proc/PID/smaps_rollup):
memory that the server alone is the reason for. Memory that was freed but that the allocator keeps
is among them. It is no leak, and there is a bound to it, which the first round reaches; but with an
arena for each thread the bound is reached late, by chance. So the server runs with one arena here,
which changes nothing about what the program asks for and gives back.

    HOBD=build/src/hobd soak_sessions.py [SECONDS]        (default 60, or $HOB_SOAK_SECONDS)
"""

import os
import pathlib
import random
import re
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
from harness import HOBD, ServerTest, wait_for  # noqa: E402

SECONDS = float(os.environ.get("HOB_SOAK_SECONDS", "60"))
CLIENTS = 6
ROWS = 3000
MEGABYTE = 1 << 20
# Sanitizers keep what was freed, and find leaks by themselves.
SANITIZED = any(name in pathlib.Path(HOBD).read_bytes() for name in (b"__asan_init", b"__tsan_init"))


class Client:
    """One session after another, over one connection; knows what each cell has to be."""

    def __init__(self, test, number, seed):
        self.test, self.number = test, number
        self.random = random.Random(seed)
        self.sessions = self.steps = 0
        self.folder = "client%d" % number

    def ask(self, method, path, body=None, status=200):
        answer = self.connection.request(method, "/api/sessions" + path, body)
        self.test.assertEqual(answer.status, status, answer)
        self.steps += 1
        return answer.json

    def do(self, operation, status=200, **parameters):
        return self.ask("POST", "/%s/%s" % (self.session, operation), parameters, status)

    def run(self, end):
        with self.test.server.connect() as self.connection:
            while time.monotonic() < end:
                self.live_once()
                self.sessions += 1

    def live_once(self):
        # Else the tables would grow for as long as the test takes, and memory with them.
        pathlib.Path(self.test.directory, self.folder, "out.csv").unlink(missing_ok=True)
        made = self.ask("POST", "", {"interface_file": "i.yml", "directory": self.folder,
                                     "timeout": 600})
        self.session = made["session"]["session_id"]
        self.cells, self.history = {}, []
        steps = [self.walk, self.edit, self.edit, self.edit, self.undo, self.slice, self.find,
                 self.look, self.columns, self.save, self.reload]
        for _ in range(self.random.randrange(5, 60)):
            self.random.choice(steps)()
        self.check_all()
        self.ask("DELETE", "/" + self.session)
        self.ask("GET", "/" + self.session, status=404)

    def label(self):
        return "row %d" % self.random.randrange(ROWS)

    def walk(self):
        label = self.label()
        self.do("set_index", index=label)
        self.do("set_column", column="size")
        self.test.assertEqual(self.do("get_value")["value"], int(label[4:]) * 7)
        self.test.assertEqual(self.do("get_index")["index"], label)

    def edit(self):
        label = self.label()
        size = self.random.choice((3, 3, 3, 3000))
        value = "v" * size + "%d" % self.random.randrange(10 ** 6)
        self.do("set_value_at", index=label, column="mark", value=value)
        self.history.append((label, self.cells.get(label)))
        self.cells[label] = value

    def undo(self):
        if not self.history:
            self.do("undo", status=422)
            return
        self.do("undo")
        label, before = self.history.pop()
        if before is None:
            del self.cells[label]
        else:
            self.cells[label] = before

    def slice(self):
        start = self.random.randrange(ROWS - 20)
        records = self.do("get_slice", start=start, end=start + 20, columns=["size"])["records"]
        self.test.assertEqual([r["size"] for r in records],
                              [n * 7 for n in range(start, start + 20)])

    def find(self):
        least = self.random.randrange(ROWS - 5)
        found = self.do("filter", where="size >= %d and size < %d" % (least * 7, least * 7 + 21))
        self.test.assertEqual(found["indices"], ["row %d" % n for n in range(least, least + 3)])

    def look(self):
        info = self.ask("GET", "/" + self.session)["session"]
        self.test.assertEqual(info["session_id"], self.session)
        self.test.assertEqual(info["shape"][0], ROWS)

    def columns(self):
        self.do("add_column", column="more")
        self.do("set_value_at", index="row 1", column="more", value=1)
        for _ in range(2):
            self.do("undo")

    def save(self):
        self.do("save", force=True)
        self.history = []

    def reload(self):
        self.do("reload", keep=True)

    def check_all(self):
        data = self.do("get_column_data", column="mark")
        got = {label: value for label, value in zip(data["indices"], data["values"])
               if value is not None}
        self.test.assertEqual(got, self.cells)


class Soak(ServerTest):
    def private_bytes(self):
        path = "/proc/%d/smaps_rollup" % self.server.process.pid
        found = re.findall(r"^Private_\w+:\s+(\d+) kB", pathlib.Path(path).read_text(), re.M)
        return sum(map(int, found)) * 1024

    def state(self):
        """Private bytes and descriptors of the server when nobody uses it."""
        listed = self.server.request("GET", "/api/sessions").json
        self.assertEqual(listed["total_sessions"], 0)
        seen = []

        def settled():
            time.sleep(0.2)
            seen.append((self.private_bytes(), self.server.descriptors()))
            return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]
        wait_for(settled, "the server to come to rest")
        return seen[-1]

    def round(self, seconds, seed):
        end = time.monotonic() + seconds
        failures = []

        def work(client):
            try:
                client.run(end)
            except BaseException as reason:  # told by the main thread
                failures.append((client.number, reason))
        clients = [Client(self, i, seed * 100 + i) for i in range(CLIENTS)]
        threads = [threading.Thread(target=work, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number, reason in failures:
            raise AssertionError("client %d" % number) from reason
        return sum(c.sessions for c in clients), sum(c.steps for c in clients)

    @unittest.skipUnless(os.path.exists("/proc/self/smaps_rollup"), "needs Linux")
    def test_memory_and_descriptors_are_what_they_were(self):
        for number in range(CLIENTS):
            os.mkdir(self.path("client%d" % number))
            self.write("client%d/t.csv" % number, "id,size\n" + "".join(
                "row %d,%d\n" % (n, n * 7) for n in range(ROWS)))
            self.write("client%d/i.yml" % number, "".join(
                "%s: {type: csv, filename: %s, directory: ., index: id%s}\n" % line
                for line in (("input", "t.csv", ""),
                             ("output", "out.csv", ", columns: [mark]"))))
        self.server = self.start("--session-memory", "2M", "--state", self.path("state"),
                                 environment={"MALLOC_ARENA_MAX": "1"})
        self.round(SECONDS / 2, seed=1)
        memory, descriptors = self.state()
        sessions, steps = self.round(SECONDS / 2, seed=2)
        memory_after, descriptors_after = self.state()
        print("%d sessions, %d requests; private bytes %+d of %d, descriptors %+d of %d"
              % (sessions, steps, memory_after - memory, memory, descriptors_after - descriptors,
                 descriptors), file=sys.stderr)
        self.assertGreater(sessions, 0)
        self.assertLessEqual(descriptors_after, descriptors)
        if not SANITIZED:
            self.assertLess(memory_after - memory, MEGABYTE)


if __name__ == "__main__":
    if len(sys.argv) > 1 and re.fullmatch(r"[\d.]+", sys.argv[1]):
        SECONDS = float(sys.argv.pop(1))
    unittest.main()
