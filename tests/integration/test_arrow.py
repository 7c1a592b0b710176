"""What hob writes as Arrow, read by an independent decoder (arrow_decode.py) and, where npm can
install it, by Apache's own library for JavaScript. HOB names the executable.

HOB_ARROW_JS names a directory in which `npm install apache-arrow` was run, to spare that.

Python 3 standard library only."""

import datetime
import json
import math
import os
import pty
import shutil
import subprocess
import tempfile
import unittest

from arrow_decode import Stream

HOB = os.path.abspath(os.environ.get("HOB", "build/src/hob"))

RECORDS = """
- {i: 1, f: 1.5, s: "héllo", b: true, d: 2024-01-05 10:30:00, u: 18446744073709551615, 7: x,
   z: 2024-01-05 10:30:00.25+02:00, m: [1, {a: 2}], n: null}
- {i: -2, f: .nan, s: null, b: false, d: 1999-12-31 23:59:59.000001, u: 0, 7: "",
   z: 1969-01-05 10:30:00+02:00, m: x, n: null}
- {i: 3, f: .inf, s: "", b: true, d: null, u: 5, 7: "日本", z: null, m: null, n: null}
"""

JAVASCRIPT = """
const {tableFromIPC} = require('apache-arrow');
const table = tableFromIPC(require('fs').readFileSync(process.argv[1]));
const plain = (key, value) => typeof value === 'bigint' ? value.toString()
    : Object.is(value, Infinity) ? 'infinity' : value;
console.log(JSON.stringify({
    types: table.schema.fields.map(field => [field.name, String(field.type)]),
    json: table.schema.fields.filter(field => field.metadata.get('hob:json') === 'true')
        .map(field => field.name),
    batches: table.batches.length,
    columns: table.schema.fields.map((_, i) => Array.from(table.getChildAt(i))),
}, plain));
"""


