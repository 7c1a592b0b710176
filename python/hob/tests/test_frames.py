"""Frames are what pandas itself would have read. Left out where pandas is not installed."""

import importlib.util
import unittest

import hob
from .support import ClientTest

if importlib.util.find_spec("pandas") is None:
    raise unittest.SkipTest("frames are compared with pandas, which is not installed")

import numpy  # noqa: E402
import pandas  # noqa: E402
from pandas.testing import assert_frame_equal  # noqa: E402

CSV = {
    "plain": "a,b,c\n1,x,1.5\n2,y,2.5\n",
    "holes": "i,f,t,b,n\n1,1.5,x,True,\n,,,,\n3,3.5,z,False,\n",
    "infinities": "f,g\ninf,1\n-inf,2\n,3\nInfinity,4\n",
    "unsigned": "u\n18446744073709551615\n0\n",
    "large": "i\n9223372036854775807\n-9223372036854775808\n",
    "booleans": "b\ntrue\nFALSE\n",
    "letters": "t,u\nhéllo,日本\n\"a,b\",\"line\nline\"\n",
    "empty": "a,b\n",
    "twice": "a,a,a.1\n1,2,3\n",
    "dates": "d,n\n2024-01-05,1\n2024-02-30,2\n",
    "words": "w\nNA\nnull\nNone\nx\n",
    "one": "a\n1\n",
}


