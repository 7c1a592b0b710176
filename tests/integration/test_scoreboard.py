"""The scoreboard of `make bench`: how figures are judged and told. Nothing is measured here."""

import pathlib
import sys
import unittest
import xml.dom.minidom
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
sys.dont_write_bytecode = True

import board  # noqa: E402
import history  # noqa: E402
import plot  # noqa: E402
import rows  # noqa: E402
import suites  # noqa: E402


class Budgets(unittest.TestCase):
    def test_each_row_is_one_promise_of_a_suite_that_there_is(self):
        keys = [(row.suite, row.what, row.against) for row in rows.ROWS]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertEqual({row.suite for row in rows.ROWS} - set(suites.SUITES), set())
        for row in rows.ROWS:
            self.assertTrue(row.source and row.how and row.unit, row)
            self.assertEqual(set(row.needs) - set(board.missing.__globals__["NEEDS"]), set(), row)

    def test_shares(self):
        self.assertEqual(rows.at_most(60, "ms").share(30, None), 0.5)
        self.assertEqual(rows.at_least(20000, "/s").share(10000, 5), 2)
        self.assertEqual(rows.ratio_at_most(2).share(3, 1), 1.5)
        self.assertEqual(rows.ratio_at_least(1).share(50, 100), 2)
        self.assertEqual(rows.ratio_at_most(1.5, 1, "ms").share(4, 2), 1)
        self.assertIsNone(rows.ratio_at_most(0.1, from_floor=150).share(5, 149))
        self.assertIsNone(rows.ratio_at_most(2).share(3, None))


class Scoreboard(unittest.TestCase):
    ROWS = [rows.Row("tea", "brew", "kettle", "us", rows.ratio_at_most(2), "design", "by hand"),
            rows.Row("tea", "pour * cups", "", "ms", rows.at_most(10, "ms"), "design", "by hand", (), "2 cups"),
            rows.Row("tea", "stir", "spoon", "us", rows.ratio_at_most(1), "design", "by hand", ("nginx",))]

    def board(self, quick=False):
        self.shown = []
        patch = mock.patch.object(rows, "ROWS", self.ROWS)
        patch.start()
        self.addCleanup(patch.stop)
        return board.Board("build", quick, self.shown.append)

    def line(self, word):
        return next(line for line in self.shown if word in line)

    def test_met_missed_and_without_a_budget(self):
        tea = self.board()
        tea.add("tea", "brew", [3, 1, 2], "us", "kettle", [1, 1, 1], {})
        tea.add("tea", "pour 5 cups", 25, "ms", None, None, {})
        tea.add("tea", "drink", 1, "us", None, None, {})
        self.assertEqual([line.status for line in tea.lines], ["met", "MISSED", "no budget"])
        self.assertIn("2.00x", self.line("brew"))
        self.assertIn("±50%", self.line("brew"))
        self.assertIn("2.50 times the budget", self.line("pour"))
        self.assertIn("MISSED: pour 5 cups", tea.summary())
        self.assertIn("1 met, 1 missed, 0 not measured, 1 figures without a budget", tea.summary())

    def test_what_is_not_there_is_told_with_the_reason(self):
        tea = self.board()
        with mock.patch.dict(board.missing.__globals__["NEEDS"], nginx=lambda build: "nginx is not installed"):
            tea.add("tea", "stir", 1, "us", "spoon", None, {})
            tea.end_suite("tea", "OSError: no water")
        self.assertEqual({line.row.what: line.status for line in tea.lines},
                         {row.what: "not measured" for row in self.ROWS})
        self.assertIn("nginx is not installed", self.line("stir"))
        self.assertIn("no water", self.line("brew"))
        self.assertIn("FAILED: suite tea: OSError: no water", tea.summary())

    def test_smaller_data_is_told(self):
        tea = self.board(quick=True)
        tea.add("tea", "pour 2 cups", 1, "ms", None, None, {})
        self.assertTrue(any("quick: 2 cups" in line for line in self.shown))
        self.assertIn("quick: 2 cups", tea.as_text())

    def test_history_has_each_row(self):
        tea = self.board()
        tea.add("tea", "brew", 3, "us", "kettle", 1, {})
        machine = dict.fromkeys(("date", "commit", "cpu", "cores", "kernel", "compiler"), "x")
        kept = history.shortened({"machine": machine, "quick": False,
                                  "rows": [line.as_json() for line in tea.lines]})
        self.assertEqual(kept["rows"], [["tea", "brew", "kettle", "MISSED", "us", 3.0, 1.0]])


class Plots(unittest.TestCase):
    def test_points_lie_where_the_axes_say(self):
        text = plot.chart("t<", "rows", "ms", {"one": [(1, 10), (100, 1000)], "two": [(1, 10), (100, 990)]})
        svg = xml.dom.minidom.parseString(text)
        circles = [(float(c.getAttribute("cx")), float(c.getAttribute("cy")))
                   for c in svg.getElementsByTagName("circle")]
        self.assertEqual(circles[0], (plot.LEFT, plot.HEIGHT - plot.BOTTOM))
        self.assertEqual(circles[1], (plot.WIDTH - plot.RIGHT, plot.TOP))
        labels = [float(t.getAttribute("y")) for t in svg.getElementsByTagName("text")
                  if t.firstChild.data in ("one", "two")]
        self.assertGreaterEqual(abs(labels[0] - labels[1]), plot.GAP)


if __name__ == "__main__":
    unittest.main()
