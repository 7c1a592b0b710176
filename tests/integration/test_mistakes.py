"""The mistakes that people make when they are new to hob, over all of its commands: each is told in
one line that names what was wrong and says what to do, with the documented exit status.

HOB and HOBD name the executables. Python 3 standard library only."""

import os
import re
import shlex
import socket
import subprocess
import unittest

from harness import HOBD, PATIENCE, ServerTest

HOB = os.path.abspath(os.environ.get("HOB", "build/src/hob"))
PROGRAMS = {"hob": HOB, "hobd": os.path.abspath(HOBD)}
NOBODY = 65534  # a user who may not read what is root's

# What is typed, the exit status, what the line must name, and what it must say to do. {port} is a
# port that another program has, {here} the working directory.
LINES = [
    # The command line as such.
    ("hob", 2, "no command", "'hob --help' lists all commands"),
    ("hob raed people.csv", 2, "'raed'", "did you mean 'hob read'?"),
    ("hob xyzzy", 2, "'xyzzy'", "'hob --help' lists all commands"),
    ("hob people.csv", 2, "'people.csv'", "'hob read people.csv' prints the table"),
    ("hob --versoin", 2, "'--versoin'", "did you mean '--version'?"),
    ("hob -x", 2, "'-x'", "'hob --help' lists all commands"),
    ("hob help raed", 2, "'raed'", "did you mean 'read'?"),
    ("hob help read csv", 2, "'csv'", "see 'hob help --help'"),
    ("hob help session opne", 2, "'opne'", "did you mean 'open'?"),
    ("hob completion", 2, "SHELL", "usage: hob completion [OPTION]... SHELL"),
    ("hob completion tcsh", 2, "'tcsh'", "only for bash, zsh and fish"),
    # read
    ("hob read", 2, "FILE|INTERFACE", "usage: hob read [OPTION]... FILE|INTERFACE"),
    ("hob read people.csv other.csv", 2, "'other.csv'", "usage: hob read"),
    ("hob read people.csv --fromat csv", 2, "'--fromat'", "did you mean '--format'?"),
    ("hob read people.csv --format", 2, "'--format'", "needs a value (--format FORMAT: how"),
    ("hob read people.csv --format xml", 2, "'xml'", "one of table json ndjson csv yaml arrow"),
    ("hob read people.csv --type xml", 2, "'xml'", "one of bibtex csv"),
    ("hob read people.csv -q", 2, "'-q'", "see 'hob read --help'"),
    ("hob read people.csv --types=yes", 2, "'--types'", "type just '--types'"),
    ("hob read people.csv --rows many", 2, "'many'", "a whole number from 1"),
    ("hob read people.csv --rows 0", 2, "'0'", "a whole number from 1"),
    ("hob read people.csv --max-file-size big", 2, "'big'", "a number of bytes, or one with K, M"),
    ("hob read people.csv --max-file-size 3", 1, "'people.csv'", "raise the limit with --max-file"),
    ("hob read peple.csv", 1, "'peple.csv'", "did you mean 'people.csv'?"),
    ("hob read {here}/peple.csv", 1, "/peple.csv'", "/people.csv'?"),
    ("hob read nowhere/people.csv", 1, "nowhere/people.csv'", "there is no directory 'nowhere/'"),
    ("hob read folder", 1, "'folder'", "name a file, not a directory"),
    ("hob read data.bin", 1, "'data.bin'", "say it with --type, as in --type csv"),
    ("hob read -", 2, "standard input", "must be said with --type"),
    ("hob read - --type json", 1, "/dev/stdin", "say what it is with --type"),
    ("hob read broken.json", 1, "line 1 column 16", "correct it in that place"),
    ("hob read broken.yml", 1, "line 2, column 1", "correct it there, or just before it"),
    ("hob read ragged.csv", 1, "line 2", "Name the extra columns in the header"),
    ("hob read empty.csv", 1, "'empty.csv'", "there is nothing in it"),
    ("hob read latin.csv", 1, "latin.csv", "utf-8"),
    ("hob read book.xlsx", 1, "'book.xlsx'", "save it as .xlsx"),
    ("hob read people.csv --delimiter ''", 1, "delimiter is empty", "Leave it out for ','"),
    ("hob read people.csv --select nme", 1, "'nme'", "the columns are name, born"),
    ("hob read people.csv --sort brn", 1, "'brn'", "the columns are name, born"),
    ("hob read people.csv --group nme --count", 1, "'nme'", "the columns are name, born"),
    ("hob read people.csv --group born --sum name", 1, "'name'", "give a column of numbers"),
    ("hob read people.csv --where 'brn > 1'", 1, "'brn'", "the columns are name, born"),
    ("hob read people.csv --where 'born >'", 2, "'born >'", "expected a column, a number or"),
    ("hob read people.csv --where 'born = 1815'", 2, "'born = 1815'", "is written =="),
    ("hob read people.csv --output nowhere/x.csv", 1, "nowhere", "check the name, and in which"),
    ("hob read people.csv --output folder", 2, "'folder'", "give --format"),
    ("hob read people.csv --field name", 2, "--field is for interfaces", "there is 'hob field'"),
    # Interfaces.
    ("hob read interface.yml --field titel", 1, "'titel'", "it has title, input"),
    ("hob read gone.yml", 1, "'gone.yml'", "check the name, and in which directory you are"),
    ("hob read points-nowhere.yml", 1, "'peple.csv'", "did you mean 'people.csv'?"),
    ("hob read unknown-type.yml", 2, '"csvv"', "`hob help formats` lists the types"),
    ("hob read no-filename.yml", 2, '"filename"', "add `filename`"),
    ("hob read unknown-column.yml", 1, "'nme'", "columns are ['name', 'born']"),
    ("hob read wrong-columns.yml", 1, "`columns`", "write it as in `columns: [name, year]`"),
    # write and convert
    ("hob write", 2, "where to write is missing", "name a file, or an interface with --interface"),
    ("hob write x.json --from xml", 2, "'xml'", "one of json ndjson csv"),
    ("hob write x.zzz", 2, "'x.zzz'", "give --type"),
    ("hob write x.json", 1, "standard input", "there is nothing in it"),
    ("hob write x.json --interface interface.yml", 2, "--interface", "cannot both be given"),
    ("hob write --interface interface.yml", 2, "'interface.yml'", "needs `output: {type:"),
    ("hob write --interface gone.yml", 1, "gone.yml", "check the path"),
    ("hob convert people.csv", 2, "OUT", "usage: hob convert [OPTION]... IN OUT"),
    ("hob convert people.csv x.xyz", 2, "'x.xyz'", "give --to"),
    ("hob convert people.csv x.docx", 2, "'x.docx'", "can only be read"),
    ("hob convert people.csv x.json --to jsn", 2, "'jsn'", "one of arrow bibtex csv"),
    ("hob convert people.csv x.json -O indent", 2, "'indent'", "it is KEY=VALUE"),
    ("hob convert people.csv x.json -O ident=2", 2, "'ident'", "json is written with no keys"),
    ("hob convert people.csv x.json -O delimter=;", 2, "'delimter'", "did you mean 'delimiter'?"),
    ("hob convert people.csv x.csv -O to.quotchar=x", 2, "'quotchar'", "did you mean 'quotechar'?"),
    ("hob convert people.csv x.csv -O to.header=0", 2, "'header'",
     "csv is written with delimiter, quotechar (see"),
    ("hob convert people.csv x.xlsx -O to.shet=A", 2, "'shet'", "did you mean 'sheet'?"),
    ("hob write x.csv -O delimter=;", 2, "'delimter'", "did you mean 'delimiter'?"),
    ("hob write x.json -O indent=2", 2, "'indent'", "json is written with no keys"),
    ("hob write --interface output.yml -O sheet=A", 2, "'sheet'", "csv is written with delimiter"),
    ("hob convert peple.csv x.json", 1, "'peple.csv'", "did you mean 'people.csv'?"),
    ("hob convert people.csv people.csv/x.json", 1, "'people.csv'", "name a directory there"),
    # field, list, and the tools that they stand in for
    ("hob field", 2, "FIELD", "usage: hob field [OPTION]... FIELD FILE"),
    ("hob field title", 2, "FILE", "usage: hob field"),
    ("hob field title talk.md --confg x", 2, "'--confg'", "did you mean '--config'?"),
    ("hob field batch talk.md", 2, "batch", "needs --fields FIELD..."),
    ("mdfield title", 2, "FILE", "usage: mdfield [OPTION]... FIELD FILE"),
    ("mdlist talks", 2, "FILE...", "usage: mdlist [OPTION]... TYPE FILE..."),
    ("hob list talkz talk.md", 1, "'talkz'", "it defines talks"),
    ("hob list talks talk.md --config gone.yml", 1, "'gone.yml'", "check the name"),
    ("hob list talks talk.md --since last", 2, "'last'", "it is a year"),
    ("hob list talks talk.md", 1, "'templates'", "say with --templates where the templates are"),
    # Nobody serves, and commands may not start a server.
    ("hob serve --status", 1, "nobody listens there", "'hob serve --daemon' starts one"),
    ("hob serve --restart", 1, "nobody listens there", "'hob serve --daemon' starts one"),
    ("hob serve --reload", 1, "nobody listens there", "'hob serve --daemon' starts one"),
    ("hob session open people.yml", 1, "nobody listens there", "HOB_AUTOSTART=0 keeps it from"),
    ("hob call tools double", 1, "nobody listens there", "HOB_AUTOSTART=0 keeps it from"),
    ("hob pool list", 1, "nobody listens there", "HOB_AUTOSTART=0 keeps it from"),
    ("hob session list --server http://127.0.0.1:1", 1, "127.0.0.1:1", "with 'hob serve'"),
    ("hob session list --server localhost", 2, "'localhost'", "write http://127.0.0.1:8765"),
    ("hob session list --server ftp://x:1", 2, "'ftp://x:1'", "write http://127.0.0.1:8765"),
    ("hob session list --server https://x:1", 1, "'https://x:1'", "through a tunnel"),
    ("hob session list --server http://example.org:80", 2, "'example.org'", "give its number"),
    ("hob session list --server unix:people.csv", 1, "people.csv", "--server or HOB_SERVER"),
    # serve
    ("hob serve now", 2, "'now'", "usage: hob serve [OPTION]...)"),
    ("hob serve --stop --status", 2, "--stop and --status", "see 'hob serve --help'"),
    ("hob serve --json", 2, "--json", "goes with --status"),
    ("hob serve --stop --host 127.0.0.1", 2, "which server?", "--host goes with --port"),
    ("hob serve --prot 8000", 2, "'--prot'", "did you mean '--port'?"),
    ("hob serve --port http", 2, "'http'", "expected number from 0 to 65535"),
    ("hob serve --port 70000", 2, "'70000'", "expected number from 0 to 65535"),
    ("hob serve --port {port}", 1, "port {port}", "or --port 0 for any that is free"),
    ("hob serve --daemon --port {port} --socket none", 1, "port {port}", "or --port 0 for any"),
    ("hob serve --host localhst", 1, "'localhst'", "such as 127.0.0.1"),
    ("hob serve --host none --socket none", 1, "nowhere to listen", "leave out one of --host"),
    ("hob serve --root nowhere", 1, "'nowhere'", "make it, or leave it out"),
    ("hob serve --root people.csv", 1, "'people.csv'", "make it, or leave it out"),
    ("hob serve --state people.csv --port 0", 1, "'people.csv'", "name another directory with"),
    ("hob serve --socket people.csv --port 0", 1, "'people.csv'", "name another path"),
    ("hob serve --socket nowhere/s --port 0", 1, "'nowhere/s'", "make its directory first"),
    ("hob serve --log-file nowhere/log", 1, "'nowhere/log'", "make its directory first"),
    ("hob serve --cache lots", 2, "'lots'", "expected size such as 64M, or off"),
    ("hob serve --idle-timeout soon", 2, "'soon'", "such as 30s, or never"),
    ("hob serve --log-level loud", 2, "'loud'", "one of error, warning, info, debug"),
    ("hob serve --config gone.yml", 1, "'gone.yml'", "'hob config show --defaults' prints one"),
    ("hobd now", 2, "'now'", "type hobd --help"),
    ("hobd --prot 8000", 2, "'--prot'", "did you mean '--port'?"),
    ("hobd --port", 2, "--port", "needs a value: --port PORT"),
    ("hobd --daemon", 2, "'--daemon'", "that is 'hob serve --daemon'"),
    ("hobd --socket none --port {port}", 1, "port {port}", "try --port "),
    # The file of settings.
    ("hob config", 2, "no command", "'hob config --help' lists all commands"),
    ("hob config chekc", 2, "'chekc'", "did you mean 'hob config check'?"),
    ("hob config check gone.yml", 1, "'gone.yml'", "'hob config show --defaults' prints one"),
    ("hob config check folder", 1, "'folder'", "name a file, not a directory"),
    ("hob config check others.yml", 1, "'others.yml'", "chmod go-w"),
    ("hob config show now", 2, "'now'", "usage: hob config show [OPTION]...)"),
    # call, pool, stdio
    ("hob call", 2, "POOL", "usage: hob call [OPTION]... POOL METHOD [PARAMS]"),
    ("hob call tools", 2, "METHOD", "usage: hob call"),
    ("hob call tools double 'n=2'", 2, "no JSON", """'{"name": "value"}'"""),
    ("hob call tools double 5", 2, "a whole number", """'{"name": "value"}'"""),
    ("hob call tools double --timeout soon", 2, "'soon'", "such as 500ms, 30s or 5m"),
    ("hob pool", 2, "no command", "'hob pool --help' lists all commands"),
    ("hob pool lst", 2, "'lst'", "did you mean 'hob pool list'?"),
    ("hob stdio", 2, "POOL", "usage: hob stdio [OPTION]... POOL"),
    # session
    ("hob session", 2, "no command", "'hob session --help' lists all commands"),
    ("hob session opne people.yml", 2, "'opne'", "did you mean 'hob session open'?"),
    ("hob session open", 2, "FILE", "usage: hob session open [OPTION]... FILE"),
    ("hob session set", 2, "VALUE", "usage: hob session set [OPTION]... VALUE"),
    # Warm commands.
    ("hob run", 2, "COMMAND", "usage: hob run [OPTION]... COMMAND [ARGUMENT]..."),
    ("hob run --colld true", 2, "'--colld'", "did you mean '--cold'?"),
    ("hob run nosuchcommand", 127, "'nosuchcommand'", "is it installed, and PATH right?"),
    ("hob run ./talk.md", 126, "'./talk.md'", "chmod +x"),
    ("hob warm lst", 2, "'lst'", "did you mean 'hob warm list'?"),
    ("hob warm explain", 2, "COMMAND", "usage: hob warm explain"),
    ("hob why now", 2, "'now'", "usage: hob why [OPTION]...)"),
    ("hob shim", 2, "give names", "--from-venv or --check"),
    ("hob shim nosuchtool --dir shims", 1, "'nosuchtool'", "put its folder into PATH"),
    ("hob shim ls --dir people.csv", 1, "'people.csv'", "name another folder with --dir"),
    ("hob profile", 2, "COMMAND", "usage: hob profile"),
    ("hob profile nosuchcommand", 127, "'nosuchcommand'", "is it installed, and PATH right?"),
    ("hob profile --runs none true", 2, "'none'", "a number from 1 to 1000"),
]

