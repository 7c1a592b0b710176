#!/usr/bin/env python3
"""The life of a server, seen from outside: starting, being found, being replaced, ending.

HOB_ROUNDS and HOB_RESTARTS ask for more rounds of what is left to chance.
"""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import HOBD, PATIENCE, Connection, wait_for  # noqa: E402
from life import ASK, HOB, LifeTest, Load, LocalConnection, request  # noqa: E402

ROUNDS = int(os.environ.get("HOB_ROUNDS", "2"))
RESTARTS = int(os.environ.get("HOB_RESTARTS", "20"))
CLIENTS = 100
PEOPLE = "name,age\nx,36\ny,41\n"
TABLE = """
input: {type: csv, filename: people.csv, directory: ., index: name}
output: {type: csv, filename: out.csv, directory: ., index: name, columns: [n]}
"""


class AutoStart(LifeTest):
    def test_a_hundred_clients_at_once_start_one_server(self):
        for number in range(ROUNDS):
            clients = [self.spawn_ask("GET", "/api/status") for _ in range(CLIENTS)]
            answers = [client.communicate(timeout=3 * PATIENCE) for client in clients]
            failed = [errors for client, (_, errors) in zip(clients, answers) if client.returncode]
            self.assertEqual(failed, [], "round %d" % number)
            processes = set(json.loads(answer)["pid"] for answer, _ in answers)
            self.assertEqual(processes, set(self.daemons()), "round %d" % number)
            self.assertEqual(len(processes), 1, "round %d" % number)
            self.assertEqual(self.hob("serve", "--stop").returncode, 0)
        print("auto-starts: %d rounds of %d clients, 1 server each" % (ROUNDS, CLIENTS))

    def test_clients_that_start_while_the_server_stops_are_served(self):
        for _ in range(10):
            self.assertEqual(self.ask("GET", "/api/ping")[0], 0)
            for process in self.daemons():
                os.kill(process, signal.SIGTERM)
            clients = [self.spawn_ask("GET", "/api/ping") for _ in range(10)]
            for client in clients:
                answer, errors = client.communicate(timeout=3 * PATIENCE)
                self.assertEqual((client.returncode, errors), (0, ""))
                self.assertIn("pong", answer)

    def test_what_it_looks_like(self):
        status = self.status()
        self.assertEqual(status["hob_server"]["url"], None)
        self.assertEqual(status["hob_server"]["socket"], self.socket)
        self.assertEqual(status["hob_server"]["directory"], "/")
        self.assertEqual(status["hob_server"]["roots"], [])
        self.assertTrue(status["idle_timeout"]["enabled"])
        process = status["pid"]
        self.assertNotEqual(os.getsid(process), os.getsid(0))
        links = {number: os.readlink("/proc/%d/fd/%s" % (process, number)) for number in "012"}
        self.assertEqual((links["0"], links["1"]), ("/dev/null", "/dev/null"))
        self.assertEqual(links["2"], os.path.join(self.state, "hobd.log"))
        self.assertEqual(os.listdir(self.temporary), [])

    def test_it_keeps_nothing_of_the_client_that_started_it(self):
        reading, writing = os.pipe()
        client = subprocess.Popen([ASK, "GET", "/api/ping"], pass_fds=[writing],
                                  cwd=self.directory, env=self.environment,
                                  stdout=subprocess.DEVNULL)
        os.close(writing)
        self.assertEqual(client.wait(PATIENCE), 0)
        self.assertEqual(len(self.daemons()), 1)
        self.assertEqual(os.read(reading, 1), b"")  # an end, not a wait
        os.close(reading)

    def test_it_can_be_forbidden(self):
        for value in ("0", "off", "No"):
            code, _, errors = self.ask("GET", "/api/ping", environment={"HOB_AUTOSTART": value})
            self.assertEqual(code, 1)
            self.assertIn("nobody listens there", errors)
        self.assertEqual(self.daemons(), [])

    def test_a_server_that_was_named_is_not_started(self):
        code, _, errors = self.ask("GET", "/api/ping", environment={
            "HOB_SERVER": "unix:%s/other.sock" % self.run_directory})
        self.assertEqual(code, 1)
        self.assertIn("nobody listens there", errors)
        self.assertEqual(self.daemons(), [])

    def test_why_it_does_not_start_is_told(self):
        own = self.path("bin")
        os.mkdir(own)
        shutil.copy(ASK, own)
        with open(os.path.join(own, "hobd"), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho 'the moon is full' >&2\nexit 3\n")
        os.chmod(os.path.join(own, "hobd"), 0o755)
        result = subprocess.run([os.path.join(own, "ask"), "GET", "/api/ping"], text=True,
                                env=self.environment, capture_output=True, timeout=PATIENCE,
                                check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("ended before it was ready", result.stderr)
        self.assertIn("the moon is full", result.stderr)

    def test_a_relative_place_for_state_is_refused(self):
        """It would be another directory for the server, which runs in /, than for its client."""
        self.environment["HOB_STATE"] = "here"
        code, _, errors = self.ask("GET", "/api/ping")
        self.assertEqual(code, 1)
        self.assertIn("HOB_STATE is 'here'", errors)
        self.assertEqual(self.daemons(), [])
        server = subprocess.run([HOBD, "--host", "none", "--socket", self.path("own")],
                                env=self.environment, capture_output=True, text=True,
                                timeout=PATIENCE, check=False)
        self.assertEqual(server.returncode, 1)
        self.assertIn("HOB_STATE is 'here'", server.stderr)
        self.assertIn("the whole path", server.stderr)

    def test_a_killed_server_is_replaced_by_the_next_client(self):
        for _ in range(5):
            first = self.status()["pid"]
            os.kill(first, signal.SIGKILL)
            wait_for(lambda: first not in self.daemons(), "the server to be gone")
            self.assertTrue(os.path.exists(self.socket))
            self.assertNotEqual(self.status()["pid"], first)

    def test_a_client_that_is_killed_while_it_starts_the_server_holds_up_nobody(self):
        for delay in range(0, 20, 2):
            client = self.spawn_ask("GET", "/api/ping")
            time.sleep(delay / 1000)
            client.kill()
            client.communicate()
            self.assertEqual(self.ask("GET", "/api/ping")[0], 0)
            wait_for(lambda: len(self.daemons()) == 1, "one server to be left")
            self.assertEqual(self.hob("serve", "--stop").returncode, 0)


class Directories(LifeTest):
    def setUp(self):
        super().setUp()
        for name in ("one", "two"):
            os.mkdir(self.path(name))
            self.write(name + "/t.md", "---\ntitle: in %s\n---\n" % name)
        self.field = json.dumps({"field": "title", "markdown_file": "t.md"})

    def title(self, directory, **more):
        code, answer, errors = self.ask("POST", "/api/talk/field", self.field,
                                        directory=self.path(directory), **more)
        self.assertEqual((code, errors), (0, ""))
        return json.loads(answer)["value"]

    def test_each_client_is_served_from_where_it_is(self):
        for _ in range(3):
            self.assertEqual(self.title("one"), "in one")
            self.assertEqual(self.title("two"), "in two")
        self.write("one/t.md", "---\ntitle: anew\n---\n")
        self.assertEqual((self.title("one"), self.title("two")), ("anew", "in two"))
        self.assertEqual(len(self.daemons()), 1)
        # What was read from a file that has just been written is not kept.
        wait_for(lambda: self.title("one") and self.status()["hob_cache"]["hits"] > 0, "a kept answer")

    def test_many_at_once_each_from_its_own_directory(self):
        self.title("one")
        wrong = []

        def ask_often(name):
            connection = LocalConnection(self.socket)
            for _ in range(300):
                status, body, _ = request(connection, "POST", "/api/talk/field",
                                          json.loads(self.field),
                                          {"X-Hob-Directory": self.path(name)})
                if status != 200 or json.loads(body)["value"] != "in %s" % name:
                    wrong.append((name, status, body))
            connection.close()

        threads = [threading.Thread(target=ask_often, args=(name,))
                   for name in ("one", "two") * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_the_directory_is_a_root_for_that_request_alone(self):
        self.title("one")
        with Connection(self.socket) as connection:
            body = {"field": "title", "markdown_file": self.path("two/t.md")}
            away = connection.request("POST", "/api/talk/field", body,
                                      {"X-Hob-Directory": self.path("one")})
            self.assertEqual((away.status, away.json.get("value")), (200, ""))
            body = {"data_source": {"type": "json", "filename": "../two/x.json"}}
            self.write("two/x.json", "[1]")
            answer = connection.request("POST", "/api/read_data", body,
                                        {"X-Hob-Directory": self.path("one")})
            self.assert_error(answer, 403, "PathEscapeError")
            answer = connection.request("POST", "/api/read_data", body)
            self.assert_error(answer, 403, "PathEscapeError")
            answer = connection.request("POST", "/api/read_data", body,
                                        {"X-Hob-Directory": self.directory + "/two"})
            self.assertEqual(answer.status, 200)

    def test_what_is_no_directory_is_an_error(self):
        self.title("one")
        with Connection(self.socket) as connection:
            for directory, status in (("one", 400), ("/" + "x" * 5000, 400),
                                      (self.path("nowhere"), 404), (self.path("one/t.md"), 404)):
                answer = connection.request("POST", "/api/talk/field", json.loads(self.field),
                                            {"X-Hob-Directory": directory})
                self.assertEqual(answer.status, status, directory)

    def test_over_tcp_nobody_may_name_a_directory(self):
        server = self.start()
        answer = server.request("POST", "/api/talk/field", json.loads(self.field),
                                {"X-Hob-Directory": self.path("one")})
        self.assert_error(answer, 403, "PermissionError")

    def test_a_session_of_elsewhere_is_not_for_clients_of_the_port(self):
        server = self.spawn_server("--port", "0", directory=self.path("one"))
        for name in ("one", "two"):
            self.write(name + "/i.yml", TABLE)
            self.write(name + "/people.csv", PEOPLE)
        port = int(server.url.rsplit(":", 1)[1])
        for name, status in (("one", 200), ("two", 403)):
            code, answer, _ = self.ask("POST", "/api/sessions",
                                       json.dumps({"interface_file": "i.yml"}),
                                       directory=self.path(name))
            self.assertEqual(code, 0)
            path = "/api/sessions/%s/" % json.loads(answer)["session"]["session_id"]
            with Connection(("127.0.0.1", port)) as connection:
                answer = connection.request("POST", path + "get_value_at",
                                            {"index": "x", "column": "age"})
            self.assertEqual(answer.status, status, answer)

    def test_a_session_works_where_it_was_opened_whoever_uses_it(self):
        self.write("one/i.yml", TABLE)
        self.write("one/people.csv", PEOPLE)
        code, answer, _ = self.ask("POST", "/api/sessions", json.dumps({"interface_file": "i.yml"}),
                                   directory=self.path("one"))
        self.assertEqual(code, 0)
        path = "/api/sessions/%s/" % json.loads(answer)["session"]["session_id"]

        def use(operation, body="{}"):
            code, answer, errors = self.ask("POST", path + operation, body,
                                            directory=self.path("two"))
            self.assertEqual((code, errors), (0, ""), operation)
            return json.loads(answer)

        use("set_index", json.dumps({"index": "x"}))
        use("set_column", json.dumps({"column": "n"}))
        use("set_value", json.dumps({"value": 7}))
        self.assertEqual(use("get_value")["value"], 7)
        self.assertEqual(self.hob("serve", "--stop").returncode, 0)
        self.assertEqual(use("get_value")["value"], 7)  # another server, which reads it again


class Restart(LifeTest):
    def restart_once(self):
        connection = LocalConnection(self.socket)
        status, body, _ = request(connection, "POST", "/api/server/restart", {})
        connection.close()
        return status, json.loads(body)

    def restart(self):
        """Asks again when it was the last one's predecessor that took the request."""
        answers = []
        wait_for(lambda: answers.append(self.restart_once()) or answers[-1][0] != 503, "a restart")
        return answers[-1]

    def test_under_load_nobody_is_refused(self):
        server = self.spawn_server("--port", "0")
        port = int(server.url.rsplit(":", 1)[1])
        self.write("i.yml", TABLE)
        self.write("people.csv", PEOPLE)
        load, again = Load(), []

        def once(connect):
            connection = connect()
            status, body, _ = request(connection, "POST", "/api/read_data",
                                      {"interface_file": "i.yml"})
            connection.close()
            if status != 200 or json.loads(body)["data"]["shape"][0] != 2:
                raise AssertionError((status, body))

        import http.client

        def keep(connect):
            held = {"connection": connect()}

            def work():
                """A connection is used until the server says that it closes it; one that it closed
                while the request was on its way is opened again, as every client must."""
                used = held.get("used")
                try:
                    status, _, last = request(held["connection"], "GET", "/api/ping")
                except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError):
                    if not used:
                        raise
                    again.append(1)
                    held["connection"].close()
                    held["connection"], held["used"] = connect(), False
                    status, _, last = request(held["connection"], "GET", "/api/ping")
                held["used"] = True
                if last:
                    held["connection"].close()
                    held["connection"], held["used"] = connect(), False
                if status != 200:
                    raise AssertionError(status)
            return work

        local = lambda: LocalConnection(self.socket)  # noqa: E731
        tcp = lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)  # noqa: E731
        load.add(lambda: once(local))
        load.add(lambda: once(tcp))
        load.add(keep(local))
        load.add(keep(tcp))
        last = server.pid
        with load:
            for _ in range(RESTARTS):
                status, answer = self.restart()
                self.assertEqual(status, 200, answer)
                # The system gives numbers again: of a thousand some come twice.
                self.assertEqual(answer["before"], last)
                self.assertNotEqual(answer["pid"], last)
                last = answer["pid"]
        self.assertEqual(load.failed, [])
        wait_for(lambda: len(self.daemons()) == 1, "the last one to be left")
        print("restarts: %d, requests: %d, failed: %d, connections closed while asked: %d" % (
            RESTARTS, load.answered, len(load.failed), len(again)))

    def test_no_acknowledged_edit_is_lost_and_none_is_made_twice(self):
        self.spawn_server("--host", "none")
        self.write("i.yml", TABLE)
        self.write("people.csv", PEOPLE)
        connection = LocalConnection(self.socket)
        _, body, _ = request(connection, "POST", "/api/sessions", {"interface_file": "i.yml"})
        session = json.loads(body)["session"]["session_id"]
        path = "/api/sessions/%s/" % session
        request(connection, "POST", path + "set_index", {"index": "x"})
        request(connection, "POST", path + "set_column", {"column": "n"})
        connection.close()
        state, load = {"number": 0}, Load()

        def edit():
            number = state["number"] + 1
            own = LocalConnection(self.socket)
            status, body, _ = request(own, "POST", path + "set_value", {"value": number})
            if status != 200:
                raise AssertionError((status, body))
            own.close()
            state["number"] = number
            own = LocalConnection(self.socket)
            status, body, _ = request(own, "POST", path + "get_value", {})
            own.close()
            if status != 200 or json.loads(body)["value"] != number:
                raise AssertionError((number, status, body))

        load.add(edit)
        with load:
            for _ in range(min(RESTARTS, 50)):
                self.assertEqual(self.restart()[0], 200)
        self.assertEqual(load.failed, [])
        self.assertGreater(state["number"], 0)

    def test_it_stays_where_it_is(self):
        """Not where the client is that asks for the restart."""
        here, elsewhere = self.path("here"), self.path("elsewhere")
        for directory in (here, elsewhere, os.path.join(here, "data")):
            os.mkdir(directory)
        self.spawn_server("--host", "none", "--root", "data", directory=here)
        for _ in range(2):
            done = self.hob("serve", "--restart", directory=elsewhere)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(os.readlink("/proc/%d/cwd" % self.status()["pid"]), here)

    def test_by_command_and_by_signal(self):
        first = self.spawn_server("--host", "none")
        done = self.hob("serve", "--restart")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(first.wait(PATIENCE), 0)
        second = self.status()["pid"]
        self.assertEqual(done.stdout, "restarted: process %d in place of %d\n" % (second,
                                                                                 first.pid))
        os.kill(second, signal.SIGUSR2)
        wait_for(lambda: self.status()["pid"] != second, "the successor")
        with open(os.path.join(self.run_directory, "hob", "hobd.pid"), encoding="utf-8") as file:
            self.assertEqual(int(file.read()), self.status()["pid"])
        self.assertEqual(self.hob("serve", "--stop").returncode, 0)
        left = os.listdir(os.path.join(self.run_directory, "hob"))
        self.assertEqual([name for name in left if not name.endswith(".start")], [])

    def copy_of_server(self):
        program = self.path("hobd")
        shutil.copy(HOBD, program)
        return program

    def replace(self, program, script):
        with open(program + ".new", "w", encoding="utf-8") as file:
            file.write(script)
        os.chmod(program + ".new", 0o755)
        os.rename(program + ".new", program)

    def test_a_changed_program_is_the_one_that_is_started(self):
        program = self.copy_of_server()
        first = self.spawn_server("--host", "none", program=program)
        self.replace(program, "#!/bin/sh\nexport CHANGED=yes\nexec %s \"$@\"\n" % HOBD)
        status, answer = self.restart()
        self.assertEqual(status, 200, answer)
        self.assertEqual(first.wait(PATIENCE), 0)
        with open("/proc/%d/environ" % answer["pid"], "rb") as file:
            self.assertIn(b"CHANGED=yes", file.read())
        self.assertEqual(self.status()["pid"], answer["pid"])

    def test_when_the_new_one_does_not_come_up_the_old_one_goes_on(self):
        program = self.copy_of_server()
        server = self.spawn_server("--host", "none", program=program)
        for script, reason in (("#!/bin/sh\nexit 1\n", "ended before it was ready"),
                               ("#!/bin/sh\nexec %s --root /nowhere \"$@\"\n" % HOBD, "/nowhere")):
            self.replace(program, script)
            status, answer = self.restart()
            self.assertGreaterEqual(status, 400)
            self.assertIn(reason, answer["error_message"])
            self.assertEqual(self.status()["pid"], server.pid)
            done = self.hob("serve", "--restart")
            self.assertEqual(done.returncode, 1)
            self.assertIn(reason, done.stderr)
            server.send_signal(signal.SIGUSR2)
            self.assertEqual(self.status()["pid"], server.pid)
        os.unlink(program)
        status, answer = self.restart()
        self.assertIn("No such file", answer["error_message"])
        self.assertEqual(self.daemons(), [server.pid])

    def test_sessions_in_memory_only_are_a_reason_not_to(self):
        self.spawn_server("--host", "none", "--state", "none")
        self.write("i.yml", TABLE)
        self.write("people.csv", PEOPLE)
        code, answer, _ = self.ask("POST", "/api/sessions", json.dumps({"interface_file": "i.yml"}))
        self.assertEqual(code, 0)
        status, refused = self.restart()
        self.assertEqual(status, 422)
        self.assertIn("in memory only", refused["error_message"])
        self.ask("DELETE", "/api/sessions/" + json.loads(answer)["session"]["session_id"])
        self.assertEqual(self.restart()[0], 200)

    def test_two_at_once_are_one_and_a_refusal_or_two(self):
        self.spawn_server("--host", "none")
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.restart_once()[0]))
                   for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertIn(200, answers)
        self.assertLessEqual(set(answers), {200, 503})
        wait_for(lambda: len(self.daemons()) == 1, "one server to be left")
        self.assertEqual(self.ask("GET", "/api/ping")[0], 0)

    def test_a_request_that_is_open_is_answered_by_the_old_one(self):
        server = self.spawn_server("--host", "none")
        with Connection(self.socket) as slow:
            slow.send(slow.head("POST", "/api/ping", {"Content-Length": "8"}) + b'{"a"')
            wait_for(lambda: self.status()["hob_server"]["requests"] >= 2, "the request to begin")
            status, answer = self.restart()
            self.assertEqual(status, 200)
            self.assertEqual(self.status()["pid"], answer["pid"])
            self.assertIsNone(server.poll())
            slow.send(b": 1}")
            self.assertEqual(slow.read().status, 200)
        self.assertEqual(server.wait(PATIENCE), 0)


