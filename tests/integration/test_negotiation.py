#!/usr/bin/env python3
"""Forms, encodings, streams and entity tags of tables, seen from outside over real sockets."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import arrow_decode  # noqa: E402
from harness import HOBD, ServerTest, wait_for  # noqa: E402

SOURCE = os.environ.get("HOB_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))
JSON, LINES, CSV = "application/json", "application/x-ndjson", "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
INTERFACE = "title: t\ninput:\n  type: local\n  data: {a: [1, 2], b: [x, null]}\n"
SMALL = {"interface_file": "i.yml"}
BIG = {"data_source": {"type": "csv", "filename": "big.csv"}}
ROWS = 60000


class Negotiation(ServerTest):
    def setUp(self):
        super().setUp()
        self.write("i.yml", INTERFACE)

    def read_data(self, body=None, path="/api/read_data", **headers):
        names = {"accept": "Accept", "encoding": "Accept-Encoding", "tag": "If-None-Match"}
        return self.server.request("POST", path, body or SMALL,
                                   {names[key]: value for key, value in headers.items()})

    def write_big(self, rows=ROWS):
        """About 70 bytes a row as JSON, and 35 as CSV."""
        lines = ["id,name,value,flag"]
        lines += ["%d,name of %d,%d.25,%s" % (i, i, i, i % 3 == 0) for i in range(rows)]
        self.write("big.csv", "\n".join(lines) + "\n")

    def memory(self, name):
        with open("/proc/%d/status" % self.server.process.pid, encoding="ascii") as file:
            return int(re.search(name + r":\s+(\d+) kB", file.read()).group(1)) / 1024


class Forms(Negotiation):
    def setUp(self):
        super().setUp()
        self.server = self.start()

    def test_json_is_what_everybody_gets_who_asks_for_nothing_else(self):
        plain = self.read_data()
        self.assertEqual(plain.json["data"]["shape"], [2, 2])
        for accept in ("*/*", JSON, "application/*", "text/html, */*;q=0.1", ""):
            answer = self.read_data(accept=accept)
            self.assertEqual((answer.status, answer.body), (200, plain.body), accept)
            self.assertEqual(answer.headers["content-type"], JSON)

    def test_each_form_has_the_same_table_and_says_what_it_is(self):
        answer = self.read_data(accept=LINES)
        self.assertEqual(answer.body, b'{"a":1,"b":"x"}\n{"a":2,"b":null}\n')
        self.assertEqual(answer.headers["content-type"], LINES)
        answer = self.read_data(accept="text/csv, application/json;q=0.5")
        self.assertEqual(answer.body, b"a,b\n1,x\n2,\n")
        self.assertEqual(answer.headers["content-type"], "text/csv; charset=utf-8")
        answer = self.read_data(accept=ARROW)
        self.assertEqual(answer.headers["content-type"], ARROW)
        self.assertEqual(answer.body[:4], b"\xff\xff\xff\xff")
        self.assertEqual(answer.headers["vary"], "Accept, Accept-Encoding")
        self.assertEqual(answer.headers["cache-control"], "no-cache")

    def test_warm_answers_are_kept_apart(self):
        for _ in range(3):
            for accept, start in ((JSON, b'{"status'), (LINES, b'{"a":1'), (CSV, b"a,b\n")):
                self.assertTrue(self.read_data(accept=accept).body.startswith(start))

    def test_the_documented_form_of_requests_has_forms_too(self):
        body = {"config": {"type": "local", "data": {"a": [1]}}}
        self.assertIn("timing", self.read_data(body).json)
        self.assertNotIn("etag", self.read_data(body).headers)
        self.assertEqual(self.read_data(body, accept=CSV).body, b"a\n1\n")

    def test_computed_tables_have_forms_too(self):
        body = {"operation": "identity", "data": {"records": [{"a": 1}]}, "params": {
            "field": "b", "row_args": {"value": "a"}}}
        answer = self.read_data(body, "/api/compute")
        if answer.status == 200:
            self.assertIn("result", answer.json)
            answer = self.read_data(body, "/api/compute", accept=CSV)
            self.assertTrue(answer.body.startswith(b"a"), answer)
        answer = self.read_data({"operation": "identity"}, "/api/compute", accept=CSV)
        self.assert_error(answer, 406, "ValueError")

    def test_what_there_is_not_is_406_with_a_list_of_what_there_is(self):
        for accept in ("image/png", "text/csv;q=0", "*/*;q=0", "application/json;version=2"):
            answer = self.read_data(accept=accept)
            self.assert_error(answer, 406, "ValueError")
            for form in (JSON, LINES, CSV, ARROW):
                self.assertIn(form, answer.json["error_message"])

    def test_errors_are_json_whatever_was_asked_for(self):
        for accept in (JSON, CSV, ARROW):
            answer = self.read_data({"interface_file": "none.yml"}, accept=accept)
            self.assert_error(answer, 404, "ValueError")
            answer = self.server.request("POST", "/api/read_data", b"{", {"Accept": accept})
            self.assert_error(answer, 400, "JSONDecodeError")

    def test_other_routes_do_not_care(self):
        answer = self.server.request("GET", "/api/ping", headers={"Accept": "image/png"})
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, JSON))


class Encodings(Negotiation):
    def setUp(self):
        super().setUp()
        self.server = self.start()
        self.write("t.csv", "a,b\n" + "".join("%d,words of text\n" % i for i in range(500)))
        self.body = {"data_source": {"type": "csv", "filename": "t.csv"}}

    def unzstd(self, data):
        return subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE,
                              check=True).stdout

    def test_gzip_gives_the_same_body_warm_or_not(self):
        plain = self.read_data(self.body)
        self.assertNotIn("content-encoding", plain.headers)
        for _ in range(3):
            answer = self.read_data(self.body, encoding="gzip, deflate")
            self.assertEqual(answer.headers["content-encoding"], "gzip")
            self.assertLess(len(answer.body), len(plain.body) / 3)
            self.assertEqual(gzip.decompress(answer.body), plain.body)
            self.assertEqual(self.read_data(self.body).body, plain.body)

    @unittest.skipUnless(shutil.which("zstd"), "zstd is not there to read it")
    def test_zstd_gives_the_same_body(self):
        plain = self.read_data(self.body)
        answer = self.read_data(self.body, encoding="zstd, gzip;q=0.5")
        if answer.headers["content-encoding"] == "gzip":
            self.skipTest("this hobd has no zstd")
        self.assertEqual(answer.headers["content-encoding"], "zstd")
        self.assertEqual(self.unzstd(answer.body), plain.body)
        self.write_big()
        answer = self.read_data(BIG, accept=CSV, encoding="zstd")
        self.assertEqual(answer.headers["transfer-encoding"], "chunked")
        self.assertEqual(self.unzstd(answer.body), self.read_data(BIG, accept=CSV).body)

    def test_weights_count(self):
        for encoding in ("gzip;q=0", "identity, gzip;q=0.9", "br", "gzip;q=bad"):
            self.assertNotIn("content-encoding",
                             self.read_data(self.body, encoding=encoding).headers, encoding)

    def test_small_bodies_stay_as_they_are_unless_nothing_else_is_taken(self):
        answer = self.read_data(encoding="gzip")
        self.assertNotIn("content-encoding", answer.headers)
        answer = self.read_data(encoding="gzip, identity;q=0")
        self.assertEqual(answer.headers["content-encoding"], "gzip")
        self.assertEqual(gzip.decompress(answer.body), self.read_data().body)

    def test_a_long_answer_is_compressed_while_it_is_sent(self):
        self.write_big()
        for accept in (JSON, LINES, CSV, ARROW):
            plain = self.read_data(BIG, accept=accept)
            answer = self.read_data(BIG, accept=accept, encoding="gzip")
            self.assertEqual(answer.headers["content-encoding"], "gzip")
            self.assertEqual(answer.headers["transfer-encoding"], "chunked")
            self.assertEqual(gzip.decompress(answer.body), plain.body)

    def test_an_answer_that_is_made_again_is_compressed_again(self):
        for encoding in ("gzip", "gzip, identity;q=0"):
            for start in (0, 10):
                self.write("big.csv", "a,b\n" + "%d,a few words of text\n" % start * 5000)
                for _ in range(2):
                    answer = self.read_data(BIG, encoding=encoding)
                    self.assertEqual(answer.headers["content-encoding"], "gzip")
                    self.assertGreater(len(gzip.decompress(answer.body)), 150000)

    def test_other_routes_are_compressed_too(self):
        for _ in range(2):
            plain = self.server.request("GET", "/openapi.json")
            answer = self.server.request("GET", "/openapi.json",
                                         headers={"Accept-Encoding": "gzip"})
            self.assertEqual(answer.headers["content-encoding"], "gzip")
            self.assertEqual(answer.headers["vary"], "Accept-Encoding")
            self.assertEqual(gzip.decompress(answer.body), plain.body)


class Tags(Negotiation):
    def setUp(self):
        super().setUp()
        self.server = self.start()

    def settled(self, body=None, **headers):
        """An answer with a tag: a file that was just written gets none for a moment."""
        def ask():
            answer = self.read_data(body, **headers)
            return answer if "etag" in answer.headers else None
        return wait_for(ask, "an answer with a tag")

    def test_what_a_client_has_is_not_sent_again(self):
        first = self.settled()
        tag = first.headers["etag"]
        self.assertRegex(tag, r'^"[0-9a-f]+"$')
        with self.server.connect() as connection:
            for value in (tag, "*", "W/" + tag, '"x", %s, "y"' % tag):
                answer = connection.request("POST", "/api/read_data", SMALL,
                                            {"If-None-Match": value})
                self.assertEqual((answer.status, answer.body), (304, b""), value)
                self.assertEqual(answer.headers["etag"], tag)
                self.assertNotIn("content-type", answer.headers)
            answer = connection.request("POST", "/api/read_data", SMALL,
                                        {"If-None-Match": '"other"'})
            self.assertEqual((answer.status, answer.body), (200, first.body))

    def test_an_edit_makes_another_tag(self):
        tag = self.settled().headers["etag"]
        self.write("i.yml", INTERFACE.replace("2]", "3]"))
        answer = self.read_data(tag=tag)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json["data"]["records"][1]["a"], 3)
        fresh = self.settled().headers["etag"]
        self.assertNotEqual(fresh, tag)
        self.assertEqual(self.read_data(tag=fresh).status, 304)
        self.assertEqual(self.read_data(tag=tag).status, 200)

    def test_forms_and_encodings_have_tags_of_their_own(self):
        tags = {self.settled(accept=accept).headers["etag"] for accept in (JSON, LINES, CSV, ARROW)}
        tags.add(self.settled(encoding="gzip, identity;q=0").headers["etag"])
        self.assertEqual(len(tags), 5)
        tag = self.settled(accept=CSV).headers["etag"]
        self.assertEqual(self.read_data(accept=CSV, tag=tag).status, 304)
        self.assertEqual(self.read_data(accept=JSON, tag=tag).status, 200)

    def test_a_tag_outlives_the_server(self):
        tag = self.settled().headers["etag"]
        self.server = self.start()
        self.assertEqual(self.read_data(tag=tag).status, 304)

    def test_tags_do_not_need_the_cache(self):
        self.server = self.start("--cache", "off")
        tag = self.settled().headers["etag"]
        self.assertEqual(self.read_data(tag=tag).status, 304)
        self.assertEqual(self.read_data(tag='"x"').status, 200)

    def test_long_answers_have_tags_too(self):
        self.write_big()
        first = self.settled(BIG, accept=CSV)
        for _ in range(2):
            answer = self.read_data(BIG, accept=CSV, tag=first.headers["etag"])
            self.assertEqual(answer.status, 304)
            answer = self.read_data(BIG, accept=CSV)
            self.assertEqual((answer.status, answer.body), (200, first.body))
        self.write("big.csv", "a\n1\n")
        answer = self.read_data(BIG, accept=CSV, tag=first.headers["etag"])
        self.assertEqual((answer.status, answer.body), (200, b"a\n1\n"))

    def test_errors_have_none(self):
        answer = self.read_data({"interface_file": "none.yml"}, tag="*")
        self.assert_error(answer, 404, "ValueError")
        self.assertNotIn("etag", answer.headers)


class Streams(Negotiation):
    def setUp(self):
        super().setUp()
        # A sanitizer that keeps what was freed would be mistaken for a leak.
        options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        self.server = self.start(environment={"ASAN_OPTIONS": options})

    def test_a_long_answer_comes_in_chunks_and_is_whole(self):
        self.write_big()
        with self.server.connect() as connection:
            for accept in (JSON, LINES, CSV):
                answer = connection.request("POST", "/api/read_data", BIG, {"Accept": accept})
                self.assertEqual(answer.headers["transfer-encoding"], "chunked")
                if accept == JSON:
                    data = answer.json["data"]
                    self.assertEqual(data["shape"], [ROWS, 4])
                    records = data["records"]
                elif accept == LINES:
                    records = [json.loads(line) for line in answer.body.splitlines()]
                else:
                    self.assertEqual(answer.body.decode(), self.read("big.csv"))
                    continue
                self.assertEqual(len(records), ROWS)
                self.assertEqual(records[-1], {"id": ROWS - 1, "name": "name of %d" % (ROWS - 1),
                                               "value": ROWS - 1 + 0.25,
                                               "flag": (ROWS - 1) % 3 == 0})
            self.assertEqual(connection.request("GET", "/api/ping").status, 200)

    def test_arrow_comes_in_batches(self):
        self.write_big()
        answer = self.read_data(BIG, accept=ARROW)
        self.assertEqual(answer.headers["transfer-encoding"], "chunked")
        self.assertEqual(answer.body[-8:], b"\xff\xff\xff\xff\0\0\0\0")
        stream = arrow_decode.Stream(answer.body)
        self.assertEqual(stream.column("id"), list(range(ROWS)))
        self.assertEqual(stream.column("name")[-1], "name of %d" % (ROWS - 1))
        self.assertGreater(len(stream.batches), 1)

    def test_a_table_that_cannot_be_written_to_its_end_is_an_error(self):
        """A few kilobytes of YAML that name 2 GB: known before the first byte is sent."""
        self.write("b.yml", "input:\n  type: local\n  data:\n"
                   "    t: [%s]\n    b:\n" % ", ".join(["x" * 100] * 20)
                   + "    - &a0 [%s]\n" % ", ".join(["y" * 100] * 10)
                   + "".join("    - &a%d [%s]\n" % (i, ", ".join(["*a%d" % (i - 1)] * 10))
                             for i in range(1, 7)) + "    - 0\n" * 13)
        for accept in (JSON, LINES, ARROW):
            answer = self.read_data({"interface_file": "b.yml"}, accept=accept)
            self.assert_error(answer, 413, "LimitError")

    def test_a_table_with_a_very_large_cell_comes_as_a_whole(self):
        self.write("big.csv", "a,b\n1,%s\n2,x\n" % ("y" * 5000000))
        answer = self.read_data(BIG, accept=LINES)
        self.assertEqual(len(json.loads(answer.body.splitlines()[0])["b"]), 5000000)
        self.assertNotIn("transfer-encoding", answer.headers)

    def test_a_client_of_http_1_0_gets_it_without_chunks(self):
        self.write_big()
        body = json.dumps(BIG).encode()
        with self.server.connect() as connection:
            connection.send(connection.head("POST", "/api/read_data", {
                "Accept": CSV, "Content-Length": str(len(body))}, "HTTP/1.0") + body)
            while connection.fill():
                pass
            head, text = connection.pending.split(b"\r\n\r\n", 1)
        self.assertNotIn(b"chunked", head)
        self.assertEqual(text.decode(), self.read("big.csv"))

    def test_a_client_that_goes_away_leaves_nothing(self):
        self.write_big(200000)
        body = json.dumps(BIG).encode()
        descriptors = self.server.descriptors()

        def go_away():
            with self.server.connect() as connection:
                connection.send(connection.head("POST", "/api/read_data", {
                    "Content-Length": str(len(body)), "Accept-Encoding": "gzip"}) + body)
                while len(connection.pending) < 100000:
                    connection.fill()

        for _ in range(3):
            go_away()
        before = self.memory("VmRSS")
        for _ in range(10):
            go_away()
        wait_for(lambda: self.server.status()["hob_server"]["connections"] == 1,
                 "the connections to end")
        wait_for(lambda: self.server.descriptors() <= descriptors + 1, "their descriptors")
        # Ten tables of some 20 MB, had they been left behind.
        self.assertLess(self.memory("VmRSS"), before + 100)

    def test_a_client_that_does_not_read_keeps_nobody_waiting(self):
        self.write_big(200000)
        body = json.dumps(BIG).encode()
        sleepers = [self.server.connect() for _ in range(8)]
        for connection in sleepers:
            connection.send(connection.head("POST", "/api/read_data",
                                            {"Content-Length": str(len(body))}) + body)
        for connection in sleepers:
            connection.fill()
        with self.server.connect() as connection:
            for _ in range(200):
                self.assertEqual(connection.request("GET", "/api/ping").status, 200)
        for connection in sleepers[:2]:
            self.assertEqual(connection.read().json["data"]["shape"], [200000, 4])
        for connection in sleepers:
            connection.close()

    @unittest.skipUnless(sys.platform == "linux", "looks at /proc")
    def test_the_memory_does_not_grow_with_the_answer(self):
        """The same table as 200 kB of CSV and 200 MB of JSON: what repeats is its column's name."""
        rows = 100000
        name = "n" * 2000
        self.write("big.csv", name + "\n" + "".join("%d\n" % (i % 10) for i in range(rows)))
        self.read_data(BIG, accept=CSV)
        frame = self.memory("VmHWM")
        size = 0
        body = json.dumps(BIG).encode()
        with self.server.connect() as connection:
            connection.send(connection.head("POST", "/api/read_data", {
                "Accept": LINES, "Content-Length": str(len(body))}) + body)
            while not connection.pending.endswith(b"0\r\n\r\n"):
                self.assertTrue(connection.fill())
                size += len(connection.pending)
                connection.pending = connection.pending[-5:]
        self.assertGreater(size, 200e6)
        self.assertLess(self.memory("VmHWM"), frame + 16)

    def test_a_stopping_server_finishes_what_it_sends(self):
        self.write_big()
        body = json.dumps(BIG).encode()
        with self.server.connect() as connection:
            connection.send(connection.head("POST", "/api/read_data",
                                            {"Content-Length": str(len(body))}) + body)
            connection.fill()
            self.server.signal(15)
            self.assertEqual(connection.read().json["data"]["shape"], [ROWS, 4])
        self.assertEqual(self.server.process.wait(20), 0)