# The same with a server that has the pool `tools` and one session.
WITH_SERVER = [
    ("hob call tool double", 1, "'tool'", "'hob pool list'"),
    ("hob call tools doubel", 1, "'doubel'", "'hob pool logs tools' shows"),
    ("hob call tools leave", 1, "exited with status 3", "call again only if that does no harm"),
    ("hob pool status tool", 1, "'tool'", "'hob pool list'"),
    ("hob pool restart tool", 1, "'tool'", "'hob pool list'"),
    ("hob session info --session zzz", 1, "'zzz'", "'hob session list' shows"),
    ("hob session open gone.yml", 1, "gone.yml", "check the path"),
    ("hob session open people.csv", 1, "people.csv", "an interface says what to read"),
    ("hob session open folder", 1, "folder'", "name a file, not a directory"),
    ("hob session column brn", 1, "brn", "lists the columns"),
    ("hob session filter 'brn > 1'", 1, "'brn'", "born"),
    ("hob serve --port 0 --socket {here}/s", 1, "another server listens", "'hob serve --status"),
]

# Settings; told by hobd as it starts, and by `hob config check` where such lines are the answer.
SETTINGS = [
    ("listen: {prot: 80}\n", "listen.prot", "did you mean port?"),
    ("listen: {port: 70000}\n", "listen.port", "expected number from 0 to 65535, not '70000'"),
    ("drain: soon\n", "drain", "expected duration from 1s to 1d such as 30s"),
    ("cache: {size: lots}\n", "cache.size", "expected size such as 64M, or off"),
    ("working_root: perhaps\n", "working_root", "expected yes or no"),
    ("log: {level: loud}\n", "log.level", "expected one of error, warning, info, debug"),
    ("drain: 1s\ndrain: 2s\n", "drain", "is there twice: keep one of them"),
    ("pools: {tools: {comand: [cat]}}\n", "pools.tools.comand", "did you mean command?"),
    ("pools: {tools: {command: [cat], workers: 2}}\n", "pools.tools.workers", "expected mapping"),
    ("- a\n", "settings.yml:1", "expected mapping, not a list"),
    ("listen: [\n", "settings.yml", "correct it"),
]