class Ending(LifeTest):
    def test_a_server_that_nobody_uses_ends(self):
        server = self.spawn_server("--host", "none", "--idle-timeout", "1")
        idle = self.status()["idle_timeout"]
        self.assertEqual((idle["enabled"], idle["timeout_seconds"]), (True, 1))
        self.assertLessEqual(idle["remaining_seconds"], 1)
        with Connection(self.socket):  # a connection that says nothing is no use
            self.assertEqual(server.wait(PATIENCE), 0)
        self.assertFalse(os.path.exists(self.socket))

    def test_not_while_a_request_is_open(self):
        server = self.spawn_server("--host", "none", "--idle-timeout", "1")
        with Connection(self.socket) as slow:
            slow.send(slow.head("POST", "/api/ping", {"Content-Length": "8"}) + b'{"a"')
            with self.assertRaises(subprocess.TimeoutExpired):
                server.wait(2.5)
            slow.send(b": 1}")
            self.assertEqual(slow.read().status, 200)
        self.assertEqual(server.wait(PATIENCE), 0)

    def test_not_while_sessions_would_be_lost(self):
        server = self.spawn_server("--host", "none", "--idle-timeout", "1", "--state", "none")
        self.write("i.yml", TABLE)
        self.write("people.csv", PEOPLE)
        code, answer, _ = self.ask("POST", "/api/sessions", json.dumps({"interface_file": "i.yml"}))
        self.assertEqual(code, 0)
        with self.assertRaises(subprocess.TimeoutExpired):
            server.wait(2.5)
        self.ask("DELETE", "/api/sessions/" + json.loads(answer)["session"]["session_id"])
        self.assertEqual(server.wait(PATIENCE), 0)

    def test_clients_that_come_just_then_are_served(self):
        self.spawn_server("--host", "none", "--idle-timeout", "1")
        moment = time.monotonic() + 0.9
        for number in range(60):
            time.sleep(max(0.0, moment + number * 0.005 - time.monotonic()))
            code, answer, errors = self.ask("GET", "/api/ping")
            self.assertEqual((code, errors), (0, ""), number)

    def test_connections_that_wait_outside_are_served_when_it_stops(self):
        server = self.spawn_server("--host", "none")
        os.kill(server.pid, signal.SIGSTOP)
        waiting = [Connection(self.socket) for _ in range(50)]
        for connection in waiting:
            connection.send(connection.head("GET", "/api/ping"))
        os.kill(server.pid, signal.SIGTERM)
        os.kill(server.pid, signal.SIGCONT)
        for connection in waiting:
            self.assertEqual(connection.read().status, 200)
            connection.close()
        self.assertEqual(server.wait(PATIENCE), 0)

    def test_stop_says_which_process_it_was_and_is_content_without_one(self):
        process = self.status()["pid"]
        stopped = self.hob("serve", "--stop")
        self.assertEqual((stopped.returncode, stopped.stdout), (0, "stopped: process %d\n" %
                                                                process))
        self.assertEqual(self.daemons(), [])
        again = self.hob("serve", "--stop")
        self.assertEqual((again.returncode, again.stdout), (0, "no server runs\n"))

    def test_a_second_signal_ends_it_at_once(self):
        server = self.spawn_server("--host", "none")
        with Connection(self.socket) as slow:
            slow.send(slow.head("POST", "/api/ping", {"Content-Length": "8"}) + b'{"a"')
            wait_for(lambda: self.status()["hob_server"]["requests"] >= 2, "the request to begin")
            server.terminate()
            wait_for(lambda: not os.path.exists(self.socket), "the server to stop listening")
            server.terminate()
            self.assertEqual(server.wait(PATIENCE), 128 + signal.SIGTERM)