def javascript_library():
    """The directory with apache-arrow in it, or None and why there is none."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return None, "node or npm is not installed"
    given = os.environ.get("HOB_ARROW_JS")
    if given:
        return given, None
    directory = tempfile.mkdtemp(prefix="hob-arrow-js-")
    unittest.addModuleCleanup(shutil.rmtree, directory, ignore_errors=True)
    try:
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "apache-arrow@21"],
                              cwd=directory, capture_output=True, timeout=90)
    except subprocess.TimeoutExpired:
        return None, "npm cannot install apache-arrow in time"
    if done.returncode != 0:
        return None, "npm cannot install apache-arrow"
    return directory, None


class Arrow(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="hob-arrow-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def arrow(self, *words):
        done = subprocess.run([HOB, "read", *words, "--format", "arrow"], capture_output=True,
                              cwd=self.directory, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout

    def stream(self, *words):
        return Stream(self.arrow(*words))


class Decoded(Arrow):
    def test_every_type_keeps_its_values(self):
        stream = self.stream(self.write("all.yml", RECORDS))
        moment = datetime.datetime
        self.assertEqual({field.name: (field.type, field.zone) for field in stream.fields}, {
            "i": ("int64", None), "f": ("double", None), "s": ("utf8", None), "b": ("bool", None),
            "d": ("timestamp[us]", None), "u": ("uint64", None), "7": ("utf8", None),
            "z": ("timestamp[us]", "+02:00"), "m": ("utf8", None), "n": ("utf8", None)})
        self.assertTrue(all(field.nullable for field in stream.fields))
        self.assertEqual(stream.column("i"), [1, -2, 3])
        self.assertEqual(stream.column("f"), [1.5, None, math.inf])
        self.assertEqual(stream.column("s"), ["héllo", None, ""])
        self.assertEqual(stream.column("b"), [True, False, True])
        self.assertEqual(stream.column("u"), [18446744073709551615, 0, 5])
        self.assertEqual(stream.column("7"), ["x", "", "日本"])
        self.assertEqual(stream.column("d"), [moment(2024, 1, 5, 10, 30),
                                              moment(1999, 12, 31, 23, 59, 59, 1), None])
        self.assertEqual(stream.column("z"), [moment(2024, 1, 5, 8, 30, 0, 250000),
                                              moment(1969, 1, 5, 8, 30), None])
        self.assertEqual(stream.column("n"), [None, None, None])

    def test_mixed_and_nested_cells_are_json_and_say_so(self):
        stream = self.stream(self.write("all.yml", RECORDS))
        self.assertEqual(stream.field("m").metadata,
                         {"hob:dtype": "object", "hob:json": "true"})
        self.assertEqual(stream.field("s").metadata, {"hob:dtype": "object"})
        self.assertEqual([cell and json.loads(cell) for cell in stream.column("m")],
                         [[1, {"a": 2}], "x", None])

    def test_metadata_tells_what_types_and_names_do_not(self):
        stream = self.stream(self.write("all.yml", RECORDS))
        self.assertEqual(stream.field("7").metadata, {"hob:dtype": "object", "hob:label": "7"})
        self.assertEqual([stream.field(name).metadata["hob:dtype"] for name in "ifbudzn"],
                         ["int64", "float64", "bool", "uint64", "datetime64[ns]",
                          stream.field("z").metadata["hob:dtype"], "object"])
        self.assertRegex(stream.field("z").metadata["hob:dtype"], r"^datetime64\[ns, .+\]$")

    def test_a_large_table_comes_in_batches_and_keeps_every_row(self):
        rows = 150001
        lines = ["n,text,flag,hole"]
        lines += ["%d,t%d,%s,%s" % (i, i % 977, i % 3 == 0, i if i % 5 else "")
                  for i in range(rows)]
        stream = self.stream(self.write("large.csv", "\n".join(lines) + "\n"))
        self.assertEqual(stream.batches, [65536, 65536, rows - 2 * 65536])
        self.assertEqual(stream.column("n"), list(range(rows)))
        self.assertEqual(stream.column("text"), ["t%d" % (i % 977) for i in range(rows)])
        self.assertEqual(stream.column("flag"), [i % 3 == 0 for i in range(rows)])
        self.assertEqual(stream.column("hole"), [i if i % 5 else None for i in range(rows)])

    def test_long_texts_make_small_batches(self):
        text = "x" * (1 << 20)
        stream = self.stream(self.write("long.json", json.dumps([{"t": text}] * 130)))
        self.assertEqual(stream.batches, [64, 64, 2])
        self.assertTrue(all(cell == text for cell in stream.column("t")))

    def test_tables_without_rows_and_without_columns(self):
        stream = self.stream(self.write("head.csv", "a,b\n"))
        self.assertEqual(([field.name for field in stream.fields], stream.batches), (["a", "b"], []))
        self.assertEqual(self.stream(self.write("none.json", "[]")).fields, [])

    def test_names_are_always_valid_text(self):
        stream = self.stream(self.write("names.json", '[{"a\\ud800": 1, "": 2}]'))
        self.assertEqual([field.name for field in stream.fields], ["a\ufffd", ""])

    def test_lone_surrogates_become_replacement_characters(self):
        stream = self.stream(self.write("lone.json", '[{"a": "x\\ud800y"}, {"a": "\\udfff"}, '
                                                     '{"a": "\\ud7ff"}]'))
        self.assertEqual(stream.column("a"), ["x\ufffdy", "\ufffd", "\ud7ff"])


class Command(Arrow):
    def test_it_is_not_written_to_a_terminal(self):
        path = self.write("all.yml", RECORDS)
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        for words in [["read", path, "--format", "arrow"], ["convert", path, "-", "--to", "arrow"]]:
            done = subprocess.run([HOB, *words], stdin=subprocess.DEVNULL, stdout=theirs,
                                  stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"arrow is not for a terminal", done.stderr)
        os.close(theirs)

    def test_a_file_gets_the_same_stream(self):
        path, out = self.write("all.yml", RECORDS), os.path.join(self.directory, "out.arrows")
        expected = self.arrow(path)
        for words in [["read", path, "-o", out], ["convert", path, out]]:
            subprocess.run([HOB, *words], check=True, timeout=60)
            with open(out, "rb") as file:
                self.assertEqual(file.read(), expected)
            os.remove(out)


class JavaScript(Arrow):
    @classmethod
    def setUpClass(cls):
        cls.library, why = javascript_library()
        if cls.library is None:
            raise unittest.SkipTest(why)

    def read(self, path):
        with open(path + ".arrows", "wb") as file:
            file.write(self.arrow(path))
        done = subprocess.run(["node", "-e", JAVASCRIPT, path + ".arrows"], cwd=self.library,
                              capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return json.loads(done.stdout)

    def test_the_library_reads_every_type(self):
        table = self.read(self.write("all.yml", RECORDS))
        types, columns = dict(table["types"]), dict(zip(dict(table["types"]), table["columns"]))
        self.assertEqual(types, {"i": "Int64", "f": "Float64", "s": "Utf8", "b": "Bool",
                                 "d": "Timestamp<MICROSECOND>", "u": "Uint64", "7": "Utf8",
                                 "z": "Timestamp<MICROSECOND, +02:00>", "m": "Utf8", "n": "Utf8"})
        self.assertEqual(table["json"], ["m", "n"])
        self.assertEqual(columns["i"], ["1", "-2", "3"])
        self.assertEqual(columns["u"], ["18446744073709551615", "0", "5"])
        self.assertEqual(columns["f"], [1.5, None, "infinity"])
        self.assertEqual(columns["s"], ["héllo", None, ""])
        self.assertEqual(columns["b"], [True, False, True])
        self.assertEqual(columns["d"], [1704450600000, 946684799000.001, None])
        self.assertEqual(columns["z"], [1704443400250, -31159800000, None])
        self.assertEqual(columns["m"], ['[1,{"a":2}]', '"x"', None])
        self.assertEqual(columns["n"], [None, None, None])

    def test_the_library_reads_batches(self):
        table = self.read(self.write("large.csv", "n,t\n" + "".join(
            "%d,t%s\n" % (i, i) for i in range(70000))))
        self.assertEqual(table["batches"], 2)
        self.assertEqual(table["columns"][0], [str(i) for i in range(70000)])
        self.assertEqual(table["columns"][1], ["t%d" % i for i in range(70000)])


if __name__ == "__main__":
    unittest.main()