# What is right, but names what is not there: `hob config check` alone says so, with the line.
ABSENT = [
    ("drain: 1s\nroots:\n- .\n- nowhere\n", "settings.yml:4: roots[2]",
     "expected a directory that is there, not '{here}/nowhere'"),
    ("roots: people.csv\n", "settings.yml:1: roots", "make it, or leave it out"),
    ("listen:\n  socket: nowhere/s\n", "settings.yml:2: listen.socket",
     "make its directory first"),
    ("log:\n  file: nowhere/log\n", "settings.yml:2: log.file", "make its directory first"),
    ("log: {file: folder}\n", "log.file", "name a file in it"),
    ("sessions: {state: people.csv}\n", "sessions.state", "expected a directory"),
    ("sessions: {state: people.csv/below}\n", "sessions.state", "name another one"),
    ("listen: {socket: people.csv}\n", "listen.socket", "move it away"),
    ("listen: {socket: %s}\n" % ("x" * 120), "listen.socket", "choose a shorter one"),
    ("listen: {host: nonsense}\n", "listen.host", "such as 127.0.0.1"),
    ("listen: {host: none, socket: none}\n", "listen", "nowhere to listen"),
    ("pools: {tools: {command: [cat], directory: nowhere}}\n", "pools.tools.directory",
     "expected a directory that is there"),
    ("pools:\n  tools:\n    command: [pyhton3, w.py]\n", "settings.yml:2: pools.tools: command",
     "not 'pyhton3': is it installed, and PATH right?"),
    ("pools: {tools: {command: [./worker], directory: folder}}\n", "pools.tools: command",
     "/folder/./worker': check the name"),
    ("pools: {tools: {command: [cat], fallback: {command: [/nowhere/x]}}}\n",
     "fallback.command", "not '/nowhere/x': check the name"),
]
PRESENT = """
roots: [., folder]
listen: {socket: none}
sessions: {state: made/when/needed}
log: {file: none}
pools:
  a: {command: [cat], directory: folder, fallback: {command: ['{method}']}}
  b: {command: [./started-where-hobd-runs]}
  c: {command: [own], env: {PATH: '/nowhere:%s'}}
  d: {command: [nowhere-to-be-found], enabled: no}
"""

