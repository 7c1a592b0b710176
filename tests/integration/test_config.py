#!/usr/bin/env python3
"""hob.yml: what hobd takes from it, what `hob config` says of it, and applying a changed file to a
hobd that serves.

Environment: HOB and HOBD, the paths of the programs.
"""

import json
import os
import signal
import subprocess
import threading
import unittest

from harness import HOBD, PATIENCE, ServerTest, wait_for

HOB = os.path.abspath(os.environ.get("HOB", "build/src/hob"))

TABLE = "name,year\nAda,1815\n"


WORKER = """
import json, os, sys
for line in sys.stdin:
    print(json.dumps({"jsonrpc": "2.0", "id": json.loads(line)["id"],
                      "result": {"pid": os.getpid(), "word": sys.argv[1]}}), flush=True)
"""


class ConfigTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.home = self.path("home")
        os.makedirs(os.path.join(self.home, ".config", "hob"))
        self.environment = {"HOME": self.home, "HOB_CONFIG": "", "XDG_CONFIG_HOME": "",
                            "HOB_STATE": "none"}

    def settings(self, text, name="hob.yml"):
        """Writes a file of settings, whole at once."""
        path = self.path(name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path + ".new", 0o644)
        os.rename(path + ".new", path)
        return path

    def run_program(self, *words, **environment):
        return subprocess.run(words, cwd=self.directory, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=dict(os.environ, **dict(self.environment, **environment)),
                              timeout=PATIENCE, check=False)

    def config(self, *words, **environment):
        return self.run_program(HOB, "config", *words, **environment)


class Look(ConfigTest):
    def test_show_prints_defaults_without_a_file(self):
        shown = self.config("show")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertIn("listen:\n  host: 127.0.0.1\n  port: 8765\n", shown.stdout)

    def test_what_depends_on_the_user_and_the_machine_is_shown(self):
        os.mkdir(self.path("run"), 0o700)
        shown = self.config("show", "--json", XDG_RUNTIME_DIR=self.path("run"), HOB_STATE="",
                            XDG_STATE_HOME=self.path("state"))
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        value = json.loads(shown.stdout)
        self.assertEqual(value["listen"]["socket"], self.path("run/hob/hobd.sock"))
        self.assertEqual(value["listen"]["threads"], len(os.sched_getaffinity(0)))
        self.assertEqual(value["work"]["threads"], max(4, 2 * len(os.sched_getaffinity(0))))
        self.assertGreater(value["listen"]["connections"], 0)
        self.assertEqual(value["sessions"]["state"], self.path("state/hob"))
        self.assertEqual(value["log"]["file"], "none")
        self.settings("work: {threads: 7}\nsessions: {state: none}\n")
        given = json.loads(self.config("show", "-c", "hob.yml", "--json").stdout)
        self.assertEqual((given["work"]["threads"], given["sessions"]["state"]), (7, "none"))

    def test_what_is_shown_can_be_read_again(self):
        os.mkdir(self.path("a b"))
        self.settings("roots: ['a b', /]\ncache: {size: off}\ndrain: 1500ms\n"
                      "listen: {host: '::1', socket: none}\nlog: {level: info}\n")
        plain = self.config("show", "--config", "hob.yml")
        self.assertEqual((plain.returncode, plain.stderr), (0, ""))
        as_json = self.config("show", "--config", "hob.yml", "--json")
        self.settings(plain.stdout, "again.yml")
        self.settings(as_json.stdout, "again.json")
        for name in ("again.yml", "again.json"):
            self.assertEqual(self.config("check", name).stdout, "")
            self.assertEqual(self.config("show", "-c", name).stdout, plain.stdout)
        value = json.loads(as_json.stdout)
        self.assertEqual(value["roots"], [self.path("a b"), "/"])
        self.assertEqual(value["drain"], 1.5)
        self.assertEqual(value["cache"], {"size": "off"})

    def test_the_file_to_start_from_changes_nothing(self):
        start = self.config("show", "--defaults")
        self.settings(start.stdout)
        self.assertEqual(self.config("check", "hob.yml").returncode, 0)
        self.assertEqual(self.config("show", "-c", "hob.yml").stdout, self.config("show").stdout)
        self.settings(start.stdout.replace("#port: 8765", "port: 1234"))
        self.assertIn("port: 1234", self.config("show", "-c", "hob.yml").stdout)

    def test_check_tells_all_mistakes(self):
        path = self.settings("lisen: {}\nlimits:\n  body: lots\n  fil: 1G\n")
        checked = self.config("check", "hob.yml")
        self.assertEqual(checked.returncode, 1)
        self.assertEqual(checked.stdout,
                         "hob.yml:1: lisen: unknown key; did you mean listen?\n"
                         "hob.yml:3: limits.body: expected size such as 64M, not 'lots'\n"
                         "hob.yml:4: limits.fil: unknown key; did you mean file?\n")
        shown = self.config("show", HOB_CONFIG=path)
        self.assertEqual((shown.returncode, shown.stdout), (1, ""))
        self.assertIn("has 3 mistakes, the first is", shown.stderr)
        self.settings("a: [\n")
        checked = self.config("check", "hob.yml")
        self.assertEqual(checked.returncode, 1)
        self.assertRegex(checked.stdout, r"^hob.yml:2: cannot read 'hob.yml' as YAML: ")

    def test_where_the_file_is_looked_for(self):
        own = os.path.join(self.home, ".config", "hob", "hob.yml")
        if not os.path.exists("/etc/hob/hob.yml"):
            none = self.config("path")
            self.assertEqual((none.returncode, none.stdout), (1, ""))
        self.settings("drain: 1s\n")
        self.assertNotIn("hob.yml\n", self.config("path").stdout.replace("/etc/hob/hob.yml\n", ""))
        self.settings("drain: 2s\n", own)
        self.assertEqual(self.config("path").stdout, own + "\n")
        os.makedirs(self.path("xdg/hob"))
        other = self.settings("drain: 3s\n", "xdg/hob/hob.yml")
        self.assertEqual(self.config("path", XDG_CONFIG_HOME=self.path("xdg")).stdout, other + "\n")
        self.assertEqual(self.config("path", HOB_CONFIG="hob.yml").stdout, "hob.yml\n")
        self.assertEqual(self.config("path", HOB_CONFIG="none").stdout, "")
        missing = self.config("path", HOB_CONFIG="nowhere.yml")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("'nowhere.yml', which $HOB_CONFIG names", missing.stderr)

    def test_a_file_that_others_can_write_is_refused(self):
        path = self.settings("drain: 1s\n")
        for mode in (0o664, 0o646):
            os.chmod(path, mode)
            for command in ([HOB, "config", "check", path], [HOBD, "--config", path]):
                result = self.run_program(*command)
                self.assertEqual(result.returncode, 1, result)
                self.assertIn("others than its owner may write to it", result.stderr)
                self.assertIn("chmod go-w", result.stderr)
        os.chmod(path, 0o600)
        self.assertEqual(self.config("check", path).returncode, 0)
        if os.geteuid() == 0:
            os.chown(path, 12345, 0)
            self.assertIn("belongs to user 12345", self.config("check", path).stderr)

    def test_what_is_no_file_is_refused_at_once(self):
        os.mkfifo(self.path("pipe"))
        os.mkdir(self.path("directory"))
        for name, words in (("pipe", "not a file"), ("directory", "directory"),
                            ("/dev/null", "not a file")):
            result = self.config("check", name)
            self.assertEqual(result.returncode, 1)
            self.assertIn(words, result.stderr)


