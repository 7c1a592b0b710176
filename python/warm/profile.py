"""What was learned about a command: a text file of lines, replaced whole.

    rules 2                   by which it was learned; by others it would be learned anew
    command ./report.py       what it was learned from, for people
    module pandas             to be preloaded, in this order
    variable TMPDIR           read while importing these: its value belongs to the key
    read /etc/foo.conf        read, or looked for, while importing these: as their source
    refused foo it starts a thread
    candidate bar             imported by a run; to be tried
    failed baz No module named 'baz'    a warm process could not load it, and goes without
"""


RULES = "2"  # also in profile.c


class Profile:
    def __init__(self, path):
        self.path = path
        self.command = ""
        self.modules, self.variables, self.candidates, self.reads = [], [], [], []
        self.refused, self.failed = {}, {}
        self.exists = False
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                self.exists = file.readline() == "rules %s\n" % RULES
                for line in file if self.exists else ():
                    self.take(line.rstrip("\n"))
        except OSError:
            pass

    def take(self, line):
        word, _, rest = line.partition(" ")
        if word == "command":
            self.command = rest
        elif word in ("refused", "failed"):
            name, _, reason = rest.partition(" ")
            getattr(self, word)[name] = reason
        elif word in ("module", "variable", "candidate", "read"):
            getattr(self, word + "s").append(rest)

    def known(self):
        return {*self.modules, *self.candidates, *self.refused}

    def write(self):
        lines = ["rules " + RULES, "command " + self.command.replace("\n", " ")]
        for word, names in (("module", self.modules), ("variable", self.variables),
                            ("candidate", self.candidates), ("read", self.reads)):
            lines += ["%s %s" % (word, name) for name in names]
        for word, reasons in (("refused", self.refused), ("failed", self.failed)):
            lines += ["%s %s %s" % (word, *pair) for pair in reasons.items()]
        replace_file(self.path, ("\n".join(lines) + "\n").encode("utf-8", "replace"))
