"""Sessions: tables are opened, walked, edited, undone, saved, reloaded and deleted, and each value
that is read is checked.

Of each edited cell the client knows which values it may have: one, when the last edit was answered;
more, when the server was killed before it answered, or said that its disk is full. An edit that was
answered takes those before it along: then there is one value again.
"""

import os
import pathlib
import time

from link import Interrupted, Link, Refused, Violation, same

CLIENTS = 4
ROWS = 3000
# What may be asked without changing a table: operation, parameters, and the status; a session
# without a series has no entries to choose from.
LOOKS = [("get_shape", {}, 200), ("get_columns", {}, 200), ("get_indices", {}, 200),
         ("get_input_columns", {}, 200), ("get_output_columns", {}, 200),
         ("get_series_columns", {}, 200), ("get_column_type", {"column": "size"}, 200),
         ("get_selector", {}, 200), ("get_column", {}, 200), ("get_row_data", {"index": "row 5"}, 200),
         ("get_value_at", {"index": "row 7", "column": "size"}, 200),
         ("set_selector", {"column": "nothing"}, 404), ("set_subindex", {"value": "x"}, 404),
         ("get_subindex", {}, 200), ("get_subseries", {}, 200)]


class Sessions:
    def __init__(self, world, number, random):
        self.world, self.number, self.random = world, number, random
        self.name = "sessions %d" % number
        self.link = Link(world)
        self.folder = "client%d" % number
        self.session, self.done = None, 0
        start = number * len(LOOKS) // CLIENTS
        self.looks = LOOKS[start:] + LOOKS[:start]
        place = pathlib.Path(world.folder, self.folder)
        place.mkdir()
        (place / "t.csv").write_text("id,size\n" + "".join(
            "row %d,%d\n" % (n, n * 7) for n in range(ROWS)))
        (place / "i.yml").write_text("".join(
            "%s: {type: csv, filename: %s, directory: ., index: id%s}\n" % line
            for line in (("input", "t.csv", ""), ("output", "out.csv", ", columns: [mark]"))))

    # --- one step after another ---

    def run(self, until):
        steps = [self.walk, self.edit, self.edit, self.edit, self.undo, self.slice, self.find,
                 self.look, self.columns, self.save, self.reload, self.compute, self.label_row]
        while time.monotonic() < until:
            try:
                if self.session is None:
                    self.open()
                elif self.random.randrange(40) == 0:
                    self.end()
                else:
                    if self.world.disk.was_full_since(self.times_full):
                        # What the disk refused is written anew as a whole, without the way back.
                        self.history, self.untidy = None, True
                    self.random.choice(steps)()
                self.done += 1
            except Refused:
                # What is half done stays so until the session ends.
                self.history, self.untidy = None, True
            except Interrupted:
                self.recover()

    def finish(self):
        """Checks the session that is open, and deletes it."""
        try:
            if self.session is not None:
                self.end()
            self.link.close()
        except Interrupted:
            self.recover()
            self.finish()
        finally:
            self.link.drop()

    def do(self, operation, status=200, **parameters):
        # What is possible depends on the edits before: another status tells that some are not there.
        said = "%s %s" % (operation, " ".join("%.20s" % (value,) for value in parameters.values()))
        self.story.append("not answered: " + said)
        try:
            answer = self.link.expect("POST", "/api/sessions/%s/%s" % (self.session, operation),
                                      parameters, status, invariant="writes").json
        except Refused as reason:
            self.story[-1] = "refused: %s (%.300s)" % (said, reason)
            raise
        self.story[-1] = said
        return answer

    def open(self):
        # Else the tables would grow for as long as the test takes, and memory with them.
        pathlib.Path(self.world.folder, self.folder, "out.csv").unlink(missing_ok=True)
        self.cells, self.history, self.given, self.untidy = {}, [], 0, False
        self.story, self.times_full = [], self.world.disk.times_full()
        made = self.link.expect("POST", "/api/sessions", {
            "interface_file": "i.yml", "directory": self.folder, "timeout": 3600}).json
        self.session = made["session"]["session_id"]

    def end(self):
        self.check_all()
        session, self.session = self.session, None
        self.link.expect("DELETE", "/api/sessions/" + session)
        self.link.expect("GET", "/api/sessions/" + session, status=404)

    def recover(self):
        """The server was killed: what it had answered is there, what it had not may be."""
        self.history, self.untidy = None, True
        if self.session is None:
            return
        try:
            answer = self.link.ask("GET", "/api/sessions/" + self.session)
            if answer.status != 200:
                raise Violation("writes", "session %s is lost: %r" % (self.session, answer))
            self.check_all()
        except (Interrupted, Refused):
            self.recover()
            return
        for label in list(self.cells):
            value = self.seen.get(label)
            if value is None:
                del self.cells[label]
            else:
                self.cells[label] = (value,)

    # --- the steps ---

    def label(self):
        return "row %d" % self.random.randrange(ROWS)

    def walk(self):
        label = self.label()
        self.do("set_index", index=label)
        self.do("set_column", column="size")
        same(int(label[4:]) * 7, self.do("get_value")["value"], "get_value", "answers")
        same(label, self.do("get_index")["index"], "get_index", "answers")

    def edit(self):
        label = self.label()
        self.given += 1
        size = self.random.choice((3, 3, 3, 3000))
        value = "v" * size + "%d" % self.given
        before = self.cells.get(label, (None,))
        focused = self.random.randrange(4) == 0 and "mark" in self.do("get_columns")["columns"]
        if focused:
            self.do("set_index", index=label)
            self.do("set_column", column="mark")
        # Until it is answered both are possible.
        self.cells[label] = before + (value,)
        if focused:
            self.do("set_value", value=value)
        else:
            self.do("set_value_at", index=label, column="mark", value=value)
        if self.history is not None:
            self.history.append((label, before))
        # What is answered is in the journal, and so is all that came before it.
        for other in self.cells:
            self.cells[other] = self.cells[other][-1:]

    def undo(self):
        if self.history is None:
            return
        if not self.history:
            self.do("undo", status=422)
            return
        label, before = self.history[-1]
        self.cells[label] = self.cells[label] + before
        self.do("undo")
        self.history.pop()
        self.cells[label] = before
        if before == (None,):
            del self.cells[label]

    def slice(self):
        start = self.random.randrange(ROWS - 20)
        records = self.do("get_slice", start=start, end=start + 20, columns=["size"])["records"]
        same([n * 7 for n in range(start, start + 20)], [r["size"] for r in records], "get_slice")

    def find(self):
        least = self.random.randrange(ROWS - 5)
        found = self.do("filter", where="size >= %d and size < %d" % (least * 7, least * 7 + 21))
        same(["row %d" % n for n in range(least, least + 3)], found["indices"], "filter")

    def look(self):
        info = self.link.expect("GET", "/api/sessions/" + self.session).json["session"]
        same(self.session, info["session_id"], "session_id")
        # One after another, from another place for each client: so that each is asked in a short run.
        operation, parameters, status = self.looks[0]
        self.looks.append(self.looks.pop(0))
        answer = self.do(operation, status, **parameters)
        if operation == "get_value_at":
            same(49, answer["value"], "get_value_at")

    def columns(self):
        if self.untidy:
            return
        self.do("add_column", column="more")
        self.do("set_value_at", index="row 1", column="more", value=1)
        for _ in range(2):
            self.do("undo")

    def compute(self):
        if self.untidy:
            return
        self.do("add_column", column="more")
        self.do("run_compute", compute={"function": "today", "field": "more"})
        self.do("undo")
        self.do("drop_column", column="more")
        for _ in range(2):
            self.do("undo")

    def label_row(self):
        if self.untidy:
            return
        self.do("add_row", index="one more")
        self.do("undo")

    def save(self):
        self.do("save", force=True)
        self.history = [] if self.history is not None else None
        if any(len(values) > 1 for values in self.cells.values()):
            return
        written = pathlib.Path(self.world.folder, self.folder, "out.csv")
        if self.cells:
            text = written.read_text()
            for label, (value,) in self.cells.items():
                if value is not None and "%s,%s\n" % (label, value) not in text:
                    raise self.lost("a saved cell is not in %s: %s" % (written, label))

    def reload(self):
        self.do("reload", keep=True)

    def check_all(self):
        data = self.do("get_column_data", status=200, column="mark") if "mark" in self.do(
            "get_columns")["columns"] else {"indices": [], "values": []}
        self.seen = {label: value for label, value in zip(data["indices"], data["values"])
                     if value is not None}
        for label in set(self.seen) | set(self.cells):
            allowed, value = self.cells.get(label, (None,)), self.seen.get(label)
            if value not in allowed:
                raise self.lost("session %s, %r: %.60r, allowed is %.200r" % (
                    self.session, label, value, allowed))

    def lost(self, what):
        """With what was done to the session before."""
        return Violation("writes", "%s\n    %s" % (what, "\n    ".join(self.story[-60:])))


def make(world, random):
    return [Sessions(world, number, random()) for number in range(CLIENTS)]
