"""The scoreboard: figures as the suites bring them, judged by the table in rows.py."""

import dataclasses
import statistics

import rows
from peers import missing

MET, MISSED, NOT_MEASURED, NO_BUDGET = "met", "MISSED", "not measured", "no budget"


@dataclasses.dataclass(frozen=True)
class Figure:
    """A median, its quartiles, and of how many."""
    median: float
    low: float = None
    high: float = None
    count: int = 1

    @classmethod
    def of(cls, given):
        """From a number, a list of them, what bench/spawn printed, or a Figure."""
        if given is None or isinstance(given, cls):
            return given
        if isinstance(given, (int, float)):
            return cls(given)
        given = sorted(given)
        low, _, high = statistics.quantiles(given, n=4) if len(given) > 2 else (given[0], 0, given[-1])
        return cls(statistics.median(given), low, high, len(given))

    def times(self, factor):
        return Figure(self.median * factor, self.low and self.low * factor,
                      self.high and self.high * factor, self.count)

    @property
    def spread(self):
        """Half of what lies between the quartiles, as a share of the median; None for one figure."""
        if self.count < 3 or self.low is None or not self.median:
            return None
        return (self.high - self.low) / 2 / self.median


@dataclasses.dataclass
class Line:
    """A line of the scoreboard; `row` is None when nothing is promised."""
    suite: str
    what: str
    unit: str
    against: str
    ours: Figure
    theirs: Figure
    row: rows.Row
    more: dict
    reason: str = ""  # why there is no figure, or why the budget does not hold

    @property
    def ratio(self):
        return self.ours.median / self.theirs.median if self.ours and self.theirs else None

    @property
    def share(self):
        if not self.row or not self.ours:
            return None
        return self.row.budget.share(self.ours.median, self.theirs and self.theirs.median)

    @property
    def status(self):
        if self.ours is None:
            return NOT_MEASURED
        if self.share is None:
            return NO_BUDGET
        return MET if self.share <= 1 else MISSED

    def as_json(self):
        said = {"suite": self.suite, "what": self.what, "status": self.status, "unit": self.unit,
                "against": self.against or None, "ours": self.ours and dataclasses.asdict(self.ours),
                "theirs": self.theirs and dataclasses.asdict(self.theirs), "ratio": self.ratio,
                "share_of_budget": self.share, "reason": self.reason or None, **self.more}
        if self.row:
            said |= {"budget": self.row.budget.text, "source": self.row.source, "how": self.row.how}
        return said


def number(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 10000 else f"{value:,.1f}" if value >= 10 else f"{value:.2f}"


def as_text(line):
    """One line of the table, and what makes a quick run or a missing figure different below it."""
    width = "{:<13}{:<53}{:>11} {:<4}{:>6} {:>11} {:>8}  {:<25} {}"
    if line.ours is None:
        return f"{NOT_MEASURED:<13}{line.what:<53}{line.reason} (budget {line.row.budget.text})"
    spread = f"±{line.ours.spread:.0%}" if line.ours.spread is not None else ""
    ratio = f"{line.ratio:.2f}x" if line.ratio else ""
    budget = line.row.budget.text if line.row else ""
    if line.status == MISSED:
        budget += f"  (missed: {line.share:.2f} times the budget)"
    status = line.status if line.status != NO_BUDGET else ""
    return width.format(status, line.what, number(line.ours.median), line.unit, spread,
                        number(line.theirs and line.theirs.median), ratio, line.against,
                        budget).rstrip()


HEADER = ("{:<13}{:<53}{:>11} {:<4}{:>6} {:>11} {:>8}  {:<25} {}".format(
    "", "what", "hob", "", "spread", "beside it", "ratio", "which is", "budget"))


class Board:
    def __init__(self, build, quick, show=print):
        self.build, self.quick, self.show = build, quick, show
        self.lines = []
        self.failures = []  # of suites
        show(HEADER)

    def add(self, suite, what, ours, unit, against, theirs, more):
        row = next((row for row in rows.ROWS if row.judges(suite, what, against)), None)
        if ours is None or (row and row.against and theirs is None):
            return  # the row is told at the end of its suite, with the reason
        if row and self.quick and row.quick:
            more = {**more, "quick": row.quick}
        self.append(Line(suite, what, unit, against or "", Figure.of(ours), Figure.of(theirs), row,
                         more))

    def append(self, line):
        self.lines.append(line)
        self.show(as_text(line))
        if "quick" in line.more:
            self.show(f"{'':<13}  (quick: {line.more['quick']})")

    def end_suite(self, suite, failure=None):
        """Rows of the suite that got no figure, each with the reason."""
        if failure:
            self.failures.append(f"{suite}: {failure}")
        judged = {id(line.row) for line in self.lines}
        for row in rows.ROWS:
            if row.suite == suite and id(row) not in judged:
                reason = missing(row.needs, self.build) or (
                    f"the suite failed: {failure}" if failure else f"the suite {suite} gave no figure")
                self.append(Line(suite, row.what, row.unit, row.against, None, None, row, {}, reason))

    def count(self, status):
        return sum(line.status == status for line in self.lines)

    def summary(self):
        """What was missed again, and how many of each."""
        said = [f"MISSED: {line.what}, beside {line.against or 'nothing'}: "
                f"{number(line.ours.median)} {line.unit}"
                + (f", {line.ratio:.2f}x" if line.ratio else "")
                + f", budget {line.row.budget.text}"
                for line in self.lines if line.status == MISSED]
        said += [f"FAILED: suite {text}" for text in self.failures]
        return "\n".join([*said, f"{self.count(MET)} met, {self.count(MISSED)} missed, "
                          f"{self.count(NOT_MEASURED)} not measured, "
                          f"{self.count(NO_BUDGET)} figures without a budget"])

    def as_text(self):
        return "\n".join([HEADER, *(
            as_text(line) + (f"\n{'':<13}  (quick: {line.more['quick']})" if "quick" in line.more else "")
            for line in self.lines), "", self.summary()])