class Reference(Negotiation):
    def setUp(self):
        super().setUp()
        self.server = self.start()

    def test_openapi_describes_every_route(self):
        answer = self.server.request("GET", "/openapi.json")
        self.assertEqual(answer.headers["content-type"], JSON)
        api = answer.json
        self.assertEqual(api["openapi"], "3.1.0")
        for path in self.server.status()["endpoints"]:
            if "{operation}" in path:
                self.assertIn(path.replace("{operation}", "get_value"), api["paths"])
            else:
                self.assertIn(path, api["paths"])
        read = api["paths"]["/api/read_data"]["post"]
        self.assertEqual(sorted(read["responses"]["200"]["content"]),
                         sorted([JSON, LINES, CSV, ARROW]))
        schema = read["requestBody"]["content"][JSON]["schema"]["properties"]
        self.assertEqual(schema["interface_file"]["type"], ["string", "array", "null"])
        for item in api["paths"].values():
            for method in item.values():
                reference = method["responses"]["default"]["content"][JSON]["schema"]["$ref"]
                self.assertIn(reference.rsplit("/", 1)[1], api["components"]["schemas"])

    def test_head_gives_the_headers_alone(self):
        with self.server.connect() as connection:
            get = connection.request("GET", "/openapi.json")
            head = connection.request("HEAD", "/openapi.json")
            self.assertEqual((head.status, head.body), (200, b""))
            self.assertEqual(head.headers["content-length"], str(len(get.body)))
            self.assertEqual(connection.request("GET", "/api/ping").status, 200)

    def test_the_reference_in_the_documentation_is_this_one(self):
        printed = subprocess.run([HOBD, "--routes-markdown"], stdout=subprocess.PIPE,
                                 check=True).stdout.decode()
        with open(os.path.join(SOURCE, "docs", "http-api.md"), encoding="utf-8") as file:
            self.assertEqual(file.read(), printed,
                             "update it: hobd --routes-markdown > docs/http-api.md")
        helped = subprocess.run([HOBD, "--help"], stdout=subprocess.PIPE, check=True).stdout
        self.assertNotIn(b"markdown", helped)


if __name__ == "__main__":
    unittest.main()