class Serve(ConfigTest):
    def start(self, *options, **more):
        return super().start(*options, environment=self.environment, **more)

    def reads(self, server, path):
        answer = server.request("POST", "/api/read_data",
                                {"data_source": {"type": "csv", "filename": path}})
        return answer.status

    def reload(self, server):
        """Sends SIGHUP and waits for what the log says of it; returns all that is new there."""
        before = len(server.log())
        server.signal(signal.SIGHUP)
        ends = ("the settings were reloaded", "the settings were not reloaded")
        wait_for(lambda: any(end in server.log()[before:] for end in ends), "the reload")
        return server.log()[before:]

    def outside(self):
        """A directory that is no root, with a table; the server's own is beside it."""
        os.makedirs(self.path("other"))
        os.makedirs(self.path("work"))
        self.write("other/t.csv", TABLE)
        return self.path("other/t.csv")

    def start_in_work(self, *options):
        self.directory, whole = self.path("work"), self.directory
        server = self.start(*options)
        self.directory = whole
        return server

    def test_the_file_is_taken_and_the_command_line_wins(self):
        path = self.outside()
        self.settings("roots: other\nlimits: {body: 1K}\nlog: {level: info}\n")
        server = self.start_in_work("--config", self.path("hob.yml"))
        self.assertEqual(self.reads(server, path), 200)
        self.assertEqual(server.request("POST", "/api/read_data", b" " * 2000).status, 413)
        wait_for(lambda: "settings=" + self.path("hob.yml") in server.log(), "the log")
        server = self.start_in_work("--config", self.path("hob.yml"), "--max-body", "1M", "--root",
                                    self.path("work"))
        self.assertEqual(self.reads(server, path), 403)
        self.assertNotEqual(server.request("POST", "/api/read_data", b" " * 2000).status, 413)

    def test_hobd_does_not_start_with_mistakes(self):
        self.settings("listen: {prot: 1}\n")
        result = self.run_program(HOBD, "--config", "hob.yml")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("hob.yml:1: listen.prot: unknown key; did you mean port?", result.stderr)

    def test_sighup_applies_a_changed_file(self):
        path = self.outside()
        self.settings("log: {level: info}\n")
        server = self.start_in_work("--config", self.path("hob.yml"))
        self.assertEqual(self.reads(server, path), 403)
        self.settings("log: {level: info}\nroots: other\nlimits: {body: 2K}\n"
                      "cache: {size: off}\nlisten: {threads: 1}\n")
        log = self.reload(server)
        self.assertRegex(log, r"a setting has changed setting=limits.body in_force=2K before=64M")
        self.assertRegex(log, r"needs a restart setting=listen.threads .*in_file=1")
        self.assertEqual(self.reads(server, path), 200)
        self.assertEqual(server.request("POST", "/api/read_data", b" " * 3000).status, 413)
        self.assertEqual(server.status()["status"], "ok")
        # What was taken away is refused at once, though the answer was warm a moment ago.
        self.settings("log: {level: info}\n")
        self.reload(server)
        self.assertEqual(self.reads(server, path), 403)
        self.assertNotEqual(server.request("POST", "/api/read_data", b" " * 3000).status, 413)

    def pools(self, server):
        """What is told of each pool, by name."""
        return {pool["name"]: pool for pool in server.request("GET", "/api/pools").json["pools"]}

    def call(self, server, pool):
        return server.request("POST", "/api/rpc/" + pool, {
            "jsonrpc": "2.0", "id": 1, "method": "who", "params": {}}).json

    def test_changed_pools_are_replaced_and_others_are_not_touched(self):
        self.write("worker.py", WORKER)
        pool = "  %s: {command: [python3, worker.py, %s], workers: {min: 1}}\n"
        pools = "log: {level: info}\npools:\n" + pool % ("kept", "a")
        self.settings(pools + pool % ("gone", "a") + pool % ("other", "a"))
        server = self.start("--config", "hob.yml")
        before = {name: self.call(server, name)["result"] for name in ("kept", "gone", "other")}
        self.settings(pools + pool % ("other", "b") + pool % ("new", "c"))
        log = self.reload(server)
        for name in ("gone", "other", "new"):
            self.assertIn("a setting has changed setting=pools.%s " % name, log)
        self.assertNotIn("pools.kept", log)
        self.assertEqual(set(self.pools(server)), {"kept", "other", "new"})
        self.assertEqual(self.call(server, "kept")["result"], before["kept"])
        self.assertEqual(self.call(server, "other")["result"]["word"], "b")
        self.assertEqual(self.call(server, "new")["result"]["word"], "c")
        self.assertIn("there is no pool 'gone'", str(self.call(server, "gone")))
        for name in ("gone", "other"):
            wait_for(lambda pid=before[name]["pid"]: not os.path.exists("/proc/%d" % pid),
                     "the end of the worker of the old pool")
        # The first pool of a server may come late, and the last may go.
        self.settings("log: {level: info}\n")
        self.reload(server)
        self.assertEqual(self.pools(server), {})
        late = self.start("--config", "hob.yml")
        self.settings("log: {level: info}\npools:\n" + pool % ("late", "d"))
        self.reload(late)
        self.assertEqual(self.call(late, "late")["result"]["word"], "d")

    def test_a_file_with_a_mistake_elsewhere_changes_no_pool(self):
        self.write("worker.py", WORKER)
        pool = "pools: {tools: {command: [python3, worker.py, %s]}}\n"
        self.settings("log: {level: info}\n" + pool % "a")
        server = self.start("--config", "hob.yml")
        self.assertEqual(self.call(server, "tools")["result"]["word"], "a")
        self.settings("log: {level: info}\nroots: nowhere\n" + pool % "b")
        self.assertIn("were not reloaded", self.reload(server))
        self.assertEqual(self.call(server, "tools")["result"]["word"], "a")

    def test_replacing_pools_under_calls_fails_none(self):
        self.write("worker.py", WORKER)
        text = ("log: {level: info}\npools: {tools: {command: [python3, worker.py, word%d], "
                "workers: {max: 3}}}\n")
        self.settings(text % 0)
        server = self.start("--config", "hob.yml")
        answers, stop = [], threading.Event()

        def ask():
            while not stop.is_set():
                answers.append(self.call(server, "tools"))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for number in range(11):
                if number > 0:
                    self.settings(text % number)
                    self.reload(server)
                wait_for(lambda word="word%d" % number: answers and answers[-1].get(
                    "result", {}).get("word") == word, "an answer of the new pool")
        finally:
            stop.set()
            for thread in threads:
                thread.join(PATIENCE)
        self.assertEqual([answer for answer in answers if "result" not in answer], [])
        self.assertEqual({answer["result"]["word"] for answer in answers},
                         {"word%d" % number for number in range(11)})
        last = self.call(server, "tools")["result"]["pid"]
        wait_for(lambda: {worker["pid"] for worker in self.pools(server)["tools"]["workers"]} >=
                 {last} and self.workers(server) <= 4, "the workers of old pools to end")

    def workers(self, server):
        """How many processes of worker.py the server has."""
        with open("/proc/%d/task/%d/children" % (server.process.pid, server.process.pid),
                  encoding="ascii") as file:
            children = file.read().split()
        tasks = os.listdir("/proc/%d/task" % server.process.pid)
        for task in tasks:
            with open("/proc/%d/task/%s/children" % (server.process.pid, task),
                      encoding="ascii") as file:
                children += file.read().split()
        found = 0
        for child in set(children):
            try:
                with open("/proc/%s/cmdline" % child, "rb") as file:
                    found += b"worker.py" in file.read()
            except OSError:
                pass
        return found

    def test_a_warm_answer_is_not_given_within_other_roots(self):
        path = self.outside()
        self.settings("log: {level: info}\nroots: other\n")
        server = self.start_in_work("--config", self.path("hob.yml"))
        for _ in range(5):
            self.assertEqual(self.reads(server, path), 200)
        self.settings("log: {level: info}\n")
        self.reload(server)
        self.assertEqual(self.reads(server, path), 403)

    def test_a_bad_file_keeps_the_old_settings(self):
        path = self.outside()
        good = "log: {level: info}\nroots: other\n"
        self.settings(good)
        server = self.start_in_work("--config", self.path("hob.yml"))
        for bad, says in (("roots: [\n", "as YAML"),
                          ("rots: other\ndrain: 0\n", "did you mean roots?"),
                          ("roots: nowhere\n", "nowhere"),
                          ("roots: other\nlog: {file: no/such/place}\n", "no/such/place")):
            self.settings(bad)
            log = self.reload(server)
            self.assertIn("the settings were not reloaded: they are as they were", log)
            self.assertIn(says, log)
            self.assertEqual(self.reads(server, path), 200)
        self.settings("rots: other\ndrain: 0\n")
        self.assertEqual(self.reload(server).count("a mistake in the settings"), 2)
        os.remove(self.path("hob.yml"))
        self.assertIn("were not reloaded", self.reload(server))
        self.settings(good)
        os.chmod(self.path("hob.yml"), 0o666)
        self.assertIn("others than its owner", self.reload(server))
        self.assertEqual(self.reads(server, path), 200)

    def test_the_log_can_be_moved_away(self):
        self.settings("log: {level: info, file: log.txt}\n")
        server = self.start("--config", "hob.yml")
        wait_for(lambda: "listening" in self.read("log.txt"), "the log")
        for number in range(3):
            os.rename(self.path("log.txt"), self.path("log.%d" % number))
            server.signal(signal.SIGHUP)
            wait_for(lambda: os.path.exists(self.path("log.txt")) and
                     "were reloaded" in self.read("log.txt"), "the new log")
        descriptors = server.descriptors()
        self.settings("log: {level: info}\n")
        self.reload(server)
        self.reload(server)
        self.assertEqual(server.descriptors(), descriptors)

    def test_reloading_under_requests_loses_none(self):
        path = self.outside()
        both = "log: {level: info}\nroots: other\n"
        self.settings(both)
        server = self.start_in_work("--config", self.path("hob.yml"))
        statuses, stop = [], threading.Event()

        def ask():
            with server.connect() as connection:
                while not stop.is_set():
                    answer = connection.request(
                        "POST", "/api/read_data",
                        {"data_source": {"type": "csv", "filename": path}})
                    statuses.append((answer.status, answer.body))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        self.reload(server)
        descriptors = server.descriptors()
        for number in range(20):
            self.settings(both + ("cache: {size: %s}\n" % ("off", "1K", "1M")[number % 3]))
            self.reload(server)
        wait_for(lambda: len(statuses) > 100, "some answers")
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual({status for status, _ in statuses}, {200})
        self.assertEqual(len({body for _, body in statuses}), 1)
        wait_for(lambda: server.descriptors() <= descriptors, "descriptors of old roots to close")

    def test_without_a_file_sighup_stops(self):
        server = self.start("--config", "none")
        server.signal(signal.SIGHUP)
        self.assertEqual(server.wait(), 0)

    def test_with_a_file_a_server_that_ignores_sighup_reloads(self):
        self.settings("log: {level: info}\n")
        old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            server = self.start("--config", "hob.yml")
        finally:
            signal.signal(signal.SIGHUP, old)
        self.assertIn("were reloaded", self.reload(server))


if __name__ == "__main__":
    unittest.main()