FILES = {
    "people.csv": "name,born\nAda,1815\nGrace,1906\n",
    "people.yml": "input:\n  type: csv\n  filename: people.csv\n  index: name\n",
    "session.yml": "index: name\ninput:\n  type: csv\n  filename: people.csv\n  index: name\n",
    "data.bin": "\x00\x01",
    "broken.json": '[{"name": "Ada"',
    "broken.yml": "a: [1,\n",
    "ragged.csv": "a,b\n1,2,3\n",
    "empty.csv": "",
    "latin.csv": b"name\nAm\xe9lie\n",
    "book.xlsx": "no workbook",
    "interface.yml": "title: People\ninput:\n  type: csv\n  filename: people.csv\n",
    "points-nowhere.yml": "input: {type: csv, filename: peple.csv}\n",
    "unknown-type.yml": "input: {type: csvv, filename: people.csv}\n",
    "output.yml": "output: {type: csv, filename: out.csv}\n",
    "no-filename.yml": "input: {type: csv, filname: people.csv}\n",
    "unknown-column.yml": "input: {type: csv, filename: people.csv, select_columns: [nme]}\n",
    "wrong-columns.yml": "input: {type: csv, filename: people.csv, columns: 5}\n",
    "talk.md": "---\ntitle: Engines\n---\n",
    "cvlists.yml": "talks:\n  listtemplate: listitem\n",
    "others.yml": "drain: 1s\n",
    "worker.py": """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    if request["method"] == "leave":
        sys.exit(3)
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"],
                      "error": {"code": -32601, "message": "Method not found"}}), flush=True)
""",
    "pools.yml": "pools:\n  tools:\n    command: [python3, worker.py]\n",
}