class Frames(ClientTest):
    def setUp(self):
        super().setUp()
        self.client = hob.Client(self.serve())
        self.addCleanup(self.client.close)

    def assert_same(self, table, expected, exact=True):
        """Equal in pandas' eyes, and the same object where a cell is missing."""
        frame = table.to_pandas()
        assert_frame_equal(frame, expected, check_exact=exact)
        for name in range(frame.shape[1]):
            for mine, theirs in zip(frame.iloc[:, name].tolist(), expected.iloc[:, name].tolist()):
                self.assertIs(type(mine), type(theirs), (name, mine, theirs))

    def test_csv(self):
        for name, text in CSV.items():
            with self.subTest(name):
                path = self.write(name + ".csv", text)
                self.assert_same(self.client.read(path), pandas.read_csv(path))

    def test_csv_with_options(self):
        path = self.write("o.csv", "1;x\n2;y\n")
        self.assert_same(self.client.read(path, delimiter=";", header=None),
                         pandas.read_csv(path, sep=";", header=None))

    def test_an_index(self):
        self.assert_same(self.client.read("people.csv", index="name"),
                         pandas.read_csv("people.csv", index_col="name"))
        frame = self.client.read({"type": "csv", "filename": "people.csv",
                                  "index": "age"}).to_pandas()
        self.assertEqual(frame.index.name, "age")
        self.assertIsNone(self.client.read("people.csv").to_pandas().index.name)

    def test_json(self):
        for name, text in (("plain", '[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]'),
                           ("holes", '[{"a": 1, "b": null}, {"a": null, "b": "y"}]'),
                           ("nested", '[{"a": [1, 2], "b": {"c": 1}}, {"a": [], "b": {}}]'),
                           ("columns", '{"a": [1, 2], "b": [true, false]}')):
            with self.subTest(name):
                path = self.write(name + ".json", text)
                import json
                with open(path) as file:
                    expected = pandas.DataFrame(json.load(file))
                self.assert_same(self.client.read(path), expected)
        path = self.write("lines.ndjson", '{"a": 1, "b": 1.5}\n{"a": 2, "b": null}\n')
        self.assert_same(self.client.read(path), pandas.read_json(path, lines=True))

    def test_moments(self):
        self.write("d.yml", "- {d: 2024-01-05 10:30:00, z: 2024-01-05 10:30:00.25+02:00,"
                   " u: 2024-01-05 10:30:00Z}\n- {d: null, z: null, u: null}\n")
        from datetime import timedelta, timezone
        moments = pandas.to_datetime(["2024-01-05 10:30:00", None])
        expected = pandas.DataFrame({
            "d": moments,
            "z": pandas.to_datetime(["2024-01-05 08:30:00.25", None], utc=True)
                 .tz_convert(timezone(timedelta(hours=2))),
            "u": moments.tz_localize("UTC")})
        table = self.client.read("d.yml", type="yaml")
        assert_frame_equal(table.to_pandas(), expected)
        self.assertEqual([str(dtype) for dtype in table.to_pandas().dtypes],
                         list(table.dtypes.values()))

    def test_moments_that_pandas_cannot_hold_stay_objects(self):
        self.write("d.yml", "- {d: 1500-01-05 10:30:00}\n- {d: 2024-01-05 10:30:00}\n")
        for form in ("arrow", "json"):
            frame = self.client.read("d.yml", type="yaml", form=form).to_pandas()
            self.assertEqual(frame["d"].dtype, object)
            self.assertEqual([moment.year for moment in frame["d"]], [1500, 2024])

    def test_nullable_types(self):
        table = self.client.read({"type": "csv", "filename": "n.csv", "dtypes": [
            {"field": "i", "type": "int_type"}, {"field": "f", "type": "float_type"},
            {"field": "b", "type": "bool_type"}]}) if self.write(
                "n.csv", "i,f,b\n1,1.5,True\n,,\n") else None
        frame = table.to_pandas()
        self.assertEqual([str(dtype) for dtype in frame.dtypes], list(table.dtypes.values()))
        if "Int32" in table.dtypes.values():
            self.assertIs(frame["i"][1], pandas.NA)

    def test_json_on_the_wire_makes_the_same_frames(self):
        for name, text in CSV.items():
            if name in ("infinities", "twice"):  # which JSON has no way to tell
                continue
            with self.subTest(name):
                path = self.write(name + ".csv", text)
                self.assert_same(self.client.read(path, form="json"), pandas.read_csv(path))

    def test_many_batches(self):
        rows = 150000
        path = self.write("large.csv", "n,t,h\n" + "".join(
            "%d,t%d,%s\n" % (i, i % 977, i / 4 if i % 5 else "") for i in range(rows)))
        self.assert_same(self.client.read(path), pandas.read_csv(path))

    def test_a_frame_belongs_to_its_program(self):
        table = self.client.read("people.csv")
        frame = table.to_pandas()
        frame.loc[0, "age"] = 99
        frame.loc[1, "height"] = 2.5
        self.assertEqual(table["age"][0], 36)
        self.assertEqual(table.to_pandas()["age"][0], 36)

    def test_a_frame_is_written(self):
        frame = pandas.DataFrame({
            "i": [1, 2], "f": [1.5, numpy.nan], "t": ["x", None], "b": [True, False],
            "d": pandas.to_datetime(["2024-01-05", None]), "n": pandas.array([1, None], "Int64"),
            7: numpy.array([1, 2], dtype="int8")})
        self.client.write(frame, "out.json")
        import json
        self.assertEqual(json.loads(self.read("out.json")), [
            {"i": 1, "f": 1.5, "t": "x", "b": True, "d": "2024-01-05T00:00:00", "n": 1, "7": 1},
            {"i": 2, "f": None, "t": None, "b": False, "d": None, "n": None, "7": 2}])
        whole = pandas.read_csv("people.csv")
        self.client.write(whole, "out.csv")
        assert_frame_equal(pandas.read_csv("out.csv"), whole)
        computed = self.client.compute("render_liquid", whole, {
            "field": "hi", "args": {"template": "{{n}}"}, "row_args": {"n": "name"}}).to_pandas()
        self.assertEqual(computed["hi"].tolist(), ["Ada", "Alan", "Grace"])


class Arrow(ClientTest):
    @unittest.skipIf(importlib.util.find_spec("pyarrow") is None, "pyarrow is not installed")
    def test_a_table_of_pyarrow(self):
        with hob.Client(self.serve()) as client:
            for form in ("arrow", "json"):
                table = client.read("people.csv", form=form)
                self.assertEqual(table.to_arrow().to_pydict(), table.to_columns())
