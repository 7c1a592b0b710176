"""All routes that know no session and no pool: tables are read in every form, written, computed."""

import json
import os
import pathlib
import time

from link import Interrupted, Link, Refused, Violation, same

CLIENTS = 2
ROWS = 300


class Routes:
    def __init__(self, world, number, random):
        self.world, self.random = world, random
        self.name = "routes %d" % number
        self.link = Link(world)
        self.done = self.given = 0
        self.folder = "routes%d" % number
        self.place = pathlib.Path(world.folder, self.folder)
        self.place.mkdir()
        (self.place / "t.csv").write_text("a,b\n" + "".join(
            "%d,text %d\n" % (n, n) for n in range(ROWS)))
        (self.place / "talk.md").write_text("---\ntitle: a talk of %d\n---\ntext\n" % number)
        (self.place / "i.yml").write_text("input: {type: csv, filename: t.csv, directory: %s}\n"
                                          "note: n%d\n" % (self.folder, number))
        self.number = number
        self.records = [{"a": n, "b": "text %d" % n} for n in range(ROWS)]
        self.written = {}       # name to the contents that it may have

    def run(self, until):
        steps = [self.look, self.field, self.read, self.read, self.forms, self.write, self.compute,
                 self.interface, self.mistakes]
        while time.monotonic() < until:
            try:
                self.random.choice(steps)()
                self.done += 1
            except (Interrupted, Refused):
                self.check_files()

    def finish(self):
        self.check_files()
        self.link.close()

    def look(self):
        path = self.random.choice(["/api/ping", "/api/health", "/api/status", "/openapi.json",
                                   "/api/sessions", "/api/pools"])
        answer = self.link.expect("GET", path)
        if path == "/api/status":
            same(self.world.process.pid, answer.json["pid"], "the server's number")
        elif path == "/openapi.json":
            same("3.1.0", answer.json["openapi"], "openapi")
        else:
            answer.json
        self.link.expect(self.random.choice(["GET", "HEAD", "POST"]), "/api/ping")

    def field(self):
        answer = self.link.expect("POST", "/api/talk/field", {
            "field": "title", "markdown_file": self.folder + "/talk.md"})
        same("a talk of %d" % self.number, answer.json["value"], "field")

    def source(self):
        return {"data_source": {"type": "csv", "filename": self.folder + "/t.csv"}}

    def read(self):
        body = self.random.choice([self.source(), {"interface_file": self.folder + "/i.yml"}])
        same(self.records, self.link.expect("POST", "/api/read_data", body).json["data"]["records"],
             "records")

    def forms(self):
        kind = self.random.choice(["application/x-ndjson", "text/csv", "application/json",
                                   "application/vnd.apache.arrow.stream"])
        headers = {"Accept": kind, "Accept-Encoding": self.random.choice(["gzip", "zstd", "identity"])}
        answer = self.link.expect("POST", "/api/read_data", self.source(), headers=headers)
        if headers["Accept-Encoding"] == "identity" and kind == "application/x-ndjson":
            same(self.records, [json.loads(line) for line in answer.body.splitlines()], "lines")
        if "etag" in answer.headers:
            headers["If-None-Match"] = answer.headers["etag"]
            self.link.expect("POST", "/api/read_data", self.source(), status=304, headers=headers)

    def write(self):
        self.given += 1
        name = self.random.choice(["out.csv", "out.json"])
        count = self.random.choice((3, 300, 3000))
        new = "w%d-%d" % (self.number, self.given)
        before = self.written.get(name, ((None, 0),))
        self.written[name] = before + ((new, count),)
        self.link.expect("POST", "/api/write_data", {
            "data": {"records": [{"n": n, "v": new} for n in range(count)]},
            "output": {"type": name[4:], "filename": "%s/%s" % (self.folder, name)}})
        self.written[name] = ((new, count),)
        self.check_files()

    def compute(self):
        answer = self.link.expect("POST", "/api/compute", {
            "operation": "identity", "data": {"records": [{"x": 1}, {"x": 2}]},
            "params": {"field": "y", "row_args": {"value": "x"}}})
        answer.json

    def interface(self):
        answer = self.link.expect("POST", "/api/interface/read", {
            "interface_file": self.folder + "/i.yml", "field": "note"})
        same("n%d" % self.number, answer.json["value"], "interface/read")

    def mistakes(self):
        self.link.expect("GET", "/api/nothing", status=404)
        self.link.expect("POST", "/api/read_data", b"{", status=400)
        self.link.expect("POST", "/api/read_data", {"data_source": {
            "type": "csv", "filename": self.folder + "/none.csv"}}, status=404)
        self.link.expect("GET", "/api/ping", status=403, headers={"Host": "example.org"})

    def check_files(self):
        """Each file that was written is whole, and one of those that it may be."""
        for name, allowed in self.written.items():
            try:
                text = (self.place / name).read_text()
            except FileNotFoundError:
                text = None
            got = (None, 0)
            if text and name == "out.json":
                try:
                    records = json.loads(text)
                except ValueError:
                    raise Violation("files", "%s is half written" % name) from None
                got = (records[0]["v"], len(records))
            elif text is not None:
                lines = text.splitlines()[1:]
                if not text.endswith("\n") or not lines:
                    raise Violation("files", "%s is half written" % name)
                got = (lines[0].rpartition(",")[2], len(lines))
            if got not in allowed:
                raise Violation("writes", "%s holds %r, allowed is %r" % (name, got, allowed))
            self.written[name] = (got,)


def make(world, random):
    return [Routes(world, number, random()) for number in range(CLIENTS)]