class Places(LifeTest):
    def lock(self, port):
        return os.path.join(self.temporary, "lynguine-server-127.0.0.1-%d.lock" % port)

    def free_port(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def fails(self, *options):
        result = subprocess.run([HOBD, *options], cwd=self.directory, env=self.environment,
                                capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(result.returncode, 1)
        return result.stderr

    def test_the_reference_s_way_of_starting_and_finding_it(self):
        port = self.free_port()
        server = subprocess.Popen(
            [HOBD, "--host", "127.0.0.1", "--port", str(port), "--idle-timeout", "300"], cwd=self.directory, env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

        def is_up():
            try:
                with Connection(("127.0.0.1", port)) as connection:
                    return connection.request("GET", "/api/health").json["status"] == "ok"
            except ConnectionError:
                return False

        try:
            wait_for(is_up, "the server")
            with open(self.lock(port), encoding="utf-8") as file:
                self.assertEqual(int(file.read().strip()), server.pid)
            with Connection(("127.0.0.1", port)) as connection:
                status = connection.request("GET", "/api/status").json
            self.assertEqual(status["idle_timeout"]["timeout_seconds"], 300)
        finally:
            server.terminate()
            self.assertEqual(server.wait(PATIENCE), 0)
        self.assertFalse(os.path.exists(self.lock(port)))

    def test_the_lock_file_follows_a_restart_and_stale_ones_are_replaced(self):
        port = self.free_port()
        gone = subprocess.Popen(["true"])
        gone.wait()
        for content in ("%d" % gone.pid, "", "nonsense", "%d\n" % os.getpid()):
            with open(self.lock(port), "w", encoding="utf-8") as file:
                file.write(content)
            server = self.spawn_server("--port", str(port))
            with open(self.lock(port), encoding="utf-8") as file:
                self.assertEqual(int(file.read()), server.pid)
            self.assertEqual(self.hob("serve", "--restart").returncode, 0)
            with open(self.lock(port), encoding="utf-8") as file:
                self.assertEqual(int(file.read()), self.status()["pid"])
            self.assertEqual(self.hob("serve", "--stop").returncode, 0)
            self.assertFalse(os.path.exists(self.lock(port)))

    def test_a_link_in_place_of_the_lock_file_is_not_followed(self):
        port = self.free_port()
        self.write("precious", "precious")
        os.symlink(self.path("precious"), self.lock(port))
        server = self.spawn_server("--port", str(port))
        server.terminate()
        self.assertEqual(server.wait(PATIENCE), 0)
        self.assertEqual(self.read("precious"), "precious")

    def test_who_has_the_port_is_told_with_the_next_that_is_free(self):
        first = self.spawn_server("--port", str(self.free_port()))
        port = int(first.url.rsplit(":", 1)[1])
        told = self.fails("--port", str(port), "--socket", "none")
        self.assertIn("process number %d" % first.pid, told)
        self.assertRegex(told, r"try --port \d+")
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            told = self.fails("--port", str(other.getsockname()[1]), "--socket", "none")
            self.assertIn("another process listens there", told)

    def test_without_a_port_there_is_no_lock_file_and_without_anything_no_server(self):
        server = self.spawn_server("--host", "none")
        self.assertEqual(server.url, "unix:" + self.socket)
        self.assertEqual(os.listdir(self.temporary), [])
        self.assertIn("nowhere to listen", self.fails("--host", "none", "--socket", "none"))
        self.assertIn("another server listens", self.fails("--host", "none"))

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another user")
    def test_another_user_s_process_is_refused_even_if_it_can_open_the_socket(self):
        self.status()
        for path, mode in ((self.run_directory, 0o755), (os.path.dirname(self.socket), 0o755),
                           (self.socket, 0o666)):
            os.chmod(path, mode)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.setgid(65534)
                os.setuid(65534)
                with Connection(self.socket) as connection:
                    status = {403: 0}.get(connection.read().status, 2)
            finally:
                os._exit(status)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        os.chmod(os.path.dirname(self.socket), 0o700)

    def test_status_says_what_runs_and_for_whom(self):
        nothing = self.hob("serve", "--status")
        self.assertEqual((nothing.returncode, nothing.stdout), (1, ""))
        self.assertEqual(self.daemons(), [])
        server = self.spawn_server("--port", "0")
        told = self.hob("serve", "--status")
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        for part in ("process %d," % server.pid, server.url, "unix:" + self.socket, self.directory,
                     "on this machine", "when it is told to"):
            self.assertIn(part, told.stdout)
        status = json.loads(self.hob("serve", "--status", "--json").stdout)
        self.assertEqual(status["pid"], server.pid)
        named = self.hob("serve", "--status", "--port", server.url.rsplit(":", 1)[1])
        self.assertIn("process %d," % server.pid, named.stdout)


class Background(LifeTest):
    def test_daemon_starts_one_and_finds_it_again(self):
        first = self.hob("serve", "--daemon", "--host", "none")
        self.assertEqual((first.returncode, first.stderr), (0, ""))
        process = self.status()["pid"]
        self.assertEqual(first.stdout, "started: process %d, at unix:%s\n" % (process, self.socket))
        self.assertEqual(self.status()["hob_server"]["roots"], [self.directory])
        again = self.hob("serve", "--daemon")
        self.assertEqual(again.stdout, "a server runs already: process %d\n" % process)

    def test_another_one_says_where_it_is(self):
        self.hob("serve", "--daemon", "--host", "none")
        told = self.hob("serve", "--daemon", "--port", "0").stdout
        process, port = re.fullmatch(r"started: process (\d+), at http://127.0.0.1:(\d+)\n", told).groups()
        self.assertNotEqual(int(process), self.status()["pid"])
        self.assertIn("process %s," % process, self.hob("serve", "--status", "--port", port).stdout)
        self.assertEqual(self.hob("serve", "--stop", "--port", port).returncode, 0)
        self.assertEqual(self.daemons(), [self.status()["pid"]])

    def test_why_it_cannot_is_told_at_once(self):
        for options, reason in ((["--root", "nowhere"], "nowhere"), (["--drain", "0"], "--drain"),
                                (["--socket", "no/place/x.sock"], "no/place")):
            told = self.hob("serve", "--daemon", "--host", "none", *options)
            self.assertEqual((told.returncode, told.stdout), (1, ""), options)
            self.assertIn(reason, told.stderr)
        wait_for(lambda: not self.daemons(), "the last one to end")

    def test_many_at_once_are_one(self):
        for action in ("--daemon", "--auto"):
            started = [subprocess.Popen([HOB, "serve", action], env=self.environment, text=True,
                                        cwd=self.directory, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE) for _ in range(20)]
            told = [process.communicate(timeout=3 * PATIENCE) for process in started]
            self.assertEqual({errors for _, errors in told}, {""})
            self.assertEqual({process.returncode for process in started}, {0})
            self.assertEqual(len({re.search(r"process (\d+)", line).group(1) for line, _ in told}), 1, told)
            self.assertEqual(len(self.daemons()), 1)
            self.assertEqual(self.hob("serve", "--stop").returncode, 0)
        self.environment["HOB_AUTOSTART"] = "0"
        self.assertIn("HOB_AUTOSTART=0", self.hob("serve", "--auto").stderr)

    def settings(self, text):
        with open(self.path("hob.yml"), "w", encoding="utf-8") as file:
            file.write(text)
        self.environment["HOB_CONFIG"] = self.path("hob.yml")

    def test_workers_that_start_with_it_keep_nothing_of_the_start(self):
        self.settings("pools: {tools: {command: [cat], workers: {min: 1}}}\n")
        self.assertEqual(self.hob("serve", "--daemon", "--host", "none").returncode, 0)

        def started():
            workers = json.loads(self.ask("GET", "/api/pools/tools")[1])["pool"]["workers"]
            return workers and workers[0]["pid"]
        worker = wait_for(started, "a worker")
        self.assertEqual(sorted(os.listdir("/proc/%d/fd" % worker)), ["0", "1", "2"])

    def test_status_shows_pools(self):
        self.settings("pools: {tools: {command: [cat]}, more: {command: [cat]}}\n")
        self.assertEqual(self.hob("serve", "--daemon", "--host", "none").returncode, 0)
        lines = self.hob("serve", "--status").stdout.splitlines()
        self.assertIn("pools           2", lines)
        self.assertTrue([line for line in lines if line.startswith(
            " " * 16 + "tools: ready, workers: 0 of 4, 0 busy; calls: 0, 0 waiting")], lines)

    def test_reload_prints_what_has_changed_or_what_is_wrong(self):
        self.settings("limits: {body: 1M}\n")
        self.assertEqual(self.hob("serve", "--daemon", "--host", "none").returncode, 0)
        self.assertEqual(self.hob("serve", "--reload").stdout, "reloaded: nothing has changed\n")
        self.settings("limits: {body: 2K}\nlisten: {threads: 1}\n")
        self.assertEqual(self.hob("serve", "--reload").stdout,
                         "listen.threads: unset until 'hob serve --restart', in the file: 1\n"
                         "limits.body: 2K, before: 1M\n")
        self.settings("limts: {body: 1K}\ndrain: 0\n")
        result = self.hob("serve", "--reload")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        for words in ("stay as they were", "hob.yml:1: limts: unknown key; did you mean limits?",
                      "hob.yml:2: drain: expected", "'hob config check "):
            self.assertIn(words, result.stderr)
        self.settings("limits: {body: 2K}\nlisten: {threads: 1}\n")
        several = [subprocess.Popen([HOB, "serve", "--reload"], env=self.environment, text=True,
                                    stdout=subprocess.PIPE) for _ in range(10)]
        for process in several:
            self.assertIn("listen.threads", process.communicate(timeout=PATIENCE)[0])
            self.assertEqual(process.returncode, 0)
        self.environment["HOB_CONFIG"] = "none"
        self.assertEqual(self.hob("serve", "--restart").returncode, 0)
        self.assertEqual(self.hob("serve", "--stop").returncode, 0)
        self.assertEqual(self.hob("serve", "--daemon", "--host", "none").returncode, 0)
        result = self.hob("serve", "--reload")
        self.assertEqual(result.returncode, 1)
        self.assertIn("without a file of settings", result.stderr)

    def test_its_log_does_not_grow_without_bounds(self):
        self.settings("log: {level: info}\n")
        log = os.path.join(self.state, "hobd.log")
        os.makedirs(self.state)
        with open(log, "w", encoding="utf-8") as file:
            file.write("old line\n" * (10 * 1024 * 1024 // 9))
        self.assertEqual(self.hob("serve", "--daemon", "--host", "none").returncode, 0)
        for _ in range(3):
            self.assertEqual(self.hob("serve", "--reload").returncode, 0)
        self.assertEqual(self.hob("serve", "--restart").returncode, 0)
        self.assertEqual(self.hob("serve", "--reload").returncode, 0)
        with open(log, encoding="utf-8") as new, open(log + ".1", encoding="utf-8") as old:
            new, old = new.read(), old.read()
        self.assertTrue(old.startswith("old line\n") and old.endswith("\n"))
        self.assertEqual((old + new).count("were reloaded"), 4)
        self.assertNotIn("old line", new)
        self.assertIn("were reloaded", new)

    def test_in_the_foreground_it_is_hobd(self):
        server = self.spawn_server("serve", "--host", "none", program=HOB)
        self.assertEqual(self.status()["pid"], server.pid)

    def test_it_takes_every_option_of_hobd(self):
        def options(*words):
            told = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE,
                                  check=True).stdout
            return set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", told, re.M))

        missing = options(HOBD, "--help") - options(HOB, "serve", "--help")
        self.assertEqual(missing, {"--version"})

    def test_what_does_not_go_together(self):
        for options in (["--stop", "--restart"], ["--json"], ["--daemon", "--json"], ["--nope"]):
            told = self.hob("serve", *options)
            self.assertEqual(told.returncode, 2, options)


class Activation(LifeTest):
    """A service manager that holds the sockets, made by hand."""

    def activate(self, sockets, *options, names=None, environment=None):
        def place():
            for number, one in enumerate(sockets):
                os.dup2(one.fileno(), 100 + number)
            for number in range(len(sockets)):
                os.dup2(100 + number, 3 + number)
                os.close(100 + number)

        script = 'import os, sys; os.environ["LISTEN_PID"] = str(os.getpid());' \
                 'os.execv(sys.argv[1], sys.argv[1:])'
        more = {"LISTEN_FDS": str(len(sockets))}
        if names:
            more["LISTEN_FDNAMES"] = names
        process = subprocess.Popen(
            [sys.executable, "-c", script, HOBD, *options], cwd=self.directory,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(self.environment, **more, **(environment or {})), close_fds=False,
            preexec_fn=place)
        self.addCleanup(process.communicate)
        self.addCleanup(self.end_daemons)
        return process

    def local(self):
        path = os.path.join(self.run_directory, "given.sock")
        given = socket.socket(socket.AF_UNIX)
        given.bind(path)
        given.listen()
        self.addCleanup(given.close)
        return path, given

    def tcp(self):
        given = socket.socket()
        given.bind(("127.0.0.1", 0))
        given.listen()
        self.addCleanup(given.close)
        return given.getsockname(), given

    def test_it_serves_at_the_sockets_that_it_is_given_and_at_no_others(self):
        path, local = self.local()
        address, tcp = self.tcp()
        with Connection(path) as early:  # came before there was a server
            early.send(early.head("GET", "/api/status"))
            server = self.activate([tcp, local])
            answer = early.read()
        self.assertEqual(answer.json["hob_server"]["socket"], path)
        self.assertEqual(answer.json["hob_server"]["url"], "http://127.0.0.1:%d" % address[1])
        with Connection(address) as connection:
            self.assertEqual(connection.request("GET", "/api/ping").status, 200)
        self.assertFalse(os.path.exists(self.socket))
        server.terminate()
        self.assertEqual(server.wait(PATIENCE), 0)
        self.assertTrue(os.path.exists(path), "the socket is the manager's")

    def test_a_restart_keeps_the_manager_s_sockets(self):
        path, local = self.local()
        server = self.activate([local], names="hob.socket")
        for _ in range(3):
            status = 503
            while status == 503:
                connection = LocalConnection(path)
                status, body, _ = request(connection, "POST", "/api/server/restart", {})
                connection.close()
            self.assertEqual(status, 200, body)
        self.assertEqual(server.wait(PATIENCE), 0)
        os.kill(json.loads(body)["pid"], signal.SIGTERM)
        wait_for(lambda: not self.daemons(), "the last one to end")
        self.assertTrue(os.path.exists(path))

    def test_what_nobody_can_listen_at_is_an_error(self):
        pair = socket.socketpair()
        file = open(self.write("file", ""), encoding="utf-8")
        first, second = self.local()[1], self.tcp()[1]
        for sockets, reason in (([pair[0]], "no listening"), ([file], "no listening"),
                                ([first, first], "are the most"), ([second, second], "the most")):
            server = self.activate(sockets)
            _, errors = server.communicate(timeout=PATIENCE)
            self.assertEqual(server.returncode, 1)
            self.assertIn(reason, errors.decode())
        for one in (*pair, file):
            one.close()

    def test_variables_for_another_process_are_not_for_this_one(self):
        server = self.spawn_server("--host", "none",
                                   environment={"LISTEN_FDS": "1", "LISTEN_PID": "1"})
        self.assertEqual(self.status()["pid"], server.pid)

    def test_the_manager_is_told(self):
        path = os.path.join(self.run_directory, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(path)
            told.settimeout(PATIENCE)
            server = self.spawn_server("--host", "none", environment={"NOTIFY_SOCKET": path})
            self.assertEqual(told.recv(1000).decode(), "READY=1\nMAINPID=%d" % server.pid)
            self.assertEqual(self.hob("serve", "--restart").returncode, 0)
            process = self.status()["pid"]
            self.assertEqual(told.recv(1000).decode(), "READY=1\nMAINPID=%d" % process)
            self.assertEqual(told.recv(1000).decode(), "MAINPID=%d" % process)
            self.assertEqual(self.hob("serve", "--stop").returncode, 0)
            self.assertIn("STOPPING=1", told.recv(1000).decode())

    @unittest.skipUnless(shutil.which("systemd-socket-activate"), "systemd is not there")
    def test_the_real_thing(self):
        path = os.path.join(self.run_directory, "real.sock")
        manager = subprocess.Popen(
            ["systemd-socket-activate", "-l", path,
             "-E", "XDG_RUNTIME_DIR", "-E", "HOB_STATE", HOBD], cwd=self.directory,
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: os.path.exists(path), "the socket")
            with Connection(path) as connection:
                answer = connection.request("GET", "/api/status")
            self.assertEqual(answer.json["pid"], manager.pid)
        finally:
            manager.terminate()
            manager.wait(PATIENCE)


if __name__ == "__main__":
    unittest.main()