class Mistakes(ServerTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.directory, 0o755)
        for name, text in FILES.items():
            with open(self.path(name), "wb") as file:
                file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(self.path("others.yml"), 0o666)
        os.makedirs(self.path("folder"))
        os.makedirs(self.path("run"), mode=0o700)
        for name in ("mdfield", "mdlist"):
            os.symlink(HOB, self.path(name))
        self.environment = dict(
            os.environ, HOB_CONFIG="none", HOB_AUTOSTART="0", HOME=self.directory,
            XDG_RUNTIME_DIR=self.path("run"), XDG_STATE_HOME=self.path("state"),
            XDG_CACHE_HOME=self.path("cache"))
        self.environment.pop("HOB_SERVER", None)
        self.taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.taken.close)
        self.told = 0

    def tell(self, line, **more):
        """What the command does."""
        values = {"port": str(self.taken.getsockname()[1]), "here": self.directory}
        words = [re.sub(r"\{(port|here)\}", lambda m: values[m[1]], word)
                 for word in shlex.split(line)]
        program = PROGRAMS.get(words[0]) or self.path(words[0])
        return subprocess.run([program, *words[1:]], stdin=subprocess.DEVNULL,
                              cwd=self.directory, env=self.environment, timeout=PATIENCE,
                              stderr=subprocess.PIPE, **({"stdout": subprocess.PIPE} | more))

    def check(self, line, status, names, says, **more):
        with self.subTest(line=line):
            result = self.tell(line, **more)
            text = result.stderr.decode()
            port = str(self.taken.getsockname()[1])
            self.assertEqual((result.returncode, result.stdout or b""), (status, b""), text)
            self.check_text(text, names.replace("{port}", port), says)

    def check_text(self, text, names, says):
        self.assertRegex(text, r"\A[^\n]+\n\Z", "one line")
        self.assertIn(names, text)
        self.assertIn(says, text)
        self.assertNotRegex(text, r"(?i)internal|errno|traceback|\(null\)|assert")
        self.told += 1

    def test_each_mistake_is_one_line_that_says_what_to_do(self):
        for row in LINES:
            self.check(*row)
        for text, key, says in SETTINGS:
            self.check_settings(text, key, says)
        for text, key, says in ABSENT:
            self.check_absent(text, key, says.replace("{here}", self.directory))
        self.check_what_cannot_be_read_or_written()
        self.check_with_a_server()
        self.assertGreaterEqual(self.told, 60 * 2)

    def check_settings(self, text, key, says):
        self.write("settings.yml", text)
        self.check("hobd --config settings.yml", 1, key, says)
        with self.subTest(settings=text):
            result = self.tell("hob config check settings.yml")
            self.assertEqual((result.returncode, result.stderr), (1, b""))
            self.check_text(result.stdout.decode(), key, says)

    def check_absent(self, text, key, says):
        self.write("settings.yml", text)
        with self.subTest(settings=text):
            result = self.tell("hob config check settings.yml")
            self.assertEqual((result.returncode, result.stderr), (1, b""))
            self.check_text(result.stdout.decode(), key, says)
            self.assertEqual(self.tell("hob config show --config settings.yml").returncode, 0)

    def test_settings_that_name_what_is_there_or_will_be_are_right(self):
        self.write("own", "#!/bin/sh\n")
        os.chmod(self.path("own"), 0o755)
        self.write("settings.yml", PRESENT % self.directory)
        result = self.tell("hob config check settings.yml")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"", b""))

    def check_what_cannot_be_read_or_written(self):
        for line in ("hob read people.csv", "hob help", "hob config show"):
            with open("/dev/full", "wb") as full:
                self.check(line, 1, "standard output", "free some disk space", stdout=full)
        self.check("hob convert people.csv /dev/full --to csv", 1, "'/dev/full'", "free some disk")
        self.write("secret.csv", "a\n1\n")
        os.chmod(self.path("secret.csv"), 0)
        os.makedirs(self.path("locked"), mode=0o555)
        user = {}
        if os.geteuid() == 0:  # who may read everything
            user = {"user": NOBODY, "group": NOBODY}
            # A build that counts lines writes the counts where that user may.
            os.makedirs(self.path("counts"))
            os.chmod(self.path("counts"), 0o777)
            self.environment["GCOV_PREFIX"] = self.path("counts")
            if subprocess.run(["test", "-x", HOB], check=False, **user).returncode != 0:
                return  # below a directory that is root's alone
        self.check("hob read secret.csv", 1, "'secret.csv'", "check the permissions", **user)
        self.check("hob read people.csv --output locked/x.csv", 1, "'locked/x.csv'",
                   "check the permissions", **user)
        self.check_settings_that_may_not_be_used(user)
        self.environment.pop("GCOV_PREFIX", None)

    def check_settings_that_may_not_be_used(self, user):
        """What hobd would be refused by the system: the check says it beforehand."""
        self.write("own.yml", "sessions: {state: locked/x/y}\nlog: {file: locked/log}\n"
                              "listen: {socket: locked/s}\n")
        if user:
            os.chown(self.path("own.yml"), NOBODY, NOBODY)
        result = self.tell("hob config check own.yml", **user)
        self.assertEqual((result.returncode, result.stderr), (1, b""))
        for line, key, path in zip(result.stdout.decode().splitlines(),
                                   ("sessions.state", "log.file", "listen.socket"),
                                   ("locked/x/y", "locked/log", "locked/s")):
            self.check_text(line + "\n", f"{key}: expected", f"{path}' (Permission denied)")
        self.assertEqual(result.stdout.count(b"\n"), 3)

    def check_with_a_server(self):
        self.start("--config", "pools.yml", "--state", "none",
                   socket_path=self.path("s"))
        self.environment["HOB_SERVER"] = "unix:" + self.path("s")
        opened = self.tell("hob session open session.yml")
        self.assertEqual(opened.returncode, 0, opened.stderr)
        for row in WITH_SERVER:
            self.check(*row)


if __name__ == "__main__":
    unittest.main()
