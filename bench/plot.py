"""plot: small SVG charts of curves, on linear or logarithmic axes."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 76, 170, 46, 56
COLORS = ["#c2410c", "#1d4ed8", "#15803d", "#7e22ce"]
GAP = 15  # between the labels of two curves


class Axis:
    """Where values lie between `start` and `end` (pixels), and the ticks to draw."""

    def __init__(self, values, log, start, end):
        self.log, self.start, self.end = log, start, end
        low, high = min(values), max(values)
        if log:
            self.ticks = [10.0 ** power for power in range(math.floor(math.log10(low)),
                                                           max(math.ceil(math.log10(high)),
                                                               math.floor(math.log10(low)) + 1) + 1)]
        else:
            step = self.step(high)
            self.ticks = [step * number for number in range(math.ceil(high / step - 1e-9) + 1)]

    @staticmethod
    def step(high):
        rough = 10.0 ** math.floor(math.log10(high / 5)) if high > 0 else 1.0
        return next(rough * factor for factor in (1, 2, 5, 10) if high / (rough * factor) <= 6)

    def place(self, value):
        low, high = self.ticks[0], self.ticks[-1]
        share = math.log10(value / low) / math.log10(high / low) if self.log \
            else (value - low) / (high - low)
        return self.start + share * (self.end - self.start)


def short(number):
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"


def spread_labels(places):
    """The same heights, pushed apart where two labels would lie upon each other."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = list(places)
    for before, after in zip(order, order[1:]):
        moved[after] = max(moved[after], moved[before] + GAP)
    over = max(moved, default=0) - (HEIGHT - BOTTOM)
    return [place - max(over, 0) for place in moved]


def draw_axes(x_axis, y_axis, x_label, y_label):
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for tick in x_axis.ticks:
        x = x_axis.place(tick)
        yield (f'<path d="M{x:.1f} {TOP}V{bottom}" stroke="#e5e5e5"/>'
               f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{short(tick)}</text>')
    for tick in y_axis.ticks:
        y = y_axis.place(tick)
        yield (f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#e5e5e5"/>'
               f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    yield f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#555"/>'
    kinds = ["logarithmic" if axis.log else "" for axis in (x_axis, y_axis)]
    x_text, y_text = (f"{label} ({kind})" if kind else label
                      for label, kind in zip((x_label, y_label), kinds))
    yield (f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 14}" text-anchor="middle">{escape(x_text)}</text>'
           f'<text transform="translate(20 {(TOP + bottom) / 2}) rotate(-90)" '
           f'text-anchor="middle">{escape(y_text)}</text>')


def draw_curves(curves, x_axis, y_axis):
    ends = [y_axis.place(points[-1][1]) for points in curves.values()]
    heights = spread_labels(ends)
    for number, (name, points) in enumerate(curves.items()):
        color = COLORS[number % len(COLORS)]
        places = [(x_axis.place(x), y_axis.place(y)) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>'
        yield "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in places)
        yield (f'<text x="{places[-1][0] + 10:.1f}" y="{heights[number] + 4:.1f}" '
               f'fill="{color}">{escape(name)}</text>')


def chart(title, x_label, y_label, curves, log_x=True, log_y=True):
    """SVG text; `curves` is {name: [(x, y), ...]}, positive where the axis is logarithmic."""
    x_axis = Axis([x for points in curves.values() for x, _ in points], log_x, LEFT, WIDTH - RIGHT)
    y_axis = Axis([y for points in curves.values() for _, y in points], log_y, HEIGHT - BOTTOM, TOP)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12" fill="#333">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="26" font-size="15">{escape(title)}</text>',
        *draw_axes(x_axis, y_axis, x_label, y_label), *draw_curves(curves, x_axis, y_axis),
        "</svg>"]) + "\n"
