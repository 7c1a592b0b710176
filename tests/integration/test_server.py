#!/usr/bin/env python3
"""What hobd promises to its clients, seen from outside over real sockets."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import HOBD, PATIENCE, Connection, ServerTest, wait_for  # noqa: E402

TALK = "---\ntitle: %s\n---\ntext\n"
INTERFACE = "title: t\ninput:\n  type: local\n  data: {a: [1, 2], b: [x, null]}\n"
TABLE = {"records": [{"a": 1, "b": "x"}, {"a": 2, "b": None}], "columns": ["a", "b"],
         "shape": [2, 2], "dtypes": {"a": "int64", "b": "object"}}
FIELD = {"field": "title", "markdown_file": "t.md"}


class Routes(ServerTest):
    def setUp(self):
        super().setUp()
        self.server = self.start()

    def ask(self, *arguments, **more):
        return self.server.request(*arguments, **more)

    def test_ping_health_and_status_answer_get_and_post(self):
        for method in ("GET", "POST"):
            ping = self.ask(method, "/api/ping")
            self.assertEqual((ping.status, ping.json), (200, {"status": "ok", "message": "pong"}))
            self.assertEqual(ping.headers["content-type"], "application/json")
            health = self.ask(method, "/api/health").json
            self.assertEqual(health["server"], "lynguine-server-poc")
            status = self.ask(method, "/api/status").json
            self.assertEqual(status["pid"], self.server.process.pid)
            self.assertIn("/api/read_data", status["endpoints"])
            self.assertGreater(status["memory"]["rss_mb"], 0)

    def test_a_query_and_one_trailing_slash_do_not_matter(self):
        for path in ("/api/ping/", "/api/ping?x=1", "/api/ping/?x=%20&y"):
            self.assertEqual(self.ask("GET", path).status, 200, path)
        self.assert_error(self.ask("GET", "/api/ping//"), 404, "ValueError")

    def test_an_unknown_path_is_404_whatever_the_method(self):
        for path in ("/", "/api", "/health", "/api/nope", "/api/read_data/extra", "/api/pin",
                     "/api/pingg", "/../etc/passwd"):
            for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
                self.assert_error(self.ask(method, path), 404, "ValueError")

    def test_a_known_path_with_another_method_is_405_and_says_which_are_allowed(self):
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "BREW"):
            answer = self.ask(method, "/api/ping")
            self.assert_error(answer, 405, "ValueError")
            self.assertEqual(answer.headers["allow"], "GET, HEAD, POST")
        answer = self.ask("GET", "/api/read_data")
        self.assert_error(answer, 405, "ValueError")
        self.assertEqual(answer.headers["allow"], "POST")

    def test_head_answers_like_get_without_a_body_and_keeps_the_connection(self):
        with self.server.connect() as connection:
            for _ in range(3):
                head = connection.request("HEAD", "/api/ping")
                get = connection.request("GET", "/api/ping")
                self.assertEqual(head.status, 200)
                self.assertEqual(head.headers["content-length"], get.headers["content-length"])
            answer = connection.request("HEAD", "/api/read_data")
            self.assertEqual(answer.status, 405)

    def test_one_connection_serves_many_requests_of_all_kinds(self):
        self.write("i.yml", INTERFACE)
        with self.server.connect() as connection:
            for _ in range(50):
                self.assertEqual(connection.request("GET", "/api/ping").status, 200)
                self.assertEqual(connection.request("POST", "/api/nope", {}).status, 404)
                answer = connection.request("POST", "/api/read_data", {"interface_file": "i.yml"})
                self.assertEqual(answer.json, {"status": "success", "data": TABLE})

    def test_requests_may_be_sent_before_the_answers_are_read(self):
        with self.server.connect() as connection:
            connection.send(connection.head("GET", "/api/ping") * 20)
            for _ in range(20):
                self.assertEqual(connection.read().status, 200)


class Bodies(ServerTest):
    def setUp(self):
        super().setUp()
        self.server = self.start("--max-body", "100K")

    def post(self, body, path="/api/read_data", headers=None):
        return self.server.request("POST", path, body, headers)

    def test_what_is_no_json_is_400_on_every_path(self):
        for path in ("/api/read_data", "/api/ping", "/api/nope", "/api/talk/field"):
            for body in (b"{", b"nope", b"{\n\n", b"[1,]", b"{} x"):
                self.assert_error(self.post(body, path), 400, "JSONDecodeError")
        answer = self.post(b'{\n  "data": {},\n  "output": nope\n}\n', "/api/write_data")
        self.assertIn("line 3 column 13 (char 28)", answer.json["error_message"])

    def test_what_is_no_utf8_is_400(self):
        for body in (b"\xff\xfe{}", b'{"data_source": "caf\xe9"}', b'{"a": "\xed\xa0\x80"}'):
            self.assert_error(self.post(body), 400, "UnicodeDecodeError")

    def test_json_that_is_no_object_is_400(self):
        for body in (b"[1,2]", b'"x"', b"null", b"3", b"true"):
            self.assert_error(self.post(body), 400, "ValueError")

    def test_no_body_stands_for_an_empty_object(self):
        for body in (None, b"", b"{}"):
            answer = self.post(body)
            self.assert_error(answer, 400, "ValueError")
            self.assertIn("interface_file", answer.json["error_message"])

    def test_missing_parameters_are_named(self):
        cases = [("/api/write_data", {"output": {}}, "data"),
                 ("/api/write_data", {"data": {"records": []}}, "output")]
        for path, body, name in cases:
            answer = self.post(body, path)
            self.assert_error(answer, 400, "ValueError")
            self.assertIn("'%s'" % name, answer.json["error_message"])
        self.assert_error(self.post({"data": {}, "output": {}}, "/api/write_data"), 422, "KeyError")
        for path, body, value in (("/api/interface/read", {"field": "x"}, None),
                                  ("/api/interface/read", {"interface_file": "x"}, None),
                                  ("/api/talk/field", {"field": "x"}, ""),
                                  ("/api/talk/field", {"markdown_file": "x"}, "")):
            answer = self.post(body, path)
            self.assertEqual(answer.status, 400)
            self.assertEqual(answer.json["value"], value)
            self.assertEqual(set(answer.json), {"status", "error", "value"})

    def test_an_announced_body_over_the_limit_is_refused_before_it_is_sent(self):
        with self.server.connect() as connection:
            connection.send(connection.head("POST", "/api/read_data",
                                            {"Content-Length": str(100 * 1024 + 1)}))
            answer = connection.read()
            self.assert_error(answer, 413, "LimitError")
            self.assertTrue(connection.is_closed())

    def test_a_client_that_sends_all_before_it_reads_gets_its_refusal(self):
        url = "http://127.0.0.1:%d/api/ping" % self.server.port
        for headers, size, status in (({}, 20 << 20, 413), ({"Origin": "http://evil"}, 90000, 403),
                                      ({"Host": "evil"}, 8 << 20, 403)):
            for _ in range(5):
                request = urllib.request.Request(url, b"x" * size, headers)
                with self.assertRaises(urllib.error.HTTPError) as caught:
                    urllib.request.urlopen(request, timeout=PATIENCE)
                self.assertEqual(caught.exception.code, status)
                self.assertEqual(json.loads(caught.exception.read())["status"], "error")
                caught.exception.close()
        before = self.server.descriptors()
        self.assertEqual(self.post(b"{}", "/api/ping").status, 200)
        wait_for(lambda: self.server.descriptors() <= before, "descriptors to be closed")

    def test_a_body_of_exactly_the_limit_is_taken(self):
        body = b'{"x": "' + b"y" * (100 * 1024 - 9) + b'"}'
        self.assertEqual(len(body), 100 * 1024)
        self.assertEqual(self.post(body, "/api/ping").status, 200)

    def test_a_client_that_asks_first_is_told_to_go_on_or_refused(self):
        with self.server.connect() as connection:
            headers = {"Expect": "100-continue", "Content-Length": "2"}
            connection.send(connection.head("POST", "/api/ping", headers))
            self.assertEqual(connection.read().status, 100)
            connection.send(b"{}")
            self.assertEqual(connection.read().status, 200)
            connection.send(connection.head("POST", "/api/ping",
                                            dict(headers, **{"Content-Length": "999999"})))
            self.assertEqual(connection.read().status, 413)

    def chunked(self, pieces, path="/api/read_data"):
        with self.server.connect() as connection:
            connection.send(connection.head("POST", path, {"Transfer-Encoding": "chunked"}))
            for piece in pieces:
                connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            connection.send(b"0\r\n\r\n")
            return connection.read()

    def test_a_body_in_chunks_is_put_together(self):
        self.write("i.yml", INTERFACE)
        body = json.dumps({"interface_file": "i.yml"}).encode()
        answer = self.chunked([body[i:i + 1] for i in range(len(body))])
        self.assertEqual(answer.json["data"], TABLE)

    def test_a_body_in_chunks_over_the_limit_is_413(self):
        self.assert_error(self.chunked([b"x" * 10000] * 11), 413, "LimitError")

    def test_ten_thousand_levels_of_nesting_are_refused_and_the_next_request_is_served(self):
        with self.server.connect() as connection:
            for left, right in ((b"[", b"]"), (b'{"a":', b"}")):
                body = left * 10000 + b"1" + right * 10000
                answer = connection.request("POST", "/api/read_data", body)
                self.assertIn(answer.status, (400, 413))
                self.assertEqual(answer.json["status"], "error")
                self.assertEqual(connection.request("GET", "/api/ping").status, 200)

    def test_values_nested_as_deep_as_allowed_are_taken(self):
        depth = 990
        body = (b'{"data_source": {"type": "local", "data": [{"a": ' + b"[" * depth + b"]" * depth +
                b"}]}}")
        answer = self.post(body)
        self.assertEqual(answer.status, 200, answer)

    def test_large_bodies_are_read_on_every_path_as_small_ones_are(self):
        padding = b" " * 99000
        with self.start("--max-body", "1M").connect() as connection:
            body = padding * 2
            self.assertEqual(connection.request("POST", "/api/ping", body + b"{}").status, 200)
            self.assertEqual(connection.request("POST", "/api/ping", body + b"{").status, 400)
            self.assertEqual(connection.request("POST", "/api/nope", body + b"{}").status, 404)
            self.assertEqual(connection.request("PUT", "/api/ping", body + b"{}").status, 405)
            answer = connection.request("POST", "/api/read_data", body +
                                        b'{"data_source": {"type": "local", "data": {"a": [1]}}}')
            self.assertEqual(answer.json["data"]["records"], [{"a": 1}])

    def test_more_bodies_at_once_than_fit_are_put_off(self):
        body = b'{"x": "' + b"y" * 90000 + b'"}'
        connections = [self.server.connect() for _ in range(12)]
        for connection in connections:
            connection.send(connection.head("POST", "/api/ping",
                                            {"Content-Length": str(len(body))}) + body[:-1])
        for connection in connections:
            connection.send(body[-1:])
        answers = [connection.read() for connection in connections]
        for connection in connections:
            connection.close()
        statuses = [answer.status for answer in answers]
        self.assertLessEqual(set(statuses), {200, 503})
        for answer in answers:
            if answer.status == 503:
                self.assert_error(answer, 503, "BusyError")
                self.assertEqual(answer.headers["retry-after"], "1")
        self.assertEqual(self.post(body, "/api/ping").status, 200)

    def test_a_client_that_leaves_in_the_middle_of_its_body_does_no_harm(self):
        for _ in range(20):
            with self.server.connect() as connection:
                connection.send(connection.head("POST", "/api/read_data",
                                                {"Content-Length": "1000"}) + b'{"a":')
        wait_for(lambda: self.server.status()["hob_server"]["connections"] == 1,
                 "the connections to be gone")


class Guards(ServerTest):
    def setUp(self):
        super().setUp()
        self.server = self.start()
        self.port = self.server.port

    def test_only_a_host_that_is_this_server_is_let_in(self):
        for host in ("127.0.0.1:%d", "localhost:%d", "LOCALHOST:%d", "[::1]:%d"):
            answer = self.server.request("GET", "/api/ping", headers={"Host": host % self.port})
            self.assertEqual(answer.status, 200, host)
        for host in ("evil.example", "evil.example:%d" % self.port, "127.0.0.1", "localhost",
                     "localhost:%d" % (self.port + 1), "127.0.0.1.evil.example:%d" % self.port,
                     "localhost:%dx" % self.port, "localhost:0%d" % self.port,
                     "localhost:+%d" % self.port, "localhost: %d" % self.port, "localhost:",
                     ":%d" % self.port, "", "[::1]", "192.168.0.1"):
            answer = self.server.request("GET", "/api/ping", headers={"Host": host})
            self.assert_error(answer, 403, "PermissionError")

    def test_a_request_without_host_passes_in_http_1_0_only(self):
        with self.server.connect() as connection:
            answer = connection.request("GET", "/api/ping", headers={"Host": None})
            self.assertEqual(answer.status, 400)
        with self.server.connect() as connection:
            answer = connection.request("GET", "/api/ping", headers={"Host": None},
                                        version="HTTP/1.0")
            self.assertEqual(answer.status, 200)

    def test_only_the_servers_own_origin_is_let_in(self):
        for origin in ("http://127.0.0.1:%d", "http://localhost:%d"):
            headers = {"Origin": origin % self.port}
            self.assertEqual(self.server.request("POST", "/api/ping", {}, headers).status, 200)
        for origin in ("null", "", "http://evil.example", "https://localhost:%d" % self.port,
                       "http://localhost", "http://localhost:1",
                       "http://localhost:%d.evil.example" % self.port):
            answer = self.server.request("POST", "/api/ping", {}, {"Origin": origin})
            self.assert_error(answer, 403, "PermissionError")

    def test_a_page_of_another_site_is_refused(self):
        for site in ("cross-site", "same-site", "", "nonesuch"):
            answer = self.server.request("GET", "/api/ping", headers={"Sec-Fetch-Site": site})
            self.assert_error(answer, 403, "PermissionError")
        for site in ("same-origin", "none"):
            answer = self.server.request("GET", "/api/ping", headers={"Sec-Fetch-Site": site})
            self.assertEqual(answer.status, 200)

    def test_a_refused_request_writes_nothing(self):
        body = {"data": {"records": [{"a": 1}]}, "output": {"type": "json", "filename": "o.json"}}
        answer = self.server.request("POST", "/api/write_data", body, {"Origin": "http://evil"})
        self.assertEqual(answer.status, 403)
        self.assertNotIn("o.json", self.files())

    def raw(self, text):
        with self.server.connect() as connection:
            connection.send(text.replace("@", "127.0.0.1:%d" % self.port).encode())
            answer = connection.read()
            return answer, connection.is_closed()

    def raw_open(self, text):
        with self.server.connect() as connection:
            connection.send(text.replace("@@", "\0").replace("@", "127.0.0.1:%d" % self.port)
                            .replace("\0", "@127.0.0.1:%d" % self.port).encode())
            return connection.read()

    def test_headers_that_contradict_each_other_end_the_connection(self):
        for lines in ("Host: @\r\nHost: evil", "Host: @\r\nHost: @",
                      "Host: @\r\nContent-Length: 2\r\nContent-Length: 3",
                      "Host: @\r\nContent-Length: 0\r\nContent-Length: 2",
                      "Host: @\r\nContent-Length: 3\r\nTransfer-Encoding: chunked",
                      "Host: @\r\nTransfer-Encoding: gzip",
                      "Host: @\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                      "Host: @\r\nOrigin: http://@\r\nOrigin: http://@",
                      "Host: @\r\nSec-Fetch-Site: none\r\nSec-Fetch-Site: none",
                      "Host: @\r\nContent-Length: -1", "Host: @\r\nContent-Length: 1, 1"):
            answer, closed = self.raw("POST /api/ping HTTP/1.1\r\n%s\r\n\r\n" % lines)
            self.assertEqual(answer.status, 400, lines)
            self.assertTrue(closed, lines)

    def test_headers_that_others_may_read_in_another_way_end_the_connection(self):
        for lines in ("Host: @\r\nContent-Length : 45", "Host: @\r\nTransfer-Encoding : chunked",
                      "Host: @\r\nTransfer-Encoding\t: chunked", "Host: @\r\nHost : evil",
                      "Host: @\r\nOrigin : x", "Host : @", " Host: @", "Host: @\r\n: x",
                      "Host: @\r\nno colon", "Host: @\r\nX(: y", "Host: @\r\nX\xe9: y",
                      "Host: @\r\nX: a\rY: b", "Host: @\r\nX: a\nY: b", "Host: @\r\nX: a\0b",
                      "Host: @\r\nX: a\0", "Host: @\0\r\nX: a", "Host: @\0", "Host: @\nX: a",
                      "Host: @\r\nX: a\x01", "Host: @\r\nX: a\r\n b",
                      "Host: @\r\nX:\r\n\tb\r\nY: c", "Host:\r\n @", "X: y\n\r\nHost: @"):
            answer, closed = self.raw("POST /api/ping HTTP/1.1\r\n%s\r\n\r\n" % lines)
            self.assertEqual(answer.status, 400, lines)
            self.assertTrue(closed, lines)
        for text in ("POST /api/ping HTTP/1.1\nHost: @\r\n\r\n",
                     "POST /api/ping HTTP/1.1\r\nHost: @\n\n",
                     "POST /api/ping HTTP/1.1\r\nHost: @\r\n\n",
                     "POST /api/ping\0zzz HTTP/1.1\r\nHost: @\r\n\r\n",
                     "POST /api/ping HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
            answer, closed = self.raw(text)
            self.assertEqual((answer.status, closed), (400, True), text)

    def test_blanks_around_values_and_empty_values_do_not_matter(self):
        for lines in ("Host: @  \t", "Host:@", "Host:\t @ ", "Host: @\r\nX:\r\nY: ",
                      "Host: @\r\nSec-Fetch-Site: none ", "Host: @\r\nOrigin: http://@ ",
                      "Host: @\r\nX: caf\xe9\t(x) y", "hOST: @"):
            with self.server.connect() as connection:
                for target in ("/api/ping", "/api/ping?a=b&c=%20d&e"):
                    text = "POST %s HTTP/1.1\r\n%s\r\nContent-Length: 2\r\n\r\n{}" % (target, lines)
                    connection.send(text.replace("@", "127.0.0.1:%d" % self.port).encode())
                    self.assertEqual(connection.read().status, 200, lines)

    def test_an_escaped_slash_or_nul_makes_no_other_path(self):
        for path in ("/api/ping%00zzz", "/api/ping%00", "/api%2Fping", "/api%2fping",
                     "/%00api/ping", "%2Fapi/ping"):
            self.assertEqual(self.server.request("GET", path).status, 404, path)
        for path in ("/api/%70ing", "/%61%70%69/ping", "/api/ping?x=%00"):
            self.assertEqual(self.server.request("GET", path).status, 200, path)

    def test_a_target_may_name_the_server_which_is_then_judged_in_place_of_host(self):
        for target, host, status in (("http://@/api/ping", "@", 200),
                                     ("HTTP://@/api/ping?x=1", "@", 200),
                                     ("http://localhost:%d/api/ping" % self.port, "evil", 200),
                                     ("http://evil/api/ping", "@", 403),
                                     ("http://x@@/api/ping", "@", 403),
                                     ("http:///api/ping", "@", 403), ("http://@", "@", 404),
                                     ("https://@/api/ping", "@", 404), ("api/ping", "@", 404)):
            answer = self.raw_open("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (target, host))
            self.assertEqual(answer.status, status, target)
        self.assertEqual(self.raw("GET http://@/api/ping HTTP/1.1\r\n\r\n")[0].status, 400)
        self.assertEqual(self.raw("GET http://evil/api/ping HTTP/1.0\r\n\r\n")[0].status, 403)

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another user")
    def test_a_process_of_another_user_is_refused_even_if_it_does_not_wait(self):
        body = {"data": {"records": [{"a": 1}]}, "output": {"type": "json", "filename": "o.json"}}
        self.assertEqual(self.as_nobody(self.ask_status), 403)
        os.chmod(self.directory, 0o777)

        def hit_and_run():
            connection = self.server.connect()
            text = json.dumps(body).encode()
            connection.send(connection.head("POST", "/api/write_data",
                                            {"Content-Length": str(len(text))}) + text)
            connection.close()
            return 0

        before = self.server.status()["hob_server"]["requests"]
        for _ in range(20):
            self.as_nobody(hit_and_run)
        wait_for(lambda: self.server.status()["hob_server"]["requests"] > before + 20,
                 "the requests to arrive")
        self.assertNotIn("o.json", self.files())

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another user")
    def test_a_connection_of_another_user_is_closed_before_it_says_anything(self):
        def listen():
            with self.server.connect() as connection:
                answer = connection.read()
                return answer.status if connection.is_closed() else 0

        self.assertEqual(self.as_nobody(listen), 403)
        wait_for(lambda: self.server.status()["hob_server"]["connections"] == 1,
                 "the connection to be gone")

    def ask_status(self):
        return self.server.request("GET", "/api/ping").status

    def as_nobody(self, function):
        """What the function returns (a small number) in a process of the user nobody."""
        child = os.fork()
        if child == 0:
            status = 255
            try:
                os.setgid(65534)
                os.setuid(65534)
                status = {200: 1, 403: 2, 0: 0}[function()]
            finally:
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return {0: 0, 1: 200, 2: 403}.get(status, status)


class Tables(ServerTest):
    def setUp(self):
        super().setUp()
        self.server = self.start()

    def post(self, path, body):
        return self.server.request("POST", path, body)

    def write_data(self, records, name, columns=None, **output):
        data = {"records": records}
        if columns is not None:
            data["columns"] = columns
        return self.post("/api/write_data", {
            "data": data, "output": dict({"type": "json", "filename": name}, **output)})

    def test_the_documented_form_answers_result_and_timing(self):
        source = {"type": "local", "data": {"a": [1, 2], "b": ["x", None]}}
        for config in (source, {"input": source}, {"data_source": source}):
            answer = self.post("/api/read_data", {"config": config, "params": {}}).json
            self.assertEqual(answer["status"], "success")
            self.assertEqual(answer["result"], TABLE)
            self.assertIsNone(answer["error"])
            self.assertGreaterEqual(answer["timing"]["server_ms"], answer["timing"]["operation_ms"])
        answer = self.post("/api/read_data", {"config": {"type": "nope"}})
        self.assertEqual(answer.status, 400)
        self.assertIsNone(answer.json["result"])
        self.assertIn("nope", answer.json["error"])

    def test_params_add_to_the_config(self):
        answer = self.post("/api/read_data", {"config": {"type": "local", "data": {"a": [1]}},
                                              "params": {"data": {"z": [5]}}}).json
        self.assertEqual(answer["result"]["records"], [{"z": 5}])

    def test_another_section_of_an_interface_can_be_read(self):
        self.write("i.yml", INTERFACE + "extra:\n  type: local\n  data: {z: [9]}\n")
        answer = self.post("/api/read_data", {"interface_file": "i.yml",
                                              "interface_field": "extra"}).json
        self.assertEqual(answer["data"]["records"], [{"z": 9}])
        answer = self.post("/api/read_data", {"interface_file": "i.yml", "interface_field": "no"})
        self.assert_error(answer, 400, "ValueError")

    def test_records_are_written_in_each_of_their_forms(self):
        forms = [([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], None),
                 ([[1, "x"], [2, "y"]], ["a", "b"]),
                 ({"a": [1, 2], "b": ["x", "y"]}, None),
                 ([{"b": "x", "a": 1, "c": 3}, {"c": 4, "b": "y", "a": 2}], ["a", "b"])]
        for records, columns in forms:
            answer = self.write_data(records, "o.json", columns)
            self.assertEqual(answer.json, {"status": "success", "message": "Wrote 2 records"})
            self.assertEqual(json.loads(self.read("o.json")),
                             [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}])

    def test_a_column_that_no_record_has_is_written_empty(self):
        self.assertEqual(self.write_data([{"a": 1}], "o.json", ["z", "a"]).status, 200)
        self.assertEqual(json.loads(self.read("o.json")), [{"z": None, "a": 1}])

    def test_what_is_no_table_is_refused_and_the_old_file_stays(self):
        self.write("o.json", "old")
        for records, columns in ((5, None), (None, None), ([1, 2], None), ([{"a": 1}, 2], None),
                                 ([[1, 2]], ["a"]), ([{"a": 1}], "a"), ([{"a": 1}], [["a"]])):
            self.assertIn(self.write_data(records, "o.json", columns).status, (400, 422))
        self.assertEqual(self.write_data([{"a": 1}], "../o.json").status, 403)
        self.assertEqual(self.read("o.json"), "old")
        self.assertEqual([name for name in self.files() if ".tmp" in name], [])

    def test_readers_see_the_old_file_or_the_new_one_and_never_a_part(self):
        rows = [[{"n": i, "text": "x" * 50} for i in range(count)] for count in (2000, 3000)]
        self.write_data(rows[0], "o.json")
        sizes, done = set(), threading.Event()

        def look():
            while not done.is_set():
                sizes.add(len(json.loads(self.read("o.json"))))

        reader = threading.Thread(target=look)
        reader.start()
        for i in range(20):
            self.assertEqual(self.write_data(rows[i % 2], "o.json").status, 200)
        done.set()
        reader.join()
        self.assertLessEqual(sizes, {2000, 3000})


class Freshness(ServerTest):
    """Answers are kept warm; nobody may notice."""

    def setUp(self):
        super().setUp()
        self.server = self.start()

    def title(self, **more):
        answer = self.server.request("POST", "/api/talk/field", dict(FIELD, **more))
        self.assertEqual(answer.status, 200)
        return answer.json["value"]

    def hits(self):
        return self.server.status()["hob_cache"]["hits"]

    def settle(self):
        """Until the file is old enough to be trusted, and its answer comes from the cache."""
        def hit():
            before = self.hits()
            self.title()
            return self.hits() > before
        wait_for(hit, "an answer from the cache")

    def test_an_unchanged_file_is_answered_from_the_cache(self):
        self.write("t.md", TALK % "one")
        self.settle()
        before = self.hits()
        for _ in range(10):
            self.assertEqual(self.title(), "one")
        self.assertEqual(self.hits(), before + 10)

    def test_every_edit_is_seen_at_once_also_of_the_same_size(self):
        for i in range(300):
            self.write("t.md", TALK % ("v%03d" % i))
            self.assertEqual(self.title(), "v%03d" % i)
        self.settle()
        self.write("t.md", TALK % "v999")
        self.assertEqual(self.title(), "v999")

    def test_an_edit_that_keeps_size_and_time_is_seen(self):
        path = self.write("t.md", TALK % "one")
        self.settle()
        times = os.stat(path)
        self.write("t.md", TALK % "two")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.assertEqual(self.title(), "two")

    def test_a_file_put_in_the_place_of_another_is_seen(self):
        self.write("t.md", TALK % "one")
        self.settle()
        os.rename(self.write("new.md", TALK % "two"), self.path("t.md"))
        self.assertEqual(self.title(), "two")

    def test_a_file_that_appears_or_goes_is_seen(self):
        configs = ["a.yml", "b.yml"]
        self.assertEqual(self.title(config_files=configs), "")
        self.write("b.yml", "title: b\n")
        self.assertEqual(self.title(config_files=configs), "b")
        self.write("a.yml", "title: a\n")
        self.assertEqual(self.title(config_files=configs), "a")
        self.write("t.md", TALK % "talk")
        self.assertEqual(self.title(config_files=configs), "talk")
        os.unlink(self.path("t.md"))
        self.assertEqual(self.title(config_files=configs), "a")
        os.unlink(self.path("a.yml"))
        self.assertEqual(self.title(config_files=configs), "b")

    def test_a_change_anywhere_in_a_chain_of_interfaces_is_seen(self):
        self.write("parent.yml", "title: one\n")
        self.write("child.yml", "inherit: {directory: ., filename: parent.yml}\n")
        body = {"interface_file": "child.yml", "field": "title"}
        for title in ("one", "two", "six"):
            self.write("parent.yml", "title: %s\n" % title)
            for _ in range(3):
                answer = self.server.request("POST", "/api/interface/read", body)
                self.assertEqual(answer.json, {"status": "success", "value": title})

    def test_errors_are_not_kept(self):
        body = {"interface_file": "i.yml"}
        self.assert_error(self.server.request("POST", "/api/read_data", body), 404, "ValueError")
        self.write("i.yml", INTERFACE)
        self.assertEqual(self.server.request("POST", "/api/read_data", body).json["data"], TABLE)

    def test_what_is_written_is_what_is_read_next(self):
        source = {"data_source": {"type": "json", "filename": "o.json"}}
        for i in range(50):
            self.server.request("POST", "/api/write_data", {
                "data": {"records": [{"n": i}]}, "output": {"type": "json", "filename": "o.json"}})
            answer = self.server.request("POST", "/api/read_data", source)
            self.assertEqual(answer.json["data"]["records"], [{"n": i}])


class Concurrency(ServerTest):
    def slow_table(self):
        """A file whose reading takes a while."""
        row = json.dumps({"n": 1, "text": "x" * 20, "more": [1, 2, 3]})
        self.write("slow.json", "[" + ",".join([row] * 200000) + "]")
        return {"data_source": {"type": "json", "filename": "slow.json"}}

    def test_a_slow_request_delays_nobody(self):
        body = self.slow_table()
        server = self.start("--threads", "1")
        with server.connect() as slow, server.connect() as quick:
            text = json.dumps(body).encode()
            slow.send(slow.head("POST", "/api/read_data", {"Content-Length": str(len(text))}) +
                      text)
            slow.socket.setblocking(False)
            pings = 0
            while True:
                try:
                    slow.pending += slow.socket.recv(1 << 20)
                    break
                except BlockingIOError:
                    self.assertEqual(quick.request("GET", "/api/ping").status, 200)
                    pings += 1
            slow.socket.settimeout(PATIENCE)
            self.assertEqual(slow.read().status, 200)
        self.assertGreater(pings, 10)

    def test_a_client_that_leaves_before_its_answer_does_no_harm(self):
        body = json.dumps(self.slow_table()).encode()
        server = self.start()
        for _ in range(5):
            with server.connect() as connection:
                connection.send(connection.head("POST", "/api/read_data",
                                                {"Content-Length": str(len(body))}) + body)
        wait_for(lambda: server.status()["hob_server"]["connections"] == 1,
                 "the connections to be gone")
        self.assertEqual(server.request("GET", "/api/ping").status, 200)

    def test_many_clients_at_once_each_get_their_own_answer(self):
        server = self.start()
        for i in range(20):
            self.write("t%d.md" % i, TALK % ("title %d" % i))
        wrong = []

        def client(number):
            with server.connect() as connection:
                for i in range(100):
                    which = (number + i) % 20
                    answer = connection.request("POST", "/api/talk/field", {
                        "field": "title", "markdown_file": "t%d.md" % which})
                    if answer.json != {"status": "success", "value": "title %d" % which}:
                        wrong.append(answer)

        clients = [threading.Thread(target=client, args=(i,)) for i in range(32)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        self.assertEqual(wrong, [])

    def test_connections_that_come_and_go_leave_no_descriptors(self):
        server = self.start()
        server.request("GET", "/api/ping")
        before = server.descriptors()
        for _ in range(300):
            self.assertEqual(server.request("GET", "/api/ping").status, 200)
        wait_for(lambda: server.descriptors() <= before, "descriptors to be closed")


    def test_when_connections_run_out_new_ones_that_say_nothing_are_closed_soon(self):
        process = subprocess.Popen(
            ["sh", "-c", 'ulimit -n 200; exec "$0" "$@"', HOBD, "--port", "0", "--socket", "none",
             "--threads", "1"], cwd=self.directory, stdout=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.terminate)
        port = int(process.stdout.readline().rsplit(b":", 1)[1])
        connections = [Connection(("127.0.0.1", port)) for _ in range(96)]
        for connection in connections:
            self.addCleanup(connection.close)
        self.assertTrue(connections[-1].is_closed())
        self.assertEqual(connections[0].request("GET", "/api/ping").status, 200)


class Stopping(ServerTest):
    def begin_request(self, server):
        """A connection on which half of a request has arrived."""
        connection = server.connect()
        self.addCleanup(connection.close)
        before = server.status()["hob_server"]["requests"]
        connection.send(connection.head("POST", "/api/ping", {"Content-Length": "8"}) + b'{"a"')
        wait_for(lambda: server.status()["hob_server"]["requests"] >= before + 2,
                 "the request to begin")
        return connection

    def refuses(self, server):
        try:
            server.connect().close()
            return False
        except ConnectionError:
            return True

    def test_an_open_request_is_finished_before_the_server_stops(self):
        server = self.start()
        connection = self.begin_request(server)
        server.signal(signal.SIGTERM)
        wait_for(lambda: self.refuses(server), "the server to stop listening")
        self.assertIsNone(server.process.poll())
        connection.send(b": 1}")
        answer = connection.read()
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["connection"].lower(), "close")
        self.assertEqual(server.wait(), 0)

    def test_a_second_signal_stops_at_once(self):
        server = self.start(expected=(128 + signal.SIGTERM,))
        self.begin_request(server)
        server.signal(signal.SIGTERM)
        wait_for(lambda: self.refuses(server), "the server to stop listening")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 128 + signal.SIGTERM)

    def test_idle_connections_do_not_keep_the_server(self):
        server = self.start()
        connections = [server.connect() for _ in range(20)]
        for connection in connections:
            connection.request("GET", "/api/ping")
        server.signal(signal.SIGINT)
        self.assertEqual(server.wait(), 0)
        for connection in connections:
            self.assertTrue(connection.is_closed())
            connection.close()

    def test_a_slow_request_is_answered_before_the_server_stops(self):
        self.write("slow.json", "[" + ",".join(['{"n": [1, 2, 3], "t": "x"}'] * 200000) + "]")
        server = self.start()
        body = json.dumps({"data_source": {"type": "json", "filename": "slow.json"}}).encode()
        with server.connect() as connection:
            connection.send(connection.head("POST", "/api/read_data",
                                            {"Content-Length": str(len(body))}) + body)
            wait_for(lambda: server.status()["hob_server"]["workers"] > 0, "the work to begin")
            server.signal(signal.SIGTERM)
            answer = connection.read()
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.json["data"]["shape"], [200000, 2])
        self.assertEqual(server.wait(), 0)


    def test_jobs_that_take_too_long_are_given_up(self):
        self.write("slow.json", "[" + ",".join(['{"n": [1, 2, 3], "t": "x"}'] * 200000) + "]")
        server = self.start("--drain", "1", "--cache", "off", socket_path="hob.sock")
        body = json.dumps({"data_source": {"type": "json", "filename": "slow.json"}}).encode()
        connections = [server.connect() for _ in range(200)]
        for connection in connections:
            self.addCleanup(connection.close)
            connection.send(connection.head("POST", "/api/read_data",
                                            {"Content-Length": str(len(body))}) + body)
        wait_for(lambda: server.status()["hob_server"]["waiting"] > 100, "the jobs to queue up")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)
        self.assertRegex(server.log(), r"stopping before all requests.* given_up=[1-9]\d*")

    def test_a_body_that_never_comes_is_given_up(self):
        server = self.start("--drain", "1")
        self.begin_request(server)
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)
        self.assertIn("given_up=1", server.log())


class LocalSocket(ServerTest):
    def test_the_socket_answers_is_private_and_goes_with_the_server(self):
        server = self.start(socket_path="hob.sock")
        path = self.path("hob.sock")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with Connection(path) as connection:
            self.assertEqual(connection.request("GET", "/api/ping").status, 200)
            answer = connection.request("POST", "/api/talk/field", FIELD)
            self.assertEqual(answer.json, {"status": "success", "value": ""})
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)
        self.assertFalse(os.path.exists(path))

    def test_a_socket_that_nobody_answers_at_is_replaced(self):
        path = self.path("hob.sock")
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(path)
        dead.close()
        self.start(socket_path="hob.sock")
        with Connection(path) as connection:
            self.assertEqual(connection.request("GET", "/api/ping").status, 200)

    def test_a_server_that_was_killed_leaves_nothing_in_the_way(self):
        first = self.start(socket_path="hob.sock", expected=(-signal.SIGKILL,))
        first.process.kill()
        first.wait()
        self.assertTrue(os.path.exists(self.path("hob.sock")))
        self.start(socket_path="hob.sock")
        with Connection(self.path("hob.sock")) as connection:
            self.assertEqual(connection.request("GET", "/api/ping").status, 200)

    def fails(self, *options):
        """What hobd says when it does not start."""
        result = subprocess.run([HOBD, "--port", "0", *options], cwd=self.directory,
                                capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        return result.stderr

    def test_a_socket_in_use_is_left_alone_and_an_error_when_it_was_asked_for(self):
        first = self.start(socket_path="hob.sock")
        self.assertIn("another server listens", self.fails("--socket", "hob.sock"))
        with Connection(self.path("hob.sock")) as connection:
            self.assertEqual(connection.request("GET", "/api/status").json["pid"],
                             first.process.pid)

    def test_a_file_in_the_sockets_place_is_left_alone_and_an_error(self):
        self.write("hob.file", "precious")
        self.assertIn("hob.file", self.fails("--socket", "hob.file"))
        self.assertIn("nowhere", self.fails("--socket", "nowhere/hob.sock"))
        self.assertEqual(self.read("hob.file"), "precious")

    def test_a_state_directory_that_cannot_be_is_an_error_when_it_was_asked_for(self):
        self.write("hob.file", "precious")
        for place in ("hob.file", "hob.file/state"):
            self.assertIn(place, self.fails("--socket", "none", "--state", place))
        self.start("--state", "not/yet/there")
        self.assertFalse(os.path.exists(self.path("not")))

    def start_at_default_place(self):
        process = subprocess.Popen([HOBD, "--port", "0"], cwd=self.directory,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=dict(os.environ, XDG_RUNTIME_DIR=self.path("run")))
        self.addCleanup(process.communicate)
        process.stdout.readline()
        return process

    def stop(self, process):
        process.terminate()
        return process.wait(PATIENCE)

    def test_the_default_place_is_made_private(self):
        os.mkdir(self.path("run"), 0o755)
        process = self.start_at_default_place()
        try:
            self.assertEqual(stat.S_IMODE(os.stat(self.path("run/hob")).st_mode), 0o700)
            with Connection(self.path("run/hob/hobd.sock")) as connection:
                self.assertEqual(connection.request("GET", "/api/ping").status, 200)
        finally:
            self.assertEqual(self.stop(process), 0)

    def test_a_default_place_that_others_can_enter_is_not_used(self):
        os.makedirs(self.path("run/hob"))
        os.chmod(self.path("run/hob"), 0o755)
        process = self.start_at_default_place()
        try:
            self.assertFalse(os.path.exists(self.path("run/hob/hobd.sock")))
        finally:
            self.assertEqual(self.stop(process), 0)


class CommandLine(ServerTest):
    def run_hobd(self, *options):
        return subprocess.run([HOBD, *options], cwd=self.directory, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)

    def test_help_and_version_go_to_stdout(self):
        result = self.run_hobd("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for option in ("--host", "--port", "--socket", "--root", "--max-body", "--max-file-size",
                       "--threads", "--drain", "--log-level", "--log-file", "--version"):
            self.assertIn(option, result.stdout)
        self.assertRegex(self.run_hobd("--version").stdout, r"^hobd \d+\.\d+\.\d+")

    def test_wrong_options_are_one_line_that_says_what_to_type(self):
        for options in (["--nope"], ["stray"], ["--port"], ["--port", "x"], ["--port", "70000"],
                        ["--max-body", "big"], ["--log-level", "loud"], ["--help=yes"],
                        ["--drain", "0"], ["--drain", "soon"]):
            result = self.run_hobd(*options)
            self.assertEqual((result.returncode, result.stdout), (2, ""), options)
            self.assertEqual(len(result.stderr.splitlines()), 1, options)
            self.assertIn("hobd --help", result.stderr)

    def test_a_port_in_use_is_named_with_one_that_is_free(self):
        server = self.start()
        result = self.run_hobd("--port=%d" % server.port, "--socket=none")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn(str(server.port), result.stderr)
        free = int(re.search(r"--port (\d+)", result.stderr).group(1))
        self.assertGreater(free, server.port)

    def test_a_root_that_is_not_there_is_an_error(self):
        result = self.run_hobd("--port", "0", "--socket", "none", "--root", "nowhere")
        self.assertEqual(result.returncode, 1)
        self.assertIn("nowhere", result.stderr)

    def test_only_the_working_directory_and_the_roots_can_be_read(self):
        outside = os.path.join(self.directory, "outside")
        os.makedirs(os.path.join(self.directory, "inside"))
        os.makedirs(outside)
        self.write("outside/i.yml", INTERFACE)
        body = {"interface_file": "i.yml", "directory": outside}
        self.directory, base = os.path.join(self.directory, "inside"), self.directory
        closed = self.start()
        opened = self.start("--root", outside)
        self.directory = base
        self.assert_error(closed.request("POST", "/api/read_data", body), 403, "PathEscapeError")
        self.assertEqual(opened.request("POST", "/api/read_data", body).json["data"], TABLE)

    def test_the_log_goes_to_the_file_that_was_named(self):
        server = self.start("--log-file", "hob.log", "--log-level", "info")
        server.request("GET", "/api/ping", headers={"Origin": "http://evil"})
        self.assertIn("refused", self.read("hob.log"))
        self.assertEqual(stat.S_IMODE(os.stat(self.path("hob.log")).st_mode), 0o600)

    def test_the_first_answer_can_be_had_as_soon_as_the_line_is_printed(self):
        for _ in range(5):
            started = time.monotonic()
            server = self.start()
            self.assertEqual(server.request("GET", "/api/ping").status, 200)
            self.assertLess(time.monotonic() - started, PATIENCE)


if __name__ == "__main__":
    unittest.main()
